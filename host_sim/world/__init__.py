"""The simulated world around a terminal, for people without hardware: seeded and replayable."""
