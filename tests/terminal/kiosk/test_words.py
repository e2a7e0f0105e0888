"""Both languages say everything: same keys, same placeholders, every reason and what to do."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

import terminal.kiosk
from terminal.kiosk.reason_words import ADVICE, REASONS_ZH
from terminal.kiosk.words import LANGUAGES, words
from terminal.kiosk.words_en import ENGLISH
from terminal.kiosk.words_zh import CHINESE
from terminal.payment.reasons import Reason

ROOM = Path(next(iter(terminal.kiosk.__path__)))


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_the_languages_have_the_same_keys() -> None:
    assert set(ENGLISH) == set(CHINESE)


@pytest.mark.parametrize("key", sorted(ENGLISH))
def test_a_text_has_the_same_placeholders_in_both_languages(key: str) -> None:
    assert placeholders(ENGLISH[key]) == placeholders(CHINESE[key])
    assert ENGLISH[key].strip()
    assert CHINESE[key].strip()


def test_chinese_is_chinese() -> None:
    latin_on_purpose = {"app.name"}
    han = re.compile(r"[\u4e00-\u9fff]")
    untranslated = {key for key, text in CHINESE.items() if not han.search(text)}
    assert untranslated == latin_on_purpose


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_words_and_advice_in_every_language(reason: Reason) -> None:
    assert set(REASONS_ZH) == set(ADVICE) == set(Reason)
    for language in LANGUAGES:
        assert words(language).reason(reason)
        assert words(language).advice(reason)


def test_english_keeps_the_reasons_own_text() -> None:
    for reason in Reason:
        assert words("en").reason(reason).lower() == reason.text.lower()


def test_already_accepted_names_the_entry() -> None:
    assert words("en").reason(Reason.ALREADY_ACCEPTED, 7) == "Already accepted, entry 7"
    assert words("zh").reason(Reason.ALREADY_ACCEPTED, 7) == "已经收过，记录 7"
    assert words("en").reason(Reason.EXPIRED, 7) == "Expired"


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("a sale is open: cancel it first", "还有一笔没收完，请先取消。"),
        ("entry 12 was given back already", "记录 12 已经退还。"),
        (Reason.JOURNAL_STOPPED.text, "账本重新打开前停止收款，请稍候。"),
    ],
)
def test_a_known_refusal_is_turned(english: str, chinese: str) -> None:
    assert words("zh").refusal(english) == (chinese, "zh-Hans")
    assert words("en").refusal(english) == (english, "en")


def test_an_unknown_refusal_stays_english_and_says_so() -> None:
    assert words("zh").refusal("the moon is full") == ("the moon is full", "en")


def test_every_key_that_a_template_names_exists_and_none_is_left_over() -> None:
    source = "".join(path.read_text("utf-8") for path in sorted(ROOM.glob("templates/*.html")))
    source += "".join(path.read_text("utf-8") for path in sorted(ROOM.glob("[!w]*.py")))
    source += (ROOM / "words.py").read_text("utf-8")
    families = ("state.", "kind.", "advice.", "voice.", "confirm.", "accepted.")
    unused = {key for key in ENGLISH if f'"{key}"' not in source and not key.startswith(families)}
    assert not unused
    named = set(re.findall(r'\bt\("([a-z_.]+[a-z_])"', source))
    assert named <= set(ENGLISH)
