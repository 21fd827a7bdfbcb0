"""Backbones as ordered lists of units, and the weights that they start from."""
