"""The old binary formats of Microsoft Office: Outlook messages, Word and PowerPoint up to 2003."""

import io
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..documents import Content
from ..errors import SourceError
from .building import ContentBuilder, one_line
from .text import add_text

if TYPE_CHECKING:
    import olefile  # type: ignore[import-untyped]  # has no stubs

# Property numbers of a message ([MS-OXPROPS]), all of them strings.
_SUBJECT, _SENDER, _SENDER_MAIL, _TO, _CC, _BODY = "0037", "0C1A", ("5D01", "0C1F"), "0E04", "0E03", "1000"
_ATTACHED_NAMES = ("3707", "3704")
# Characters by which Word marks what is not text ([MS-DOC] 2.4.1): cells and rows, fields, pictures, notes.
_CELL, _FIELD_BEGIN, _FIELD_SEPARATOR, _FIELD_END = "\x07", "\x13", "\x14", "\x15"
# Records of PowerPoint ([MS-PPT] 2.13.24).
_SLIDE_LIST, _SLIDE_ATOM, _TEXT_KIND, _TEXT_CHARS, _TEXT_BYTES = 4080, 1011, 3999, 4000, 4008
_TITLE_KINDS = (0, 6)


def read_msg(data: bytes, name: str) -> Content:
    """An Outlook message under its subject: sender, recipients, its plain text, the names of its attachments."""
    with _opened(data, name) as file:
        if not file.exists("__properties_version1.0"):
            raise SourceError(f"{name} cannot be read: it is not an Outlook message.")
        subject = _property(file, "", _SUBJECT)
        mails = [_property(file, "", number) for number in _SENDER_MAIL]
        sender = _property(file, "", _SENDER)
        body = _property(file, "", _BODY)
        folders = sorted({path[0] for path in file.listdir() if path[0].startswith("__attach")})
        attached = [next(filter(None, (_property(file, f, key) for key in _ATTACHED_NAMES)), "") for f in folders]
        to, copied = _property(file, "", _TO), _property(file, "", _CC)
    builder = ContentBuilder()
    builder.heading(1, subject)
    mail = next((mail for mail in mails if "@" in mail and mail != sender), "")
    fields = (
        ("From", f"{sender} <{mail}>" if mail else sender),
        ("To", to),
        ("Cc", copied),
        ("Subject", subject),
    )
    builder.lines(f"{key}: {value}" for key, value in fields if value)
    add_text(builder, body)
    if any(attached):
        builder.paragraph(f"Attachments: {', '.join(filter(None, attached))}")
    return builder.finish(subject)


def read_doc(data: bytes, name: str) -> Content:
    """The paragraphs and tables of a Word document of 1997 to 2003. Its styles are not read: there are no headings."""
    with _opened(data, name) as file:
        if not file.exists("WordDocument"):
            raise SourceError(f"{name} cannot be read: it is not a Word document.")
        text = _word_text(file, name)
    builder = ContentBuilder()
    text = re.sub(f"{_FIELD_BEGIN}[^{_FIELD_BEGIN}{_FIELD_END}]*?{_FIELD_SEPARATOR}", "", text)
    text = re.sub(f"{_FIELD_BEGIN}[^{_FIELD_END}]*{_FIELD_END}|{_FIELD_END}", "", text)
    for paragraph in re.split("[\r\f\x0e]", text):
        if _CELL in paragraph:
            # A row ends with two cell marks.
            for row in paragraph.split(_CELL * 2):
                builder.line(" | ".join(filter(None, map(one_line, row.split(_CELL)))))
        else:
            builder.verse(paragraph.replace("\x0b", "\n"))
    return builder.finish()


def read_ppt(data: bytes, name: str) -> Content:
    """The text of a PowerPoint presentation of 1997 to 2003, each slide a page."""
    with _opened(data, name) as file:
        if not file.exists("PowerPoint Document") or not file.exists("Current User"):
            raise SourceError(f"{name} cannot be read: it is not a PowerPoint presentation.")
        stream = file.openstream("PowerPoint Document").read()
        slides = _slides(stream, file.openstream("Current User").read())
    builder = ContentBuilder()
    for number, texts in enumerate(slides, 1):
        builder.page(number)
        for kind, text in texts:
            if kind in _TITLE_KINDS:
                builder.heading(1, text.replace("\x0b", " "))
            else:
                for line in re.split("[\r\x0b]", text):
                    builder.paragraph(line)
    return builder.finish()


@contextmanager
def _opened(data: bytes, name: str) -> "Iterator[olefile.OleFileIO]":
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as file:
            yield file
    except (OSError, struct.error, ValueError, IndexError, KeyError, TypeError) as exc:
        raise SourceError(f"{name} cannot be read: the file is damaged or cut off.") from exc


def _property(file: "olefile.OleFileIO", folder: str, number: str) -> str:
    prefix = f"{folder}/" if folder else ""
    for kind, encoding in (("001F", "utf-16-le"), ("001E", "cp1252")):
        path = f"{prefix}__substg1.0_{number}{kind}"
        if file.exists(path):
            text: str = file.openstream(path).read().decode(encoding, "replace")
            return text.strip("\0 ")
    return ""


def _word_text(file: "olefile.OleFileIO", name: str) -> str:
    """The text of the main document, put together from its pieces ([MS-DOC] 2.4.1)."""
    main = file.openstream("WordDocument").read()
    flags = struct.unpack_from("<H", main, 10)[0]
    if flags & 0x0100:
        raise SourceError(f"{name} is encrypted: a password is needed to read it.")
    table = file.openstream("1Table" if flags & 0x0200 else "0Table").read()
    start, size = struct.unpack_from("<II", main, 0x01A2)  # fcClx, lcbClx
    length = struct.unpack_from("<i", main, 0x4C)[0]  # ccpText: characters of the main text
    clx = table[start : start + size]
    at = 0
    while at < len(clx) and clx[at] == 1:  # formatting, not wanted
        at += 3 + struct.unpack_from("<H", clx, at + 1)[0]
    pieces = clx[at + 5 :]
    count = (len(pieces) - 4) // 12
    parts = []
    for i in range(count):
        first, end = struct.unpack_from("<II", pieces, 4 * i)
        place = struct.unpack_from("<I", pieces, 4 * (count + 1) + 8 * i + 2)[0]
        if place & 0x4000_0000:  # one byte per character
            offset = (place & 0x3FFF_FFFF) // 2
            parts.append(main[offset : offset + end - first].decode("cp1252", "replace"))
        else:
            parts.append(main[place : place + 2 * (end - first)].decode("utf-16-le", "replace"))
    return "".join(parts)[: max(length, 0)]


def _slides(stream: bytes, user: bytes) -> list[list[tuple[int, str]]]:
    """For each slide its texts in order, each with its kind ([MS-PPT] 2.9.22)."""
    places: dict[int, int] = {}  # where the newest version of each object stands
    edit = struct.unpack_from("<I", user, 16)[0]
    for _ in range(1_000):  # from the newest edit to the first
        last, directory = struct.unpack_from("<4xII", stream, edit + 12)
        size = struct.unpack_from("<I", stream, directory + 4)[0]
        at, end = directory + 8, directory + 8 + size
        while at + 4 <= end:
            entry = struct.unpack_from("<I", stream, at)[0]
            first, count = entry & 0xFFFFF, entry >> 20
            for i, place in enumerate(struct.unpack_from(f"<{count}I", stream, at + 4)):
                places.setdefault(first + i, place)
            at += 4 + 4 * count
        if not last:
            break
        edit = last
    document = struct.unpack_from("<I", stream, edit + 8 + 16)[0]
    slides: list[list[tuple[int, str]]] = []
    for kind, instance, at, end in _records(stream, *_inside(stream, places[document])):
        if kind != _SLIDE_LIST or instance:  # instance 1 are the masters, 2 the notes
            continue
        for inner, _, start, stop in _records(stream, at, end):
            if inner == _SLIDE_ATOM:
                place = places.get(struct.unpack_from("<I", stream, start)[0])
                slides.append(_texts(stream, *_inside(stream, place), 0) if place is not None else [])
            elif inner in (_TEXT_KIND, _TEXT_CHARS, _TEXT_BYTES) and slides:
                _take(slides[-1], inner, stream[start:stop])
    return [[(kind, text) for kind, text in texts if text.strip()] for texts in slides]


def _texts(stream: bytes, at: int, end: int, depth: int) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    for kind, _, start, stop in _records(stream, at, end):
        if struct.unpack_from("<H", stream, start - 8)[0] & 0xF == 0xF and depth < 20:  # a container
            found += _texts(stream, start, stop, depth + 1)
        else:
            _take(found, kind, stream[start:stop])
    return found


def _take(texts: list[tuple[int, str]], record: int, body: bytes) -> None:
    """Notes the kind of the text that follows, or that text."""
    if record == _TEXT_KIND and len(body) >= 4:
        texts.append((struct.unpack("<I", body[:4])[0], ""))
    elif record in (_TEXT_CHARS, _TEXT_BYTES):
        text = body.decode("utf-16-le" if record == _TEXT_CHARS else "cp1252", "replace")
        texts.append((texts[-1][0] if texts and not texts[-1][1] else -1, text))


def _inside(stream: bytes, at: int) -> tuple[int, int]:
    """Where the body of the record at `at` begins and ends."""
    return at + 8, at + 8 + struct.unpack_from("<I", stream, at + 4)[0]


def _records(stream: bytes, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Kind, instance, beginning and end of each record between `at` and `end`."""
    end = min(end, len(stream))
    while at + 8 <= end:
        head, kind, size = struct.unpack_from("<HHI", stream, at)
        yield kind, head >> 4, at + 8, min(at + 8 + size, end)
        at += 8 + size
