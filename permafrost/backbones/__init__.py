"""Backbones: each module with a ``build(input_shape, classes)`` is one; the others are what several of them share."""
