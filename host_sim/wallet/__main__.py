"""``python -m host_sim.wallet`` runs the wallet page's server."""

from __future__ import annotations

import sys

from host_sim.wallet.command import main

if __name__ == "__main__":
    sys.exit(main())
