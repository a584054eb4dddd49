"""Small files that ask for much: what an attacker would upload."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

GOOD = b"certificate.json"


def squeezed(megabytes: int, layers: int = 1) -> bytes:
    """So many megabytes of zeros, compressed in layers."""
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(bytes(1024 * 1024)) for _ in range(megabytes)) + packer.flush()
    for _ in range(layers - 1):
        data = zlib.compress(data, 9)
    return data


def pdf(objects: Iterable[bytes]) -> bytes:
    """A PDF of these objects; the first is the catalogue."""
    found, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(found))
        found += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return found + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
        % (len(places) + 1, table, len(places) + 1, len(found))
    )


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (entries, len(data), data)


def with_attachments(names: bytes, *objects: bytes) -> bytes:
    """A PDF whose files are found by the name tree `names`; its own objects count from 3."""
    return pdf([b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles %s>>>>" % names,
                b"<</Type/Pages/Kids[]/Count 0>>", *objects])  # fmt: skip


def attached(data: bytes, entries: bytes, copies: int = 1, name: bytes = GOOD) -> bytes:
    """A PDF with the same stream attached so many times under one name."""
    file = b"<</Type/Filespec/F(%s)/UF(%s)/EF<</F 4 0 R>>>>" % (name, name)
    names = b"<</Names[%s]>>" % (b"(%s)3 0 R " % name * copies)
    return with_attachments(names, file, stream(data, b"/Type/EmbeddedFile" + entries))
