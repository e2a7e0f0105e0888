"""Every fuzz target, fed a short corpus that replays: refused or read, never a crash."""

from __future__ import annotations

import pytest

from tests.fuzz.runner import INPUTS_IN_PYTEST, names, run_seeded


@pytest.mark.parametrize("name", names())
def test_a_decoder_reads_or_refuses_whatever_it_is_fed(name: str) -> None:
    assert run_seeded(name, INPUTS_IN_PYTEST, None) == INPUTS_IN_PYTEST
