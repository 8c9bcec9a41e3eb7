"""What a person or a program sees: the command line, the web chat, the HTTP API. No retrieval logic."""

import os

# Before numpy is loaded: the threads of its products spin on the cores that the encoder needs (DESIGN.md, "Encoder").
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def main() -> None:
    """Runs the command line; the entry point of the package. Ctrl-C ends it quietly even while it is being loaded."""
    try:
        from . import cli
    except KeyboardInterrupt:
        os._exit(130)
    cli.main()
