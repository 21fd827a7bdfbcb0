"""From sound to arrays: decoding, log-mel pictures, the synthetic data set."""
