"""Self-contained pages, one HTML file with all that draws their charts; and those charts as PNGs."""
