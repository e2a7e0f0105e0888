"""Numbered SQL migrations, applied in order, each once and whole. One is never edited later."""
