"""What the terminal remembers for ever: entries under a Merkle log, in the only code that writes."""
