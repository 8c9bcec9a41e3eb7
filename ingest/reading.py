"""Reads files in a child process, within limits: a file that breaks its reader breaks nothing else.

The child is one persistent process. It is given a file's bytes through a pipe and answers with lines of
JSON; it opens no file and writes none. It may use so much memory and processor time, and the parent waits
so long; a file that goes beyond is reported with the reason, and the next file gets a new child. A member
of an archive that breaks its reader costs the archive that member only.

Frames to the child: a line of JSON {"name", "bytes", "seconds", "skip", "known"}, then the bytes. Frames from
it, a line each: for every part {"begins": name, "sha256", "bytes"} and then {"content"}, {"reason"} or {"same"};
at the end {"end"}, or {"refused": reason} if the file as a whole cannot be read. With {"look"} in the header the
answer is one line, of what is to be seen in a part: {"rectangles"}, {"image"}, {"source"} or {"refused"}.
"""

import base64
import hashlib
import json
import math
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, astuple, dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from .documents import Content, Page, Section
from .errors import SourceError

if TYPE_CHECKING:
    from .readers import Member

MAX_FILE_BYTES = 400_000_000
# What a child may use: its address space, where the system can limit it.
MEMORY_BYTES = 2_000_000_000
# And time: so many seconds for a file, and so many more for each megabyte of it. Ordinary files take hundredths,
# and large ones a tenth of a second a megabyte; but a dense PDF takes 4, and an archive is ten files in one. They are
# counted in the processor's time, for the machine may be busy; so many times as long the parent waits at most.
SECONDS = 8.0
SECONDS_PER_MEGABYTE = 1.0
SECONDS_PER_PACKED_MEGABYTE = 10.0
PATIENCE = 4.0
# Text beyond this is no document to read; it would fill the memory of everything behind.
MAX_TEXT_CHARS = 50_000_000
# An answer's line is at most so long: the text in UTF-8, what JSON escapes in it, its headings.
MAX_ANSWER_BYTES = 8 * MAX_TEXT_CHARS
# So many members of an archive may break their readers before the rest of it is left alone.
MAX_BREAKDOWNS = 5
# How the child says that it ran out of memory: by its exit status.
_NO_MEMORY = 75


@dataclass(frozen=True, slots=True)
class Part:
    """One document in a file. `name` is the file's own, or "archive.zip/path" in an archive.

    `sha256` is of the part's own bytes. It has its `content`, or the `reason` why it has none; neither if its
    bytes are those that were known already.
    """

    name: str
    sha256: str
    content: Content | None
    reason: str | None


class Reading:
    """The child process that reads. Use from one thread; close it when done.

    `seconds` is how long a small file may take.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self._child: subprocess.Popen[bytes] | None = None
        self._allowed = seconds  # to the file at hand
        self._unread = b""  # what came after the last whole line
        self._stopped = False

    def start(self) -> None:
        """Starts the child, so that it is ready when the first file comes."""
        if self._child is None:
            # The parent's path: the child finds this package wherever the parent found it.
            code = f"import sys; sys.path[:] = {sys.path!r}; from ingest.reading import serve; serve()"
            self._child = subprocess.Popen(  # noqa: S603  # this Python, this package
                [sys.executable, "-c", code],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                process_group=0,  # Ctrl-C is the parent's to handle
            )

    def stop(self) -> None:
        """Ends the reading from another thread: the file at hand is refused, and so is every other."""
        self._stopped = True
        child = self._child
        if child:
            child.kill()

    def close(self) -> None:
        """Ends the child, whatever it is at."""
        child, self._child, self._unread = self._child, None, b""
        if child:
            child.kill()
            for pipe in (child.stdin, child.stdout):
                if pipe:
                    with suppress(BrokenPipeError):
                        pipe.close()
            child.wait()

    def read(self, data: bytes, name: str, known: Mapping[str, str] | None = None) -> Iterator[Part]:
        """The documents in `data`, the bytes of the file `name`; SourceError if it cannot be read within the limits.

        `known` maps parts to their sha256 as they are known: a part that has not changed is not read.
        """
        if len(data) > MAX_FILE_BYTES:
            raise SourceError(f"{name} is larger than {MAX_FILE_BYTES // 1_000_000} MB; split it.")
        seconds = self._seconds(name, len(data))
        latest = time.monotonic() + PATIENCE * seconds
        begun = 0
        for _ in range(MAX_BREAKDOWNS):
            part: dict[str, Any] = {}
            until = latest
            try:
                self._send({"name": name, "seconds": seconds, "skip": begun, "known": dict(known or {})}, data)
                while not (answer := json.loads(self._line(until))).keys() & {"end", "refused"}:
                    if "begins" in answer:
                        part, begun = answer, begun + 1
                        own = PATIENCE * self._seconds(part["begins"], part["bytes"])
                        until = min(latest, time.monotonic() + own)
                    else:
                        yield _part(part, answer)
                        part, until = {}, latest
            except GeneratorExit:  # the rest is not wanted
                self.close()
                raise
            except _BrokenDownError as exc:
                self.close()
                shown = PurePosixPath(part.get("begins", name)).name
                if self._stopped or not part or part["begins"] == name or time.monotonic() > latest:
                    raise SourceError(f"{shown} is refused: {exc}.") from exc
                yield Part(part["begins"], part["sha256"], None, f"{shown} is refused: {exc}.")
                continue
            if "refused" in answer:
                raise SourceError(answer["refused"])
            return
        raise SourceError(f"{name} is refused: {MAX_BREAKDOWNS} files in it broke their reader.")

    def look(self, data: bytes, name: str, look: Mapping[str, Any]) -> dict[str, Any]:
        """What is to be seen in a part of the file `name` that was read before; `look` says which and what.

        SourceError if the part is not in the file as it was read, or cannot be read within the limits.
        """
        seconds = self._seconds(name, len(data))
        try:
            self._send({"name": name, "seconds": seconds, "look": look}, data)
            answer: dict[str, Any] = json.loads(self._line(time.monotonic() + PATIENCE * seconds))
        except _BrokenDownError as exc:
            self.close()
            raise SourceError(f"{name} is refused: {exc}.") from exc
        if "refused" in answer:
            raise SourceError(answer["refused"])
        return answer

    def _seconds(self, name: str, size: int) -> float:
        packed = PurePosixPath(name).suffix.lower() in (".pdf", ".zip")
        return self.seconds + (SECONDS_PER_PACKED_MEGABYTE if packed else SECONDS_PER_MEGABYTE) * size / 1_000_000

    def _send(self, header: dict[str, Any], data: bytes) -> None:
        if self._stopped:
            raise _BrokenDownError("the run was stopped")
        self.start()
        self._allowed = header["seconds"]
        assert self._child
        assert self._child.stdin
        try:
            self._child.stdin.write(json.dumps(header | {"bytes": len(data)}).encode() + b"\n" + data)
            self._child.stdin.flush()
        except BrokenPipeError as exc:
            raise self._ended() from exc

    def _line(self, until: float) -> bytes:
        """The child's next line, which must come `until` then."""
        assert self._child
        assert self._child.stdout
        out, asked = self._child.stdout.fileno(), time.monotonic()
        until = max(until, asked + 1)  # this process may have been stopped meanwhile, as by a laptop's sleep
        found, length = [self._unread], len(self._unread)
        while b"\n" not in found[-1]:
            if not select.select([out], [], [], max(0.0, until - time.monotonic()))[0]:
                raise _BrokenDownError(f"reading it takes more than {until - asked:.0f} seconds")
            piece = os.read(out, 1 << 20)
            length += len(piece)
            if not piece:
                raise self._ended()
            if length > MAX_ANSWER_BYTES:
                raise _BrokenDownError("there is too much in it")
            found.append(piece)
        line, _, self._unread = b"".join(found).partition(b"\n")
        return line

    def _ended(self) -> "_BrokenDownError":
        assert self._child
        self._child.wait()
        status = self._child.returncode
        if status == _NO_MEMORY:
            return _BrokenDownError(f"reading it takes more than {MEMORY_BYTES // 1_000_000_000} GB of memory")
        if status == -signal.SIGXCPU:
            return _BrokenDownError(f"reading it takes more than {self._allowed:.0f} seconds")
        return _BrokenDownError("its reader broke down or was stopped for using too much")


class _BrokenDownError(Exception):
    """The child did not answer; the message says why, as the end of a sentence."""


def _part(begun: dict[str, Any], answer: dict[str, Any]) -> Part:
    content = answer.get("content")
    if content is not None:
        content = Content(
            content["title"],
            content["text"],
            tuple(Section(s["start"], tuple(s["path"])) for s in content["sections"]),
            tuple(Page(p["start"], p["number"]) for p in content["pages"]),
        )
    return Part(begun["begins"], begun["sha256"], content, answer.get("reason"))


def parts(data: bytes, name: str, known: Mapping[str, str] | None = None) -> Iterator[Part]:
    """What `Reading.read` gives, read in this process and without its limits."""
    begun: dict[str, Any] = {}
    for answer in _answers(data, {"name": name, "skip": 0, "known": known or {}}):
        if "refused" in answer:
            raise SourceError(answer["refused"])
        if "begins" in answer:
            begun = answer
        elif "end" not in answer:
            yield _part(begun, answer)


# -- in the child ------------------------------------------------------------------------------------------


def serve() -> None:
    """The child's whole life: reads frames until its input ends."""
    source = sys.stdin.buffer
    # Whatever a library prints must not get between the frames.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _limit_memory()
    while header := source.readline():
        asked = json.loads(header)
        data = source.read(asked["bytes"])
        _limit_seconds(asked["seconds"])
        try:
            for answer in [_seen(data, asked)] if "look" in asked else _answers(data, asked):
                answers.write(json.dumps(answer, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
                answers.flush()
        except MemoryError:
            os._exit(_NO_MEMORY)


def _answers(data: bytes, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    name, left = asked["name"], MAX_TEXT_CHARS
    try:
        for number, (part, own, reason) in enumerate(_parts(data, name)):
            if number < asked["skip"]:
                continue
            digest = hashlib.sha256(own).hexdigest()
            yield {"begins": part, "sha256": digest, "bytes": len(own)}
            if reason is not None:
                yield {"reason": reason}
                continue
            if asked["known"].get(part) == digest:
                yield {"same": True}
                continue
            try:
                content = _content(own, part)
            except SourceError as exc:
                if part == name:
                    raise
                yield {"reason": str(exc)}
                continue
            left -= len(content.text)
            if left < 0:
                raise SourceError(f"{name} holds more than {MAX_TEXT_CHARS:,} characters of text; split it.")
            yield {"content": asdict(content)}
    except SourceError as exc:
        yield {"refused": str(exc)}
    else:
        yield {"end": True}


def _seen(data: bytes, asked: dict[str, Any]) -> dict[str, Any]:
    from .readers.kinds import looks_like
    from .readers.pdf import page_image, rectangles_of

    look = asked["look"]
    part = look["part"]
    try:
        own = next((member.data for member in _parts(data, asked["name"]) if member.name == part), b"")
        if hashlib.sha256(own).hexdigest() != look["sha256"]:
            return {"refused": f"{part} has changed since it was read; ingest it again to see places in it."}
        if "source" in look:
            return {"source": base64.b64encode(own).decode()}
        kind = looks_like(own)
        if kind is None or kind.suffix != ".pdf":
            return {"rectangles": [], "image": None}
        if "image" in look:
            width, height, png = page_image(own, part, *look["image"])
            return {"image": [width, height, base64.b64encode(png).decode()]}
        content, found = rectangles_of(own, part, *look["rectangles"])
    except (SourceError, *_BROKEN) as exc:
        return {"refused": f"{part} cannot be read any more: {exc}"}
    if hashlib.sha256(content.text.encode()).hexdigest() != look["text"]:
        return {"refused": f"{part} was read by another version: read it again to see the quote on its page."}
    return {"rectangles": [astuple(rectangle) for rectangle in found]}


def _parts(data: bytes, name: str) -> "list[Member]":
    """The documents in the file: itself, or those members of an archive that are of a kind that is read."""
    from .readers import SUFFIXES, expand

    members = expand(data, name, SUFFIXES)
    if not members:
        raise SourceError(f"{name} holds no file of a kind that Pincite reads.")
    return members


# What code raises that trusted its input. Anything worse ends the child, and the parent says so.
_BROKEN = (ArithmeticError, AssertionError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)


def _content(data: bytes, name: str) -> Content:
    """The content of one document; what a reader raises at bytes that it did not foresee is a SourceError too."""
    from .readers import read

    name = PurePosixPath(name).name
    try:
        return read(data, name)
    except _BROKEN as exc:
        raise SourceError(f"{name} cannot be read: its reader failed ({type(exc).__name__}).") from exc


def _limit_memory() -> None:
    import resource

    try:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    except (ValueError, OSError):  # macOS does not limit it; time is limited there all the same
        return


def _limit_seconds(seconds: float) -> None:
    """Ends this process after so many more seconds of work: the parent may be gone."""
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = math.ceil(used.ru_utime + used.ru_stime + seconds)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
