"""What goes in and comes out of the retriever: turns of a conversation, hits, citations, answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from ingest import Passage

Role = Literal["user", "assistant"]
Verdict = Literal["exact", "supported", "unsupported"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One utterance of a conversation."""

    role: Role
    text: str

    @classmethod
    def of(cls, value: "Turn | Mapping[str, Any]") -> Self:
        """The turn that `value` ({"role", "text"} or a Turn) stands for; ValueError for any other shape."""
        if isinstance(value, Turn):
            return cls(value.role, readable(value.text))
        if not isinstance(value, Mapping):
            raise ValueError(f'a turn is {{"role": "user" or "assistant", "text": ...}}, not {value!r:.80}')
        role, text = value.get("role"), value.get("text")
        if role not in ("user", "assistant") or not isinstance(text, str):
            raise ValueError(f'a turn is {{"role": "user" or "assistant", "text": ...}}, not {dict(value)!r:.80}')
        return cls(role, readable(text))


def readable(text: str) -> str:
    """`text` without halves of surrogate pairs, which JSON and a command line may carry and UTF-8 may not."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def conversation(turns: Iterable[Turn | Mapping[str, Any]]) -> tuple[Turn, ...]:
    """The turns, oldest first, as values; ValueError where one is malformed."""
    if isinstance(turns, str | bytes | Mapping) or not isinstance(turns, Iterable):
        raise ValueError('a history is a list of {"role": "user" or "assistant", "text": ...}')
    return tuple(Turn.of(turn) for turn in turns)


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found. A higher `score` is better; `found_by` gives its rank (from 1) by ranker."""

    passage: Passage
    score: float
    found_by: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        """The HIT of the public contract."""
        p = self.passage
        return {
            "document": p.document,
            "title": p.title,
            "heading": p.heading,
            "page": p.page,
            "start": p.start,
            "end": p.end,
            "text": p.text,
            "score": round(self.score, 6),
            "found_by": dict(self.found_by),
        }


@dataclass(frozen=True, slots=True)
class Citation:
    """The words that support one mark of an answer: `text(document)[start:end] == quote`.

    It cannot be made unless its quote stands at that place of its passage. `page` is the page on which
    the quote starts. `verdict` is "exact" where the answer repeats the quote verbatim; what a language model words
    is "supported" or "unsupported" by the quote.
    """

    number: int
    passage: Passage
    start: int
    end: int
    quote: str
    page: int | None = None
    verdict: Verdict = "exact"

    def __post_init__(self) -> None:
        p = self.passage
        inside = p.start <= self.start < self.end <= p.end
        if not inside or p.text[self.start - p.start : self.end - p.start] != self.quote:
            raise ValueError(f"the quote is not at {self.start}:{self.end} of {p.document}")

    def to_dict(self) -> dict[str, Any]:
        """A citation of the public contract."""
        p = self.passage
        return {
            "number": self.number,
            "document": p.document,
            "title": p.title,
            "heading": p.heading,
            "page": self.page,
            "start": self.start,
            "end": self.end,
            "quote": self.quote,
            "verdict": self.verdict,
        }


@dataclass(frozen=True, slots=True)
class LibraryState:
    """Which state of the library an answer was drawn from."""

    generation: int
    documents: int
    passages: int

    def to_dict(self) -> dict[str, int]:
        """The "library" part of an ANSWER."""
        return {"generation": self.generation, "documents": self.documents, "passages": self.passages}


@dataclass(frozen=True, slots=True)
class Found:
    """The outcome of a search: what was searched for, in words, and the hits, best first."""

    searched_for: str
    hits: tuple[Hit, ...]

    def to_dict(self) -> dict[str, Any]:
        """The result of `pincite search --json`."""
        return {"searched_for": self.searched_for, "hits": [hit.to_dict() for hit in self.hits]}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with its sources. `answered` is False when the library does not hold an answer.

    `text` carries marks like [1], each the number of a citation. `confidence` is the calibrated
    probability (0..1) that the library answers the question. `evidence` are the passages that were
    considered, best first; where `answered` is False they are the nearest ones. `searched_for` is empty where nothing
    was asked: `text` then replies to small talk. `note` is one sentence on how
    the answer came about, where there is something to say.
    """

    question: str
    searched_for: str
    answered: bool
    text: str
    confidence: float
    citations: tuple[Citation, ...]
    evidence: tuple[Hit, ...]
    library: LibraryState
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    note: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The ANSWER of the public contract."""
        return {
            "question": self.question,
            "searched_for": self.searched_for,
            "answered": self.answered,
            "text": self.text,
            "confidence": round(self.confidence, 4),
            "citations": [citation.to_dict() for citation in self.citations],
            "evidence": [hit.to_dict() for hit in self.evidence],
            "library": self.library.to_dict(),
            "timings_ms": {stage: round(ms, 2) for stage, ms in self.timings_ms.items()},
            "note": self.note,
        }


class Piece(str):
    """A piece of the text of an answer that a language model words; `so_far` is the answer if it ended with it."""

    so_far: Answer

    def __new__(cls, text: str, so_far: Answer) -> Self:
        piece = super().__new__(cls, text)
        piece.so_far = so_far
        return piece
