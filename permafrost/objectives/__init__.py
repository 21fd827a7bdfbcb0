"""Objectives by name, a module each: what is minimised in training, and what an output says of each class."""

DEFAULT = "cross_entropy"
