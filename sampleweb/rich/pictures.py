"""Pictures, drawn in code or read from the files beside this one."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from importlib import resources

TYPES = {
    "avif": "image/avif",
    "css": "text/css",
    "html": "text/html",
    "jpg": "image/jpeg",
    "js": "text/javascript",
    "json": "application/json",
    "png": "image/png",
    "svg": "image/svg+xml",
    "webmanifest": "application/manifest+json",
    "webp": "image/webp",
    "woff": "font/woff",
    "woff2": "font/woff2",
}


@lru_cache(maxsize=256)
def png(name: str, width: int, height: int) -> bytes:
    """A chequered board in colours that come from the name: no two names look the same."""
    code = zlib.crc32(name.encode())
    palette = bytearray()
    for number in range(4):
        shade = (code >> (8 * number)) & 0xFF
        palette += bytes((shade, (shade * 7 + 64 * number) % 256, (255 - shade + 40 * number) % 256))
    side = max(4, min(width, height) // 6)
    kinds = []
    for line in range(3):
        cells = b"".join(bytes([(column + line * (1 + code % 3)) % 4]) * side for column in range(width // side + 1))
        kinds.append(b"\0" + cells[:width])
    rows = b"".join(kinds[(y // side) % 3] for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = (("IHDR", head), ("PLTE", bytes(palette)), ("IDAT", zlib.compress(rows, 9)), ("IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind.encode(), data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def svg(name: str, width: int, height: int) -> bytes:
    """Hills under a sky."""
    hue = zlib.crc32(name.encode()) % 360
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 180" width="{width}" height="{height}">\n'
        f'  <rect width="320" height="180" fill="hsl({hue},55%,75%)"/>\n'
        f'  <circle cx="{60 + hue // 2}" cy="50" r="22" fill="hsl({hue},80%,92%)"/>\n'
        f'  <path d="M0 150 Q80 {60 + hue % 60} 160 130 T320 110 V180 H0Z" fill="hsl({(hue + 150) % 360},35%,40%)"/>\n'
        f'  <path d="M0 165 Q120 110 200 160 T320 150 V180 H0Z" fill="hsl({(hue + 170) % 360},35%,30%)"/>\n'
        "</svg>\n"
    ).encode()


@lru_cache(maxsize=32)
def drawn(name: str) -> bytes:
    """A font or picture from `files/`, which tests/sampleweb/make_rich_files.py draws."""
    return resources.files(__package__).joinpath("files", name).read_bytes()
