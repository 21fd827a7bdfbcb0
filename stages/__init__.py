"""One script a DVC stage: read parameters and inputs, call the package, write outputs."""
