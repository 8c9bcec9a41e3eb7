"""Reads files in a child process, within limits: a file that breaks its reader breaks nothing else.

The child is one persistent process. It is given a file's bytes through a pipe and answers with one line of
JSON; it opens no file and writes none. It may use so much memory and processor time, and the parent waits
so long; a file that goes beyond is reported with the reason, and the next file gets a new child.

Frames to the child: a line of JSON {"name", "bytes", "seconds"}, then the bytes. Frames from it: one line,
{"parts": [...]} or {"reason": str}.
"""

import hashlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any

from .documents import Content, Page, Section
from .errors import SourceError

MAX_FILE_BYTES = 400_000_000
# What a child may use: its address space (where the system can limit it), and seconds for a file: so many, and
# so many more for each megabyte. PDFium reads 500 pages a second; an ordinary file takes hundredths.
MEMORY_BYTES = 2_000_000_000
SECONDS = 8.0
SECONDS_PER_MEGABYTE = 1.0
# Text beyond this is no document to read; it would fill the memory of everything behind.
MAX_TEXT_CHARS = 50_000_000


@dataclass(frozen=True, slots=True)
class Part:
    """One document in a file, or why there is none. `name` is the file's own, or "archive.zip/path" in an archive.

    `sha256` is of the part's own bytes; exactly one of `content` and `reason` is set.
    """

    name: str
    sha256: str
    content: Content | None
    reason: str | None


class Reading:
    """The child process that reads. Use from one thread; close it when done."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts the child, so that it is ready when the first file comes."""
        if self._child is None:
            # The parent's path: the child finds this package wherever the parent found it.
            code = f"import sys; sys.path[:] = {sys.path!r}; from ingest.reading import serve; serve()"
            self._child = subprocess.Popen(  # noqa: S603  # this Python, this package
                [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )

    def close(self) -> None:
        """Ends the child, whatever it is at."""
        child, self._child = self._child, None
        if child:
            child.kill()
            for pipe in (child.stdin, child.stdout):
                if pipe:
                    try:
                        pipe.close()
                    except BrokenPipeError:
                        continue
            child.wait()

    def read(self, data: bytes, name: str) -> list[Part]:
        """The documents in `data`, the bytes of the file `name`; SourceError if it cannot be read within the limits."""
        if len(data) > MAX_FILE_BYTES:
            raise SourceError(f"{name} is larger than {MAX_FILE_BYTES // 1_000_000} MB; split it.")
        seconds = SECONDS + SECONDS_PER_MEGABYTE * len(data) / 1_000_000
        self.start()
        answer = self._ask(data, name, seconds)
        if answer is None:
            self.close()
            raise SourceError(f"{name} is refused: reading it takes more than {seconds:.0f} seconds.")
        if not answer:
            child = self._child
            self.close()
            killed = child is not None and child.returncode is not None and child.returncode < 0
            raise SourceError(
                f"{name} is refused: its reader {'was stopped for using too much' if killed else 'broke down'}."
            )
        values = json.loads(answer)
        if "reason" in values:
            raise SourceError(values["reason"])
        return [_part(value) for value in values["parts"]]

    def _ask(self, data: bytes, name: str, seconds: float) -> bytes | None:
        """The child's answer; empty if it broke down, None if it took too long."""
        child = self._child
        assert child
        assert child.stdin
        assert child.stdout
        until = time.monotonic() + seconds
        header = json.dumps({"name": name, "bytes": len(data), "seconds": seconds})
        try:
            child.stdin.write(header.encode() + b"\n" + data)
            child.stdin.flush()
        except BrokenPipeError:
            return b""
        out = child.stdout.fileno()
        found: list[bytes] = []
        while not found or not found[-1].endswith(b"\n"):
            if not select.select([out], [], [], max(0.0, until - time.monotonic()))[0]:
                return None
            piece = os.read(out, 1 << 20)
            if not piece:
                return b""
            found.append(piece)
        return b"".join(found)


def _part(value: dict[str, Any]) -> Part:
    content = value["content"]
    if content is not None:
        content = Content(
            content["title"],
            content["text"],
            tuple(Section(s["start"], tuple(s["path"])) for s in content["sections"]),
            tuple(Page(p["start"], p["number"]) for p in content["pages"]),
        )
    return Part(value["name"], value["sha256"], content, value["reason"])


# -- in the child ------------------------------------------------------------------------------------------


def serve() -> None:
    """The child's whole life: reads frames until its input ends."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    source = sys.stdin.buffer
    # Whatever a library prints must not get between the frames.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _limit_memory()
    while header := source.readline():
        asked = json.loads(header)
        data = source.read(asked["bytes"])
        _limit_seconds(asked["seconds"])
        answers.write(json.dumps(_answer(data, asked["name"])).encode() + b"\n")
        answers.flush()


def _answer(data: bytes, name: str) -> dict[str, Any]:
    try:
        return {"parts": [asdict(part) for part in parts(data, name)]}
    except SourceError as exc:
        return {"reason": str(exc)}
    except MemoryError:
        return {
            "reason": f"{name} is refused: reading it takes more than {MEMORY_BYTES // 1_000_000_000} GB of memory."
        }


def parts(data: bytes, name: str) -> Iterator[Part]:
    """The documents in the file `name` with the bytes `data`, read in this process.

    SourceError if the file as a whole cannot be read; a bad member of an archive is a part with a reason.
    """
    from .readers import ARCHIVES, SUFFIXES, expand

    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in ARCHIVES:
        yield Part(name, hashlib.sha256(data).hexdigest(), _content(data, name), None)
        return
    left = MAX_TEXT_CHARS
    for member, inside in expand(data, name):
        if PurePosixPath(member).suffix.lower() not in SUFFIXES:
            continue
        digest = hashlib.sha256(inside).hexdigest()
        try:
            content = _content(inside, member)
            left -= len(content.text)
            if left < 0:
                raise SourceError(f"{name} holds more than {MAX_TEXT_CHARS:,} characters of text; split it.")
            yield Part(member, digest, content, None)
        except SourceError as exc:
            if left < 0:
                raise
            yield Part(member, digest, None, str(exc))


# What code raises that trusted its input. Anything worse ends the child, and the parent says so.
_BROKEN = (ArithmeticError, AssertionError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)


def _content(data: bytes, name: str) -> Content:
    """The content of one document; what a reader raises at bytes that it did not foresee is a SourceError too."""
    from .readers import read

    name = PurePosixPath(name).name
    try:
        content = read(data, name)
    except _BROKEN as exc:
        raise SourceError(f"{name} cannot be read: its reader failed ({type(exc).__name__}).") from exc
    if len(content.text) > MAX_TEXT_CHARS:
        raise SourceError(f"{name} holds more than {MAX_TEXT_CHARS:,} characters of text; split it.")
    return content


def _limit_memory() -> None:
    import resource

    try:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    except (ValueError, OSError):  # macOS does not limit it; time is limited there all the same
        return


def _limit_seconds(seconds: float) -> None:
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime + seconds) + 2
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
