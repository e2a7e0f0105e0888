"""Settings are checked when they are made, and the error names the field."""

from __future__ import annotations

import pytest

from terminal.errors import ConfigError
from terminal.kiosk.settings import MAX_FAVOURITES, Favourite, KioskSettings


def test_the_languages_spoken_are_the_sellers_then_the_payers_once_each() -> None:
    assert KioskSettings(language="zh", payer_language="en").languages == ("zh", "en")
    assert KioskSettings(language="zh", payer_language="zh").languages == ("zh",)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("language", "xx"),
        ("payer_language", "xx"),
        ("cue", "foghorn"),
        ("hand", "both"),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../etc/passwd"),
        ("favourites", (Favourite("Mango", 1),) * (MAX_FAVOURITES + 1)),
    ],
)
def test_a_wrong_setting_is_named(field: str, value: object) -> None:
    with pytest.raises(ConfigError) as wrong:
        KioskSettings(**{field: value})  # type: ignore[arg-type]  # wrong on purpose
    assert wrong.value.field == field


@pytest.mark.parametrize(("label", "amount_minor"), [("", 1), ("x" * 25, 1), ("a\n", 1), ("a", 0)])
def test_a_wrong_favourite_is_refused(label: str, amount_minor: int) -> None:
    with pytest.raises(ConfigError):
        Favourite(label, amount_minor)
