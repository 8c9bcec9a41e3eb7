"""Small files that want all the memory or all the time there is, one of each kind that readers meet.

python -m tests.bombs        reads each with the limits of an ingest; prints what came of it
"""

import io
import json
import resource
import time
import zipfile
import zlib
from collections.abc import Callable

from ingest import SourceError
from ingest.reading import Reading


def zipped(members: dict[str, bytes], repeat: int = 1) -> bytes:
    """A zip archive of `members`; with `repeat`, each of them so many times under numbered names."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for number in range(repeat):
            for name, data in members.items():
                archive.writestr(f"{number}-{name}" if repeat > 1 else name, data)
    return file.getvalue()


def pdf(*objects: bytes) -> bytes:
    """A PDF of these objects, numbered from 1; the first is its catalogue. Readers rebuild the missing table."""
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, data) for number, data in enumerate(objects, 1))
    return b"%PDF-1.4\n" + body + b"trailer<</Root 1 0 R/Size %d>>\n%%%%EOF" % (len(objects) + 1)


def stream(data: bytes, entries: bytes = b"") -> bytes:
    """A PDF stream object."""
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (entries, len(data), data)


FONT = b"/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>"
WORDS = b"BT /F 9 Tf 9 9 Td (Words on a page.) Tj ET\n"


def pdf_packed_twice() -> bytes:
    """1.5 GB of page content, packed twice."""
    packer, outer = zlib.compressobj(9), zlib.compressobj(9)
    packed = b"".join(outer.compress(packer.compress(WORDS * 25_000)) for _ in range(1_500))
    packed += outer.compress(packer.flush()) + outer.flush()
    return pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R" + FONT + b">>",
        stream(packed, b"/Filter[/FlateDecode/FlateDecode]"),
    )


def pdf_of_pages() -> bytes:
    """A million times the same page: a tree of pages with a hundred times the same branch, three deep."""
    return pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[" + b"3 0 R " * 100 + b"]/Count 1000000>>",
        b"<</Type/Pages/Parent 2 0 R/Kids[" + b"4 0 R " * 100 + b"]/Count 10000>>",
        b"<</Type/Pages/Parent 3 0 R/Kids[" + b"5 0 R " * 100 + b"]/Count 100>>",
        b"<</Type/Page/Parent 4 0 R/MediaBox[0 0 99 99]/Contents 6 0 R" + FONT + b">>",
        stream(WORDS * 50),
    )


def pdf_of_forms() -> bytes:
    """A form that draws a form ten times, eight deep."""
    forms = [
        stream(
            b"/X Do " * 10 if number < 8 else WORDS,
            b"/Type/XObject/Subtype/Form/BBox[0 0 99 99]/Resources<</XObject<</X %d 0 R>>/Font<</F"
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>" % (number + 5),
        )
        for number in range(9)
    ]
    return pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 13 0 R/Resources<</XObject<</X 4 0 R>>>>>>",
        *forms,
        stream(b"/X Do"),
    )


def pdf_of_arrays() -> bytes:
    """A page whose content is an array in an array, and so on."""
    return pdf(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents " + b"[" * 500_000 + b"]" * 500_000 + b">>",
    )


def entities(levels: int = 12) -> bytes:
    """XML whose one entity is ten of the next, and so on."""
    inner = b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, levels))
    return b'<!DOCTYPE r [<!ENTITY e0 "words ">%s]><r><p>&e%d;</p></r>' % (inner, levels - 1)


def one_large_entity() -> bytes:
    """XML with one entity of 100 kB, used 20,000 times."""
    return b'<!DOCTYPE r [<!ENTITY e "%s">]><r><p>%s</p></r>' % (b"words " * 17_000, b"&e;" * 20_000)


TYPES = (
    b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/%s" '
    b'ContentType="application/vnd.openxmlformats-officedocument.%s.main+xml"/></Types>'
)
RELATIONS = (
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/%s" Target="%s"/></Relationships>'
)
CONTAINER = (
    b'<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    b'<rootfile full-path="a.opf"/></rootfiles></container>'
)
OPF = (
    b'<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="a" href="a.html" '
    b'media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/></spine></package>'
)
WORDML = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SHEETML = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def docx(document: bytes) -> bytes:
    """A Word file with this main part."""
    types = TYPES % (b"word/document.xml", b"wordprocessingml.document")
    relations = RELATIONS % (b"officeDocument", b"word/document.xml")
    return zipped({"[Content_Types].xml": types, "_rels/.rels": relations, "word/document.xml": document})


def docx_unpacked() -> bytes:
    """A Word file that unpacks to 300 MB."""
    paragraph = b"<w:p><w:r><w:t>words</w:t></w:r></w:p>" * 100
    body = b'<w:document xmlns:w="%s"><w:body>%s</w:body></w:document>'
    return docx(body % (WORDML, paragraph * 80_000))


def docx_nested() -> bytes:
    """A table in a table, and so on."""
    table, end = b"<w:tbl><w:tr><w:tc>", b"</w:tc></w:tr></w:tbl>"
    body = table * 100_000 + b"<w:p><w:r><w:t>words</w:t></w:r></w:p>" + end * 100_000
    return docx(b'<w:document xmlns:w="%s"><w:body>%s</w:body></w:document>' % (WORDML, body))


def xlsx_huge() -> bytes:
    """A sheet with half a million rows, and a cell in the last column of each."""
    rows = b"".join(
        b'<row r="%d"><c r="A%d"><v>1</v></c><c r="XFD%d"><v>2</v></c></row>' % (n, n, n) for n in range(1, 500_001)
    )
    types = TYPES % (b"xl/workbook.xml", b"spreadsheetml.sheet")
    book = (
        b'<workbook xmlns="%s" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        b'<sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>' % SHEETML
    )
    sheet = b'<worksheet xmlns="%s"><sheetData>%s</sheetData></worksheet>' % (SHEETML, rows)
    return zipped(
        {
            "[Content_Types].xml": types,
            "xl/workbook.xml": book,
            "_rels/.rels": RELATIONS % (b"officeDocument", b"xl/workbook.xml"),
            "xl/_rels/workbook.xml.rels": RELATIONS % (b"worksheet", b"worksheets/sheet1.xml"),
            "xl/worksheets/sheet1.xml": sheet,
        }
    )


def zip_in_zip() -> bytes:
    """Sixteen archives in an archive, three deep, each of 100 MB at the end."""
    inside = zipped({"a.txt": b"words " * 16_000_000})
    for _ in range(2):
        inside = zipped({"z.zip": inside}, repeat=16)
    return inside


def chapter() -> bytes:
    """An EPUB with a chapter of 300 MB."""
    parts = {"mimetype": b"application/epub+zip", "META-INF/container.xml": CONTAINER, "a.opf": OPF}
    return zipped(parts | {"a.html": b"<p>words</p>" * 25_000_000})


BOMBS: dict[str, Callable[[], bytes]] = {
    "packed-twice.pdf": pdf_packed_twice,
    "pages.pdf": pdf_of_pages,
    "forms.pdf": pdf_of_forms,
    "arrays.pdf": pdf_of_arrays,
    "entities.xml": entities,
    "large-entity.xml": one_large_entity,
    "entities.docx": lambda: docx(entities()),
    "unpacked.docx": docx_unpacked,
    "nested.docx": docx_nested,
    "huge.xlsx": xlsx_huge,
    "in-zip.zip": zip_in_zip,
    "flat.zip": lambda: zipped({"a.txt": b"words " * 800_000}, repeat=100),
    "members.zip": lambda: zipped({"a.txt": b""}, repeat=50_000),
    "chapter.epub": chapter,
    "nested.html": lambda: b"<div>" * 50_000 + b"words",
    "spans.html": lambda: b"<table>" + b"<tr><td rowspan=65534 colspan=1000>words</td></tr>" * 5_000 + b"</table>",
    "nested.json": lambda: b"[" * 1_000_000 + b"1" + b"]" * 1_000_000,
    "brackets.md": lambda: b"[" * 50_000 + b"words" + b"](" * 50_000,
    "quotes.md": lambda: b"\n".join(b">" * n + b" words" for n in range(2_000)),
    "groups.rtf": lambda: b"{\\rtf1 " + b"{" * 1_000_000 + b"words" + b"}" * 1_000_000 + b"}",
    "macros.tex": lambda: (
        b"\\def\\a{words }" + b"".join(b"\\def\\%c{%s}" % (n, b"\\%c" % (n - 1) * 10) for n in range(98, 110)) + b"\\m"
    ),
    "parts.eml": lambda: (
        b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(5_000)) + b"\nwords"
    ),
    "cells.csv": lambda: b"," * 5_000_000 + b"\nwords",
    "nested.rst": lambda: b"\n".join(b" " * n + b"- words\n" for n in range(3_000)),
    "nested.ipynb": lambda: json.dumps({"cells": [], "metadata": {}}).encode()[:-1] + b',"a":' + b'{"a":' * 500_000,
}


def main() -> None:
    """Prints what came of each bomb, how long it took, and the most memory that any child used so far."""
    reading = Reading()
    for name, build in BOMBS.items():
        data = build()
        list(reading.read(b"Words.", "warm.txt"))
        began = time.monotonic()
        try:
            parts = list(reading.read(data, name))
            came = f"{len(parts)} parts, {sum(len(p.content.text) for p in parts if p.content):,} characters"
            came += "".join(sorted({f"; {part.reason}" for part in parts if part.reason}))[:150]
        except SourceError as exc:
            came = str(exc)
        seconds = time.monotonic() - began
        print(f"{seconds:5.1f} s  {len(data) / 1e6:7.3f} MB  {name:17} {came}", flush=True)
    reading.close()
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    print(f"the most memory a child used: {memory:.2f} GB")


if __name__ == "__main__":
    main()
