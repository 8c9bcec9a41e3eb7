"""Zip archives and the formats that are zip archives inside: read in memory, within limits, never unpacked to disk."""

import io
import zipfile
import zlib
from pathlib import PurePosixPath

from ..errors import SourceError

# A part of a document, and all of an archive, are at most so large when unpacked.
MAX_PART_BYTES = 100_000_000
MAX_TOTAL_BYTES = 400_000_000
# Beyond its first megabytes a part may not be packed more tightly: real spreadsheets reach about 50,
# bombs 1,000.
_MAX_RATIO = 150
_RATIO_FROM_BYTES = 5_000_000
_MAX_PARTS = 20_000
# Archives in archives, so deep.
_MAX_DEPTH = 3


class Zipped:
    """The parts of a zip archive, by name.

    Raises SourceError for an archive that is damaged, asks for a password, or grows beyond all measure
    when it is unpacked.
    """

    def __init__(self, data: bytes, name: str) -> None:
        self.name = name
        self._left = MAX_TOTAL_BYTES
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as exc:
            raise SourceError(f"{name} cannot be opened: the file is damaged or cut off.") from exc
        self._infos = {info.filename: info for info in self._zip.infolist() if not info.is_dir()}
        if len(self._infos) > _MAX_PARTS:
            raise SourceError(f"{name} holds more than {_MAX_PARTS:,} files.")

    def __contains__(self, part: str) -> bool:
        return part in self._infos

    def names(self) -> list[str]:
        """The names of all parts, in the order of the archive."""
        return list(self._infos)

    def read(self, part: str) -> bytes:
        """The bytes of a part; empty if there is none of that name."""
        info = self._infos.get(part)
        if info is None:
            return b""
        if info.flag_bits & 1:
            raise SourceError(f"{self.name} is encrypted: a password is needed to read it.")
        limit = min(MAX_PART_BYTES, self._left, max(_RATIO_FROM_BYTES, _MAX_RATIO * info.compress_size))
        try:
            with self._zip.open(info) as stream:
                data = stream.read(limit + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as exc:
            raise SourceError(f"{self.name} cannot be read: its part {part} is damaged.") from exc
        if len(data) > limit:
            raise SourceError(f"{self.name} is refused: its part {part} grows beyond all measure when unpacked.")
        self._left -= len(data)
        return data


def inner_suffix(data: bytes, name: str) -> str:
    """The suffix of a zip-based document by what it holds: ".docx", ".epub", ...; "" for any other archive."""
    archive = Zipped(data, name)
    if "mimetype" in archive:
        kind = archive.read("mimetype").decode("ascii", "replace").strip()
        for suffix, ending in (
            (".epub", "epub+zip"),
            (".odt", ".text"),
            (".ods", ".spreadsheet"),
            (".odp", ".presentation"),
        ):
            if kind.removesuffix("-template").endswith(ending):
                return suffix
    if "[Content_Types].xml" in archive:
        types = archive.read("[Content_Types].xml")
        for suffix, part in (
            (".docx", b"wordprocessingml"),
            (".pptx", b"presentationml"),
            (".xlsx", b"spreadsheetml"),
        ):
            if (
                part + b".document.main" in types
                or part + b".presentation.main" in types
                or part + b".sheet.main" in types
            ):
                return suffix
        for suffix, folder in ((".docx", "word/"), (".pptx", "ppt/"), (".xlsx", "xl/")):
            if any(part.startswith(folder) for part in archive.names()):
                return suffix
    return ".epub" if "META-INF/container.xml" in archive else ""


def expand(data: bytes, name: str) -> list[tuple[str, bytes]]:
    """The documents in a file, as (name, bytes): those of a zip archive, else the file itself.

    A member is named as if the archive were a folder: "papers.zip/2020/a.pdf". Archives in the archive are
    opened too. What systems add ("__MACOSX/", hidden files) is left out.
    """
    return _expand(data, name, _MAX_DEPTH, [MAX_TOTAL_BYTES])


def _expand(data: bytes, name: str, depth: int, left: list[int]) -> list[tuple[str, bytes]]:
    if PurePosixPath(name).suffix.lower() != ".zip":
        return [(name, data)]
    if not depth:
        raise SourceError(f"{name} is an archive in too many archives.")
    archive = Zipped(data, name)
    found = []
    for member in archive.names():
        path = PurePosixPath(member.replace("\\", "/"))
        parts = [part for part in path.parts if part not in ("/", "..", ".")]
        if not parts or parts[0] == "__MACOSX" or any(part.startswith((".", "~$")) for part in parts):
            continue
        content = archive.read(member)
        left[0] -= len(content)
        if left[0] < 0:
            raise SourceError(f"{name} is refused: it grows beyond all measure when unpacked.")
        found += _expand(content, "/".join((name, *parts)), depth - 1, left)
    return found
