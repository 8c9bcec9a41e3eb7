"""The command `pincite`. stdout carries the result only; progress and errors go to stderr.

Exit codes: 0 done, 1 an error that a person can act on (one line on stderr), 2 wrong usage.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from ingest import DocumentInfo, Library, PinciteError, Settings, default_library, follow, shipped
from retriever import MAX_HITS, Found

from .chat import converse, read_history
from .last import Source, recall, remember, sources_of
from .opening import opened_library, opened_retriever
from .streams import Commands, open_streams, print_exactly, print_json
from .terminal import EMPTY, counted, counter, print_answer, print_hits, print_missing, print_report, progress_bar
from .viewing import open_source

app = typer.Typer(
    name="pincite",
    cls=Commands,
    help="Questions and answers over your own documents, each sentence with its exact source.\n\n"
    'Put documents in with `pincite ingest FOLDER`, ask with `pincite ask "..."`, read on with `pincite open 1`. '
    "Everything is kept in one folder, the library; where none is named, in one of your own. If you ask before you put "
    "documents in, that one begins with articles on immunotherapy, which stay until `pincite remove --articles`. "
    "`pincite COMMAND --help` tells the rest.",
    epilog="Exit codes: 0 done, 1 an error that one line on stderr explains, 2 wrong usage.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _names(context: typer.Context, incomplete: str) -> list[str]:
    """The documents whose names begin with what was typed, for the shell."""
    return [info.document for info in _listed(context) if info.document.startswith(incomplete)]


def _tags(context: typer.Context, incomplete: str) -> list[str]:
    """The tags that begin with what was typed, for the shell."""
    return sorted({tag for info in _listed(context) for tag in info.tags if tag.startswith(incomplete)})


def _listed(context: typer.Context) -> list[DocumentInfo]:
    try:
        with Library.open(context.params.get("library")) as opened:
            return opened.documents()
    except PinciteError:  # a shell that completes a word has no place for it
        return []


def _folder(name: str) -> Path:
    """The folder called `name`; an empty name is a variable that was not set, not the folder one happens to be in."""
    if not name:
        raise typer.BadParameter("it is empty; name a folder")
    return Path(name)


LibraryOption = Annotated[
    Path | None,
    typer.Option(
        "--library",
        help="The library's folder. Default: $PINCITE_LIBRARY, else the one of this user.",
        parser=_folder,
        metavar="<path>",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
HistoryOption = Annotated[
    Path | None,
    typer.Option(
        "--history",
        help='The conversation so far: [{"role": "user"|"assistant", "text": ...}], oldest first; - is stdin.',
        readable=False,  # told by us: that it cannot be read is no wrong usage
    ),
]
DocumentsOption = Annotated[
    list[str] | None,
    typer.Option(
        *("--document", "-d"),
        help='Only look in this document, or in those like "papers/*.pdf"; repeatable.',
        autocompletion=_names,
    ),
]
TagsOption = Annotated[
    list[str] | None,
    typer.Option("--tag", "-t", help="Only look in documents tagged so (or named); repeatable.", autocompletion=_tags),
]


def _tell_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"pincite {version('pincite')}")
        raise typer.Exit


@app.callback()
def _whole(
    told: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass  # what stands before a command; its help is the app's own


def main() -> None:
    """Runs the command line.

    The process ends at once, its library closed and its output written: taking the interpreter and the encoder's
    threads apart first costs a tenth of a second, and has ended in a crash.
    """
    open_streams()
    code = _run()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(code)


def _run() -> int:
    """Runs the command line and returns its exit code."""
    try:
        code = _called()
        sys.stdout.flush()
    except PinciteError as error:
        return _said(error)
    except UnicodeEncodeError:
        return _said("A name or an argument is not text in UTF-8; rename it.")
    except BrokenPipeError:  # the reader of our output has gone: nothing is left to tell it
        return 0
    except OSError as error:  # a disk that is full, under the output
        return _said(f"{error.filename or 'The output'} cannot be used: {error.strerror}.")
    return code


def _said(error: object) -> int:
    print(" ".join(str(error).split()), file=sys.stderr)
    return 1


def _called() -> int:
    try:
        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


@app.command()
def ingest(
    paths: Annotated[list[str], typer.Argument(metavar="PATH", help="Files and folders to read.")],
    library: LibraryOption = None,
    tags: Annotated[
        list[str] | None, typer.Option("--tag", "-t", help="Give every document from PATH this tag; repeatable.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Read unchanged files too, as after an update.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on following PATH until Ctrl-C.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Read files and folders into the library, or bring it in line with them.

    Run it again after changes: changed files are read again, files that are gone from a folder are removed,
    unchanged ones are not touched. A file that cannot be read is named on stderr with the reason, and the run goes
    on. It may be stopped at any time: what was read is kept.

    \b
    pincite ingest ~/papers                      a folder with all that is below it
    pincite ingest report.pdf notes/ --tag work  several, each document marked
    pincite ingest ~/papers --watch              and follow the folder from then on
    """
    if again and watch:
        raise typer.BadParameter("--again is for one run; leave out --watch, or run with it afterwards.")
    with Library.open(library, create=True) as opened:
        if watch:
            _follow(opened, paths, tags or [], as_json)
            return
        try:
            with progress_bar() as progress:
                report = opened.ingest(*paths, progress=progress, tags=tags or [], again=again)
            articles = len(shipped(opened))
        except KeyboardInterrupt:
            _fail("Stopped. What was read so far is kept; run the same command again to go on.")
    print_report(report, as_json, articles)
    if report.failed and not (report.added or report.changed or report.unchanged or report.removed):
        raise typer.Exit(1)


def _follow(library: Library, paths: list[str], tags: list[str], as_json: bool) -> None:
    print("Following; Ctrl-C ends it.", file=sys.stderr)
    try:
        for report in follow(library, paths, tags):
            print_report(report, as_json)
            sys.stdout.flush()
    except KeyboardInterrupt:
        print("", file=sys.stderr)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question, in quotes.")],
    history: HistoryOption = None,
    documents: DocumentsOption = None,
    tags: TagsOption = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a question with the exact words of the sources.

    Each [1] in the answer is a source, listed below it with the quoted words marked; `pincite open 1` opens it. That
    the documents hold no answer is a result, too: then the nearest passages are listed, and the exit code is 0.

    \b
    pincite ask "How does blocking PD-1 help T cells?"
    pincite ask "And in lung cancer?" --history talk.json   after what was said before
    pincite ask "Which dose?" --document "trials/*.pdf"     from these documents only
    pincite ask "Which dose?" --json | jq .citations        for a program
    """
    turns = read_history(history)
    with opened_retriever(library) as retriever:
        answer = retriever.ask(question, turns, documents or (), tags or ())
        if as_json:
            print_json(answer.to_dict())
        else:
            if answer.searched_for:  # small talk leaves the last answer what it is
                remember(retriever.library.folder, sources_of(answer))
            print_answer(answer)


@app.command()
def search(
    question: Annotated[str, typer.Argument(help="What to look for.")],
    k: Annotated[int, typer.Option("-k", min=1, max=MAX_HITS, help="How many passages.")] = 10,
    history: HistoryOption = None,
    documents: DocumentsOption = None,
    tags: TagsOption = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the passages that are nearest to a question, best first.

    A line ends with the score, 0 to 1; with --json, `found_by` tells the rank by each way of searching: `dense` by
    meaning, `words` by the words, `late` both at once, `place` by its number, `reranker`. `pincite open 1` opens one.

    \b
    pincite search "cytokine release" -k 5
    """
    turns = read_history(history)
    with opened_retriever(library) as retriever:
        found: Found = retriever.search(question, k, turns, documents or (), tags or ())
        if as_json:
            print_json(found.to_dict())
        else:
            remember(retriever.library.folder, [Source.of(n, hit) for n, hit in enumerate(found.hits, 1)])
            print_hits(found)


@app.command("open")
def open_(
    number: Annotated[int, typer.Argument(metavar="N", min=1, help="The source's number in the last answer.")],
    in_terminal: Annotated[
        bool, typer.Option("--print", help="Print the paragraph, whatever viewers there are.")
    ] = False,
    library: LibraryOption = None,
) -> None:
    """Open source N of the last answer.

    The file is opened in the system's viewer; a PDF at its page, where the viewer can. Without a screen, as over SSH,
    or if the file is gone, the paragraph is printed with its neighbours.

    \b
    pincite ask "What was the median survival?"
    pincite open 2
    """
    with Library.open(library) as opened:
        open_source(opened, recall(opened.folder, number), in_terminal)


@app.command()
def text(
    document: Annotated[
        str, typer.Argument(help="A document's name, as `pincite documents` lists it.", autocompletion=_names)
    ],
    library: LibraryOption = None,
) -> None:
    """Print the text of a document, exactly.

    It is the text in which every `start` and `end` counts characters; no newline is added. Its characters from
    `start` to before `end` are the `quote` of a citation.

    \b
    pincite text report.pdf | less
    """
    with opened_library(library) as opened:
        content = opened.text(document)
    print_exactly(content)


@app.command()
def documents(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the documents of the library.

    A line gives name, title, number of passages and tags, with tabs between them.

    \b
    pincite documents --json | jq -r .[].document
    """
    with opened_library(library) as opened:
        found = opened.documents()
    if as_json:
        print_json([info.to_dict() for info in found])
        return
    if not found:
        print(EMPTY, file=sys.stderr)
    for info in found:
        marks = "".join(f"\t#{tag}" for tag in info.tags)
        print(f"{info.document}\t{info.title}\t{counted(info.passages, 'passage')}{marks}")


@app.command()
def remove(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="DOCUMENT", help='Documents, by name or like "papers/*.pdf".', autocompletion=_names),
    ] = None,
    missing: Annotated[
        bool, typer.Option("--missing", help="Only those whose files are not there any more; of all, if none is named.")
    ] = False,
    articles: Annotated[bool, typer.Option("--articles", help="Only the articles that come with Pincite.")] = False,
    library: LibraryOption = None,
) -> None:
    """Remove documents from the library.

    All of them or none, if one is not there. Their files stay where they are: a later `pincite ingest` of their
    folder reads them again.

    \b
    pincite remove old.pdf "drafts/*"
    pincite remove --missing          whose files were deleted, or moved to where they are not read
    """
    if not (names or missing or articles):
        raise typer.BadParameter("name a document, or give --missing or --articles", param_hint="DOCUMENT")
    with opened_library(library) as opened:
        chosen = [opened.within(names) or frozenset()] if names else []
        chosen += [frozenset(opened.missing())] if missing else []
        chosen += [shipped(opened)] if articles else []
        if found := sorted(frozenset.intersection(*chosen)):
            opened.remove(*found)
    print(f"{len(found)} removed.")


@app.command()
def check(
    library: LibraryOption = None,
    as_json: JsonOption = False,
    repair: Annotated[bool, typer.Option("--repair", help="Mend it: from what can be read, and the sources.")] = False,
) -> None:
    """Verify the whole library, and mend it.

    Every index is compared with the store, and a sample of the vectors with the model's. Exit code 1 and a line for
    each thing that is wrong; --repair mends what is damaged or missing, and encodes anew what was encoded with
    another encoder. Documents whose files are gone are named on stderr; that is no fault of the library.
    """
    if repair:
        with progress_bar() as progress:
            problems = Library.repair(library, progress=progress)
    with opened_library(library) as opened:
        if not repair:
            problems = opened.check()
        (held, parts), missing = opened.store.counts(), opened.missing()
    if as_json:
        print_json({"ok": not problems, "problems": problems, "missing": missing, "documents": held, "passages": parts})
    elif not problems:
        print(f"The library is whole: {counted(held, 'document')} in {counted(parts, 'passage')}.")
    else:
        print("\n".join(problems))
    print_missing(missing)
    if problems:
        found = "1 problem was" if len(problems) == 1 else f"{len(problems)} problems were"
        _fail(f"{found} {'left' if repair else 'found; pincite check --repair mends what can be mended'}.")


@app.command("eval")
def measure(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH", help="Evaluation sets (folders) or files of questions.", readable=False),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="Write run.trec and answers.jsonl below this folder.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Ask only the first so many queries.")] = None,
    both: Annotated[
        tuple[str, str] | None, typer.Option("--compare", metavar="A B", help="Compare settings: KEY=VALUE,... each.")
    ] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure answers on evaluation sets or questions of your own; prints metrics as JSON.

    A folder holds `corpus.jsonl` (_id, title, text), `queries.jsonl` (_id, text; history, answers, answerable and
    gold_sentences where known) and `qrels.tsv` or `qrels/test.tsv` (query-id, corpus-id, score, with a header). Each
    set gets a throw-away library; yours (--library) only lends its settings. A file holds questions to your library,
    a line each as in `queries.jsonl`, with `documents`, the names of those that answer it, where known.

    \b
    pincite eval sets/mine --out runs     also writes runs/mine/run.trec and answers.jsonl
    pincite eval mine.jsonl               {"text": "What ...?", "documents": ["a.md"]} a line
    pincite eval sets/mine --compare decline_below=0.2 decline_below=0.4
    """
    from retriever.evaluate import compare, distinct_names, evaluate

    settings = Settings.read(library or default_library())
    results = []
    for path, name in zip(paths, distinct_names(paths), strict=True):
        if not os.path.exists(path):  # noqa: PTH110  # False, too, where it may not be looked at
            raise PinciteError(f"{path} is not a folder or a file; give a set, or a file with a question a line.")
        with counter() as progress:
            if both:
                first, second = map(settings.altered, both)
                results.append(compare(path, first, second, limit, progress, library, out, name))
            else:
                results.append(evaluate(path, out, limit, settings, progress, library, name))
        if told := results[-1].get("note"):
            _said(told)
    print_json(results[0] if len(results) == 1 else results, indent=None if as_json else 2)


@app.command()
def chat(documents: DocumentsOption = None, tags: TagsOption = None, library: LibraryOption = None) -> None:
    """Hold a conversation in the terminal.

    Each question is understood after those before it. The arrow keys bring back earlier lines. Besides questions
    there are commands:

    \b
    /open N    open source N of the last answer
    /sources   list the sources of the last answer again
    /new       begin a new conversation
    /help      list the commands
    /quit      end (so does Ctrl-D)
    """
    with opened_retriever(library) as retriever:
        converse(retriever, documents or (), tags or ())


@app.command()
def serve(
    host: Annotated[str, typer.Option("--host", help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option("--port", min=1, max=65535, help="The port to listen at.  [default: 7860, or the next free one]"),
    ] = None,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    library: LibraryOption = None,
) -> None:
    """Serve the web chat, the HTTP API and MCP, until Ctrl-C.

    The chat is at /, the API's description at /api/docs, an OpenAI-style API at /v1, MCP at /mcp, and counts for
    Prometheus at /metrics. Other machines are served only with a token: set PINCITE_TOKEN (or `token` in the library's
    pincite.toml), then browsers are asked for it, and programs send it as `Authorization: Bearer TOKEN`.

    \b
    pincite serve --open
    PINCITE_TOKEN=$(openssl rand -hex 16) pincite serve --host 0.0.0.0
    """
    from .server import serve as run

    with opened_retriever(library) as retriever:
        run(retriever, host, port, open_browser)


@app.command()
def mcp(library: LibraryOption = None) -> None:
    """Speak MCP over standard input and output.

    This is for a language model's program that starts its tools itself. The tools are ask, search, read_passage and
    list_documents. Such a program is told, for instance:

    \b
    {"mcpServers": {"pincite": {"command": "pincite", "args": ["mcp", "--library", "/home/me/papers.pincite"]}}}
    """
    from .mcp import speak

    with opened_retriever(library) as retriever:
        try:
            speak(retriever)
        except KeyboardInterrupt:
            raise SystemExit(130) from None


def _fail(message: str) -> NoReturn:
    raise SystemExit(_said(message))
