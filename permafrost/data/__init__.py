"""Clips and where they come from: sources, clip table, splits, duplicate audit."""
