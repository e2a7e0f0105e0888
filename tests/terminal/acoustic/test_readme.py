"""The example of terminal/acoustic/README.md runs as it stands, and hears what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import terminal.acoustic

README = Path(terminal.acoustic.__file__).with_name("README.md")


def test_the_example_prints_the_payload_that_it_sent() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    ran = subprocess.run(
        [sys.executable, "-c", example], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1].startswith("b'85 bytes or so' fast ")
