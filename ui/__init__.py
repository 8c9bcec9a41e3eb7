"""What a person or a program sees: the command line, the web chat, the HTTP API. No retrieval logic."""

import os

# Before numpy is loaded: the threads of its products spin on the cores that the encoder needs (DESIGN.md, "Encoder").
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
