"""EPUB books."""

import posixpath
from collections.abc import Iterator
from urllib.parse import unquote

from ..documents import Content
from ..errors import SourceError
from .archives import Zipped
from .building import ContentBuilder, one_line
from .decoding import decode
from .html import add_html
from .titles import claimed_title
from .xml_tree import Element, attribute, child, children, descendants, local, parse

_TEXTS = frozenset(("application/xhtml+xml", "text/html", "application/x-dtbook+xml", "application/xml", "text/xml"))
# Ways of encryption that only hide fonts: the text can be read.
_FONT_HIDING = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")


def read_epub(data: bytes, name: str) -> Content:
    """The text of a book in the order of its spine, each file of it (a chapter, mostly) a page.

    Authors and description lead, as the book's metadata give them. The table of contents is left out. Raises
    SourceError for a book with copy protection.
    """
    archive = Zipped(data, name)
    _refuse_protected(archive, name)
    container = archive.read("META-INF/container.xml")
    rootfile = next(descendants(parse(container, name), "rootfile"), None) if container else None
    if rootfile is None:
        raise SourceError(f"{name} cannot be read as an EPUB: its container is lost.")
    package_path = attribute(rootfile, "full-path")
    package_data = archive.read(package_path)
    if not package_data:
        raise SourceError(f"{name} cannot be read as an EPUB: its package is lost.")
    package = parse(package_data, name)
    builder = ContentBuilder()
    metadata = child(package, "metadata")
    title = claimed_title(_first(metadata, "title"))
    _add_metadata(builder, metadata)
    for number, path in enumerate(_spine(package, posixpath.dirname(package_path)), 1):
        if path in archive and (content := archive.read(path)).strip():
            builder.page(number)
            add_html(builder, decode(content, name, declared="utf-8"), is_xml=True)
    return builder.finish(title)


def _spine(package: Element, folder: str) -> Iterator[str]:
    """The paths of the chapters in reading order."""
    items = {attribute(item, "id"): item for item in children(child(package, "manifest"), "item")}
    for entry in children(child(package, "spine"), "itemref"):
        item = items.get(attribute(entry, "idref"))
        if item is None or attribute(item, "media-type", "text/html") not in _TEXTS:
            continue
        if "nav" not in attribute(item, "properties").split():
            yield posixpath.normpath(posixpath.join(folder, unquote(attribute(item, "href"))))


def _add_metadata(builder: ContentBuilder, metadata: Element | None) -> None:
    authors = [one_line(author.text or "") for author in children(metadata, "creator")]
    if any(authors):
        builder.paragraph(f"Authors: {', '.join(filter(None, authors))}")
    description = _first(metadata, "description")
    if description:
        add_html(builder, description, whole_page=False)


def _first(metadata: Element | None, name: str) -> str:
    return next((text for element in children(metadata, name) if (text := (element.text or "").strip())), "")


def _refuse_protected(archive: Zipped, name: str) -> None:
    encryption = archive.read("META-INF/encryption.xml")
    if not encryption:
        return
    for method in descendants(parse(encryption, name), "EncryptionMethod"):
        if local(method) and not attribute(method, "Algorithm").startswith(_FONT_HIDING):
            raise SourceError(f"{name} is copy-protected and cannot be read.")
