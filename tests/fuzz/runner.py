"""Runs the fuzz targets of every room: under atheris as a script, from a short corpus in pytest.

A target is ``tests/fuzz/fuzz_<noun>.py`` with ``fuzz(data: bytes) -> None``, which feeds a decoder
and lets nothing but ``DecodeError`` out; ``SEEDS``, a tuple of valid inputs, is optional and helps.

    python -m tests.fuzz.runner coupon --seconds 60

writes new inputs and crashes under ``build/fuzz/coupon``. Without atheris (no wheel for this
machine) the same seeded mutations as in pytest run for that time, and the script says so.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

from terminal.errors import DecodeError

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MAX_INPUT_SIZE = 4096
INPUTS_IN_PYTEST = 300
Fuzz = Callable[[bytes], None]


def names() -> list[str]:
    """The targets there are, by noun."""
    return sorted(path.stem.removeprefix("fuzz_") for path in HERE.glob("fuzz_*.py"))


def load(name: str) -> ModuleType:
    """The module of one target."""
    return importlib.import_module(f"tests.fuzz.fuzz_{name}")


def seeds(module: ModuleType) -> tuple[bytes, ...]:
    """Valid inputs of a target, and the empty one."""
    return (*getattr(module, "SEEDS", ()), b"")


def feed(fuzz: Fuzz, data: bytes) -> None:
    """One input; a refusal by DecodeError is the expected outcome."""
    try:
        fuzz(data)
    except DecodeError:
        return


def mutations(name: str, given: tuple[bytes, ...]) -> Iterator[bytes]:
    """Endless inputs, the same for the same name: the seeds as they are, then changed."""
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    chance = random.Random(seed)
    yield from given
    while True:
        data = bytearray(chance.choice(given) or chance.randbytes(chance.randrange(1, 64)))
        for _ in range(chance.randrange(1, 5)):
            _mutate(data, chance)
        yield bytes(data[:MAX_INPUT_SIZE])


def _mutate(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data) + 1)
    match chance.randrange(5):
        case 0 if data:
            data[at % len(data)] ^= 1 << chance.randrange(8)
        case 1:
            data[at:at] = chance.randbytes(chance.randrange(1, 9))
        case 2:
            del data[at : at + chance.randrange(1, 9)]
        case 3 if data:
            data[at % len(data)] = chance.choice((0, 1, 0x17, 0x18, 0x7F, 0x80, 0x9F, 0xBF, 0xFF))
        case _:
            data[at:at] = data[at : at + chance.randrange(1, 33)]


def run_seeded(name: str, count: int | None, seconds: float | None) -> int:
    """Feed the seeded inputs, so many or so long; how many it was."""
    module = load(name)
    deadline = None if seconds is None else time.monotonic() + seconds
    fed = 0
    for data in mutations(name, seeds(module)):
        if fed == count or (deadline is not None and time.monotonic() > deadline):
            break
        feed(module.fuzz, data)
        fed += 1
    return fed


def run_atheris(name: str, seconds: int) -> None:
    """Guided by coverage; does not return (libFuzzer ends the process)."""
    import atheris

    with atheris.instrument_imports(include=["terminal", "host_sim"]):
        module = load(name)
    corpus = ROOT / "build" / "fuzz" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for data in seeds(module):
        (corpus / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    options = [f"-max_total_time={seconds}", f"-max_len={MAX_INPUT_SIZE}"]
    where = f"-artifact_prefix={corpus}/crash-"
    atheris.Setup([sys.argv[0], str(corpus), *options, where], lambda data: feed(module.fuzz, data))
    atheris.Fuzz()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.runner")
    parser.add_argument("name", choices=names())
    parser.add_argument("--seconds", type=int, default=60)
    given = parser.parse_args()
    try:
        import atheris  # noqa: F401 - asks only whether it is there
    except ImportError:
        fed = run_seeded(given.name, None, given.seconds)
        print(f"no atheris on this machine: {fed} seeded mutations instead, none crashed")
        return 0
    run_atheris(given.name, given.seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
