"""PDF files with a text layer.

The way in, one module per step: glyphs (PDFium) -> lines -> furniture (running heads out) -> order ->
blocks -> headings -> stitching (paragraphs over columns and pages) -> prose (divided words). Every line
keeps its page, its place and PDFium's numbers of its characters, so that the rectangles of a quote can
be found later (places). Pages are drawn by PDFium as well (pictures).
"""

from ...documents import Content, Rectangle
from ...errors import NoTextError, SourceError
from ..building import ContentBuilder
from ..tables import row_lines
from .blocks import BULLET, Block, blocks_of, measured
from .furniture import without_furniture
from .glyphs import HYPHEN, Pdf, opened
from .headings import heading_levels, title_of
from .lines import Line, read_sheets
from .pictures import png
from .places import Written, rectangles
from .prose import Hyphens, code_text
from .stitching import Paragraph, stitched


def read_pdf(data: bytes, name: str) -> Content:
    """The text of a PDF in reading order, with its headings and the exact beginnings of its pages.

    Paragraphs are whole over lines, columns and pages; words divided at line ends are healed; running
    heads, page numbers and dotted tables of contents are left out. Raises NoTextError for a scan
    without a text layer, SourceError for a file that is encrypted or damaged.
    """
    with opened(data, name) as pdf:
        return _written(pdf, name)[0]


def rectangles_of(data: bytes, name: str, start: int, end: int) -> tuple[Content, list[Rectangle]]:
    """The content of a PDF, and where the characters from `start` to `end` of it stand: a rectangle a line."""
    with opened(data, name) as pdf:
        content, written = _written(pdf, name)
        return content, rectangles(pdf, content.text, written, start, end)


def page_image(data: bytes, name: str, page: int, width_pixels: int) -> tuple[float, float, bytes]:
    """Width and height of a page in points, and a picture of it (PNG), so many pixels wide."""
    with opened(data, name) as pdf:
        if not 1 <= page <= len(pdf):
            raise SourceError(f"there is no page {page} in {name}.")
        width, height, bitmap = pdf.picture(page, width_pixels)
        return width, height, png(bitmap)


def _written(pdf: Pdf, name: str) -> tuple[Content, list[Written]]:
    """What is in the PDF, and which lines each piece of its text was made of."""
    if not len(pdf):
        raise SourceError(f"{name} cannot be read as a PDF: it has no pages.")
    claimed, bookmarks, sheets = pdf.title, pdf.bookmarks(), read_sheets(pdf)
    if not any(sheet.lines for sheet in sheets):
        raise NoTextError(f"{name} has no text layer: its pages are pictures and need OCR first.")
    measure = measured(sheets)
    cleaned = without_furniture(sheets, measure)
    if any(sheet.lines for sheet in cleaned):
        sheets = cleaned
    blocks = [block for sheet in sheets for block in blocks_of(sheet, measure)]
    levels = heading_levels(blocks, bookmarks, measure)
    writer = _Writer(Hyphens(line for sheet in sheets for line in sheet.lines))
    written: list[Written] = []
    for paragraph in stitched(blocks, levels):
        before = writer.builder.length
        writer.write(paragraph)
        lines: list[Line] = [line for block in paragraph.blocks for line in block.lines]
        written.append(Written(before, writer.builder.length, lines, paragraph.kind == "table"))
    return writer.builder.finish(title_of(blocks, claimed, measure)), written


class _Writer:
    def __init__(self, hyphens: Hyphens) -> None:
        self.builder = ContentBuilder()
        self._hyphens = hyphens
        self._page = 0

    def write(self, paragraph: Paragraph) -> None:
        first = paragraph.blocks[0]
        self._turn_to(first)
        if paragraph.kind == "table":
            self.builder.lines(row_lines([list(map(_plain, row)) for row in first.rows], first.header_rows))
            return
        if paragraph.kind == "code":
            self.builder.block(code_text(first.lines))
            return
        text = self._hyphens.text(first)
        following = [self._hyphens.text(block) for block in paragraph.blocks[1:]]
        glues = []
        texts = [text, *following]
        for i in range(len(following)):
            texts[i], glue = self._hyphens.joint(texts[i], texts[i + 1])
            glues.append(glue)
        if paragraph.level:
            self.builder.heading(paragraph.level, _plain(texts[0]))
        elif paragraph.kind == "item":
            self.builder.line(_plain(_item(texts[0])))
        else:
            self.builder.verse(_plain(texts[0]))
        for block, glue, part in zip(paragraph.blocks[1:], glues, texts[1:], strict=True):
            self._turn_to(block)
            self.builder.extend(_plain(part), glue)

    def _turn_to(self, block: Block) -> None:
        if block.page > self._page:
            self._page = block.page
            self.builder.page(block.page)


def _item(text: str) -> str:
    """A list item with its sign, whatever that was, made "- "; numbers and letters stay."""
    mark = BULLET.match(text)
    if mark is None or (mark[0].strip(" ()[].").isalnum() and not text.startswith("o ")):
        return text
    return "- " + text[mark.end() :]


def _plain(text: str) -> str:
    """A hyphen at the end of a line that was not healed is a hyphen."""
    return text.replace(HYPHEN, "-")
