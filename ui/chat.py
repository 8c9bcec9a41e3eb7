"""A conversation in the terminal: questions with history and editing of the line, and a few commands."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ingest import PinciteError
from retriever import Retriever

from .last import Source, remember, sources_of, state_folder
from .terminal import counted, print_answer, print_sources
from .viewing import open_source

COMMANDS = """\
/open N    open source N of the last answer
/sources   list the sources of the last answer again
/new       begin a new conversation; what was said so far no longer counts
/help      show this
/quit      end (so does Ctrl-D)"""
_LINES_KEPT = 1000


def converse(retriever: Retriever, documents: Sequence[str] = (), tags: Sequence[str] = ()) -> None:
    """Answers what is typed until /quit or the end of the input, each question after those before it."""
    state = retriever.state
    told = "Ask a question; /help tells the commands, Ctrl-D ends."
    print(f"{counted(state.documents, 'document')}. {told}", file=sys.stderr)
    turns: list[dict[str, str]] = []
    sources: list[Source] = []
    with _line_editing():
        for line in _lines():
            try:
                if line.startswith("/"):
                    command, _, argument = line.partition(" ")
                    if command in ("/quit", "/q", "/exit"):
                        break
                    if command == "/new":
                        turns, sources = [], []
                        print("A new conversation.", file=sys.stderr)
                    else:
                        _command(retriever, command, argument.strip(), sources)
                    continue
                answer = retriever.ask(line, turns, documents, tags)
            except PinciteError as error:
                print(error, file=sys.stderr)
                continue
            print_answer(answer)
            if answer.searched_for:  # small talk leaves the last answer what it is
                sources = sources_of(answer)
                remember(retriever.library.folder, sources)
            turns += [{"role": "user", "text": line}, {"role": "assistant", "text": answer.text}]


def _command(retriever: Retriever, command: str, argument: str, sources: Sequence[Source]) -> None:
    match command:
        case "/open":
            found = [s for s in sources if argument in (str(s.number), f"[{s.number}]")]
            if not found:
                raise PinciteError(
                    f"Which source? The last answer has {len(sources)}: /open 1" if sources else "Ask something first."
                )
            open_source(retriever.library, found[0])
        case "/sources":
            if not sources:
                raise PinciteError("Ask something first.")
            print_sources([(source, retriever.document(source.document)) for source in sources])
        case "/help":
            print(COMMANDS)
        case _:
            raise PinciteError(f"There is no command {command}; /help tells what there is.")


def _lines() -> Iterator[str]:
    """What is typed, line by line, without empty lines; Ctrl-C drops the line."""
    is_typed = sys.stdin.isatty()
    while True:
        try:
            line = input("\n> " if is_typed else "").strip()
        except EOFError:
            if is_typed:
                print()
            return
        except KeyboardInterrupt:
            print()
            if not is_typed:
                return
            continue
        if line:
            yield line


@contextmanager
def _line_editing() -> Iterator[None]:
    """Arrow keys and a history that outlives the conversation, where the terminal and Python have them."""
    if not sys.stdin.isatty():
        yield
        return
    try:
        import readline
    except ModuleNotFoundError as exc:  # a Python built without it; typing works all the same
        if exc.name != "readline":
            raise
        yield
        return
    file = state_folder() / "chat_history"
    with suppress(OSError):
        readline.read_history_file(file)
    readline.set_history_length(_LINES_KEPT)
    try:
        yield
    finally:
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Made first, so that it is never readable to others.
            file.touch(0o600)
            readline.write_history_file(file)


def read_history(file: Path | None) -> list[Any]:
    """The turns of a conversation in a JSON file, "-" for standard input; none without a file.

    PinciteError if it holds no such thing.
    """
    if file is None:
        return []
    try:
        turns = json.loads(
            sys.stdin.buffer.read().decode("utf-8-sig") if str(file) == "-" else file.read_text("utf-8-sig")
        )
    except OSError as exc:
        raise PinciteError(f"{file} cannot be read: {exc.strerror}.") from exc
    except (ValueError, RecursionError) as exc:
        raise PinciteError(f"{file} cannot be read as a conversation, which is JSON: {exc}.") from exc
    form = 'a list of {"role": "user" or "assistant", "text": ...}'
    if not isinstance(turns, list):
        raise PinciteError(f"{file} is not a conversation; it holds {form}.")
    for turn in turns:
        if not (
            isinstance(turn, dict) and turn.get("role") in ("user", "assistant") and isinstance(turn.get("text"), str)
        ):
            raise PinciteError(f"{file} is not a conversation; it holds {form}.")
    return turns
