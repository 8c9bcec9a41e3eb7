"""How the server bears many users: python -m tests.benchmarks.load LIBRARY [--users 20] [--seconds 30] [--ingest FOLDER]

Starts `pincite serve` over a copy of LIBRARY and lets so many users ask at once, each a different question as soon as the
last is answered; with --pace, each every so many seconds. With --ingest another process reads FOLDER into the library
meanwhile, over and over. Questions are made from words of the library's own passages, no two alike, so that
nothing is answered twice. Printed: answers a second, latencies, errors, and the server's memory before and after.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingest import Library

PINCITE = (sys.executable, "-c", "from ui.cli import main; main()")
WORDS_OF_A_QUESTION = 7


def questions(library: Path, seed: int = 0) -> Iterator[str]:
    """Questions about what the library holds, without end."""
    draw = random.Random(seed)
    with Library.open(library) as opened:
        texts = [opened.text(info.document).split() for info in opened.documents()]
    texts = [words for words in texts if len(words) > 50]
    while True:
        words = draw.choice(texts)
        start = draw.randrange(len(words) - WORDS_OF_A_QUESTION)
        yield f"What is said about {' '.join(words[start : start + WORDS_OF_A_QUESTION])}?"


@contextmanager
def serving(library: Path) -> Iterator[tuple[str, int]]:
    """Host and port of a server in a process of its own."""
    code = "import sys; from retriever import Retriever; from ui.server import serve\nwith Retriever.open(sys.argv[1]) as r: serve(r, port=0)"
    environment = os.environ | {"PINCITE_REQUESTS_PER_MINUTE": "100000"}
    with subprocess.Popen(
        [sys.executable, "-c", code, str(library)], stdout=subprocess.PIPE, text=True, env=environment
    ) as server:
        assert server.stdout is not None
        try:
            found = re.search(r"http://([\d.]+):(\d+)", server.stdout.readline())
            assert found, "the server did not start"
            yield found[1], int(found[2])
        finally:
            server.terminate()


@contextmanager
def ingesting(folder: Path | None, library: Path) -> Iterator[None]:
    """Another process reads `folder` into the library, over and over, each time as new documents with new words."""
    ended = threading.Event()
    running: list[subprocess.Popen[bytes]] = []

    def ingest(folder: Path) -> None:
        for n in itertools.count():
            edition = library.with_name(f"edition-{n}")
            shutil.copytree(folder, edition)
            for file in edition.rglob("*.*"):
                if file.suffix in (".md", ".rst", ".txt"):
                    file.write_text(file.read_text("utf-8").replace(" the ", f" the {n}th "), "utf-8")
            if ended.is_set():
                return
            command = [*PINCITE, "ingest", str(edition), "--library", str(library)]
            running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
            if running[-1].wait() and not ended.is_set():
                print("the ingest failed")

    thread = threading.Thread(target=ingest, args=(folder,)) if folder else None
    if thread:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for process in running:
            process.terminate()
        if thread:
            thread.join()
            print(f"meanwhile read in: {len(running) - 1} times the whole of {folder}, and a part")


class User:
    """One client with one connection."""

    def __init__(self, host: str, port: int) -> None:
        self._address = host, port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Status and body of one exchange."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._address)
        reader, writer = self._streams
        head = f"{method} {path} HTTP/1.1\r\nhost: {self._address[0]}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        status = int((await reader.readline()).split()[1])
        length = 0
        while (line := await reader.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return status, await reader.readexactly(length)


def resident_mb(metrics: bytes) -> float:
    """What /metrics says of the server's memory."""
    found = re.search(rb"^process_resident_memory_bytes (\S+)", metrics, re.MULTILINE)
    return float(found[1]) / 1e6 if found else float("nan")


async def load(
    address: tuple[str, int], asked: Iterator[str], users: int, seconds: float, most: int, pace: float
) -> None:
    """Lets the users ask and prints what came of it."""
    took: list[float] = []
    errors: list[object] = []
    observer = User(*address)
    for _ in range(20):  # the first answers load what is loaded once
        await observer.request("POST", "/api/ask", json.dumps({"question": next(asked)}).encode())
    before = resident_mb((await observer.request("GET", "/metrics"))[1])
    began = time.perf_counter()

    async def use(number: int) -> None:
        user = User(*address)
        due = began + pace * number / users
        while time.perf_counter() - began < seconds and len(took) < most:
            if pace:
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                due += pace
            came = time.perf_counter()
            try:
                status, body = await user.request("POST", "/api/ask", json.dumps({"question": next(asked)}).encode())
            except (OSError, asyncio.IncompleteReadError, ValueError) as exc:
                errors.append(exc)
                user = User(*address)
                continue
            took.append(time.perf_counter() - came)
            if status != 200 or "answered" not in json.loads(body):
                errors.append(status)

    await asyncio.gather(*(use(number) for number in range(users)))
    lasted = time.perf_counter() - began
    after = resident_mb((await User(*address).request("GET", "/metrics"))[1])
    took.sort()

    def at(share: float) -> float:
        return 1000 * took[min(len(took) - 1, int(share * len(took)))]

    how = f"a question every {pace:g} s each" if pace else "without a pause"
    print(
        f"{users} users, {how}: {len(took)} answers in {lasted:.1f} s = {len(took) / lasted:.1f}/s, {len(errors)} errors {errors[:3]}"
    )
    print(f"latency: median {at(0.5):.0f} ms, 95 % {at(0.95):.0f} ms, 99 % {at(0.99):.0f} ms, longest {at(1):.0f} ms")
    print(f"memory: {before:.0f} MB before, {after:.0f} MB after ({after - before:+.0f} MB)")


def main() -> None:
    """Parses the command line and measures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("library", type=Path)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--asks", type=int, default=10**9, help="end after so many answers")
    parser.add_argument("--pace", type=float, default=0.0, help="seconds from one question of a user to the next")
    parser.add_argument("--ingest", type=Path, help="a folder to read in meanwhile")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        library = Path(place) / "library"
        shutil.copytree(args.library, library)
        with Library.open(library) as opened:
            print(
                f"{len(opened.documents())} documents, {opened.store.counts()[1]} passages, load average {os.getloadavg()[0]:.1f}"
            )
        with serving(library) as address, ingesting(args.ingest, library):
            asyncio.run(load(address, questions(library), args.users, args.seconds, args.asks, args.pace))


if __name__ == "__main__":
    main()
