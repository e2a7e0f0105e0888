"""The panel's firmware on a Raspberry Pi Pico: pins, serial line and watchdog around ``Panel``.

MicroPython starts this file after a reset. It is the only one that touches ``machine``. The relay
is dropped first of all, and whatever ends the loop leaves it to the emergency input alone; then the
hardware watchdog, fed by healthy turns only, starts everything anew.
"""

import os
import time

import machine

from boards.pico_panel.firmware import pins
from boards.pico_panel.firmware.panel import Panel
from terminal.panel import wire

WATCHDOG_MS = 2000
"""The RP2040 allows 8388 ms at most."""
TURN_MS = 2
BUZZER_DUTY = 1 << 15
SERVICE_KEYS = 1 << 12 | 1 << 14
"""``*`` and ``#`` held down at power-up: no panel, and no watchdog to cut off new firmware."""


class Pico:
    """The board's pins by purpose."""

    def __init__(self) -> None:
        self.relay = machine.Pin(pins.RELAY, machine.Pin.OUT, value=0)
        self.emergency = machine.Pin(pins.EMERGENCY, machine.Pin.IN, machine.Pin.PULL_UP)
        self.sense = None
        if pins.RELAY_SENSE is not None:
            self.sense = machine.Pin(pins.RELAY_SENSE, machine.Pin.IN, machine.Pin.PULL_UP)
        leds = (pins.LED_IDLE, pins.LED_WAITING, pins.LED_ACCEPTED, pins.LED_DECLINED)
        self.leds = [machine.Pin(led, machine.Pin.OUT, value=0) for led in leds]
        self.buzzer = machine.PWM(machine.Pin(pins.BUZZER))
        self.rows = [machine.Pin(row, machine.Pin.OUT, value=1) for row in pins.KEYPAD_ROWS]
        self.columns = [
            machine.Pin(column, machine.Pin.IN, machine.Pin.PULL_UP)
            for column in pins.KEYPAD_COLUMNS
        ]
        self.uart = machine.UART(
            pins.UART,
            baudrate=pins.BAUD,
            tx=machine.Pin(pins.UART_TX),
            rx=machine.Pin(pins.UART_RX),
            txbuf=512,
            rxbuf=512,
            timeout=0,
        )
        self._tone_hz = 0
        self.buzzer.duty_u16(0)

    def keys(self) -> int:
        """Which keys are down, one bit each: a row is pulled low, its closed keys pull columns."""
        down = 0
        for row, pin in enumerate(self.rows):
            pin.value(0)
            for column, sensed in enumerate(self.columns):
                if not sensed.value():
                    down |= 1 << (4 * row + column)
            pin.value(1)
        return down

    def received(self) -> bytes:
        """What the line brought; never waits."""
        waiting = self.uart.any()
        return self.uart.read(waiting) or b"" if waiting else b""

    def sound(self, tone_hz: int) -> None:
        """Sound this tone, 0 for none."""
        if tone_hz != self._tone_hz:
            self._tone_hz = tone_hz
            if tone_hz:
                self.buzzer.freq(tone_hz)
            self.buzzer.duty_u16(BUZZER_DUTY if tone_hz else 0)

    def turn(self, panel: Panel, now_ms: int) -> None:
        """One turn: contacts in, relay first out, then the rest."""
        panel.receive(self.received(), now_ms)
        panel.step(
            now_ms,
            self.keys(),
            self.emergency.value() == 1,
            self.relay.value() == 1,
            self.sense is not None and self.sense.value() == 0,
        )
        self.relay.value(1 if panel.relay else 0)
        for bit, led in enumerate(self.leds):
            led.value(panel.lit >> bit & 1)
        self.sound(panel.tone_hz)
        data = panel.data_to_send()
        if data:
            self.uart.write(data)


def run() -> None:
    """Turn for ever; time runs on where MicroPython's ticks wrap around."""
    pico = Pico()
    if pico.keys() == SERVICE_KEYS:
        return
    cause = wire.RESET_POWER
    if machine.reset_cause() == machine.WDT_RESET:
        cause = wire.RESET_WATCHDOG
    now_ms = 0
    ticks = time.ticks_ms()
    boot = int.from_bytes(os.urandom(4), "little")
    panel = Panel(boot, cause, pico.sense is not None, now_ms)
    watchdog = machine.WDT(timeout=WATCHDOG_MS)
    try:
        while True:
            later = time.ticks_ms()
            now_ms += time.ticks_diff(later, ticks)
            ticks = later
            pico.turn(panel, now_ms)
            if panel.healthy(now_ms):
                watchdog.feed()
            time.sleep_ms(TURN_MS)
    finally:
        pico.relay.value(pico.emergency.value())


if __name__ == "__main__":
    run()
