"""E-mail messages (.eml)."""

import email
import email.policy
import re
from email.message import EmailMessage

from ..documents import Content
from ..errors import SourceError
from .building import ContentBuilder, one_line
from .decoding import decode
from .html import add_html
from .text import add_text

_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_MOST_PARTS = 1_000
# "Your program shows no HTML.": so many words at most, and three times as many in the other text.
_MOST_OF_A_STUB = 30
_TAGS = re.compile(r"<(style|script)\b.*?</\1|<[^>]*>", re.DOTALL | re.IGNORECASE)


def read_mail(data: bytes, name: str) -> Content:
    """A message under its subject: sender, recipients, date, its text, messages forwarded in it, names of attachments.

    Of a text that comes both plain and as HTML, the plain one is read, unless it only says that there is the other.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or data[:100].count(0) > 20:
        data = decode(data, name).encode("utf-8")
    message = email.message_from_bytes(data.lstrip(b"\r\n "), policy=email.policy.default)
    if not isinstance(message, EmailMessage) or not message.keys():
        raise SourceError(f"{name} cannot be read as an e-mail: it has no headers.")
    builder = ContentBuilder()
    add_message(builder, message, 1)
    return builder.finish(_header(message, "Subject"))


def add_message(builder: ContentBuilder, message: EmailMessage, level: int) -> None:
    """Adds a message, a forwarded one under a heading of a lower level."""
    builder.heading(level, _header(message, "Subject"))
    fields = ((key, _header(message, key)) for key in _HEADERS)
    builder.lines(f"{key}: {value}" for key, value in fields if value)
    attached: list[str] = []
    for part in _parts(message):
        kind = part.get_content_type()
        if kind == "message/rfc822":
            inner = part.get_payload()
            if isinstance(inner, list) and inner and isinstance(inner[0], EmailMessage) and level < 5:
                add_message(builder, inner[0], level + 1)
        elif part.get_content_disposition() == "attachment" or kind not in ("text/plain", "text/html"):
            attached.append(one_line(part.get_filename() or ""))
        elif kind == "text/plain":
            add_text(builder, _text(part))
        else:
            add_html(builder, _text(part))
    if any(attached):
        builder.paragraph(f"Attachments: {', '.join(filter(None, attached))}")


def _parts(message: EmailMessage, depth: int = 0) -> list[EmailMessage]:
    """The parts of a message that are to be read, of alternatives the best one only."""
    if not message.is_multipart() or message.get_content_type() == "message/rfc822" or depth > 20:
        return [message]
    below = [part for part in message.iter_parts() if isinstance(part, EmailMessage)][:_MOST_PARTS]
    if message.get_content_type() == "multipart/alternative":
        rich = [part for part in below if part.get_content_type() != "text/plain"]
        most = max(
            (len(_TAGS.sub(" ", _text(p)).split()) for p in rich if p.get_content_type() == "text/html"), default=0
        )
        plain = [
            part
            for part in below
            if part.get_content_type() == "text/plain"
            and (words := len(_text(part).split())) > 1
            and (words > _MOST_OF_A_STUB or 3 * words > most)
        ]
        below = plain[:1] or rich[-1:] or below[:1]
    return [inner for part in below for inner in _parts(part, depth + 1)]


def _text(part: EmailMessage) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes) or not payload.strip():
        return ""
    try:
        return decode(payload, "a part of the message", declared=part.get_content_charset())
    except SourceError:
        return ""  # a part that calls itself text and is none


def _header(message: EmailMessage, key: str) -> str:
    # Headers are parsed when they are asked for, and a malformed one may fail in many ways in there.
    try:
        return one_line(re.sub(r"=\?[\w-]+\?[bq]\?", "", str(message.get(key, "")), flags=re.IGNORECASE))
    except (ValueError, AttributeError, LookupError, OverflowError, TypeError):
        return ""
