"""Class probabilities for new recordings, from a trained cell or baseline."""
