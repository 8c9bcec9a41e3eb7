"""Jupyter notebooks."""

import json
from typing import Any

from ..documents import Content
from ..errors import SourceError
from .building import ContentBuilder
from .decoding import decode
from .html import add_html
from .markdown import parse_markdown

# The rest of an output this long is data, not something to read.
_LONGEST_OUTPUT = 5_000


def read_notebook(data: bytes, name: str) -> Content:
    """The cells of a notebook in order: Markdown as it renders, code as it stands, the text that it put out."""
    try:
        notebook = json.loads(decode(data, name))
        cells = notebook["cells"] if "cells" in notebook else notebook["worksheets"][0]["cells"]
    except (ValueError, RecursionError, KeyError, IndexError, TypeError) as exc:
        raise SourceError(f"{name} cannot be read as a notebook: it has no cells.") from exc
    builder = ContentBuilder()
    for cell in cells if isinstance(cells, list) else ():
        if isinstance(cell, dict):
            _add_cell(builder, cell)
    title = notebook.get("metadata", {}).get("title")
    return builder.finish(title if isinstance(title, str) else "")


def _add_cell(builder: ContentBuilder, cell: dict[str, Any]) -> None:
    source = _joined(cell.get("source", cell.get("input", "")))
    kind = cell.get("cell_type")
    if kind == "markdown":
        parse_markdown(source, builder)
    elif kind == "heading":
        builder.heading(int(cell.get("level", 1)), source)
    elif kind in ("code", "raw"):
        builder.block(source)
        for output in cell.get("outputs", []):
            if isinstance(output, dict):
                _add_output(builder, output)


def _add_output(builder: ContentBuilder, output: dict[str, Any]) -> None:
    data = output.get("data", output)
    if output.get("output_type") == "stream":
        builder.block(_joined(output.get("text", ""))[:_LONGEST_OUTPUT])
    elif output.get("output_type") in ("error", "pyerr"):
        builder.block(f"{_joined(output.get('ename'))}: {_joined(output.get('evalue'))}".strip(": "))
    elif not isinstance(data, dict):
        return
    elif "text/markdown" in data:
        parse_markdown(_joined(data["text/markdown"]), builder)
    elif "text/html" in data:
        add_html(builder, _joined(data["text/html"]), whole_page=False)
    else:
        builder.block(_joined(data.get("text/plain", data.get("text", "")))[:_LONGEST_OUTPUT])


def _joined(text: Any) -> str:
    """Text that notebooks keep as a string or as a list of lines."""
    if isinstance(text, list):
        return "".join(line for line in text if isinstance(line, str))
    return text if isinstance(text, str) else ""
