"""params.yaml as a whole: what may stand in it, what it was before, how it is made again."""
