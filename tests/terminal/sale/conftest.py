"""One rig a test, its journal closed afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal.sale.till_rig import TillRig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[TillRig]:
    made = TillRig(tmp_path / "journal.db")
    yield made
    made.journal.close()
