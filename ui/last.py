"""What the terminal remembers of the last answer, so that `pincite open 2` knows what source 2 is.

One small file for each library in the user's state folder, readable by the user alone. Where it cannot be written,
nothing is remembered, and nothing else fails.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from platformdirs import user_state_path

from ingest import PinciteError, SettingsError, own_folder
from retriever import Answer, Citation, Hit

# How many of the nearest passages are listed where there is no answer.
NEAREST = 3


@dataclass(frozen=True, slots=True)
class Source:
    """A numbered source of the last answer: where its words stand, and the words, to see if they still do."""

    number: int
    document: str
    page: int | None
    start: int
    end: int
    quote: str

    @classmethod
    def of(cls, number: int, what: Citation | Hit) -> "Source":
        """The source that a citation or a passage is."""
        p = what.passage
        if isinstance(what, Citation):
            return cls(number, p.document, what.page, what.start, what.end, what.quote)
        return cls(number, p.document, p.page, p.start, p.end, p.text)


def sources_of(answer: Answer) -> list[Source]:
    """What `print_answer` numbers: the citations, or the nearest passages where there is no answer."""
    if answer.answered:
        return [Source.of(c.number, c) for c in answer.citations]
    return [Source.of(number, hit) for number, hit in enumerate(answer.evidence[:NEAREST], 1)]


def state_folder() -> Path:
    """Where the terminal keeps what it remembers; safe to delete at any time."""
    return own_folder(user_state_path)


def remember(library: Path, sources: Sequence[Source]) -> None:
    """Keeps the sources of the answer just given from the library in folder `library`."""
    with suppress(OSError, SettingsError):
        file = _file(library)
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = file.with_suffix(f".{os.getpid()}")
        part.touch(0o600)
        part.write_text(json.dumps([asdict(source) for source in sources]), "utf-8")
        os.replace(part, file)


def recall(library: Path, number: int) -> Source:
    """Source `number` of the last answer from the library in `library`; PinciteError if there is none."""
    try:
        sources = [Source(**values) for values in json.loads(_file(library).read_text("utf-8"))]
    except (OSError, ValueError, TypeError) as exc:
        raise PinciteError('There is no last answer to open a source of; ask first: pincite ask "..."') from exc
    for source in sources:
        if source.number == number:
            return source
    told = f"its sources are 1 to {len(sources)}" if sources else "it has no sources"
    raise PinciteError(f"The last answer has no source {number}; {told}.")


def _file(library: Path) -> Path:
    return state_folder() / "last" / f"{hashlib.sha256(os.fsencode(library.resolve())).hexdigest()[:32]}.json"
