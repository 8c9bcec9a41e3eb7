"""How much of what is known to be in a set of files the readers find: python -m tests.benchmarks.probes FOLDER

FOLDER holds `probes.jsonl` (checks by kind: "present" and "absent" texts, "meta" for pages and
encryption of PDFs) and the files that it names; with `manifest.jsonl`, every file listed there is read
as well, to count failures and time. Texts are compared without Markdown signs and with any white space
as one space.
"""

import argparse
import json
import re
import time
from collections import Counter
from pathlib import Path

from ingest.errors import NoTextError, SourceError
from ingest.readers import SUFFIXES, expand, read

_SIGNS = re.compile(r"[*_>#\[\]`|]+|^\s*[-+]\s", re.MULTILINE)


def plain(text: str) -> str:
    """`text` without Markdown signs and superfluous white space."""
    return " ".join(_SIGNS.sub(" ", text).split())


def contents_of(path: Path) -> list[tuple[str, str, int]]:
    """Text, reason of failure and last page of each document in a file."""
    found = []
    for name, data, reason in expand(path.read_bytes(), path.name, SUFFIXES):
        try:
            if reason:
                raise SourceError(reason)
            content = read(data, name)
        except SourceError as exc:
            found.append(("", str(exc), 0))
        else:
            found.append((content.text, "", content.pages[-1].number if content.pages else 0))
    return found


def failures(probe: dict[str, object], folder: Path) -> tuple[int, list[str]]:
    """How many checks a probe makes, and what is wrong for each that fails."""
    documents = contents_of(folder / str(probe["file"]))
    if probe["type"] == "meta":
        _, reason, last_page = documents[0]
        if probe.get("encrypted"):
            return 1, [] if "password" in reason else [f"not named as encrypted: {reason}"]
        if reason and "no text layer" not in reason:
            return 1, [reason]
        return 1, [f"page {last_page} of {probe['pages']}"] if last_page > int(str(probe["pages"])) else []
    texts = probe["texts"]
    assert isinstance(texts, list)
    whole = plain("\n".join(text for text, _, _ in documents))
    wanted = probe["type"] == "present"
    wrong = [f"{'lacks' if wanted else 'has'} {text[:90]!r}" for text in texts if (plain(text) in whole) != wanted]
    return len(texts), wrong


def read_all(folder: Path) -> None:
    """Reads every file of the manifest; prints what came of it by kind, and what failed without a sentence."""
    outcomes: dict[str, Counter[str]] = {}
    slowest = (0.0, "")
    started = time.perf_counter()
    for line in (folder / "manifest.jsonl").read_text("utf-8").splitlines():
        path = folder / json.loads(line)["path"]
        outcome = outcomes.setdefault(path.suffix.lower(), Counter())
        if path.suffix.lower() not in SUFFIXES | {".zip"}:
            outcome["not a document"] += 1
            continue
        begun = time.perf_counter()
        try:
            for name, data, reason in expand(path.read_bytes(), path.name, SUFFIXES):
                if reason:
                    raise SourceError(reason)
                read(data, name)
            outcome["read"] += 1
        except NoTextError:
            outcome["no text"] += 1
        except SourceError as exc:
            outcome["refused"] += 1
            print(f"  refused: {exc}")
        except Exception as exc:  # noqa: BLE001  # what a reader must never let out
            outcome["CRASHED"] += 1
            print(f"  CRASHED: {path}: {exc!r}")
        slowest = max(slowest, (time.perf_counter() - begun, path.name))
    print(f"\n{'kind':8} outcome")
    for suffix, outcome in sorted(outcomes.items()):
        print(f"{suffix:8} {', '.join(f'{count} {what}' for what, count in outcome.most_common())}")
    print(f"\nall in {time.perf_counter() - started:.0f} s, the slowest {slowest[1]} in {slowest[0]:.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    checks = passed = files = clean = 0
    print(f"{'checks':>9}  file")
    for line in (folder / "probes.jsonl").read_text("utf-8").splitlines():
        probe = json.loads(line)
        count, wrong = failures(probe, folder)
        checks, passed = checks + count, passed + count - len(wrong)
        files, clean = files + 1, clean + (not wrong)
        print(f"{count - len(wrong):4}/{count:<4}  {probe['file']}")
        for reason in wrong:
            print(f"{'':11}  {reason}")
    print(f"\n{passed} of {checks} checks passed ({passed / max(checks, 1):.1%}); {clean} of {files} probes clean")
    if (folder / "manifest.jsonl").exists():
        read_all(folder)


if __name__ == "__main__":
    main()
