"""One script a DVC stage: read parameters and inputs, call the package, write outputs."""

import gc
import time

# A stage lives for seconds and imports a million objects that stay until its end. Looking through them for cycles, by
# default after every 700 new ones, is a tenth of a small cell's time; `stage.run` spares it the same at the end.
gc.set_threshold(20_000)

STARTED = time.perf_counter()  # what a run takes includes its imports
