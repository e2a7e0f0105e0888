"""``board.toml``: any text is a whole board or a ConfigError that names a field."""

from __future__ import annotations

from pathlib import Path

from terminal.config import Board, decode_board
from terminal.errors import ConfigError

BOARDS = Path(__file__).parents[2] / "boards"
SEEDS = tuple(path.read_bytes() for path in sorted(BOARDS.glob("*/board.toml")))


def fuzz(data: bytes) -> None:
    try:
        board = decode_board(data.decode("utf-8", "replace"))
    except ConfigError as error:
        if not error.field:
            raise
        return
    assert isinstance(board, Board)
