"""The front panel's protocol: lights, buzzer, barrier and keypad over a serial line; pure."""
