"""A procedural data set of short pieces of music in ten styles."""
