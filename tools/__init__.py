"""Commands for the person at the keyboard that are no stages."""
