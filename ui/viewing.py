"""Opening a source: its file in the system's viewer where there is one, else the paragraph in the terminal."""

import os
import shutil
import subprocess
import sys
import webbrowser
from pathlib import Path

from ingest import Library, PinciteError, paragraphs

from .last import Source
from .terminal import print_paragraphs

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
    """Shows `source` to the user; PinciteError if its words are no longer where they were."""
    document = library.document(source.document)
    if document.text[source.start : source.end] != source.quote:
        raise PinciteError(f"{source.document} has changed since that answer; ask again.")
    path = _path(library, source.document)
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
    with library.reading() as store:
        named = store.names().get(name)
    path = Path(named) if named else None
    return path if path and path.is_file() else None


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
