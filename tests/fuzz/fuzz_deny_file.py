"""The deny list's files: a base's header, and the log of changes with whatever tail."""

from __future__ import annotations

from terminal.journal import deny_log
from terminal.journal.deny_base import decode_header, encode_header

LOG = deny_log.MAGIC + deny_log.encode_record(b"one delta") + deny_log.encode_record(b"another")
SEEDS = (encode_header(b"head"), encode_header(bytes(200)), LOG, LOG[:-3], deny_log.MAGIC)


def fuzz(data: bytes) -> None:
    if data[:4] == deny_log.MAGIC[:4] and data[4:5] == b"L":
        found = deny_log.decode_log(data)
        assert found.good_size + found.dropped_bytes == len(data)
        good = deny_log.MAGIC + b"".join(map(deny_log.encode_record, found.deltas))
        assert data[: found.good_size] == good[: found.good_size]
    else:
        assert encode_header(decode_header(data)) == data
