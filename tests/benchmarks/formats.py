"""Whether answers are found as well in real files as in plain text: python -m tests.benchmarks.formats FILES PLAIN

FILES holds `files/`, one article a file in various formats, and `queries.jsonl` with `answers`, `source_file` and
`source_doc`; PLAIN holds the same articles as `corpus.jsonl`, a document a paragraph. Both become libraries of
one document an article. Printed for each file: the share of answerable questions with an answer in the document's
text, and with one in the best passages of the whole library; for the file, and for its plain text. Exit 1 if either is
more than two points below that of the plain text.
"""

import argparse
import json
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ingest import Library
from retriever import Retriever

MOST_LOST = 0.02


def has_answer(text: str, answers: Sequence[str]) -> bool:
    """Whether one of `answers` is in `text`, white space and case aside."""
    text = " ".join(text.split()).casefold()
    return any(" ".join(answer.split()).casefold() in text for answer in answers)


def lines(file: Path) -> list[dict[str, Any]]:
    """The objects in a file of JSON lines."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def plain_files(plain: Path, queries: Sequence[dict[str, Any]], folder: Path) -> None:
    """Writes each article of `plain` as one text file, named like the file it is compared with."""
    names = {query["source_doc"].rpartition("-")[0]: query["source_file"] for query in queries}
    articles: dict[str, list[str]] = {}
    for paragraph in lines(plain / "corpus.jsonl"):
        articles.setdefault(paragraph["_id"].rpartition("-")[0], []).append(paragraph["text"])
    for article, texts in articles.items():
        if article in names:
            (folder / f"{names[article]}.txt").write_text("\n\n".join(texts), "utf-8")


def shares(library: Path, suffix: str, queries: Sequence[dict[str, Any]], k: int) -> dict[str, tuple[float, float]]:
    """For each file: the share of its questions with an answer in its text, and with one in the best `k` passages."""
    found: dict[str, list[tuple[bool, bool]]] = {}
    with Retriever.open(library) as retriever:
        texts = {info.document: retriever.text(info.document) for info in retriever.documents()}
        for query in queries:
            hits = retriever.search(query["text"], k).hits
            found.setdefault(query["source_file"], []).append(
                (
                    has_answer(texts.get(query["source_file"] + suffix, ""), query["answers"]),
                    any(has_answer(hit.passage.text, query["answers"]) for hit in hits),
                )
            )
    return {
        file: (sum(text for text, _ in each) / len(each), sum(hit for _, hit in each) / len(each))
        for file, each in found.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", type=Path)
    parser.add_argument("plain", type=Path)
    parser.add_argument("-k", type=int, default=5, help="how many passages are looked at")
    parser.add_argument("--questions", type=int, help="ask only so many of each file, drawn at random")
    parser.add_argument("--only", default="", help="ask only about files with this in their name")
    args = parser.parse_args()
    asked = [query for query in lines(args.files / "queries.jsonl") if query["answerable"]]
    queries = [query for query in asked if args.only in query["source_file"]]
    if args.questions:
        draw = random.Random(0)
        by_file = {
            file: [q for q in queries if q["source_file"] == file] for file in {q["source_file"] for q in queries}
        }
        queries = [
            q for file in sorted(by_file) for q in draw.sample(by_file[file], min(args.questions, len(by_file[file])))
        ]
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / "plain").mkdir()
        plain_files(args.plain, asked, place / "plain")
        for source, library in ((args.files / "files", place / "a"), (place / "plain", place / "b")):
            with Library.open(library, create=True) as opened:
                report = opened.ingest(source)
                assert not report.failed, report.failed
        real = shares(place / "a", "", queries, args.k)
        plain = shares(place / "b", ".txt", queries, args.k)
    print(
        f"{len(queries)} questions; answers in the text, and in the best {args.k} passages, of the file and as plain text"
    )
    print(f"{'file':32} {'text':>6} {'plain':>6}   {'found':>6} {'plain':>6}  difference")
    worst = 0.0
    for file, (text, hit) in sorted(real.items()):
        as_text, as_hit = plain[file]
        print(f"{file:32} {text:6.1%} {as_text:6.1%}   {hit:6.1%} {as_hit:6.1%}  {100 * (hit - as_hit):+.1f}")
        worst = min(worst, text - as_text, hit - as_hit)
    raise SystemExit(worst < -MOST_LOST)


if __name__ == "__main__":
    main()
