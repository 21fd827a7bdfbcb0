"""Class probabilities for new recordings, from a trained run."""
