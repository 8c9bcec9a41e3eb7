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
from .archives import Member, expand, inner_suffix
from .building import one_line
from .kinds import looks_like, ole_suffix
from .words import words

Reader = Callable[[bytes, str], Content]

# Suffix -> module and function. A module is imported when the first file of its kind is read.
_READERS = {
    ".txt": "text.read_text",
    ".text": "text.read_text",
    ".log": "text.read_text",
    ".md": "markdown.read_markdown",
    ".markdown": "markdown.read_markdown",
    ".rst": "rst.read_rst",
    ".rest": "rst.read_rst",
    ".adoc": "asciidoc.read_asciidoc",
    ".asciidoc": "asciidoc.read_asciidoc",
    ".org": "org.read_org",
    ".tex": "tex.read_tex",
    ".latex": "tex.read_tex",
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
    ".xml": "xml_text.read_xml",
    ".nxml": "xml_text.read_xml",
    ".rss": "xml_text.read_xml",
    ".atom": "xml_text.read_xml",
    ".fb2": "xml_text.read_xml",
    ".msg": "ole.read_msg",
    ".doc": "ole.read_doc",
    ".ppt": "ole.read_ppt",
    ".xls": "xls.read_xls",
    ".json": "json_text.read_json",
    ".jsonl": "json_text.read_jsonl",
    ".ndjson": "json_text.read_jsonl",
    ".ipynb": "notebook.read_notebook",
    ".eml": "mail.read_mail",
    ".mht": "mail.read_mail",
    ".mhtml": "mail.read_mail",
    ".csv": "sheets.read_csv",
    ".tsv": "sheets.read_csv",
    ".tab": "sheets.read_csv",
}

# What is a text format though it may be named like one that is not: exports of web programs, mostly.
_BINARY = words(".doc .xls .ppt .msg .docx .docm .xlsx .xlsm .pptx .pptm .odt .ods")

SUFFIXES = frozenset(_READERS)
ARCHIVES = frozenset((".zip",))


def read(data: bytes, name: str) -> Content:
    """The content of the source `name` with the bytes `data`; without a title, the file's name is it.

    The suffix picks the reader and the bytes must bear it out; where they plainly are another known
    format, that is read. A file with an unknown suffix is read as plain text if it is text. Raises
    SourceError, NoTextError among them, with one sentence that names the file. Archives are not read
    but expanded: see `expand`.
    """
    if not data:
        raise NoTextError(f"{name} is empty.")
    suffix = _suffix(data, name)
    if suffix in ARCHIVES:
        raise SourceError(f"{name} is an archive: what it holds is read file by file.")
    content = _reader(suffix)(data, name)
    if not content.text.strip():
        raise NoTextError(f"{name} holds no text.")
    return content if content.title else replace(content, title=one_line(PurePosixPath(name).stem))


def _suffix(data: bytes, name: str) -> str:
    """The suffix that tells how to read `data`: mostly that of `name`."""
    suffix = PurePosixPath(name).suffix.lower()
    kind = looks_like(data)
    if kind is None:
        start = data[:1_000].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").replace(b"\0", b"").lower()
        if suffix in _BINARY and start.startswith((b"<!doctype html", b"<html", b"<?xml", b"<table", b"<meta")):
            return ".html"
        if suffix in _BINARY and start.startswith(b"mime-version:"):
            return ".eml"  # "single file web page"
        return ".tsv" if suffix == ".xls" and b"\t" in start else suffix
    if kind.suffix == ".zip":
        return inner_suffix(data, name) or (".zip" if suffix not in _READERS else suffix)
    if kind.suffix == ".doc":
        return ole_suffix(data) or suffix
    return kind.suffix if kind.suffix in (".pdf", ".rtf") else suffix


def _reader(suffix: str) -> Reader:
    module, _, function = _READERS.get(suffix, "text.read_code").rpartition(".")
    reader: Reader = getattr(import_module(f".{module}", __name__), function)
    return reader


__all__ = ["ARCHIVES", "SUFFIXES", "Member", "Reader", "expand", "read"]
