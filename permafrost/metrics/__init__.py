"""Metrics by name, a module each: what predictions of a set of clips are worth."""

# Shown where study.metrics does not say otherwise.
DEFAULT = ("accuracy", "macro_f1")
