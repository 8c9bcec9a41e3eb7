"""JSON and JSON Lines."""

import json
import re
from pathlib import PurePosixPath
from typing import Any, Self

from ..documents import Content
from ..errors import SourceError
from .building import ContentBuilder, one_line
from .decoding import decode

# Keys under which records keep their name and their text, in the order of preference.
_TITLES = ("title", "headline", "subject", "heading", "question", "name")
_TEXTS = ("text", "body", "content", "contents", "abstract", "description", "summary", "answer", "passage")
# A string this long, or with paragraphs in it, is a text and not a value.
_LONG = 200
# Deeper structures are written down as JSON.
_MOST_DEPTH = 12


def read_json(data: bytes, name: str) -> Content:
    """What a JSON file says: each record "key: value | key: value", long strings as paragraphs.

    A record with a title and a text becomes a section of that title. The keys of objects in objects are
    joined: "address.city".
    """
    text = decode(data, name)
    try:
        values = [_parsed(text)]
    except (ValueError, RecursionError) as exc:
        values = _lines(text)
        if not values:
            raise SourceError(f"{name} cannot be read as JSON: {_reason(exc)}.") from exc
    return _content(values, name)


def read_jsonl(data: bytes, name: str) -> Content:
    """As `read_json`, a record per line; lines that are no JSON are read as they stand."""
    values = []
    for line in decode(data, name).splitlines():
        try:
            values.append(_parsed(line))
        except (ValueError, RecursionError):
            values.append(line)
    return _content(values, name)


class _Written(float):
    """A number that knows how it is written: 1.10."""

    def __new__(cls, text: str) -> Self:
        self = super().__new__(cls, text)
        self.text = text
        return self

    text: str


def _parsed(text: str) -> Any:
    """The value, its numbers as they are written and, of a name that an object has twice, all values."""
    return json.loads(text, parse_float=_Written, object_pairs_hook=_record)


def _record(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        several: dict[str, list[Any]] = {}
        for key, value in pairs:
            several.setdefault(key, []).append(value)
        record = {key: values if len(values) > 1 else values[0] for key, values in several.items()}
    return record


def _content(values: list[Any], name: str) -> Content:
    builder = ContentBuilder()
    for value in values:
        _add(builder, value, "", 1)
    return builder.finish(_title(values) or PurePosixPath(name).stem)


def _add(builder: ContentBuilder, value: Any, path: str, depth: int) -> None:
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value) and depth < _MOST_DEPTH:
        for item in value:
            _add(builder, item, path, depth + 1)
    elif isinstance(value, dict) and depth < _MOST_DEPTH:
        _add_record(builder, value, path, depth)
    elif isinstance(value, str) and not path:
        _add_text(builder, value)
    elif value is not None:
        builder.paragraph(f"{path}: {_shown(value)}" if path else _shown(value))


def _add_record(builder: ContentBuilder, record: dict[str, Any], path: str, depth: int) -> None:
    title = next((k for k in _TITLES if isinstance(record.get(k), str) and 0 < len(record[k]) < _LONG), None)
    has_text = any(isinstance(record.get(key), str) and record[key].strip() for key in _TEXTS)
    heads = title is not None and has_text
    if title is not None and heads:
        builder.heading(depth, record[title])
    values: list[str] = []
    longer: list[tuple[str, Any]] = []
    for key, value in record.items():
        full = f"{path}.{key}" if path else str(key)
        if (heads and key == title) or value is None or value in ("", [], {}):
            continue
        if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(v, dict | list) for v in value)):
            longer.append((full, value))
        elif isinstance(value, str) and (len(value) > _LONG or "\n" in value.strip() or (heads and key in _TEXTS)):
            longer.append(("" if key in _TEXTS else full, value))
        else:
            values.append(f"{full}: {one_line(_shown(value))}")
    if values:
        builder.paragraph(" | ".join(values))
    for full, value in longer:
        if isinstance(value, str):
            _add_text(builder, f"{full}: {value}" if full else value)
        else:
            _add(builder, value, full, depth + 1)


def _add_text(builder: ContentBuilder, text: str) -> None:
    for paragraph in re.split(r"\n\s*\n", text):
        builder.verse(paragraph)


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, _Written):
        return value.text
    if isinstance(value, list) and all(not isinstance(item, dict | list) for item in value):
        return ", ".join(_shown(item) for item in value if item is not None)
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "..."


def _title(values: list[Any]) -> str:
    """The title of the one record that the file holds, if it does."""
    if len(values) == 1 and isinstance(values[0], dict):
        return next(
            (values[0][k] for k in _TITLES if isinstance(values[0].get(k), str) and len(values[0][k]) < _LONG),
            "",
        )
    return ""


def _lines(text: str) -> list[Any]:
    """The records of JSON Lines in a file that is named .json; empty if it is not that either."""
    try:
        return [_parsed(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        return []


def _reason(exc: Exception) -> str:
    return f"{exc.msg} in line {exc.lineno}" if isinstance(exc, json.JSONDecodeError) else "it is nested too deeply"
