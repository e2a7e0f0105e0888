"""Readers and cards to payload bytes and back; knows nothing of payments."""

from __future__ import annotations
