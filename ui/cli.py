"""The command `pincite`. stdout carries the result only; progress and errors go to stderr.

Exit codes: 0 done, 1 an error that a person can act on (one line on stderr), 2 wrong usage.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from ingest import Library, PinciteError, Progress, Report, Settings, follow
from retriever import Answer, Found, Retriever

from .terminal import print_answer, print_hits

app = typer.Typer(
    name="pincite",
    help="Questions and answers over your own documents, each sentence with its exact source.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

LibraryOption = Annotated[
    Path | None,
    typer.Option("--library", help="The library's folder. Default: $PINCITE_LIBRARY, else the one of this user."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
HistoryOption = Annotated[
    Path | None,
    typer.Option(
        "--history", help='The conversation so far: [{"role": "user"|"assistant", "text": ...}], oldest first.'
    ),
]
DocumentsOption = Annotated[
    list[str] | None,
    typer.Option("--document", "-d", help='Only look in this document, or in those like "papers/*.pdf"; repeatable.'),
]
TagsOption = Annotated[
    list[str] | None, typer.Option("--tag", "-t", help="Only look in documents with this tag; repeatable.")
]


def main() -> None:
    """Runs the command line; the entry point of the package."""
    try:
        app()
    except PinciteError as error:
        _fail(str(error))
    except BrokenPipeError:  # the reader of our output has gone: nothing is left to tell it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None


@app.command()
def ingest(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files and folders to read.")],
    library: LibraryOption = None,
    tags: Annotated[
        list[str] | None, typer.Option("--tag", "-t", help="Give every document from PATH this tag; repeatable.")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Go on following PATH until Ctrl-C.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Read files and folders into the library; run it again to bring the library in line with them.

    Changed files are read again, and files that are gone from a folder are removed.
    """
    with Library.open(library, create=True) as opened:
        if watch:
            _follow(opened, paths, tags or [], as_json)
            return
        try:
            with _progress() as progress:
                report = opened.ingest(*paths, progress=progress, tags=tags or [])
        except KeyboardInterrupt:
            _fail("Stopped. What was read so far is kept; run the same command again to go on.")
    _report(report, as_json)
    if report.failed and not (report.added or report.changed or report.unchanged or report.removed):
        raise typer.Exit(1)


def _follow(library: Library, paths: list[str], tags: list[str], as_json: bool) -> None:
    print("Following; Ctrl-C ends it.", file=sys.stderr)
    try:
        for report in follow(library, paths, tags):
            _report(report, as_json)
            sys.stdout.flush()
    except KeyboardInterrupt:
        print("", file=sys.stderr)


def _report(report: Report, as_json: bool) -> None:
    if as_json:
        _print_json(report.to_dict())
    else:
        print(
            f"{report.added} added, {report.changed} changed, {report.removed} removed, "
            f"{report.unchanged} unchanged, {len(report.failed)} failed in {report.seconds:.1f} s. "
            f"The library has {report.documents} documents in {report.passages} passages."
        )
    for path, reason in report.failed:
        print(f"Not read: {path}: {reason}", file=sys.stderr)
    if report.skipped:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(report.skipped.items()))
        print(f"Passed over, of a kind that Pincite does not read: {kinds}", file=sys.stderr)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question, in quotes.")],
    history: HistoryOption = None,
    documents: DocumentsOption = None,
    tags: TagsOption = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a question with the exact words of the sources, or say that they do not answer it."""
    turns = _history(history)
    with _open(library) as retriever:
        answer = retriever.ask(question, turns, documents or (), tags or ())
    if as_json:
        _print_json(answer.to_dict())
    else:
        print_answer(answer)


@app.command()
def search(
    question: Annotated[str, typer.Argument(help="What to look for.")],
    k: Annotated[int, typer.Option("-k", min=1, max=200, help="How many passages.")] = 10,
    history: HistoryOption = None,
    documents: DocumentsOption = None,
    tags: TagsOption = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the passages that are nearest to a question, best first."""
    turns = _history(history)
    with _open(library) as retriever:
        found: Found = retriever.search(question, k, turns, documents or (), tags or ())
    if as_json:
        _print_json(found.to_dict())
    else:
        print_hits(found)


@app.command()
def text(document: Annotated[str, typer.Argument(help="A document's name.")], library: LibraryOption = None) -> None:
    """Print the text of a document that all offsets count in, exactly."""
    with _library(library) as opened:
        content = opened.text(document)
    sys.stdout.buffer.write(content.encode("utf-8"))
    sys.stdout.buffer.flush()


@app.command()
def documents(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the documents of the library."""
    with _library(library) as opened:
        found = opened.documents()
    if as_json:
        _print_json([info.to_dict() for info in found])
        return
    for info in found:
        marks = "".join(f"\t#{tag}" for tag in info.tags)
        print(f"{info.document}\t{info.title}\t{info.passages} passages{marks}")


@app.command()
def remove(
    names: Annotated[
        list[str], typer.Argument(metavar="DOCUMENT...", help="Documents, as `pincite documents` lists them.")
    ],
    library: LibraryOption = None,
) -> None:
    """Remove documents from the library; their files stay where they are."""
    with _library(library) as opened:
        opened.remove(*names)
    print(f"{len(set(names))} removed.")


@app.command()
def check(
    library: LibraryOption = None,
    as_json: JsonOption = False,
    repair: Annotated[bool, typer.Option("--repair", help="Mend it: from what can be read, and the sources.")] = False,
) -> None:
    """Verify the whole library: every index against the store, and the vectors against the model."""
    if repair:
        with _progress() as progress:
            problems = Library.repair(library, progress=progress)
    with _library(library) as opened:
        if not repair:
            problems = opened.check()
        counts = opened.store.counts()
    if as_json:
        _print_json({"ok": not problems, "problems": problems, "documents": counts[0], "passages": counts[1]})
    elif not problems:
        print(f"The library is whole: {counts[0]} documents in {counts[1]} passages.")
    else:
        print("\n".join(problems))
    if problems:
        _fail(f"{len(problems)} problems were found; pincite check --repair mends what can be mended.")


@app.command("eval")
def evaluate(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Evaluation sets in BEIR form.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Write run.trec and answers.jsonl below this folder.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Ask only the first so many queries.")] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure retrieval, answers and abstention on evaluation sets; prints the metrics as JSON.

    Each set gets a throw-away library; yours (--library) only lends its settings.
    """
    from retriever.evaluate import evaluate as run

    settings = Settings.read(library)
    results = []
    for folder in folders:
        if not folder.is_dir():
            raise PinciteError(f"{folder} is not a folder; give one with corpus.jsonl and queries.jsonl.")
        with _counter() as progress:
            results.append(run(folder, out, limit, settings, progress))
    _print_json(results[0] if len(results) == 1 else results, indent=None if as_json else 2)


@app.command()
def chat(documents: DocumentsOption = None, tags: TagsOption = None, library: LibraryOption = None) -> None:
    """Hold a conversation in the terminal; an empty line or Ctrl-D ends it."""
    turns: list[dict[str, str]] = []
    with _open(library) as retriever:
        state = retriever.state
        print(f"{state.documents} documents. Ask a question; an empty line ends the conversation.", file=sys.stderr)
        while True:
            try:
                question = input("> " if sys.stdin.isatty() else "").strip()
            except (EOFError, KeyboardInterrupt):
                break
            if not question:
                break
            try:
                answer: Answer = retriever.ask(question, turns, documents or (), tags or ())
            except PinciteError as error:
                print(error, file=sys.stderr)
                continue
            print_answer(answer)
            turns += [{"role": "user", "text": question}, {"role": "assistant", "text": answer.text}]


@app.command()
def serve(
    host: Annotated[str, typer.Option("--host", help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="The port to listen at.")] = 7860,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    library: LibraryOption = None,
) -> None:
    """Serve the web chat and the HTTP API on this machine."""
    from .server import serve as run

    with _open(library) as retriever:
        run(retriever, host, port, open_browser)


@contextmanager
def _open(library: Path | None) -> Iterator[Retriever]:
    with _progress() as progress:
        retriever = Retriever.open(library, progress=progress)
    with retriever:
        yield retriever


def _library(library: Path | None) -> Library:
    return Library.open(library)


def _history(file: Path | None) -> list[Any]:
    if file is None:
        return []
    try:
        turns = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as exc:
        raise PinciteError(f"{file} cannot be read as a conversation: {exc}.") from exc
    form = 'a list of {"role": "user" or "assistant", "text": ...}'
    if not isinstance(turns, list):
        raise PinciteError(f"{file} is not a conversation; it holds {form}.")
    for turn in turns:
        if not (
            isinstance(turn, dict) and turn.get("role") in ("user", "assistant") and isinstance(turn.get("text"), str)
        ):
            raise PinciteError(f"{file} is not a conversation; it holds {form}.")
    return turns


@contextmanager
def _progress() -> Iterator[Callable[[Progress], None]]:
    """A progress bar on stderr that appears with the first report and leaves no trace."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("Reading"), BarColumn(), MofNCompleteColumn(),
        TextColumn("files, {task.fields[passages]} passages, {task.fields[rate]:.0f}/s"),
        TimeRemainingColumn(), TextColumn("{task.description}", markup=False),
    )  # fmt: skip
    console = Console(stderr=True)
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", visible=False, total=None, passages=0, rate=0.0)
        began = time.monotonic()

        def report(now: Progress) -> None:
            rate = now.passages / max(time.monotonic() - began, 0.1)
            bar.update(task, visible=True, total=now.of_files, completed=now.files, description=now.name,
                       passages=now.passages, rate=rate)  # fmt: skip

        yield report


@contextmanager
def _counter() -> Iterator[Callable[[str, int, int], None]]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    with Bar(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("building the library", total=None)
        yield lambda name, done, of: bar.update(task, description=escape(name), completed=done, total=of)


def _print_json(value: Any, indent: int | None = None) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=indent))


def _fail(message: str) -> NoReturn:
    print(" ".join(message.split()), file=sys.stderr)
    raise SystemExit(1)
