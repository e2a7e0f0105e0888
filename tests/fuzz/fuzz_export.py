"""The export reader: what it accepts, it writes the same way again."""

from __future__ import annotations

from terminal.journal.export_file import Export, ExportedEntry, decode_export

_EXPORT = Export(
    origin="host.example/t/7/1",
    public_key=bytes(32),
    cose=True,
    certificates=(b"certificate",),
    policies=(b"policy",),
    entries=(ExportedEntry(b"entry", bytes(64), ({"what": "spend", "message": "d2"},)),),
    checkpoint=b"origin\n1\nroot\n\n\xe2\x80\x94 name signature\n",
    verdicts=(b"verdict",),
    cosigned=None,
)
SEEDS = (_EXPORT.encode(), Export("o", b"", False, (), (), (), None, (), b"note\n").encode())


def fuzz(data: bytes) -> None:
    export = decode_export(data)
    if export.intact:
        assert export.encode() == data
