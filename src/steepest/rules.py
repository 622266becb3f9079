"""Every elementwise optimiser: its formula, its citation, its defaults."""

from __future__ import annotations

from numpy import sqrt

from .lift import rule


@rule
def GD(g, lr=0.01):
    """Gradient descent: Cauchy (1847), Comptes Rendus 25, 536-538."""
    return -lr * g


@rule
def Momentum(g, m, lr=0.01, beta=0.9):
    """Heavy ball: Polyak (1964), eq. 9, as Sutskever et al. (2013) write it with lr outside the average."""
    m = beta * m + g
    return -lr * m, m


@rule
def Nesterov(g, m, lr=0.01, beta=0.9):
    """Accelerated gradient: Nesterov (1983); the form in x of Sutskever et al. (2013), eq. 3-4."""
    m = beta * m + g
    return -lr * (g + beta * m), m


@rule
def AdaGrad(g, v, lr=0.01, eps=1e-10):
    """AdaGrad: Duchi, Hazan & Singer (2011), the diagonal update of Figure 1."""
    v = v + g**2
    return -lr * g / (sqrt(v) + eps), v


@rule
def RMSProp(g, v, lr=0.01, rho=0.99, eps=1e-8):
    """RMSProp: Tieleman & Hinton (2012), Lecture 6.5 of Neural Networks for Machine Learning."""
    v = rho * v + (1 - rho) * g**2
    return -lr * g / (sqrt(v) + eps), v


@rule
def Adam(g, m, v, t, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """Adam: Kingma & Ba (2015), Algorithm 1."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return -lr * m_hat / (sqrt(v_hat) + eps), m, v
