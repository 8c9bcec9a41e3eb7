"""The values everything else is made of: what a reader returns, a document, and its passages."""

from bisect import bisect_right
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Section:
    """Where a heading takes effect: from `start` to the next section, `path` is the heading path.

    `path` runs from the outermost heading to the innermost; it is empty before the first heading.
    """

    start: int
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Where a page (or slide, or chapter) begins. `number` counts from 1."""

    start: int
    number: int


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A place on a page, in points (1/72 inch) from the upper left corner of the page as a viewer shows it.

    `page` counts from 1, `top` is above `bottom`: both count downwards. A page that says so is turned and cropped
    before it is measured.
    """

    page: int
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class PageImage:
    """A picture of a page as a viewer shows it. `width` and `height` are those of the page, in points.

    A `Rectangle` on that page is drawn at the same shares of the picture's width and height.
    """

    page: int
    width: float
    height: float
    png: bytes


@dataclass(frozen=True, slots=True)
class Content:
    """What a reader makes of a file: normalised text with its headings and pages.

    Offsets count Python characters of `text`, from 0. `sections` and `pages` are in ascending
    order of `start`; both may be empty.
    """

    title: str
    text: str
    sections: tuple[Section, ...] = ()
    pages: tuple[Page, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One source in its final, normalised form. `text` is the only string that offsets refer to.

    `id` is the path below the folder it was ingested from, with forward slashes. `sha256` is the
    hex digest of the source bytes.
    """

    id: str
    title: str
    text: str
    sha256: str
    sections: tuple[Section, ...] = ()
    pages: tuple[Page, ...] = ()

    @classmethod
    def of(cls, id: str, sha256: str, content: Content) -> Self:
        """The document that `content`, read from bytes with digest `sha256`, makes under `id`."""
        return cls(id, content.title, content.text, sha256, content.sections, content.pages)

    def heading_at(self, offset: int) -> str | None:
        """The heading path in force at `offset` joined with " > ", or None before any heading."""
        return heading_at(self.sections, offset)

    def page_at(self, offset: int) -> int | None:
        """The number of the page that `offset` lies on, or None for a source without pages."""
        return page_at(self.pages, offset)


@dataclass(frozen=True, slots=True)
class Passage:
    """A span of one document, short enough to encode: `text == document.text[start:end]`.

    The passages of a document tile its text: each begins where the one before it ends.
    """

    document: str
    title: str
    heading: str | None
    page: int | None
    start: int
    end: int
    text: str

    @property
    def context(self) -> str:
        """What stands in front of the text when it is encoded or indexed: title and heading path."""
        parts = [self.title]
        if self.heading and self.heading != self.title:
            parts.append(self.heading.removeprefix(f"{self.title} > "))
        return " | ".join(part for part in parts if part)


def heading_at(sections: tuple[Section, ...], offset: int) -> str | None:
    """The heading path in force at `offset`, joined with " > "; None before any heading.

    >>> heading_at((Section(0, ("Cells",)), Section(40, ("Cells", "T cells"))), 41)
    'Cells > T cells'
    """
    i = bisect_right(sections, offset, key=lambda section: section.start) - 1
    return " > ".join(sections[i].path) or None if i >= 0 else None


def page_at(pages: tuple[Page, ...], offset: int) -> int | None:
    """The number of the page that `offset` lies on; None without pages.

    >>> page_at((Page(0, 1), Page(900, 2)), 899), page_at((Page(0, 1), Page(900, 2)), 900)
    (1, 2)
    """
    i = bisect_right(pages, offset, key=lambda page: page.start) - 1
    return pages[max(i, 0)].number if pages else None
