"""The commands of ``kumquat-host``: each parses, calls the core once, and prints."""
