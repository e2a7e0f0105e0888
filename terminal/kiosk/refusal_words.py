"""What the desk answers when it will not do something, in other languages than English.

A refusal carries English words fit for a screen. The known ones are turned here; one that is not
known stays English and the page marks it as English, so nothing is ever hidden.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from terminal.payment.reasons import Reason

REFUSALS_ZH: Final = MappingProxyType(
    {
        re.compile(pattern): said
        for pattern, said in (
            (r"a sale is open.*", "还有一笔没收完，请先取消。"),
            (r"the amount must be more than nothing", "金额必须大于零。"),
            (r"nothing waits for a confirmation", "现在没有要确认的付款。"),
            (r"nothing was sold yet", "还没有收过款。"),
            (r"nothing was announced yet", "还没有播报过。"),
            (r"entry (\d+) was given back already", r"记录 \1 已经退还。"),
            (r"some of entry (\d+) was given back already", r"记录 \1 已退还一部分。"),
            (r"entry (\d+) is no accepted sale", r"记录 \1 不是已收的款。"),
            (r"entry (\d+) is of a closed shift: .*", r"记录 \1 属于已结束的班次，请改用退款。"),
            (r"entry (\d+) has \d+ left to give back", r"超过记录 \1 还能退还的金额。"),
            (r"entry (\d+) waits for nobody", r"记录 \1 不需要确认。"),
            (r"there is no sale to undo.*", "今天没有可撤销的收款。"),
            (r"that code is not a payment.*", "这不是付款码，请扫付款人手机上的码。"),
            (r"the terminal is busy.*", "终端正忙，请再试一次。"),
            (r"the terminal is still at it.*", "终端仍在处理，请先看今天的记录。"),
            (r"the terminal is stopping", "终端正在关闭。"),
            (r"the same was given back just now.*", "刚刚退过同样的金额，请稍候再退。"),
            (re.escape(Reason.JOURNAL_STOPPED.text), "账本重新打开前停止收款，请稍候。"),
        )
    }
)


def refusal_zh(text: str) -> str | None:
    """The refusal in Chinese; None where it is not a known one."""
    for pattern, said in REFUSALS_ZH.items():
        match = pattern.fullmatch(text)
        if match is not None:
            return match.expand(said)
    return None
