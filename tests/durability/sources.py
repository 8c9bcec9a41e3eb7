"""Damaged files, read as an ingest reads them: python -m tests.durability.sources FOLDER --count 10000

Takes files of every kind from FOLDER and damages copies of them in memory: bytes changed, cut out, repeated,
blanked, the end torn off; in formats that are zip archives also inside their parts. Each must end as read or as
refused with a sentence, in time. Prints the outcomes by kind; exit 1 if a file took too long, or the child's memory
grew beyond its limit.
"""

import argparse
import io
import random
import resource
import time
import zipfile
from collections import Counter
from pathlib import Path

from ingest import SourceError
from ingest.readers import ARCHIVES, SUFFIXES
from ingest.reading import MEMORY_BYTES, Reading

MAX_BYTES = 300_000
MAX_SECONDS = 10.0


def damaged(data: bytes, draw: random.Random) -> bytes:
    """`data` with one to eight damages."""
    found = bytearray(data)
    for _ in range(draw.randint(1, 8)):
        if not found:
            break
        at = draw.randrange(len(found))
        end = min(len(found), at + draw.choice((1, 2, 8, 64, 1024)))
        match draw.randrange(7):
            case 0:
                found[at] ^= 1 << draw.randrange(8)
            case 1:
                found[at:end] = draw.randbytes(end - at)
            case 2:
                del found[at:end]
            case 3:
                found[at:at] = found[at:end] * draw.choice((1, 2, 50))
            case 4:
                found[at:end] = bytes(end - at)
            case 5:
                found[at:end] = draw.choice((b"\xff" * 4, b"99999999999", b"<", b"{", b'"', b"\\", b"(", b"\n\n\n"))
            case 6 if draw.random() < 0.3:
                del found[at:]
    return bytes(found)


def damaged_inside(data: bytes, draw: random.Random) -> bytes:
    """A zip archive one part of which is damaged, packed again so that it can be opened."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        names = [info.filename for info in old.infolist()]
        texts = [name for name in names if name.endswith((".xml", ".html", ".xhtml", ".rels", ".opf"))]
        chosen = draw.choice(texts or names)
        for name in names:
            part = old.read(name)
            new.writestr(name, damaged(part, draw) if name == chosen else part)
    return file.getvalue()


def seeds(folder: Path) -> dict[str, list[Path]]:
    """Some small files of every kind in `folder`."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        kind = path.suffix.lower()
        if kind in SUFFIXES | ARCHIVES and path.is_file() and 0 < path.stat().st_size <= MAX_BYTES:
            found.setdefault(kind, []).append(path)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    draw = random.Random(args.seed)
    files = seeds(args.folder)
    kinds = sorted(files)
    outcomes: dict[str, Counter[str]] = {kind: Counter() for kind in kinds}
    reading, slowest, broken = Reading(), (0.0, ""), list[str]()
    for number in range(args.count):
        kind = kinds[number % len(kinds)]
        path = draw.choice(files[kind])
        data = path.read_bytes()
        inside = draw.random() < 0.5 and zipfile.is_zipfile(path)
        data = damaged_inside(data, draw) if inside else damaged(data, draw)
        began = time.monotonic()
        try:
            parts = list(reading.read(data, path.name))
            outcomes[kind]["read" if any(part.content for part in parts) else "refused"] += 1
        except SourceError as exc:
            reason = str(exc)
            outcomes[kind]["broke its reader" if "is refused: " in reason and "reader" in reason else "refused"] += 1
            if "reader" in reason or "takes more" in reason:
                broken.append(f"{path.name} (number {number}): {reason}")
        slowest = max(slowest, (time.monotonic() - began, path.name))
    reading.close()
    for kind, outcome in outcomes.items():
        print(f"{kind:10} {', '.join(f'{count} {what}' for what, count in outcome.most_common())}")
    print("\n".join(broken[:40]))
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    print(f"{args.count} files of {len(kinds)} kinds; the slowest {slowest[1]} in {slowest[0]:.1f} s; ", end="")
    print(f"the largest child {memory / 1e9:.2f} GB; {len(broken)} files that a reader did not foresee")
    raise SystemExit(slowest[0] > MAX_SECONDS or memory > MEMORY_BYTES)


if __name__ == "__main__":
    main()
