"""The export file: a whole journal as lines of JSON, each in its one spelling.

Source: docs/protocol/journal.md, ``export``. Lines come in a fixed order: header, key
certificates, policies, entries, checkpoint, verdicts, cosigned checkpoint, end. The end line is the
SHA-256 of every byte before it. Each line must be exactly what writing its value again gives, so no
byte of the file is free. Reading decides nothing about trust: see ``terminal.journal.verify``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from terminal.errors import DecodeError

VERSION: Final = 1
MAX_LINE_SIZE: Final = 262_400
"""A policy of 131,072 bytes in hex, and its name."""
MAX_LINES: Final = 4_000_000
_DIGEST_SIZE: Final = 32
_ENTRY: Final = ("entry", "data", "signature")
_ENTRY_COSE: Final = (*_ENTRY, "cose")
_HEADER: Final = (
    "kumquat",
    "version",
    "origin",
    "key",
    "cose",
    "certificates",
    "policies",
    "entries",
    "verdicts",
    "cosigned",
)


class ExportMalformed(DecodeError):
    """A line of the file is not one of an export; ``index`` is its entry's, where it is one's."""

    def __init__(self, name: str, problem: str, index: int | None = None) -> None:
        super().__init__(name, problem)
        self.index = index


@dataclass(frozen=True, slots=True)
class ExportedEntry:
    """An entry's exact bytes, and the journal key's signature over the checkpoint that ends in it.

    ``cose`` has the same objects as tagged COSE_Sign1, where the export was written with them.
    """

    data: bytes
    signature: bytes
    cose: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Export:
    """A decoded export; nothing in it is verified. ``intact``: the end line's digest fits."""

    origin: str
    public_key: bytes
    cose: bool
    certificates: tuple[bytes, ...]
    policies: tuple[bytes, ...]
    entries: tuple[ExportedEntry, ...]
    checkpoint: bytes | None
    verdicts: tuple[bytes, ...]
    cosigned: bytes | None
    intact: bool = True

    def encode(self) -> bytes:
        """The file's bytes."""
        body = b"".join(_spell(line) for line in self._lines())
        return body + _spell({"sha256": sha256(body).hexdigest()})

    def _lines(self) -> Iterator[Mapping[str, object]]:
        yield {
            "kumquat": "export",
            "version": VERSION,
            "origin": self.origin,
            "key": self.public_key.hex(),
            "cose": self.cose,
            "certificates": len(self.certificates),
            "policies": len(self.policies),
            "entries": len(self.entries),
            "verdicts": len(self.verdicts),
            "cosigned": self.cosigned is not None,
        }
        yield from ({"certificate": data.hex()} for data in self.certificates)
        yield from ({"policy": data.hex()} for data in self.policies)
        for index, entry in enumerate(self.entries):
            line: dict[str, object] = {
                "entry": index,
                "data": entry.data.hex(),
                "signature": entry.signature.hex(),
            }
            yield line | {"cose": list(entry.cose)} if self.cose else line
        if self.checkpoint is not None:
            yield {"checkpoint": self.checkpoint.decode()}
        yield from ({"verdict": data.hex()} for data in self.verdicts)
        if self.cosigned is not None:
            yield {"cosigned": self.cosigned.decode()}


def decode_export(data: bytes) -> Export:
    """Read an export's bytes; nothing is verified.

    Raises:
        ExportMalformed: naming the first line that is not in its place or not in its one spelling.
    """
    reader = _Lines(data)
    header = _Header(reader.take("header"))
    certificates = tuple(reader.blob("certificate") for _ in range(header.count("certificates")))
    policies = tuple(reader.blob("policy") for _ in range(header.count("policies")))
    cose = header.flag("cose")
    entries = tuple(_entry(reader, index, cose) for index in range(header.count("entries")))
    checkpoint = reader.note("checkpoint") if entries else None
    verdicts = tuple(reader.blob("verdict") for _ in range(header.count("verdicts")))
    cosigned = reader.note("cosigned") if header.flag("cosigned") else None
    return Export(
        origin=_text(header.fields["origin"], "header.origin"),
        public_key=_hex(header.fields["key"], "header.key"),
        cose=cose,
        certificates=certificates,
        policies=policies,
        entries=entries,
        checkpoint=checkpoint,
        verdicts=verdicts,
        cosigned=cosigned,
        intact=reader.end(),
    )


class _Header:
    """The first line, which says how many of each line follow."""

    def __init__(self, fields: Mapping[str, object]) -> None:
        self.fields = fields
        if tuple(fields) != _HEADER or fields["kumquat"] != "export":
            raise ExportMalformed("header", "not the header of a journal export")
        if self.count("version") != VERSION:
            raise ExportMalformed("header.version", f"not {VERSION}")

    def count(self, name: str) -> int:
        value = self.fields[name]
        if type(value) is not int or not 0 <= value <= MAX_LINES:
            raise ExportMalformed(f"header.{name}", f"not a number up to {MAX_LINES}")
        return value

    def flag(self, name: str) -> bool:
        value = self.fields[name]
        if type(value) is not bool:
            raise ExportMalformed(f"header.{name}", "neither true nor false")
        return value


def _entry(reader: _Lines, index: int, cose: bool) -> ExportedEntry:
    try:
        line = reader.take("entry")
        _expect_fields(line, _ENTRY_COSE if cose else _ENTRY, "entry")
        data, signature = _hex(line["data"], "entry.data"), _hex(line["signature"], "entry")
        objects = _objects(line["cose"]) if cose else ()
    except ExportMalformed as error:
        raise ExportMalformed(f"entry {index}", error.problem, index) from error
    if type(line["entry"]) is not int or line["entry"] != index:
        raise ExportMalformed(f"entry {index}", "another one is in its place", index)
    return ExportedEntry(data, signature, objects)


def _objects(value: object) -> tuple[Mapping[str, str], ...]:
    if type(value) is not list:
        raise ExportMalformed("entry.cose", "not a list")
    for item in value:
        if type(item) is not dict or any(type(text) is not str for text in item.values()):
            raise ExportMalformed("entry.cose", "not a list of texts by name")
    return tuple(value)


def _expect_fields(line: Mapping[str, object], fields: Sequence[str], name: str) -> None:
    if tuple(line) != tuple(fields):
        raise ExportMalformed(name, f"not a line of {', '.join(fields)}")


class _Lines:
    """The file's lines, in order."""

    def __init__(self, data: bytes) -> None:
        self._lines: Sequence[bytes] = data.split(b"\n")
        self._at = 0
        self._digest = sha256()
        if self._lines[-1] != b"" or len(self._lines) > MAX_LINES:
            raise ExportMalformed("file", "does not end in a newline, or has too many lines")

    def take(self, name: str) -> dict[str, object]:
        """The next line, decoded."""
        raw = self._lines[self._at]
        value = _decode_line(raw, f"line {self._at + 1}, {name}")
        self._digest.update(raw + b"\n")
        self._at += 1
        return value

    def blob(self, name: str) -> bytes:
        """The next line's one field of this name, in hex."""
        line = self.take(name)
        _expect_fields(line, (name,), f"line {self._at}")
        return _hex(line[name], name)

    def note(self, name: str) -> bytes:
        """The next line's one field of this name, a note's text."""
        line = self.take(name)
        _expect_fields(line, (name,), f"line {self._at}")
        return _text(line[name], name).encode()

    def end(self) -> bool:
        """Whether the end line's digest is that of every line before it; nothing follows it."""
        digest = self._digest.digest()
        found = self.blob("sha256")
        if self._at != len(self._lines) - 1 or len(found) != _DIGEST_SIZE:
            raise ExportMalformed("end", "not a SHA-256, or something follows it")
        return found == digest


def _spell(line: Mapping[str, object]) -> bytes:
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


def _decode_line(raw: bytes, name: str) -> dict[str, object]:
    if len(raw) > MAX_LINE_SIZE:
        raise ExportMalformed(name, f"longer than {MAX_LINE_SIZE} bytes")
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ExportMalformed(name, "not JSON") from error
    if type(value) is not dict or _spell(value) != raw + b"\n":
        raise ExportMalformed(name, "not in its one spelling")
    return value


def _text(value: object, name: str) -> str:
    if type(value) is not str or not (value.isascii() or _encodes(value)):
        raise ExportMalformed(name, "not text")
    return value


def _encodes(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _hex(value: object, name: str) -> bytes:
    try:
        data = bytes.fromhex(value) if type(value) is str else None
    except ValueError:
        data = None
    if data is None or data.hex() != value:
        raise ExportMalformed(name, "not bytes in lower-case hex")
    return data
