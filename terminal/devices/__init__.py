"""Hardware and network clients: each implements a port and decides nothing."""
