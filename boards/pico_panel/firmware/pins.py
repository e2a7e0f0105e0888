"""Which pin of the Raspberry Pi Pico does what: the one file to edit for another wiring.

Numbers are those of GPIO (GP0 is pin 1 of the board). ``board.toml`` beside this folder lists the
same numbers for people and programs; a test holds the two together.
"""

UART = 0
UART_TX = 0
UART_RX = 1
BAUD = 115200

LED_IDLE = 2
LED_WAITING = 3
LED_ACCEPTED = 4
LED_DECLINED = 5
BUZZER = 6

RELAY = 7
"""High drives the relay. A pin of the RP2040 has a pull-down at reset: no firmware, no relay."""
RELAY_SENSE = 8
"""A second contact of the relay to ground; None when the relay has none."""
EMERGENCY = 9
"""A contact to ground that is closed while all is well: an open contact or a cut wire opens."""

KEYPAD_ROWS = (10, 11, 12, 13)
KEYPAD_COLUMNS = (14, 15, 16, 17)
