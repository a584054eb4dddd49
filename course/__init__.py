"""The training course, cut by feature."""

import gc

# Loading the course makes hundreds of thousands of objects that stay for good. With Python's own threshold (700) the
# collector looks through them hundreds of times meanwhile, which takes a quarter of the time to start.
gc.set_threshold(50_000, 20, 20)
