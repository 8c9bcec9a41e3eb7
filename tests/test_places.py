"""Where a span of a document stands on the pages of its source."""

import zipfile
from pathlib import Path

import pytest

from ingest import Library, Rectangle, SourceError

PDF = Path(__file__).parents[1] / "corpus" / "editions" / "pd-1-and-pd-l1.pdf"


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(PDF.read_bytes())
    (folder / "b.md").write_text("Plain words.")
    return folder


def places(library: Library, name: str, quote: str) -> list[Rectangle]:
    start = library.text(name).index(quote)
    return library.rectangles(name, start, start + len(quote))


def test_every_sentence_of_a_pdf_has_its_places(library: Library, folder: Path) -> None:
    library.ingest(folder)
    document = library.document("a.pdf")
    middle = len(document.text) // 2
    start = document.text.index(". ", middle) + 2
    end = document.text.index(". ", start) + 1
    found = library.rectangles("a.pdf", start, end)
    assert {place.page for place in found} == {document.page_at(start), document.page_at(end - 1)}
    assert all(0 < p.left < p.right < 595.5 and 0 < p.top < p.bottom < 842.5 for p in found)
    assert all(5 < p.bottom - p.top < 25 for p in found)


def test_in_an_archive_too_and_nowhere_without_pages(library: Library, folder: Path) -> None:
    with zipfile.ZipFile(folder / "c.zip", "w") as archive:
        archive.write(PDF, "sub/a.pdf")
    library.ingest(folder)
    quote = library.text("a.pdf")[200:300]
    assert places(library, "c.zip/sub/a.pdf", quote) == places(library, "a.pdf", quote) != []
    assert library.rectangles("b.md", 0, 5) == []
    with pytest.raises(ValueError, match="no span"):
        library.rectangles("b.md", 5, 500)


def test_a_source_that_is_gone_or_changed_is_said(library: Library, folder: Path) -> None:
    library.ingest(folder)
    (folder / "a.pdf").write_bytes(PDF.read_bytes() + b"\n%")
    with pytest.raises(SourceError, match="has changed since"):
        library.rectangles("a.pdf", 0, 50)
    (folder / "a.pdf").unlink()
    with pytest.raises(SourceError, match="cannot be opened: No such file"):
        library.rectangles("a.pdf", 0, 50)
