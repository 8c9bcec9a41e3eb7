"""Where a span of a document stands on the pages of its source."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

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


def test_a_picture_of_the_page_shows_the_quote_in_its_rectangles(library: Library, folder: Path) -> None:
    library.ingest(folder)
    text = library.text("a.pdf")
    begins = text.index("\n\n", 200) + 2
    place = places(library, "a.pdf", text[begins : begins + 30])[0]
    image = library.page_image("a.pdf", place.page, width_pixels=1000)
    assert image
    assert image.page == place.page
    assert (image.width, image.height) == pytest.approx((595, 842), abs=1)  # A4
    shown = np.asarray(Image.open(io.BytesIO(image.png)).convert("L"))
    assert shown.shape[1] == pytest.approx(1000, abs=1)
    assert shown.shape[0] == pytest.approx(1000 * image.height / image.width, abs=2)
    scale = shown.shape[1] / image.width
    top, bottom, left, right = (round(x * scale) for x in (place.top, place.bottom, place.left, place.right))
    dark = shown < 128
    assert dark[top:bottom, left:right].mean() > 0.05  # letters
    assert not dark[top:bottom, : left - 2].any()  # the margin beside them
    assert library.page_image("b.md", 1) is None
    for page in (0, 99):
        with pytest.raises(SourceError, match=f"there is no page {page} in a.pdf"):
            library.page_image("a.pdf", page)


def test_the_source_of_a_document_is_given_if_it_is_the_one_that_was_read(library: Library, folder: Path) -> None:
    with zipfile.ZipFile(folder / "c.zip", "w") as archive:
        archive.write(PDF, "sub/a.pdf")
        archive.writestr("d.md", "Other words.")
    library.ingest(folder)
    assert library.source("a.pdf") == library.source("c.zip/sub/a.pdf") == PDF.read_bytes()
    assert library.source("c.zip/d.md") == b"Other words."
    (folder / "b.md").write_text("Plain text.")
    with zipfile.ZipFile(folder / "c.zip", "w") as archive:
        archive.writestr("d.md", "Different words.")
    for name in ("b.md", "c.zip/d.md", "c.zip/sub/a.pdf"):
        with pytest.raises(SourceError, match="has changed since it was read"):
            library.source(name)
