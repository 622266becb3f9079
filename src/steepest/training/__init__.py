"""Training on data: batches of rows, epochs, the race for a rate, and linear models in machine code."""
