"""What is shown on a terminal: answers with numbered sources and the quoted words marked, passages, progress."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.text import Text

from ingest import Document, Progress, Report
from retriever import Answer, Citation, Found, Hit

from .last import NEAREST, Source
from .streams import print_json
from .whereabouts import page_of

# How much of a passage `search` and a declined question show.
SHOWN_CHARS = 280
EMPTY = "The library is empty; put documents in with: pincite ingest FOLDER"
_ARTICLES = "are the articles that come with Pincite: pincite remove --articles takes them out."


# Text is not wrapped to less. Where a terminal says that it has 0 columns, as some programs tell those that they
# start, it is wrapped to 80: to 0 nothing would be shown.
LEAST_COLUMNS = 20


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError  # for the command line to end as done; Rich would end it as failed


def _console(stderr: bool = False) -> Console:
    console = _Console(highlight=False, stderr=stderr)
    if console.width < LEAST_COLUMNS:
        console.width = LEAST_COLUMNS if console.width else 80
    return console


def counted(number: int, what: str) -> str:
    """How many there are of something, in words.

    >>> counted(1, "passage"), counted(2000, "document")
    ('1 passage', '2000 documents')
    """
    return f"{number} {what}" + ("s" if number != 1 else "")


def print_report(report: Report, as_json: bool, articles: int = 0) -> None:
    """Prints what an ingest did; what it did not do goes to stderr.

    `articles` is how many documents of the library came with Pincite: whoever put in others is told.
    """
    if as_json:
        print_json(report.to_dict())
    else:
        moved = f" ({report.moved} of them moved)" if report.moved else ""
        print(
            f"{report.added} added, {report.changed} changed, {report.removed} removed{moved}, "
            f"{report.unchanged} unchanged, {len(report.failed)} failed in {report.seconds:.1f} s. "
            f"The library has {counted(report.documents, 'document')} in {counted(report.passages, 'passage')}"
            + (f"; {articles} of them {_ARTICLES}" if 0 < articles < report.documents else ".")
        )
    for path, reason in report.failed:
        print(f"Not read: {path}: {reason}", file=sys.stderr)
    if report.skipped:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(report.skipped.items()))
        print(f"Passed over, of a kind that Pincite does not read: {kinds}", file=sys.stderr)
    print_missing(report.missing)


def print_missing(names: Sequence[str]) -> None:
    """Prints on stderr which documents have lost their files, and what to do; nothing if none has."""
    if not names:
        return
    shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    one, many = (
        "The file of 1 document is not where it was",
        f"The files of {len(names)} documents are not where they were",
    )
    print(
        f"{one if len(names) == 1 else many} read: {shown}. What was read stays, for a disk may only be away. If files "
        "were moved, ingest them where they are now; if they were deleted: pincite remove --missing",
        file=sys.stderr,
    )


def print_answer(answer: Answer) -> None:
    """Prints an answer with its sources, or what was found instead of one."""
    console = _console()
    if not answer.searched_for:
        console.print(Text(answer.text))
        return
    if answer.searched_for != answer.question:
        console.print(f"[dim]Searched for: {escape(answer.searched_for)}[/dim]")
    console.print(Text(answer.text, style="bold" if answer.answered else "yellow"))
    console.print()
    if answer.answered:
        for citation in answer.citations:
            _print_citation(console, citation)
    elif answer.evidence:
        console.print("The nearest passages:")
        for number, hit in enumerate(answer.evidence[:NEAREST], 1):
            _print_hit(console, number, hit)
    else:
        console.print(EMPTY)
    if answer.note:
        console.print(f"[dim]{escape(answer.note)}[/dim]")
    console.print(f"[dim]Confidence that your documents answer this: {answer.confidence:.0%}[/dim]")


def print_hits(found: Found) -> None:
    """Prints passages, best first."""
    console = _console()
    if not found.hits:
        print(EMPTY, file=sys.stderr)
    for number, hit in enumerate(found.hits, 1):
        _print_hit(console, number, hit)


def print_sources(sources: Sequence[tuple[Source, Document]]) -> None:
    """Prints where each source stands and its words, numbered as they were."""
    console = _console()
    for source, document in sources:
        console.print(f"[cyan]\\[{source.number}][/cyan] {escape(_where(document, source))}")
        _print_indented(console, Text(_short(source.quote)))


def print_paragraphs(document: Document, spans: Sequence[tuple[int, int]], source: Source) -> None:
    """Prints the paragraphs of `document` at `spans`, the words of `source` marked."""
    console = _console()
    console.print(f"[cyan]\\[{source.number}][/cyan] {escape(_where(document, source))}\n")
    for start, end in spans:
        paragraph = Text(document.text[start:end])
        low, high = max(source.start, start) - start, min(source.end, end) - start
        if low < high:
            paragraph = Text.assemble(paragraph[:low], _marked(console, paragraph.plain[low:high]), paragraph[high:])
        else:
            paragraph.stylize("dim")
        _print_indented(console, paragraph)


def _where(document: Document, source: Source) -> str:
    page = source.page or document.page_at(source.start)
    return place(document.id, document.title, document.heading_at(source.start), page)


def place(document: str, title: str, heading: str | None, page: int | None) -> str:
    """Where a passage stands, in words: title, heading path without the title, page, document.

    >>> place("a.pdf", "Annual Report", "Annual Report > Costs", 1), place("b.md", "A", "Annual Report", None)
    ('Annual Report · Costs · p. 1 (a.pdf)', 'A · Annual Report (b.md)')
    """
    parts = [title or document]
    below = "" if heading == title else (heading or "").removeprefix(f"{title} > ")
    if below:
        parts.append(below)
    if page is not None:
        parts.append(page_of(document, page))
    return f"{' · '.join(parts)} ({document})"


def _print_citation(console: Console, citation: Citation) -> None:
    p = citation.passage
    where = place(p.document, p.title, p.heading, citation.page)
    console.print(f"[cyan]\\[{citation.number}][/cyan] {escape(where)}")
    paragraph = Text(" ".join(p.text[: citation.start - p.start].split()[-12:]) + " ", style="dim")
    paragraph.append(_marked(console, " ".join(citation.quote.split())))
    paragraph.append(" " + " ".join(p.text[citation.end - p.start :].split()[:12]), style="dim")
    _print_indented(console, paragraph)


def _print_hit(console: Console, number: int, hit: Hit) -> None:
    p = hit.passage
    console.print(
        f"[cyan]{number}.[/cyan] {escape(place(p.document, p.title, p.heading, p.page))}  [dim]{hit.score:.2f}[/dim]"
    )
    _print_indented(console, Text(_short(p.text)))


def _marked(console: Console, quote: str) -> Text:
    """The quoted words, marked: by colour, or in guillemets where there is none."""
    return Text(quote, style="reverse") if console.color_system else Text(f"«{quote}»")


def _print_indented(console: Console, text: Text) -> None:
    """Prints `text` indented, and an empty line, without white space at the ends of lines."""
    for line in text.wrap(console, max(console.width - 4, LEAST_COLUMNS)):
        line.rstrip()
        console.print(Text("    ").append(line) if line else line, no_wrap=True, overflow="ignore", crop=False)
    console.print()


def _short(text: str) -> str:
    """The beginning of `text` on one line."""
    shown = " ".join(text.split())
    return shown[:SHOWN_CHARS] + ("…" if len(shown) > SHOWN_CHARS else "")


@contextmanager
def progress_bar(begun: str = "") -> Iterator[Callable[[Progress], None]]:
    """A progress bar on stderr that appears with the first report and leaves no trace; there is none in a file.

    With the first report the line `begun` is printed there, wherever stderr goes.
    """
    columns = (
        TextColumn("Reading"), BarColumn(), MofNCompleteColumn(),
        TextColumn("files, {task.fields[passages]} passages, {task.fields[rate]:.0f}/s"),
        TimeRemainingColumn(), TextColumn("{task.description}", markup=False),
    )  # fmt: skip
    console = _console(stderr=True)
    with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", visible=False, total=None, passages=0, rate=0.0)
        began = time.monotonic()

        def report(now: Progress) -> None:
            nonlocal begun
            if begun:
                bar.console.print(begun, soft_wrap=True)
                begun = ""
            rate = now.passages / max(time.monotonic() - began, 0.1)
            bar.update(task, visible=True, total=now.of_files, completed=now.files, description=now.name,
                       passages=now.passages, rate=rate)  # fmt: skip

        yield report


@contextmanager
def counter() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on stderr that is told a name and how much of how much is done."""
    console = _console(stderr=True)
    with Bar(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("building the library", total=None)
        yield lambda name, done, of: bar.update(task, description=escape(name), completed=done, total=of)
