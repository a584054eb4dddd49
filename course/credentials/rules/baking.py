"""Baked badges: a picture that carries its signed credential, as Open Badges 3.0 section 5.3 lays it down.

A PNG has the credential in an iTXt chunk, an SVG in an element right inside its root.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_KEYWORD = b"openbadgecredential"
SVG_NAMESPACE = "https://purl.imsglobal.org/ob/v3p0"
_MAX_CHUNKS = 10_000
# Keyword, uncompressed, no method, no language, no translated keyword: as readers of badges expect it.
_ITXT_HEAD = PNG_KEYWORD + b"\0\0\0\0\0"


def bake_png(picture: bytes, credential: bytes) -> bytes:
    """The picture with the credential (JSON in UTF-8) behind its header.

    Raises ValueError if it is no PNG, or carries a credential already.
    """
    if read_png(picture) is not None:
        raise ValueError("the picture carries a credential already")
    head, *rest = _chunks(picture)
    return b"".join(
        (PNG_SIGNATURE, _chunk(*head), _chunk(b"iTXt", _ITXT_HEAD + credential), *(_chunk(*c) for c in rest))
    )


def read_png(picture: bytes) -> bytes | None:
    """The credential in a PNG; None if it has none. Raises ValueError if it is no PNG, or broken."""
    for kind, data in _chunks(picture):
        if kind == b"iTXt" and data.startswith(PNG_KEYWORD + b"\0"):
            compressed, _method, rest = (
                data[len(PNG_KEYWORD) + 1],
                data[len(PNG_KEYWORD) + 2],
                data[len(PNG_KEYWORD) + 3 :],
            )
            _language, _translated, text = rest.split(b"\0", 2)
            return _decompress(text) if compressed else text
    return None


def _decompress(data: bytes) -> bytes:
    expand = zlib.decompressobj()
    try:
        text = expand.decompress(data, 1 << 20)
    except zlib.error as error:
        raise ValueError("the credential in the picture is broken") from error
    if expand.unconsumed_tail:
        raise ValueError("the credential in the picture is too large")
    return text


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The kind and the data of each chunk, IHDR first. Raises ValueError."""
    if not picture.startswith(PNG_SIGNATURE):
        raise ValueError("not a PNG")
    at = len(PNG_SIGNATURE)
    for number in range(_MAX_CHUNKS):
        if at == len(picture) and number:
            return
        if at + 12 > len(picture):
            raise ValueError("the PNG ends in the middle")
        (length,) = struct.unpack_from(">I", picture, at)
        kind, data = picture[at + 4 : at + 8], picture[at + 8 : at + 8 + length]
        if len(data) != length or picture[at + 8 + length : at + 12 + length] != _chunk(kind, data)[-4:]:
            raise ValueError("the PNG is broken")
        if not number and kind != b"IHDR":
            raise ValueError("the PNG has no header")
        yield kind, data
        at += 12 + length
    raise ValueError("the PNG has too many parts")


def read_svg(picture: bytes) -> bytes | None:
    """The credential in an SVG; None if it has none. Raises ValueError if it is not XML, or has entities."""
    from defusedxml import DefusedXmlException  # noqa: PLC0415 (few who start need it)
    from defusedxml.ElementTree import ParseError, fromstring  # noqa: PLC0415 (as above)

    try:
        found = fromstring(picture, forbid_dtd=True).find(f"{{{SVG_NAMESPACE}}}credential")
    except (ParseError, DefusedXmlException, UnicodeError) as error:
        raise ValueError("the drawing is broken") from error
    text: str = found.text if found is not None and found.text else ""
    return text.encode() or None


def bake_svg(picture: str, credential: bytes, title: str) -> str:
    """The picture with its title for screen readers, and with the credential (JSON in UTF-8) inside its root.

    `picture` begins with its root element. Raises ValueError if it does not.
    """
    start, closing, rest = picture.partition(">")
    if not start.startswith("<svg ") or not start.endswith('"') or not closing:
        raise ValueError("the picture does not begin with an svg element")
    # The end of a CDATA section inside a text is written as two sections.
    data = credential.decode().replace("]]>", "]]]]><![CDATA[>")
    escaped = title.replace("&", "&amp;").replace("<", "&lt;")
    return (
        f'{start} role="img" xmlns:openbadges="{SVG_NAMESPACE}"><title>{escaped}</title>'
        f"<openbadges:credential><![CDATA[{data}]]></openbadges:credential>{rest}"
    )
