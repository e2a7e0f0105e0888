"""A Raspberry Pi Pico without the Pico: the firmware in a process, on a ``machine`` of ours."""
