"""The methods: formulas, directions and searches, and what can be put around them."""
