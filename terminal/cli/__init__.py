"""The command line ``kumquat``: parses, composes and runs; decides nothing."""

from __future__ import annotations

from terminal.cli.app import main

__all__ = ["main"]
