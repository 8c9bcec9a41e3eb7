"""Opening a source: its file in the system's viewer where there is one, else the paragraph in the terminal."""

import os
import shlex
import shutil
import subprocess
import sys
import webbrowser
from dataclasses import replace
from pathlib import Path

from ingest import Library, PinciteError, default_library, paragraphs

from .last import Source
from .terminal import print_paragraphs
from .whereabouts import found_again

# PDF viewers that take a page, and how they are told; the page counts from 1.
_PDF_VIEWERS = {
    "okular": "--page={}",
    "evince": "--page-index={}",
    "zathura": "--page={}",
    "xreader": "--page-index={}",
}
# Paragraphs shown on each side of the one with the quote.
_AROUND = 1


def open_source(library: Library, source: Source, in_terminal: bool = False) -> None:
    """Shows `source` to the user, where its words stand now; PinciteError if they are not there any more."""
    document, fate, start, end = found_again(library, source.document, source.quote, source.start)
    if fate == "gone":
        raise PinciteError(f"{document.id} has changed since that answer; ask again.")
    source = replace(source, document=document.id, page=document.page_at(start), start=start, end=end)
    path = _path(library, document.id)
    if not in_terminal and path is not None and _has_display() and _view(path, source.page):
        print(f"Opened {path}" + (f" at page {source.page}" if source.page else ""))
        return
    spans = list(paragraphs(document.text))
    touched = [i for i, (s, e) in enumerate(spans) if s < source.end and source.start < e]
    shown = spans[max(touched[0] - _AROUND, 0) : touched[-1] + _AROUND + 1]
    headings = {section.start: section.path[-1] for section in document.sections if section.path}
    # A heading at the end, without its text, says nothing.
    while shown[-1][0] >= source.end and document.text[slice(*shown[-1])] == headings.get(shown[-1][0]):
        shown.pop()
    print_paragraphs(document, shown, source)
    if path is not None:
        print(path)


def _path(library: Library, name: str) -> Path | None:
    """The file of a document, None if it is not there; that it is not as it was read is told."""
    with library.reading() as store:
        source = store.source(name)
    path = Path(source.path) if source else None
    if source is None or path is None or not path.is_file():
        return None
    if not source.is_current():
        which = [] if library.folder == default_library() else ["--library", str(library.folder)]
        again = shlex.join(["pincite", "ingest", str(path), *which])
        print(f"The file has changed since it was read; to read it again, run: {again}", file=sys.stderr)
    return path


def _has_display() -> bool:
    return sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _view(path: Path, page: int | None) -> bool:
    """Whether a viewer was started for the file."""
    if path.suffix.lower() == ".pdf" and page is not None:
        for viewer, option in _PDF_VIEWERS.items():
            if found := shutil.which(viewer):
                return _start(found, option.format(page), str(path))
        return webbrowser.open(f"{path.absolute().as_uri()}#page={page}")
    opener = shutil.which("open" if sys.platform == "darwin" else "xdg-open")
    return opener is not None and _start(opener, str(path))


def _start(*command: str) -> bool:
    try:
        subprocess.Popen(  # noqa: S603  # a viewer of this system, with the user's own file; no shell
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
    except OSError:
        return False
    return True
