"""Figures, measured against a floor in the same process."""
