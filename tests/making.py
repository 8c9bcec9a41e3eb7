"""Small files of many kinds, put together from the few parts that matter."""

import io
import zipfile
from collections.abc import Sequence


def zipped(parts: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def relations(**targets: str) -> str:
    """Relations by id: "kind target"."""
    entries = (
        f'<Relationship Id="{id_}" Type="http://x/{kind}" Target="{target}"/>'
        for id_, (kind, target) in ((id_, value.split()) for id_, value in targets.items())
    )
    return f"<Relationships>{''.join(entries)}</Relationships>"


TYPES = '<Types><Override ContentType="application/{}.main+xml"/></Types>'
NS = 'xmlns:w="w" xmlns:r="r" xmlns:m="m" xmlns:mc="mc"'


def docx(body: str, **parts: str) -> bytes:
    names = {name: f"{name} {name}.xml" for name in parts}
    return zipped(
        {
            "[Content_Types].xml": TYPES.format("wordprocessingml.document"),
            "_rels/.rels": relations(a="officeDocument word/document.xml"),
            "word/document.xml": f"<w:document {NS}><w:body>{body}</w:body></w:document>",
            "word/_rels/document.xml.rels": relations(**names),
            **{f"word/{name}.xml": f"<w:{name} {NS}>{xml}</w:{name}>" for name, xml in parts.items()},
        }
    )


def p(text: str, style: str = "", more: str = "") -> str:
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f'<w:p><w:pPr>{named}{more}</w:pPr><w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def shape(kind: str, *paragraphs: str) -> str:
    holder = f'<p:nvPr><p:ph type="{kind}"/></p:nvPr>' if kind else ""
    texts = "".join(f"<a:p>{text if '<' in text else f'<a:r><a:t>{text}</a:t></a:r>'}</a:p>" for text in paragraphs)
    return f"<p:sp>{holder}<p:txBody>{texts}</p:txBody></p:sp>"


def pptx(*slides: str, notes: str = "") -> bytes:
    numbers = range(1, len(slides) + 1)
    ids = "".join(f'<p:sldId id="25{n}" r:id="r{n}"/>' for n in reversed(numbers))
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": TYPES.format("presentationml.presentation"),
        "_rels/.rels": relations(a="officeDocument ppt/presentation.xml"),
        "ppt/presentation.xml": f'<p:p xmlns:p="p" xmlns:r="r"><p:sldIdLst>{ids}</p:sldIdLst></p:p>',
        "ppt/_rels/presentation.xml.rels": relations(**{f"r{n}": f"slide slides/{n}.xml" for n in numbers}),
    }
    for n, slide in zip(numbers, slides, strict=True):
        tree = '<p:s xmlns:p="p" xmlns:a="a" xmlns:r="r" xmlns:c="c"><p:cSld><p:spTree>{}</p:spTree></p:cSld></p:s>'
        parts[f"ppt/slides/{n}.xml"] = tree.format(slide)
        if notes:
            parts[f"ppt/slides/_rels/{n}.xml.rels"] = relations(n="notesSlide ../notes.xml", c="chart ../chart.xml")
            parts["ppt/notes.xml"] = tree.format(shape("body", notes))
    return zipped(parts)


def xlsx(sheets: dict[str, str], strings: tuple[str, ...] = (), styles: str = "", merges: str = "") -> bytes:
    numbers = range(1, len(sheets) + 1)
    listed = "".join(f'<sheet name="{name}" r:id="r{n}"/>' for n, name in zip(numbers, sheets, strict=True))
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": TYPES.format("spreadsheetml.sheet"),
        "_rels/.rels": relations(a="officeDocument xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook xmlns:r="r"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relations(
            s="sharedStrings strings.xml",
            y="styles styles.xml",
            **{f"r{n}": f"worksheet {n}.xml" for n in numbers},
        ),
        "xl/strings.xml": "<sst>" + "".join(f"<si><t>{text}</t></si>" for text in strings) + "</sst>",
        "xl/styles.xml": f"<styleSheet>{styles}</styleSheet>",
    }
    for n, rows in zip(numbers, sheets.values(), strict=True):
        parts[f"xl/{n}.xml"] = f"<worksheet><sheetData>{rows}</sheetData>{merges}</worksheet>"
    return zipped(parts)


def odf(kind: str, body: str, styles: str = "") -> bytes:
    spaces = " ".join(f'xmlns:{name}="{name}"' for name in ("office", "text", "table", "style", "draw", "presentation"))
    content = (
        f"<office:document-content {spaces}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    )
    return zipped({"mimetype": f"application/vnd.oasis.opendocument.{kind}", "content.xml": content})


# --- PDF ---

Placed = tuple[float, float, float, str]  # x, y, size, text
FONTS = ("Helvetica", "Helvetica-Bold", "Courier")


def pdf(*pages: Sequence[Placed], title: str = "", bold: float = 99, turned: bool = False, outline: str = "") -> bytes:
    """A PDF whose pages (595 x 842 points) show lines given as (x, y, size, text), from size `bold` in bold.

    A text behind "`" is set in a fixed pitch. Pages that are `turned` show their text running upwards. `outline` names
    headings, each on the page of its number: "One Two".
    """
    objects = [b"<</Type/Catalog/Pages 2 0 R%s>>" % (b"/Outlines 3 0 R" if outline else b""), b""]
    names = outline.split()
    if names:
        first, last = 4, 3 + len(names)
        objects.append(b"<</First %d 0 R/Last %d 0 R/Count %d>>" % (first, last, len(names)))
        for i, name in enumerate(names):
            after = b"/Next %d 0 R" % (first + i + 1) if i + 1 < len(names) else b""
            page = last + 2 + 2 * i
            objects.append(b"<</Title(%s)/Parent 3 0 R/Dest[%d 0 R/Fit]%s>>" % (name.encode(), page, after))
    kids = []
    fonts = b"".join(
        b"/F%d<</Type/Font/Subtype/Type1/BaseFont/%s/Encoding/WinAnsiEncoding>>" % (i, font.encode())
        for i, font in enumerate(FONTS)
    )
    for placed in pages:
        shown = b"".join(_line(*line, bold, turned) for line in placed)
        objects.append(b"<</Length %d>>stream\n%sendstream" % (len(shown), shown))
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Contents %d 0 R/Resources<</Font<<%s>>>>>>"
            % (*((842, 595) if turned else (595, 842)), len(objects), fonts)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(kids), b" ".join(kids))
    objects.append(b"<</Title(%s)>>" % title.encode())
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    trailer = b"<</Size %d/Root 1 0 R/Info %d 0 R>>\nstartxref\n%d\n%%%%EOF" % (size, len(objects), len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer" % (size, table) + trailer


def _line(x: float, y: float, size: float, text: str, bold: float, turned: bool) -> bytes:
    font = 2 if text.startswith("`") else 1 if size >= bold else 0
    escaped = text.removeprefix("`").encode("cp1252").replace(b"(", rb"\(").replace(b")", rb"\)")
    # Turned by 90 degrees, what is x runs upwards and what is y from right to left.
    matrix = b"0 1 -1 0 %g %g" % (842 - y, x) if turned else b"1 0 0 1 %g %g" % (x, y)
    return b"BT /F%d %g Tf %s Tm (%s) Tj ET\n" % (font, size, matrix, escaped)


def column(x: float, top: float, *texts: str, size: float = 10) -> list[Placed]:
    """Lines one below the other."""
    return [(x, top - 12 * i, size, text) for i, text in enumerate(texts)]
