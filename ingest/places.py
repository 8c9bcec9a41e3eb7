"""Where a span of a document stands on the pages of its source, looked up in that source when it is asked for.

Only a viewer that shows the page asks, and it needs the source for that anyway; so nothing is stored, and the
rectangles are exact to the character.
"""

from pathlib import Path

from .documents import Content, Rectangle
from .errors import SourceError
from .pipeline import MEMBER
from .reading import Part, Reading
from .store import Store


def rectangles(store: Store, name: str, start: int, end: int, seconds: float) -> list[Rectangle]:
    """The rectangles of a span of the document `name`, a line each; none if it is not a PDF.

    ValueError for a span outside the text; SourceError if the source is gone or has changed since it was read.
    `seconds` is how long reading it again may take. Inside `store.reading`.
    """
    document, source = store.document(name), store.source(name)
    if not 0 <= start < end <= len(document.text):
        raise ValueError(f"there is no span {start}:{end} in {name}")
    if source is None:
        raise SourceError(f"{name} was not read from a file.")
    path, mark, member = source.path.partition(MEMBER)
    file = Path(path)
    try:
        data = file.read_bytes()
    except OSError as exc:
        raise SourceError(f"The source of {name}, {file}, cannot be opened: {exc.strerror}.") from exc
    part = Part(
        f"{file.name}/{member}" if mark else file.name, document.sha256, Content(document.title, document.text), None
    )
    reading = Reading(seconds)
    try:
        return reading.rectangles(data, file.name, part, start, end)
    finally:
        reading.close()
