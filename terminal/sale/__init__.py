"""A sale from the amount on the keypad to the announcement, and what a screen may know of it."""
