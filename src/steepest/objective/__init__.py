"""The caller's function as something that can be asked: parameters, points, values, gradients, and what they cost."""
