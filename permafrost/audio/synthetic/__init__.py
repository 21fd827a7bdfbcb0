"""A procedural data set of short pieces of music in ten styles, and a source task from the same generator."""
