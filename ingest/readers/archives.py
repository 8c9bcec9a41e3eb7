"""Zip archives and the formats that are zip archives inside: read in memory, within limits, never unpacked to disk."""

import io
import lzma
import zipfile
import zlib
from collections.abc import Collection, Iterator
from itertools import count
from pathlib import PurePosixPath
from typing import NamedTuple

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
        self.infos = [info for info in self._zip.infolist() if not info.is_dir()]
        self._infos = {info.filename: info for info in self.infos}
        if len(self.infos) > _MAX_PARTS:
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
        self._left -= info.file_size
        if self._left < 0:
            raise SourceError(f"{self.name} is refused: it grows beyond all measure when unpacked.")
        return self.unpack(info, self.name, f"its part {part}")

    def unpack(self, info: zipfile.ZipInfo, name: str, it: str = "it") -> bytes:
        """The bytes of one entry; SourceError, which calls the document `name` and the entry `it`."""
        if is_encrypted(info):
            raise SourceError(f"{name} is encrypted: a password is needed to read it.")
        # No more than this is ever unpacked: what is longer in truth is damaged.
        size = info.file_size
        if size > max(_RATIO_FROM_BYTES, _MAX_RATIO * info.compress_size):
            raise SourceError(f"{name} is refused: {it} grows beyond all measure when unpacked.")
        if size > MAX_PART_BYTES:
            raise SourceError(f"{name} is refused: {it} is larger than {MAX_PART_BYTES // 1_000_000} MB when unpacked.")
        try:
            with self._zip.open(info) as stream:
                return stream.read(size + 1)
        except NotImplementedError as exc:
            raise SourceError(f"{name} cannot be read: {it} is packed in a way that is not known.") from exc
        except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError, OSError) as exc:
            raise SourceError(f"{name} cannot be read: {it} is damaged.") from exc


def is_encrypted(info: zipfile.ZipInfo) -> bool:
    """Whether a password is needed to read the entry."""
    return bool(info.flag_bits & 1)


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


class Member(NamedTuple):
    """A document in an archive: its bytes, or the `reason` why it cannot be unpacked."""

    name: str
    data: bytes
    reason: str | None = None


def expand(data: bytes, name: str, suffixes: Collection[str]) -> list[Member]:
    """The documents in a file: those of a zip archive that have one of these suffixes, else the file itself.

    Nothing else in the archive is unpacked, and a member that cannot be unpacked costs only itself.
    A member is named as if the archive were a folder: "papers.zip/2020/a.pdf"; if another has that name already, with
    a number: "papers.zip/2020/a (2).pdf". Archives in the archive are opened too. What systems add ("__MACOSX/", hidden
    files) is left out. SourceError if the archive as a whole cannot be read.
    """
    if not _is_archive(name):
        return [Member(name, data)]
    left = [MAX_TOTAL_BYTES]
    found = list(_expand(data, name, suffixes, _MAX_DEPTH, left))
    if left[0] < 0:
        raise SourceError(f"{name} is refused: it grows beyond all measure when unpacked.")
    taken, numbered = {member.name for member in found}, dict[str, Iterator[str]]()
    for i, member in enumerate(found):
        if member.name in numbered:
            own = next(other for other in numbered[member.name] if other not in taken)
            found[i] = member._replace(name=own)
        else:
            numbered[member.name] = _numbered(PurePosixPath(member.name))
    return found


def _numbered(path: PurePosixPath) -> Iterator[str]:
    return (str(path.with_stem(f"{path.stem} ({number})")) for number in count(2))


def _expand(data: bytes, name: str, suffixes: Collection[str], depth: int, left: list[int]) -> Iterator[Member]:
    """The members of an archive, up to where all that is unpacked is more than is `left`, which is negative then."""
    if not depth:
        raise SourceError(f"{PurePosixPath(name).name} is an archive in too many archives.")
    archive = Zipped(data, PurePosixPath(name).name)
    wanted = [(info, path) for info in archive.infos if (path := _path(info, suffixes))]
    if wanted and all(is_encrypted(info) for info, _ in wanted):
        raise SourceError(f"{archive.name} is encrypted: a password is needed to read it.")
    for info, path in wanted:
        member = f"{name}/{path}"
        try:
            content = archive.unpack(info, path.name)
            left[0] -= len(content)
            if left[0] < 0:
                return
            if _is_archive(path.name):
                yield from _expand(content, member, suffixes, depth - 1, left)
            else:
                yield Member(member, content)
        except SourceError as exc:
            yield Member(member, b"", str(exc))


def _path(info: zipfile.ZipInfo, suffixes: Collection[str]) -> PurePosixPath | None:
    """The path of an entry in its archive; None for one that is not read."""
    parts = [p for p in PurePosixPath(info.filename.replace("\\", "/")).parts if p not in ("/", "//", "..", ".")]
    if not parts or parts[0] == "__MACOSX" or any(part.startswith((".", "~$")) for part in parts):
        return None
    path = PurePosixPath(*parts)
    return path if _is_archive(path.name) or path.suffix.lower() in suffixes else None


def _is_archive(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() == ".zip"
