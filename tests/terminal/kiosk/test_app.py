"""Every page in both languages, every action, and what the page does when it cannot."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from host_sim.world.desk import SimulatedDesk, settings_of
from host_sim.world.scenes import SCENES, empty_day, presentation_text, scene
from terminal.errors import OutcomeUnknown
from terminal.kiosk.app import create_app
from terminal.kiosk.words import LANGUAGES, words
from terminal.sale.view import Phase

ORIGIN = "http://127.0.0.1:8190"
PAGES = ("/", "/today", "/line/211", "/line/211/void", "/undo", "/settings")


def client_of(desk: SimulatedDesk, language: str = "en") -> TestClient:
    app = create_app(desk, settings_of(language))
    return TestClient(app, base_url=ORIGIN, headers={"origin": ORIGIN}, follow_redirects=False)


def post(client: TestClient, path: str, **fields: str) -> int:
    return client.post(path, data=fields or {"_": ""}).status_code


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", sorted(SCENES))
def test_every_state_has_a_page_in_every_language(name: str, language: str) -> None:
    client = client_of(SimulatedDesk(scene(name, language)), language)
    for path in PAGES:
        page = client.get(path)
        assert page.status_code == 200
        assert f'lang="{words(language).tag}"' in page.text
        assert "<script>" not in page.text
        assert "style=" not in page.text
        assert " on" not in {part[:3] for part in page.text.split("<")}


def test_the_bar_always_shows_the_days_total_what_is_not_confirmed_and_what_is_at_risk() -> None:
    client = client_of(SimulatedDesk(scene("declined")))
    for path in PAGES:
        text = client.get(path).text
        assert "147.00" in text
        assert "20.50" in text
        assert words("en")("status.offline") in text


def test_a_simulated_terminal_says_so_on_every_page() -> None:
    simulated, real = (client_of(SimulatedDesk(scene(name))) for name in ("sell", "faults"))
    for path in PAGES:
        assert "SIMULATED" in simulated.get(path).text
        assert "SIMULATED" not in real.get(path).text


def test_each_missing_device_is_one_line_on_every_page() -> None:
    client = client_of(SimulatedDesk(scene("faults")))
    for path in PAGES:
        assert "microphone: not found" in client.get(path).text
        assert "card reader: does not answer" in client.get(path).text


def test_an_accepted_sale_shows_amount_check_code_entry_and_the_honest_state() -> None:
    text = client_of(SimulatedDesk(scene("accepted"))).get("/").text
    for shown in ("12.50", "407", "211", "Accepted offline", "icon-accepted"):
        assert shown in text
    assert "Host confirmed" not in text


def test_a_declined_sale_shows_every_reason_and_what_to_do() -> None:
    text = client_of(SimulatedDesk(scene("declined_several"))).get("/").text
    for shown in ("Expired", "More than the coupon holds", "Over the floor limit", "What to do"):
        assert shown in text
    text = client_of(SimulatedDesk(scene("declined"))).get("/").text
    assert "Already accepted, entry 198" in text


def test_a_sale_found_after_a_restart_comes_before_the_keypad() -> None:
    desk = SimulatedDesk(scene("unannounced"))
    client = client_of(desk)
    text = client.get("/").text
    assert "Accepted, not announced" in text
    assert 'id="till"' not in text
    assert "Accepted, not announced (1)" in client.get("/today").text
    assert post(client, "/acknowledge", index="210") == 303
    assert 'id="till"' in client.get("/").text


def test_a_stopped_terminal_offers_no_way_to_sell() -> None:
    client = client_of(SimulatedDesk(scene("stopped")))
    text = client.get("/").text
    assert "Selling has stopped" in text
    assert "/charge" not in text
    refused = client.post("/charge", data={"typed": "5"})
    assert refused.status_code == 409
    assert "selling has stopped" in refused.text


def test_the_three_honest_states_look_different() -> None:
    text = client_of(SimulatedDesk(scene("sell"))).get("/today").text
    for icon, state in (
        ("icon-offline_kept", "Accepted offline"),
        ("icon-confirmed", "Host confirmed"),
        ("icon-refused", "Host refused"),
        ("icon-silent", "Not announced"),
    ):
        assert icon in text
        assert state in text


def test_a_sale_from_the_keypad_to_the_next_one() -> None:
    desk = SimulatedDesk(scene("sell"))
    client = client_of(desk)
    assert post(client, "/charge", typed="12.5+6") == 303
    assert desk.screen().amount_minor == 1850
    assert post(client, "/scan", line=presentation_text().lower()) == 303
    assert desk.screen().phase is Phase.ACCEPTED
    assert post(client, "/replay") == 303
    assert post(client, "/done") == 303
    assert desk.screen().phase is Phase.IDLE
    assert post(client, "/repeat") == 303
    assert desk.screen().amount_minor == 1850
    assert post(client, "/cancel") == 303
    assert [call[0] for call in desk.calls] == [
        "charge",
        "scan",
        "replay",
        "done",
        "repeat_last",
        "charge",
        "cancel",
    ]


def test_the_payer_can_be_confirmed() -> None:
    desk = SimulatedDesk(scene("waiting_confirm"))
    client = client_of(desk)
    assert "Check the payer" in client.get("/").text
    assert post(client, "/confirm") == 303
    assert "Check the payer" not in client.get("/").text


def test_money_is_given_back_only_after_a_question() -> None:
    desk = SimulatedDesk(scene("sell"))
    client = client_of(desk)
    asked = client.get("/line/211/refund", params={"amount": "5"})
    assert "Give back CNY\N{NO-BREAK SPACE}5.00?" in asked.text
    assert not desk.calls
    assert post(client, "/refund", index="211", amount="5") == 303
    assert "Void CNY\N{NO-BREAK SPACE}12.50?" in client.get("/line/211/void").text
    assert post(client, "/void", index="208") == 303
    assert "Undo the last sale, CNY\N{NO-BREAK SPACE}12.50?" in client.get("/undo").text
    assert post(client, "/undo") == 303
    assert desk.calls == [("refund", 211, 500), ("void", 208), ("undo",)]


def test_giving_back_too_much_says_why_not() -> None:
    client = client_of(SimulatedDesk(scene("sell")))
    refused = client.post("/refund", data={"index": "211", "amount": "99"})
    assert refused.status_code == 409
    assert "more than can still be given back" in refused.text


def test_a_day_without_sales_has_nothing_to_undo() -> None:
    client = client_of(SimulatedDesk(empty_day()))
    assert "Nothing sold yet today." in client.get("/today").text
    assert client.get("/undo").status_code == 409
    assert post(client, "/repeat") == 409


@pytest.mark.parametrize(
    ("path", "fields", "said"),
    [
        ("/charge", {"typed": "abc"}, "is not an amount"),
        ("/charge", {"typed": ""}, "Type an amount first"),
        ("/charge", {}, "Type an amount first"),
        ("/scan", {"line": "<script>"}, "no payment code has"),
        ("/refund", {"index": "x", "amount": "1"}, "not understood"),
        ("/refund", {"index": "211", "amount": "1.234"}, "is not an amount"),
        ("/void", {}, "not understood"),
        ("/acknowledge", {"index": "-1"}, "not understood"),
        ("/language", {"language": "tlh"}, "not understood"),
        ("/hand", {"hand": "tail"}, "not understood"),
    ],
)
def test_bad_input_gives_a_clear_message(path: str, fields: dict[str, str], said: str) -> None:
    desk = SimulatedDesk(scene("sell"))
    answer = client_of(desk).post(path, data=fields or {"_": ""})
    assert answer.status_code == 400
    assert said in answer.text
    assert "Traceback" not in answer.text
    assert not desk.calls


def test_what_was_typed_is_escaped() -> None:
    answer = client_of(SimulatedDesk(scene("sell"))).post("/charge", data={"typed": "<b>1</b>"})
    assert "&lt;b&gt;" in answer.text
    assert "<b>" not in answer.text


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/line/99999", "/line/x", "/line/211/refund?amount=x", "/?typed=%3C", "/?add=99"],
)
def test_a_wrong_address_is_a_page_that_leads_back(path: str) -> None:
    answer = client_of(SimulatedDesk(scene("sell"))).get(path)
    assert answer.status_code in (400, 404)
    assert 'href="/"' in answer.text


def test_a_body_of_another_kind_or_size_is_refused() -> None:
    client = client_of(SimulatedDesk(scene("sell")))
    kinds = {"content-type": "application/json"}
    assert client.post("/charge", content=b"{}", headers=kinds).status_code == 400
    assert client.post("/charge", data={"typed": "1" * 5000}).status_code == 400


def test_a_terminal_that_fails_says_so_on_a_page() -> None:
    class FailingDesk(SimulatedDesk):
        def charge(self, amount_minor: int) -> None:
            raise OutcomeUnknown("the commit was cut; reopen the journal")

    answer = client_of(FailingDesk(scene("sell"))).post("/charge", data={"typed": "5"})
    assert answer.status_code == 503
    assert "the commit was cut" in answer.text


def test_language_and_hand_are_kept_in_this_browser_alone() -> None:
    client = client_of(SimulatedDesk(scene("sell")))
    chosen = client.post("/language", data={"language": "zh", "back": "/today"})
    assert chosen.headers["location"] == "/today"
    cookie = chosen.headers["set-cookie"].lower()
    assert "samesite=strict" in cookie
    assert "httponly" in cookie
    assert 'lang="zh-Hans"' in client.get("/").text
    client.post("/hand", data={"hand": "left"})
    assert 'data-hand="left"' in client.get("/").text


def test_a_page_never_leads_away_from_the_terminal() -> None:
    client = client_of(SimulatedDesk(scene("sell")))
    fields = {"language": "zh", "back": "//evil.example/"}
    assert client.post("/language", data=fields).headers["location"] == "/"


@pytest.mark.parametrize(
    ("query", "typed", "total"),
    [
        ("typed=12&key=5", "125", "125.00"),
        ("typed=12&key=.", "12.", "12.00"),
        ("typed=12&key=%2B", "12+", "12.00"),
        ("typed=12&key=back", "1", "1.00"),
        ("typed=12&add=1", "12+6.50", "18.50"),
    ],
)
def test_the_keypad_works_without_its_script(query: str, typed: str, total: str) -> None:
    text = client_of(SimulatedDesk(scene("sell"))).get(f"/?{query}").text
    assert f'value="{typed}"' in text
    assert f'<span class="number">{total}</span>' in text


def test_a_waiting_page_reloads_itself_without_its_script() -> None:
    reloading: Callable[[str], bool] = lambda name: (  # noqa: E731 - one expression, used twice
        'http-equiv="refresh"' in client_of(SimulatedDesk(scene(name))).get("/").text
    )
    assert reloading("waiting")
    assert not reloading("sell")


def test_the_payers_language_stands_beside_the_sellers() -> None:
    text = client_of(SimulatedDesk(scene("accepted"))).get("/").text
    assert "Accepted" in text
    assert "已收款" in text


def test_an_unknown_payee_is_said_to_be_unknown() -> None:
    text = client_of(SimulatedDesk(scene("waiting_unknown_payee"))).get("/").text
    assert "Payee name not known" in text


def test_a_pin_being_typed_is_so_many_dots_and_its_tries() -> None:
    text = client_of(SimulatedDesk(scene("waiting_pin"))).get("/").text
    assert "●●●<" in text
    assert words("en")("pin.again", left=2) in text
