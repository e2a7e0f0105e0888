"""``python -m terminal`` is the command line ``kumquat``."""

from __future__ import annotations

import sys

from terminal.cli import main

if __name__ == "__main__":
    sys.exit(main())
