"""The standard streams of the command line: made usable, and written to exactly."""

import json
import os
import sys
from typing import Any

from typer import Exit
from typer.core import TyperGroup


class Commands(TyperGroup):
    """Commands that end in peace, as done, when the reader of their output has gone, as `head` does once it has enough.

    Typer's own end with exit code 1, and without a word.
    """

    def invoke(self, ctx: Any) -> Any:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise Exit(0) from None


def open_streams() -> None:
    """Makes the three streams usable: one may have been closed, or its encoding lack a character.

    What is written to a closed stdout fails, as to a full disk, for the result would be lost unseen.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            there = os.open(os.devnull, os.O_WRONLY if name == "stderr" else os.O_RDONLY)
            setattr(sys, name, open(there, mode, encoding="utf-8"))  # noqa: PTH123, SIM115  # for good
        elif name != "stderr":  # which escapes them already
            getattr(sys, name).reconfigure(errors="replace")


def print_json(value: Any, indent: int | None = None) -> None:
    """Prints `value` as JSON in UTF-8."""
    print_exactly(json.dumps(value, ensure_ascii=False, indent=indent) + "\n")


def print_exactly(text: str) -> None:
    """Prints `text` in UTF-8, whatever the terminal's encoding is."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8"))
    sys.stdout.buffer.flush()
