"""The host a terminal settles with, and a simulated world around it for people without hardware."""
