"""Texts -> vectors. One pass of the model gives a text's pooled vector and its token vectors.

The model is any sentence-transformers model. It is compiled once (`compiling.py`), kept in the user's
cache folder under the hash of its files, and run by OpenVINO, in bfloat16 where the processor has it;
encoding then needs neither torch nor sentence-transformers in the process. Where it cannot be compiled,
or a GPU is present, sentence-transformers runs it. Measured against alternatives: DESIGN.md, "Encoder".
"""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import EncoderError
from .indexes.late import Floats, compress
from .settings import BUNDLED_ENCODER, Settings

Integers = npt.NDArray[np.int64]
# (token ids, attention mask), both (b, n) -> (token vectors (b, n, d), pooled vectors (b, d)); in any thread.
Forward = Callable[[Integers, Integers], tuple[Floats, Floats]]

# Larger batches only add padding (measured where one batch had both cores: 121/s at 8, 112/s at 32).
BATCH_SIZE = 8
# So many batches are computed at once, each with its share of the cores. A sentence leaves a second core little to do:
# an answer takes an eighth less of the processor's time so than with batches of two cores, one after the other.
STREAMS = 2
# A batch of such as are encoded alone holds no more tokens, or one text: each stream keeps working memory for the
# largest batch it ever met, some 35 MB more for three long sentences at once, and two batches take no longer than one.
TOKENS_ALONE = 256
# So many texts that were encoded alone are remembered: some 10 MB.
REMEMBERED = 128
# So many questions are: one is often looked for anew, elsewhere or among the turns before it.
QUESTIONS_REMEMBERED = 32
# A batch is as wide as its longest text, rounded up: the runtime prepares itself for each width it meets first. In
# bfloat16 a text's vectors are the same to the bit in whatever batch it is, if widths are multiples of 16, not of 8.
WIDTHS = 8
WIDTHS_IN_BF16 = 16


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """What is known of a compiled encoder. `fingerprint` changes with anything that changes a vector."""

    name: str
    fingerprint: str
    dimension: int
    max_tokens: int
    question_prompt: str
    passage_prompt: str


@dataclass(frozen=True, slots=True)
class Encoded:
    """The vectors of some texts, in their order.

    `pooled` is (n, dimension) float32 of length 1; `tokens[i]` is (tokens of text i, dimension), without
    the model's special tokens unless nothing else is there.
    """

    pooled: Floats
    tokens: list[Floats]


class Encoder:
    """A loaded encoder. Safe to use from several threads."""

    def __init__(self, spec: EncoderSpec, tokenizer: Any, forward: Forward, in_bf16: bool = False) -> None:
        """`in_bf16` says whether `forward` computes in bfloat16."""
        self.spec = spec
        self._tokenizer = tokenizer
        self._forward = forward
        self._in_bf16 = in_bf16
        self._widths = WIDTHS_IN_BF16 if in_bf16 else WIDTHS
        self._threads = ThreadPoolExecutor(STREAMS, thread_name_prefix="encoder")
        # Questions do not stand in line behind all batches of documents that are read in.
        self._asking = ThreadPoolExecutor(STREAMS, thread_name_prefix="encoder-asking")
        self._prompt_tokens = {
            prompt: len(self.token_spans(prompt)) for prompt in {"", spec.question_prompt, spec.passage_prompt}
        }
        self._remembered: dict[str, tuple[Floats, Floats]] = {}
        self._begun: dict[str, Future[Encoded]] = {}
        self._lock = Lock()
        self._reader_begun = False

    @property
    def reader(self) -> "Encoder":
        """What compares single sentences with a question: itself, but the bundled one has one trained for that."""
        return load_reader() if self.spec.name == BUNDLED_ENCODER else self

    def begin_reader(self) -> None:
        """Has the reader loaded in another thread, the first time; what goes wrong is said where it is used."""
        with self._lock:
            begun, self._reader_begun = self._reader_begun, True
        if not begun:
            self._asking.submit(lambda: self.reader)

    def encode_question(self, text: str) -> Encoded:
        """The vectors of one question; what goes beyond the token limit is not seen."""
        return self._encode([self.spec.question_prompt + text], self._prompt_tokens[self.spec.question_prompt])

    def begin_question(self, text: str) -> Future[Encoded]:
        """What `encode_question` gives, worked out in another thread meanwhile; to be read only.

        The last ones are remembered, unless they failed.
        """
        with self._lock:
            begun = self._begun.pop(text, None)
            if begun is None or (begun.done() and begun.exception()):
                begun = self._asking.submit(self.encode_question, text)
            self._begun[text] = begun  # the latest stand last
            for old in list(self._begun)[:-QUESTIONS_REMEMBERED]:
                del self._begun[old]
        return begun

    def encode_passages(self, texts: Sequence[str]) -> Encoded:
        """The vectors of passages, context included; any number of them."""
        prompt = self.spec.passage_prompt
        return self._encode([prompt + text for text in texts], self._prompt_tokens[prompt])

    def encode_alone(self, texts: Sequence[str]) -> list[tuple[Floats, Floats]]:
        """The pooled vector (dimension,) and the token vectors (tokens, dimension) of each passage, to be read only.

        They are the same to the bit whatever else is encoded: the last ones are remembered, for the questions of a
        conversation meet the same sentences, and an answer must not depend on what was asked before.
        """
        with self._lock:
            known = {text: self._remembered[text] for text in texts if text in self._remembered}
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        prompt = self.spec.passage_prompt
        at_once = max(-(-len(missing) // STREAMS), 1) if self._in_bf16 else 1
        skip = self._prompt_tokens[prompt]
        encoded = self._encode([prompt + text for text in missing], skip, at_once, TOKENS_ALONE, self._asking)
        known.update(zip(missing, zip(encoded.pooled, encoded.tokens, strict=True), strict=True))
        with self._lock:
            for text, vectors in known.items():  # the latest stand last
                self._remembered.pop(text, None)
                self._remembered[text] = vectors
            for text in list(self._remembered)[:-REMEMBERED]:
                del self._remembered[text]
        return [known[text] for text in texts]

    def compress(self, encoded: Encoded) -> list[bytes]:
        """The late-interaction codes of each text in `encoded`."""
        return [compress(tokens) for tokens in encoded.tokens]

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Where each token of `text` stands in it: (start, end) in characters, uncut, no special tokens."""
        return self.token_spans_of([text])[0]

    def token_spans_of(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """The same of several texts, on all cores."""
        return [encoding.offsets for encoding in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def _encode(
        self,
        texts: list[str],
        skip: int,
        at_once: int = BATCH_SIZE,
        tokens_at_once: int | None = None,
        threads: ThreadPoolExecutor | None = None,
    ) -> Encoded:
        limit = self.spec.max_tokens
        encodings = self._tokenizer.encode_batch(texts)
        ids, special = [], []
        for encoding in encodings:
            row, marks = encoding.ids, encoding.special_tokens_mask
            if len(row) > limit:  # cut the text, keep the closing special token
                closing = marks[-1]
                row = row[: limit - closing] + row[len(row) - closing :]
                marks = marks[: limit - closing] + marks[len(marks) - closing :]
            ids.append(row)
            special.append(marks)
        pooled = np.zeros((len(texts), self.spec.dimension), np.float32)
        tokens: list[Floats] = [np.zeros((0, 0), np.float32)] * len(texts)
        # Sorted by length, a batch holds texts of nearly one length and little padding is computed.
        order = sorted(range(len(texts)), key=lambda i: -len(ids[i]))

        def width_of(longest: int) -> int:
            return -(-len(ids[longest]) // self._widths) * self._widths

        def encode(batch: list[int]) -> None:
            width = width_of(batch[0])
            rows = np.zeros((len(batch), width), np.int64)
            mask = np.zeros((len(batch), width), np.int64)
            for k, i in enumerate(batch):
                rows[k, : len(ids[i])] = ids[i]
                mask[k, : len(ids[i])] = 1
            vectors, sentence = self._forward(rows, mask)
            for k, i in enumerate(batch):
                own = [j for j, mark in enumerate(special[i]) if not mark][skip:] or list(range(len(ids[i])))
                tokens[i] = _unit(vectors[k, own])
                pooled[i] = sentence[k, : self.spec.dimension]  # of a Matryoshka model its first ones, if it says so

        batches: list[list[int]] = []
        first = 0
        while first < len(order):
            rows = min(at_once, max(tokens_at_once // width_of(order[first]), 1)) if tokens_at_once else at_once
            batches.append(order[first : first + rows])
            first += rows
        list((threads or self._threads).map(encode, batches) if len(batches) > 1 else map(encode, batches))
        return Encoded(_unit(pooled), tokens)


def _unit(vectors: Floats) -> Floats:
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-12), dtype=np.float32)


def load_encoder(name: str, fingerprint: str | None = None, dimension: int = 0) -> Encoder:
    """The encoder `name`, compiled on first use; EncoderError if it cannot be had.

    With a `fingerprint`, the encoder must be that very one: it is taken from the cache without looking at
    the model's files, and an EncoderError says so where the model has changed since. Of pooled vectors the first
    `dimension` values are kept, 0 for all.
    """
    from .compiling import compiled_folder, ensure_compiled

    folder = compiled_folder(model_of(fingerprint)) if fingerprint else None
    if folder is None:
        folder = ensure_compiled(name)
    encoder = _open_compiled(folder, name, dimension)
    if fingerprint and encoder.spec.fingerprint != fingerprint:
        same = model_of(encoder.spec.fingerprint) == model_of(fingerprint)
        raise EncoderError(
            f"The library was encoded with another {'encoder_dimension' if same else 'version'} of {name}; "
            "run: pincite check --repair, to encode it anew."
        )
    return encoder


def model_of(fingerprint: str) -> str:
    """The fingerprint of the whole model, where that of an encoder of fewer dimensions is given."""
    return fingerprint.partition("-")[0]


def encoder_of(settings: Settings, fingerprint: str | None = None) -> Encoder:
    """The encoder that `settings` name, as `load_encoder`."""
    return load_encoder(settings.encoder, fingerprint, settings.encoder_dimension)


def is_of(settings: Settings, name: str | None, fingerprint: str | None) -> bool:
    """Whether `settings` name the encoder `name` of that fingerprint; None for a library that has none yet."""
    dimension = int((fingerprint or "").partition("-")[2] or 0)
    return name is None or (name, dimension) == (settings.encoder, settings.encoder_dimension)


def model_folder(name: str) -> Path:
    """Where the files of the model `name` are, an encoder or another; EncoderError if it is not on this machine."""
    from .compiling import model_folder

    return model_folder(name)


def fingerprint_of(name: str, told: str) -> str:
    """That of the encoder `name` as it is now; EncoderError, with `told` behind it, if there is none."""
    from .compiling import fingerprint, model_folder

    try:
        return fingerprint(model_folder(name))
    except EncoderError as exc:
        raise EncoderError(f"{exc} {told}") from exc


def load_reader() -> Encoder:
    """The bundled encoder as it was trained to read: near to a question are the sentences that answer it.

    It compares questions and single sentences only; what is searched is encoded by the library's encoder
    (`reading_model/README.md`).
    """
    with _READER_LOCK:
        return _reader()


_READER_LOCK = Lock()


@cache
def _reader() -> Encoder:
    from .compiling import ensure_reader

    return _open_compiled(ensure_reader(), BUNDLED_ENCODER)


@lru_cache(3)
def _open_compiled(folder: Path, name: str, dimension: int = 0) -> Encoder:
    """The compiled encoder as that of the model `name`: it may have been compiled by another name of the same files."""
    from tokenizers import Tokenizer

    values = json.loads((folder / "encoder.json").read_text("utf-8"))
    spec = EncoderSpec(**values["spec"] | {"name": name})
    if dimension > spec.dimension:
        raise EncoderError(
            f"The vectors of {name} have {spec.dimension} dimensions, not {dimension}: set encoder_dimension to fewer, "
            "or unset it."
        )
    if dimension:
        spec = replace(spec, dimension=dimension, fingerprint=f"{spec.fingerprint}-{dimension}")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    if values["runtime"] == "openvino":
        from .runtime import openvino_forward

        return Encoder(spec, tokenizer, *openvino_forward(folder))
    from .compiling import torch_forward

    return Encoder(spec, tokenizer, torch_forward(spec.name, folder))
