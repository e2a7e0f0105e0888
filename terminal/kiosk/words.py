"""Every word of the pages and the voice in every language, as frozen tables.

A key missing in one language is our bug, not an expected outcome: a test holds the tables equal in
keys and in placeholders, so a lookup never falls back to another language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from terminal.kiosk.reason_words import ADVICE, REASONS_ZH
from terminal.kiosk.refusal_words import refusal_zh
from terminal.kiosk.words_en import ENGLISH
from terminal.kiosk.words_zh import CHINESE
from terminal.payment.reasons import Reason

LANGUAGES: Final = ("en", "zh")
"""The languages of page and voice (BCP 47), in the order they are offered."""


@dataclass(frozen=True, slots=True)
class Words:
    """One language: its BCP 47 ``tag`` for HTML, writing ``direction``, own name and texts."""

    tag: str
    direction: str
    own_name: str
    table: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """The text of ``key`` with its placeholders filled."""
        return self.table[key].format(**values)

    def reason(self, reason: Reason, prior_entry: int | None = None) -> str:
        """The reason in words; with the entry that took it where it was accepted before."""
        english = reason.text[0].upper() + reason.text[1:]
        text = english if self.tag == "en" else REASONS_ZH.get(reason, english)
        if reason is Reason.ALREADY_ACCEPTED and prior_entry is not None:
            return text + self("reason.entry", index=prior_entry)
        return text

    def refusal(self, text: str) -> tuple[str, str]:
        """A refusal of the desk in words, and the tag of the language they are in."""
        said = refusal_zh(text) if self.tag == "zh-Hans" else None
        return (text, "en") if said is None else (said, self.tag)

    def advice(self, reason: Reason) -> str:
        """What the seller can do about the reason."""
        return self("advice." + ADVICE.get(reason, "other_way"))


_WORDS: Final = MappingProxyType(
    {
        "en": Words("en", "ltr", "English", MappingProxyType(ENGLISH)),
        "zh": Words("zh-Hans", "ltr", "中文", MappingProxyType(CHINESE)),
    }
)


def words(language: str) -> Words:
    """The words of one of ``LANGUAGES``."""
    return _WORDS[language]
