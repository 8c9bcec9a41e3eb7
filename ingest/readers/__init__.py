"""Media type -> reader. A reader is one function: the bytes of a source and its name -> Content.

A reader raises SourceError with a sentence that names what is wrong with the file; it never returns
empty text. Anything else that escapes a reader is reported as "its reader failed".
"""

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import PurePosixPath

from ..documents import Content
from ..errors import NoTextError, SourceError
from .kinds import looks_like

Reader = Callable[[bytes, str], Content]

# Suffix -> module and function. A module is imported when the first file of its kind is read.
_READERS = {
    ".txt": "text.read_text",
    ".text": "text.read_text",
    ".md": "markdown.read_markdown",
    ".markdown": "markdown.read_markdown",
    ".html": "html.read_html",
    ".htm": "html.read_html",
    ".xhtml": "html.read_html",
    ".pdf": "pdf.read_pdf",
    ".docx": "office.docx.read_docx",
    ".docm": "office.docx.read_docx",
    ".dotx": "office.docx.read_docx",
    ".pptx": "office.pptx.read_pptx",
    ".pptm": "office.pptx.read_pptx",
    ".ppsx": "office.pptx.read_pptx",
    ".xlsx": "office.xlsx.read_xlsx",
    ".xlsm": "office.xlsx.read_xlsx",
    ".odt": "office.odf.read_odf",
    ".ott": "office.odf.read_odf",
    ".odp": "office.odf.read_odf",
    ".ods": "office.odf.read_odf",
    ".epub": "epub.read_epub",
    ".rtf": "rtf.read_rtf",
    ".json": "json_text.read_json",
    ".jsonl": "json_text.read_jsonl",
    ".ndjson": "json_text.read_jsonl",
    ".ipynb": "notebook.read_notebook",
    ".eml": "mail.read_mail",
    ".csv": "sheets.read_csv",
    ".tsv": "sheets.read_csv",
    ".tab": "sheets.read_csv",
}

SUFFIXES = frozenset(_READERS)


def read(data: bytes, name: str) -> Content:
    """The content of the source `name` with the bytes `data`; without a title, the file's name is it.

    The suffix picks the reader and the bytes must bear it out. A file with an unknown suffix is read as
    plain text if it is text. Raises SourceError, NoTextError among them, with one sentence that names
    the file.
    """
    if not data:
        raise NoTextError(f"{name} is empty.")
    path = PurePosixPath(name)
    suffix = path.suffix.lower()
    kind = looks_like(data)
    if kind is not None and kind.suffix == ".pdf":
        suffix = ".pdf"  # whatever it is named: nothing but a PDF begins like one
    content = _reader(suffix)(data, name)
    if not content.text.strip():
        raise NoTextError(f"{name} holds no text.")
    return content if content.title else replace(content, title=path.stem)


def _reader(suffix: str) -> Reader:
    module, _, function = _READERS.get(suffix, "text.read_code").rpartition(".")
    reader: Reader = getattr(import_module(f".{module}", __name__), function)
    return reader


__all__ = ["SUFFIXES", "Reader", "SourceError", "read"]
