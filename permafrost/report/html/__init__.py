"""Self-contained pages: one HTML file with its styles, its charts and all that draws them, for reading offline."""
