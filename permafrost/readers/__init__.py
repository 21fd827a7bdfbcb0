"""Readers by name, a module each: from a file of the data set to its row of the stored array, and back for people."""
