"""Tables and figures that people read."""
