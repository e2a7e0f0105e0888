"""Boards as data: one folder each, the same purpose names on all of them."""
