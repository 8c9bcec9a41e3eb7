"""The Open Packaging Conventions: which part of a .docx, .pptx or .xlsx refers to which."""

import posixpath

from ...errors import SourceError
from ..archives import Zipped
from ..xml_tree import Element, attribute, parse


class Package:
    """An office file: its parts as XML, found through the relations between them."""

    def __init__(self, data: bytes, name: str) -> None:
        self.name = name
        # An encrypted document is wrapped in a file of the old format.
        if data.startswith(b"\xd0\xcf\x11\xe0") and "EncryptedPackage".encode("utf-16-le") in data:
            raise SourceError(f"{name} is encrypted: a password is needed to read it.")
        self._zip = Zipped(data, name)

    def read(self, part: str) -> bytes:
        """The bytes of a part; none if there is no such part."""
        return self._zip.read(part) if part in self._zip else b""

    def tree(self, part: str) -> Element | None:
        """The root of an XML part; None if there is no such part."""
        data = self.read(part)
        return parse(data, self.name) if data.strip() else None

    def relations(self, part: str) -> dict[str, tuple[str, str]]:
        """What `part` ("" for the whole file) refers to: id -> (kind, the other part's name).

        The kind is the last step of the relation's type, "slide" or "hyperlink" for instance.
        """
        folder, _, file = part.rpartition("/")
        root = self.tree(f"{folder}/_rels/{file}.rels" if folder else f"_rels/{file}.rels")
        found = {}
        for relation in root if root is not None else ():
            if attribute(relation, "TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/" + folder, attribute(relation, "Target")))
                kind = attribute(relation, "Type").rpartition("/")[2]
                found[attribute(relation, "Id")] = (kind, target.lstrip("/"))
        return found

    def related(self, part: str, kind: str) -> str:
        """The first part of a kind that `part` refers to; "" if there is none."""
        return next((target for k, target in self.relations(part).values() if k == kind), "")

    def main(self) -> tuple[str, Element]:
        """The name and the root of the part that holds the document."""
        part = self.related("", "officeDocument")
        root = self.tree(part)
        if root is None:
            raise SourceError(f"{self.name} cannot be read: it is not an Office document, or a part of it is lost.")
        return part, root

    def title(self) -> str:
        """The title among the file's properties, often empty or meaningless."""
        root = self.tree(self.related("", "core-properties"))
        found = root.find("{http://purl.org/dc/elements/1.1/}title") if root is not None else None
        return (found.text or "").strip() if found is not None else ""
