"""A configuration is understood whole or refused with the field's name."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.config import Config, decode_config, known_boards, load_config
from terminal.errors import ConfigError

WHOLE = """
board = "raspberry_pi_4"
host = "http://127.0.0.1:8700"
sync_every_s = 5

[kiosk]
port = 8600
language = "zh"
favourites = [{ name = "Apples", amount = "3.50" }]

[audio]
input = "terminal_mic"
ask = true

[reader]
path = "tty:/dev/ttyAMA0:pn532"

[post]
amount = "5.00"
"""


def test_a_whole_configuration_is_read() -> None:
    config = decode_config(WHOLE)
    assert config.kiosk.favourites[0].amount == "3.50"
    assert config.post is not None
    assert config.post.barrier_ms == 500
    assert not config.simulated


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    assert load_config(tmp_path / "config.toml") == Config()


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("kiosk = 3", "kiosk"),
        ("[kiosk]\nport = 70000", "kiosk.port"),
        ("[kiosk]\ncolour = 'red'", "kiosk"),
        ("floor_limit = 1", "config"),
        ("sync_every_s = 0", "sync_every_s"),
        ("[post]", "post"),
        ("[kiosk]\nfavourites = [{name = 'x'}]", "kiosk.favourites[0]"),
        ("= =", "config"),
        ("time_zone = 'Nowhere/City'", "time_zone"),
        ("time_zone = '../etc/passwd'", "time_zone"),
        ("[audio]\nmode = 'shout'", "audio.mode"),
        ("[audio]\nlisten = ['counter', 'shout']", "audio.listen"),
        ("[voice]\ncue = 'gong'", "voice.cue"),
        ("[voice]\nseller = 'tlh'", "voice.seller"),
        ("[kiosk]\nlanguage = 'tlh'", "kiosk.language"),
        ("[kiosk]\nfavourites = [{name = 'x', amount = '0.00'}]", "kiosk.favourites.amount"),
        ("[post]\namount = 'much'", "post.amount"),
    ],
)
def test_a_wrong_setting_is_named(text: str, field: str) -> None:
    with pytest.raises(ConfigError) as caught:
        decode_config(text)
    assert caught.value.field == field


def test_a_directory_in_its_place_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path)


@given(st.text(max_size=200))
def test_no_text_does_anything_but_decode_or_refuse(text: str) -> None:
    with contextlib.suppress(ConfigError):
        assert isinstance(decode_config(text), Config)


def test_boards_without_data_are_not_known() -> None:
    assert "no such board" not in known_boards()
