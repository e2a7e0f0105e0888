"""What goes into the panel, for MicroPython's own build (FROZEN_MANIFEST) and for ``stage.py``.

frame.py, wire.py and link.py are the terminal's own files: they are shared, never copied.
"""
# ruff: noqa: F821 - MicroPython's makemanifest.py defines module and package

package("terminal/panel", files=("frame.py", "wire.py", "link.py"), base_path="../../..")
package(
    "boards/pico_panel/firmware",
    files=(
        "pins.py",
        "lights.py",
        "buzzer.py",
        "inputs.py",
        "barrier.py",
        "uplink.py",
        "panel.py",
    ),
    base_path="../../..",
)
module("main.py")
