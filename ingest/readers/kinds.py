"""What kind of file some bytes are, by how they begin: to refuse a picture named .txt, and to say so."""

from typing import NamedTuple


class Kind(NamedTuple):
    """A kind of file: its name with an article, for a sentence, and the suffix it usually has."""

    article: str
    suffix: str
    text: bool = False  # a text format: it can be read as text as well


_PDF = Kind("a PDF", ".pdf")
_ZIP = Kind("a zip archive", ".zip")
_OLE = Kind("an old Microsoft Office file", ".doc")

# (offset, bytes there, kind). Text formats are told apart by their suffix, not here.
_SIGNATURES = (
    (0, b"%PDF-", _PDF),
    (0, b"PK\x03\x04", _ZIP),
    (0, b"PK\x05\x06", _ZIP),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _OLE),
    (0, b"{\\rtf", Kind("an RTF document", ".rtf", text=True)),
    (0, b"\x89PNG\r\n\x1a\n", Kind("a PNG image", ".png")),
    (0, b"\xff\xd8\xff", Kind("a JPEG image", ".jpg")),
    (0, b"GIF87a", Kind("a GIF image", ".gif")),
    (0, b"GIF89a", Kind("a GIF image", ".gif")),
    (0, b"II*\x00", Kind("a TIFF image", ".tif")),
    (0, b"MM\x00*", Kind("a TIFF image", ".tif")),
    (8, b"WEBP", Kind("a WebP image", ".webp")),
    (4, b"ftyp", Kind("a video or HEIF image", ".mp4")),
    (0, b"ID3", Kind("an MP3 recording", ".mp3")),
    (8, b"WAVE", Kind("a sound recording", ".wav")),
    (0, b"OggS", Kind("a sound recording", ".ogg")),
    (0, b"fLaC", Kind("a sound recording", ".flac")),
    (0, b"\x1f\x8b", Kind("a gzip archive", ".gz")),
    (0, b"BZh", Kind("a bzip2 archive", ".bz2")),
    (0, b"\xfd7zXZ\x00", Kind("an xz archive", ".xz")),
    (0, b"7z\xbc\xaf\x27\x1c", Kind("a 7-Zip archive", ".7z")),
    (0, b"Rar!\x1a\x07", Kind("a RAR archive", ".rar")),
    (0, b"\x28\xb5\x2f\xfd", Kind("a Zstandard archive", ".zst")),
    (257, b"ustar", Kind("a tar archive", ".tar")),
    (0, b"SQLite format 3\x00", Kind("an SQLite database", ".sqlite")),
    (0, b"\x7fELF", Kind("a program", ".bin")),
    (0, b"\xca\xfe\xba\xbe", Kind("a program", ".bin")),
    (0, b"\xcf\xfa\xed\xfe", Kind("a program", ".bin")),
    (0, b"wOFF", Kind("a font", ".woff")),
    (0, b"wOF2", Kind("a font", ".woff2")),
    (0, b"\x93NUMPY", Kind("a NumPy array", ".npy")),
    (0, b"PAR1", Kind("a Parquet table", ".parquet")),
)


def looks_like(data: bytes) -> Kind | None:
    """The kind of file that `data` is by its first bytes; None for anything else, text included.

    >>> looks_like(b"\\x89PNG\\r\\n\\x1a\\n").article
    'a PNG image'
    """
    for offset, signature, kind in _SIGNATURES:
        # A signature of plain letters can begin a text too ("ID3 tags ..."); no text holds a zero byte
        # so soon.
        if data.startswith(signature, offset) and (
            kind.text or kind is _PDF or not signature.isalnum() or b"\x00" in data[:512]
        ):
            return kind
    # A PDF may follow up to a kilobyte of other bytes (ISO 32000-1, implementation note 13), with a
    # binary comment.
    if b"%PDF-" in data[:1024] and b"\nendobj" in data.replace(b"\r", b"\n"):
        return _PDF
    # Two letters are too little to go by alone: text may begin with them.
    if data.startswith(b"MZ") and b"\x00" in data[:64]:
        return Kind("a program", ".exe")
    if data.startswith(b"BM") and data[6:10] == b"\x00\x00\x00\x00":
        return Kind("a BMP image", ".bmp")
    return None


def ole_suffix(data: bytes) -> str:
    """The suffix of an old Office file by the names of its streams; "" if none is known, or if it is encrypted."""
    for suffix, stream in (
        ("", "EncryptedPackage"),
        (".doc", "WordDocument"),
        (".xls", "Workbook"),
        (".ppt", "PowerPoint Document"),
        (".msg", "__properties_version1.0"),
        (".xls", "Book"),
    ):
        if (stream + "\0").encode("utf-16-le") in data:
            return suffix
    return ""
