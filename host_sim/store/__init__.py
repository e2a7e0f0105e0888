"""Where the host keeps things: a port (``port``), and SQLite behind it (``sqlite``)."""
