"""The line that a simulated chip hangs on."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from host_sim.world.pn532 import Pn532
from host_sim.world.pn532_pty import Pn532Line
from host_sim.world.rf_field import RfField
from host_sim.world.tags import Type2Tag

if TYPE_CHECKING:
    from pathlib import Path


def test_bytes_lost_with_an_unplugged_line_do_not_stop_the_next_one(tmp_path: Path) -> None:
    """The new line often has the old one's file number, and nothing to read on it."""
    line = Pn532Line(Pn532(RfField()), tmp_path / "reader")
    driver = os.open(line.path, os.O_RDWR | os.O_NOCTTY)
    time.sleep(0.1)  # the line's thread waits for bytes
    with line._lock:
        os.write(driver, b"\x55")
        time.sleep(0.1)  # it has seen them and waits for the lock
        line.unplug()
        line.plug_in()
    os.close(driver)
    placing = threading.Thread(target=line.place, args=(Type2Tag(bytes(7)),), daemon=True)
    placing.start()
    placing.join(timeout=5)
    assert not placing.is_alive()
    line.close()
