"""The state directory opens for its terminal, and says what is wrong where it does not."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from terminal.compose.enrol import enrol_terminal
from terminal.compose.shop import ShopOpener
from terminal.compose.state import (
    CREDENTIAL,
    StatePaths,
    load_enrolment,
    make_state,
    open_keys,
)
from terminal.compose.status import read_status
from terminal.devices.system_clock import SystemClock
from terminal.errors import ConfigError, DecodeError, JournalLocked, KeyStoreError
from terminal.journal.detail import ManualOpen
from terminal.journal.draft import EntryDraft
from terminal.journal.entry import EntryKind
from terminal.ports import ClockQuality
from tests.terminal.compose.states import NOBODY, enrolled_state, environment


def test_a_fresh_directory_is_its_owners_alone(tmp_path: Path) -> None:
    paths = StatePaths(tmp_path / "deep" / "state")
    make_state(paths)
    make_state(paths)
    assert stat.S_IMODE(paths.root.stat().st_mode) == 0o700
    open_keys(paths, create=True).create("journal", "Ed25519")
    for secret in (paths.unlock, paths.keys):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_a_directory_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigError, match="cannot be made"):
        make_state(StatePaths(tmp_path / "file" / "state"))


def test_without_enrolment_everything_says_so(tmp_path: Path) -> None:
    paths = StatePaths(tmp_path)
    with pytest.raises(ConfigError, match="kumquat enrol"):
        load_enrolment(paths)
    with pytest.raises(KeyStoreError, match="kumquat enrol"):
        open_keys(paths)
    with pytest.raises(ConfigError, match="kumquat enrol"):
        read_status(paths)


def test_keys_whose_secret_is_gone_are_never_replaced(tmp_path: Path) -> None:
    paths = StatePaths(tmp_path)
    open_keys(paths, create=True).create("journal", "Ed25519")
    paths.unlock.unlink()
    with pytest.raises(KeyStoreError, match="stays closed"):
        open_keys(paths, create=True)


def test_a_delivered_credential_opens_the_keys(tmp_path: Path) -> None:
    paths, delivered = StatePaths(tmp_path / "state"), tmp_path / "credentials"
    make_state(paths)
    open_keys(paths, create=True).create("journal", "Ed25519")
    delivered.mkdir()
    (delivered / CREDENTIAL).write_bytes(paths.unlock.read_bytes())
    paths.unlock.unlink()
    with environment(CREDENTIALS_DIRECTORY=str(delivered)):
        assert paths.unlock == delivered / CREDENTIAL
        assert open_keys(paths).labels() == {"journal"}


def test_a_damaged_enrolment_is_refused_by_its_field(tmp_path: Path) -> None:
    paths = enrolled_state(tmp_path)
    data = bytearray(paths.enrolment.read_bytes())
    data[1] ^= 0x40
    paths.enrolment.write_bytes(bytes(data))
    with pytest.raises(DecodeError, match="enrolment"):
        load_enrolment(paths)


def test_an_enrolled_terminal_opens_its_shop_once_at_a_time(tmp_path: Path) -> None:
    paths = enrolled_state(tmp_path)
    record = load_enrolment(paths)
    assert record.host_url == NOBODY
    opener = ShopOpener(paths, record, open_keys(paths), SystemClock())
    shop = opener(lambda _: None)
    assert shop.till.policy.version >= 1
    with pytest.raises(JournalLocked):
        opener(lambda _: None)
    shop.journal.close()
    assert read_status(paths).entries == 1


def test_the_shops_journal_takes_the_judged_time(tmp_path: Path) -> None:
    """A clock in 2099 must not enter the floor through a refund or an opening by hand."""

    class Later(SystemClock):
        def unix_s(self) -> int:
            return 4_070_908_800

        def quality(self) -> ClockQuality:
            return ClockQuality.RTC

    paths = enrolled_state(tmp_path)
    opener = ShopOpener(paths, load_enrolment(paths), open_keys(paths), Later())
    shop = opener(lambda _: None)
    version = shop.till.policy.version
    floor_s = shop.till.moment().floor_s
    with shop.journal.transaction() as transaction:
        detail = ManualOpen().encode()
        entry = transaction.append(EntryDraft(EntryKind.MANUAL_OPEN, version, presentation=detail))
    shop.journal.close()
    assert (entry.quality, entry.time_unix_s) == (ClockQuality.UNKNOWN, floor_s)


def test_an_enrolled_directory_is_not_enrolled_again(tmp_path: Path) -> None:
    paths = enrolled_state(tmp_path)
    code = "kumquat:"
    with pytest.raises((ConfigError, DecodeError)):
        enrol_terminal(paths, code, NOBODY)
    assert load_enrolment(paths).origin.terminal
