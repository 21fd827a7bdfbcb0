"""Networks as ordered lists of units, built from backbones, and the weights that they start from."""
