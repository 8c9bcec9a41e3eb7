"""What the tests share: a fast encoder that really ranks, the real one, the shipped library, no network."""

import fcntl
import hashlib
import os
import re
import socket
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ingest import Library
from ingest.encode import Encoded, Encoder, EncoderSpec, load_encoder
from ingest.settings import BUNDLED_ENCODER

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "corpus"
LOOPBACK = ("127.0.0.1", "::1", "localhost", "0.0.0.0", "::", "")

Floats = npt.NDArray[np.float32]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser's tests come last: Playwright leaves an event loop running, in which no other test could run its own."""
    items.sort(key=lambda item: "browser" in item.path.parts)


class HashedWords:
    """A tokenizer with the methods of `tokenizers.Tokenizer` that are used: words and marks are tokens."""

    def encode(self, text: str, add_special_tokens: bool = True) -> Any:
        found = list(re.finditer(r"\w+|[^\w\s]", text))
        ids = [_number(match.group().lower()) for match in found]
        spans = [match.span() for match in found]
        special = [0] * len(ids)
        if add_special_tokens:
            ids, spans, special = [1, *ids, 2], [(0, 0), *spans, (0, 0)], [1, *special, 1]
        return SimpleNamespace(ids=ids, offsets=spans, special_tokens_mask=special)

    def encode_batch(self, texts: Sequence[str], add_special_tokens: bool = True) -> list[Any]:
        return [self.encode(text, add_special_tokens) for text in texts]


class FakeEncoder(Encoder):
    """Texts as bags of hashed words: those that share words are near. `encoded` counts the passages."""

    def __init__(self, max_tokens: int = 256, dimension: int = 64, fingerprint: str = "fake") -> None:
        spec = EncoderSpec(BUNDLED_ENCODER, fingerprint, dimension, max_tokens, "", "")
        super().__init__(spec, HashedWords(), self._vectors)
        self.encoded = 0

    @property
    def reader(self) -> Encoder:
        return self

    def encode_passages(self, texts: Sequence[str]) -> Encoded:
        self.encoded += len(texts)
        return super().encode_passages(texts)

    def _vectors(self, ids: npt.NDArray[np.int64], mask: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
        tokens = np.stack([[_vector(int(id), self.spec.dimension) for id in row] for row in ids])
        return tokens, (tokens * mask[..., None]).sum(axis=1).astype(np.float32)


def _number(word: str) -> int:
    return 3 + int.from_bytes(hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=4).digest(), "big")


@lru_cache(100_000)
def _vector(id: int, dimension: int) -> Floats:
    vector = np.random.default_rng(id).standard_normal(dimension)
    # The special tokens say nothing.
    return np.asarray(vector / np.linalg.norm(vector) * (0.01 if id < 3 else 1.0), np.float32)


@pytest.fixture
def fake_encoder(monkeypatch: pytest.MonkeyPatch) -> FakeEncoder:
    """The encoder that every library opened in the test uses instead of a model."""
    encoder = FakeEncoder()
    monkeypatch.setattr("ingest.library.encoder_of", lambda settings, fingerprint=None: encoder)
    return encoder


@pytest.fixture
def library_folder(tmp_path: Path) -> Path:
    """Where a test may make its library; nothing is there yet."""
    return tmp_path / "library"


@pytest.fixture
def library(library_folder: Path, fake_encoder: FakeEncoder) -> Iterator[Library]:
    """An empty library with the fast encoder, open."""
    with Library.open(library_folder, create=True) as opened:
        yield opened


@pytest.fixture
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the user's own library is in the test, as no variable names another; nothing is there yet."""
    monkeypatch.delenv("PINCITE_LIBRARY")
    monkeypatch.setattr("ingest.settings.user_data_path", lambda *_, **__: tmp_path / "data")
    return tmp_path / "data" / "default"


@pytest.fixture(scope="session")
def encoder_cache() -> Encoder:
    """The real encoder; compiled into the user's cache if that has not been done yet."""
    return load_encoder(BUNDLED_ENCODER)


@pytest.fixture(scope="session")
def demo_library(encoder_cache: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of the shipped articles made with the real encoder. Not to be written to.

    Test runs side by side that are given one folder to share (the Makefile does) make it once.
    """
    shared = Path(os.environ.get("TESTS_SHARED") or tmp_path_factory.mktemp("demo"))
    folder, made = shared / "library", shared / "made"
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            with Library.open(folder, create=True) as library:
                library.ingest(CORPUS)
            made.touch()
    return folder


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Refuses every connection that would leave the machine, and every look-up of a name."""
    connect, connect_ex, send, look_up = (
        socket.socket.connect,
        socket.socket.connect_ex,
        socket.socket.sendto,
        socket.getaddrinfo,
    )

    def check(family: int, address: Any) -> None:
        if family != socket.AF_UNIX and str(address[0]) not in LOOPBACK:
            raise RuntimeError(f"a test wants to reach {address!r}")

    def guarded_connect(self: socket.socket, address: Any) -> None:
        check(self.family, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        check(self.family, address)
        return connect_ex(self, address)

    def guarded_send(self: socket.socket, data: Any, *rest: Any) -> int:
        check(self.family, rest[-1])
        return send(self, data, *rest)

    def guarded_look_up(host: Any, *rest: Any, **named: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host or ""
        check(socket.AF_INET, (name,))
        return look_up(host, *rest, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket.socket, "sendto", guarded_send)
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield


@pytest.fixture(autouse=True, scope="session")
def own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing that is set on this machine counts, and the user's own library is out of reach."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("PINCITE_")]:
            patch.delenv(name)
        patch.setenv("PINCITE_LIBRARY", str(tmp_path_factory.getbasetemp() / "default-library"))
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield
