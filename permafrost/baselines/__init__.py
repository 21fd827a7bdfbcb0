"""What a freezing study must beat: classical models on descriptors, networks from scratch."""
