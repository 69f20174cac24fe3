"""Trains one recommender per tenant and serves it."""

import os

# One thread per matrix operation: results repeat to the last bit, and the cores stay free for
# the requests served meanwhile. Read once, when the numeric libraries are first imported.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
