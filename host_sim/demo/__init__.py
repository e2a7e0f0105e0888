"""A day at a stall and a toll point, played by real processes over simulated hardware."""
