"""The terminal: it hears or reads a presentation, decides alone, and remembers for ever."""
