"""The shapes of what programs send and get: request bodies, and the contract's ANSWER and HIT for the description."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ingest import MAX_QUESTION_CHARS, PinciteError
from retriever import MAX_HITS, Turn

from .service import Asked

# How many passages a search brings, unless it is told.
HITS = 10
# How the failures of the library end that name the command; a program lists the documents another way.
_LISTED = "; pincite documents lists them."

QuestionText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_QUESTION_CHARS),
    Field(description="The question, in plain words.", examples=["What does blocking PD-1 do?"]),
]


class Form(BaseModel):
    """A request body in which an unknown key is an error, so that a typing mistake never passes unseen."""

    model_config = ConfigDict(extra="forbid", strict=True)


class TurnForm(Form):
    """One utterance of the conversation so far."""

    role: Literal["user", "assistant"]
    text: str


class AskForm(Form):
    """A question, with the conversation it belongs to. What is null counts as not given."""

    question: QuestionText
    history: list[TurnForm] | None = Field(None, max_length=200, description="The conversation so far, oldest first.")
    documents: list[str] | None = Field(None, max_length=1000, description='Only these, or such as "papers/*.pdf".')
    tags: list[str] | None = Field(None, max_length=100, description="Only documents with one of these tags.")

    def asked(self) -> Asked:
        """The question as the retriever takes it."""
        turns = [Turn(turn.role, turn.text) for turn in self.history or ()]
        return Asked(self.question, turns, self.documents or (), self.tags or ())


class SearchForm(AskForm):
    """A question, and how many passages to bring."""

    k: int | None = Field(HITS, ge=1, le=MAX_HITS, description=f"How many passages, from 1 to {MAX_HITS}; else {HITS}.")


class ReadForm(Form):
    """A span of a document, in characters of its text."""

    document: str = Field(description="The document, as a citation names it.")
    start: int | None = Field(0, ge=0, description="The first character, from 0.")
    end: int | None = Field(None, ge=0, description="The character after the last; without it, the end.")


# -- what is given: only for the description, and for the tests that hold the answers to it -------------------


class CitationShape(Form):
    """The exact words that a sentence of the answer was taken from: `text(document)[start:end] == quote`."""

    number: int
    document: str
    title: str
    heading: str | None
    page: int | None = Field(description="The page on which the quote starts, from 1.")
    start: int
    end: int
    quote: str
    verdict: Literal["exact", "supported", "unsupported"]


class HitShape(Form):
    """A passage that was found: `text(document)[start:end] == text`."""

    document: str
    title: str
    heading: str | None
    page: int | None
    start: int
    end: int
    text: str
    score: float
    found_by: dict[str, int] = Field(description="Ranker -> rank, from 1.")


class LibraryShape(Form):
    """The state of the library that answered."""

    generation: int
    documents: int
    passages: int


class AnswerShape(Form):
    """An answer; `answered` is false where the library does not hold one."""

    question: str
    searched_for: str
    answered: bool
    text: str = Field(description="The answer, with marks such as [1].")
    confidence: float = Field(description="The probability, 0 to 1, that the library answers the question.")
    citations: list[CitationShape]
    evidence: list[HitShape]
    library: LibraryShape
    timings_ms: dict[str, float]
    note: str | None = Field(description="How the answer came about, where there is something to say.")


class FoundShape(Form):
    """What a search brings."""

    searched_for: str
    hits: list[HitShape]


class DocumentShape(Form):
    """A document in the library."""

    document: str
    title: str
    passages: int
    sha256: str
    tags: list[str]


class HealthShape(Form):
    """That the library answers, and its state."""

    status: Literal["ok"]
    version: str
    library: LibraryShape


class ErrorShape(Form):
    """A failure, as one sentence."""

    error: str


def listed_by(listing: str, error: PinciteError) -> str:
    """The sentence of `error`, for a program that lists the documents by `listing`."""
    said = str(error)
    return f"{said.removesuffix(_LISTED)}; {listing} lists them." if said.endswith(_LISTED) else said


def sentence_of(errors: list[Any]) -> str:
    """What is wrong with a request, in one sentence, from pydantic's list of errors (the first is told)."""
    first = errors[0]
    place = ".".join(str(step) for step in first["loc"] if step != "body")
    if first["type"] == "json_invalid":
        return "The body is not valid JSON."
    if first["type"] == "missing":
        return f"{place} is missing." if place else "The body is empty: send JSON."
    if first["type"] in ("model_attributes_type", "model_type"):
        whole = "Send a JSON object" + (", with Content-Type: application/json." if first["loc"] else ".")
        return f"{place} must be an object." if place else whole
    if first["type"] == "too_long" and "actual_length" in first.get("ctx", {}):
        return f"{place} has {first['ctx']['actual_length']} items: send {first['ctx']['max_length']} at most."
    if first["type"] == "extra_forbidden":
        return f"There is no field {place!r:.80}."
    if place in ("question", "") and first["type"] == "string_too_short":
        return "The question is empty: ask something."
    if place in ("question", "") and first["type"] == "string_too_long":
        return f"The question is longer than {MAX_QUESTION_CHARS:,} characters: ask a shorter one."
    return f"{place or 'The body'}: {first['msg'][:1].lower()}{first['msg'][1:]}."
