"""Statistics over the scores of a study: intervals, contrasts, shape, choice. ``analysis.analyse`` is the front."""
