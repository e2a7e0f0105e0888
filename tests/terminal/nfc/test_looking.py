"""How often the loop looks: seldom while nothing is for sale, often while a card is to leave."""

from __future__ import annotations

from terminal.nfc.polling import PollingProfile
from tests.cards import request_for
from tests.terminal.nfc.test_polling import Stand


def test_looking_is_rare_while_no_sale_is_open() -> None:
    stand = Stand()
    stand.turns(1)
    assert stand.loop.turn() == PollingProfile().armed_interval_ms
    stand.desk.is_armed = False
    assert stand.loop.turn() == PollingProfile().idle_interval_ms


def test_the_next_in_the_queue_may_pay_a_fifth_of_a_second_after_the_last_card_left() -> None:
    stand = Stand()
    stand.turns(1)
    stand.field_.place(stand.card)
    stand.turns(2)
    stand.desk.is_armed = False  # the verdict is being shown
    stand.turns(2)
    stand.field_.remove(stand.card)
    left_ms = stand.clock.monotonic_ms()
    while stand.clock.monotonic_ms() < left_ms + 200:
        stand.turns(1)
    stand.desk.is_armed = True
    stand.desk.request = request_for(number=2)
    stand.field_.place(stand.card)
    stand.turns(2)
    assert len(stand.desk.presentations) == 2
