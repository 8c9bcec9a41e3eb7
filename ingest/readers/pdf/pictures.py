"""Pixels -> PNG (RFC 2083), which is short enough to need no library."""

import struct
import zlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bitmap:
    """Pixels of a picture, three bytes each (red, green, blue), row by row; a row takes `stride` bytes."""

    width: int
    height: int
    stride: int
    pixels: bytes


def png(bitmap: Bitmap) -> bytes:
    """The picture as a PNG file."""
    header = struct.pack(">IIBBBBB", bitmap.width, bitmap.height, 8, 2, 0, 0, 0)  # 8 bits a colour, no palette
    starts = range(0, bitmap.height * bitmap.stride, bitmap.stride)
    data = zlib.compress(b"".join(b"\0" + bitmap.pixels[at : at + 3 * bitmap.width] for at in starts), 6)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
