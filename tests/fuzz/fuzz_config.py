"""``config.toml``: any text is a whole configuration or a ConfigError that names a field."""

from __future__ import annotations

from terminal.config import Config, decode_config
from terminal.errors import ConfigError

SEEDS = (
    b'board = "desk"\nsync_every_s = 5\n[kiosk]\nport = 8600\nlanguage = "zh"\n',
    b'time_zone = "Asia/Shanghai"\n[audio]\nlisten = ["counter"]\n[voice]\ncue = "kumquat"\n',
    b'[kiosk]\nfavourites = [{ name = "Figs", amount = "3.50" }]\n[post]\namount = "5.00"\n',
)


def fuzz(data: bytes) -> None:
    try:
        config = decode_config(data.decode("utf-8", "replace"))
    except ConfigError as error:
        if not error.field:
            raise
        return
    assert isinstance(config, Config)
