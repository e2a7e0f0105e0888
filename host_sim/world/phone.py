"""A payer's phone as a process of its own: ``python -m host_sim.world.phone``.

It learns a request only as a person's phone would: from a picture of the terminal's screen, from
its sound, or from text that a person copied. It shows payee and amount, signs through its wallet,
and answers by sound, as a WAV file or as text. Standard output is JSON lines, each with ``event``;
an error is one line ``{"event": "error"}`` and an exit code above zero. Private keys stay in the
wallet's encrypted key file and are never printed.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from host_sim.world.camera import read_screenshot
from host_sim.world.phone_screen import (
    bytes_or_file,
    holding_fields,
    payment_fields,
    read_coupon_id,
    read_hex,
    tell,
)
from host_sim.world.phone_sound import burst, collect, hear, say
from host_sim.world.wallet import Wallet
from host_sim.world.wallet_payee import UNKNOWN_PAYEE, check_payee
from host_sim.world.wav import read_wav, write_wav
from terminal.crypto.keys import parse_public_key
from terminal.devices.audio import Microphone, Speaker
from terminal.devices.key_file import EncryptedFileKeyStore
from terminal.errors import DecodeError, KumquatError
from terminal.money import format_amount, parse_amount
from terminal.payment import text
from terminal.payment.ack import decode_ack
from terminal.payment.request import StaticRequest, decode_request

HEAR_TIMEOUT_S: Final = 30.0
SECRET_BYTES: Final = 32

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # it would print local variables, secrets among them
    help=__doc__,
)

WalletDirectory = Annotated[
    Path, typer.Option("--wallet", envvar="KUMQUAT_WALLET", help="The wallet's directory.")
]
Screenshot = Annotated[
    Path | None, typer.Option("--from-screenshot", metavar="PNG", help="A picture of a screen.")
]
Text = Annotated[str | None, typer.Option("--from-text", help="The text of a QR code.")]
Listen = Annotated[str | None, typer.Option("--listen", metavar="DEVICE", help="A microphone.")]
Play = Annotated[str | None, typer.Option("--play", metavar="DEVICE", help="A loudspeaker.")]
Wav = Annotated[Path | None, typer.Option("--wav", metavar="FILE", help="A WAV file.")]
Timeout = Annotated[float, typer.Option("--timeout", help="How many seconds to listen.")]
ModeName = Annotated[str, typer.Option("--mode", help="How to send and hear by sound.")]


def open_wallet(directory: Path, *, create: bool = False) -> Wallet:
    """The wallet with its encrypted keys; a random secret beside it stands for the phone's chip."""
    secret_path = directory / "secret"
    if create:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(
            os.open(secret_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
        ) as f:
            f.write(os.urandom(SECRET_BYTES))
    keys = EncryptedFileKeyStore(directory / "keys", secret_path.read_bytes())
    return Wallet(directory, keys, create=create)


@app.command("wallet-new")
def wallet_new(
    wallet: WalletDirectory,
    payee_key: Annotated[str, typer.Option(help="The host's payee key, hex.")] = "",
) -> None:
    """Make an empty wallet."""
    with open_wallet(wallet, create=True) as held:
        if payee_key:
            held.trust_payee_key(read_hex(payee_key, "payee-key"))
    tell("wallet", directory=str(wallet))


@app.command()
def key(wallet: WalletDirectory, algorithm: str = "Ed25519") -> None:
    """Make the key of a coupon to come; its public half is printed."""
    with open_wallet(wallet) as held:
        tell("key", public_key=held.new_key(algorithm).hex(), algorithm=algorithm)


@app.command()
def receive(
    wallet: WalletDirectory,
    coupon: Annotated[str, typer.Argument(help="The coupon: hex, or a file of its bytes or hex.")],
) -> None:
    """Take a bought coupon in."""
    with open_wallet(wallet) as held:
        tell("coupon", **holding_fields(held.receive(bytes_or_file(coupon))))


@app.command()
def balance(wallet: WalletDirectory) -> None:
    """One line for each coupon, and one for each payment."""
    with open_wallet(wallet) as held:
        for holding in held.holdings():
            tell("coupon", **holding_fields(holding))
        for payment in held.payments():
            tell("payment", **payment_fields(payment))


@app.command()
def pay(
    wallet: WalletDirectory,
    from_screenshot: Screenshot = None,
    from_text: Text = None,
    listen: Listen = None,
    play: Play = None,
    wav: Wav = None,
    as_text: Annotated[bool, typer.Option("--text", help="Print the KQP line.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write the presentation's bytes.")] = None,
    mode: ModeName = "counter",
    amount: Annotated[str, typer.Option(help="For a printed code: the amount, as 12.50.")] = "",
    coupon: Annotated[str, typer.Option(help="Pay with this one, ISSUER:SERIAL.")] = "",
    full: Annotated[bool, typer.Option(help="Send the coupon along.")] = False,
    verified: Annotated[bool, typer.Option(help="The PIN was checked.")] = False,
    confirm_unknown: Annotated[bool, typer.Option(help="Pay an unknown payee.")] = False,
    timeout: Timeout = HEAR_TIMEOUT_S,
) -> None:
    """Learn a request, show it, and answer it."""
    request_bytes, card, source = _learn(from_screenshot, from_text, listen, timeout, mode)
    now_unix_s = int(time.time())
    request = decode_request(request_bytes)
    amount_minor = parse_amount(amount, request.currency) if amount else None
    asked = amount_minor if isinstance(request, StaticRequest) else request.amount_minor
    with open_wallet(wallet) as held:
        name = held.payee_name(request_bytes, card, now_unix_s)
        tell(
            "request", learned_from=source, terminal=request.terminal, payee=name or UNKNOWN_PAYEE,
            amount_minor=asked, request=request_bytes.hex(),
            amount=None if asked is None else format_amount(asked, request.currency),
        )  # fmt: skip
        check_payee(name, asked or 0, confirmed=confirm_unknown)
        payment = held.pay(
            request_bytes, now_unix_s=now_unix_s, amount_minor=amount_minor,
            coupon=read_coupon_id(coupon), user_verified=verified, full=full,
        )  # fmt: skip
    tell("answer", **payment_fields(payment))
    if out is not None:
        out.write_bytes(payment.presentation)
    _give(payment.presentation, play, wav, mode, as_text=as_text)


@app.command("hear-ack")
def hear_ack(
    wallet: WalletDirectory,
    from_screenshot: Screenshot = None,
    from_text: Text = None,
    listen: Listen = None,
    journal_key: Annotated[str, typer.Option(help="The terminal's journal key, hex.")] = "",
    mode: ModeName = "counter",
    timeout: Timeout = HEAR_TIMEOUT_S,
) -> None:
    """Take the terminal's ack of the last payment."""
    if listen is not None:
        ack_bytes = _hear(listen, _an_ack, timeout, mode)
    else:
        ack_bytes = _scanned(from_screenshot, from_text, text.ACK)
    believed = (
        parse_public_key(read_hex(journal_key, "journal-key"), "key") if journal_key else None
    )
    with open_wallet(wallet) as held:
        heard = held.hear_ack(ack_bytes, believed)
    tell(
        "ack", status=heard.ack.status.name.lower(), index=heard.ack.index,
        terminal=heard.payment.terminal, check_code=heard.payment.check_code,
        verified=heard.verified,
    )  # fmt: skip


@app.command("play")
def play_payload(
    device: Annotated[str, typer.Argument(help="A loudspeaker.")],
    payload: Annotated[str, typer.Option("--hex", help="Payload bytes, or a file of them.")] = "",
    wav: Wav = None,
    mode: ModeName = "counter",
) -> None:
    """Play any payload, or a recording: what an attacker's phone does."""
    speaker = Speaker(device)
    if wav is not None:
        speaker.play(read_wav(wav))
    else:
        say(speaker, bytes_or_file(payload), mode)
    tell("played", device=device)


@app.command("record")
def record(device: str, wav: Path, seconds: float = 5.0) -> None:
    """Keep what a microphone hears in a WAV file."""
    microphone = Microphone(device)
    tell("recording", device=device)
    try:
        write_wav(wav, collect(microphone, seconds))
    finally:
        microphone.close()
    tell("recorded", wav=str(wav), dropped_samples=microphone.dropped_samples())


def _learn(
    screenshot: Path | None, line: str | None, device: str | None, timeout_s: float, mode: str
) -> tuple[bytes, bytes | None, str]:
    """Request bytes, payee card bytes where there are any, and how they were learned."""
    if sum(source is not None for source in (screenshot, line, device)) != 1:
        raise typer.BadParameter("give one of --from-screenshot, --from-text and --listen")
    if device is not None:
        return _hear(device, _a_request, timeout_s, mode), None, "sound"
    request, card = text.decode_ask(_scanned(screenshot, line, text.ASK))
    return request, card, "text" if screenshot is None else "screenshot"


def _scanned(screenshot: Path | None, line: str | None, kind: str) -> bytes:
    if screenshot is not None:
        line = read_screenshot(screenshot, kind)
    if line is None:
        raise typer.BadParameter("give one of --from-screenshot, --from-text and --listen")
    found, data = text.from_text(line)
    if found != kind:
        raise DecodeError("text.kind", f"{found} where {kind} belongs")
    return data


def _hear(device: str, wanted: Any, timeout_s: float, mode: str) -> bytes:
    microphone = Microphone(device)
    tell("listening", device=device)
    try:
        heard: bytes = hear(
            microphone, wanted, timeout_s=timeout_s, monotonic_s=time.monotonic, mode=mode
        )
    finally:
        microphone.close()
    return heard


def _a_request(payload: bytes) -> bytes:
    decode_request(payload)
    return payload


def _an_ack(payload: bytes) -> bytes:
    decode_ack(payload)
    return payload


def _give(
    payload: bytes, device: str | None, wav: Path | None, mode: str, *, as_text: bool
) -> None:
    if as_text:
        tell("text", text=text.to_text(text.PRESENTATION, payload))
    if wav is not None:
        write_wav(wav, burst(payload, mode))
        tell("wav", wav=str(wav))
    if device is not None:
        tell(
            "played",
            device=device,
            mode=mode,
            seconds=round(say(Speaker(device), payload, mode), 3),
        )


def main() -> int:
    """Run one command; errors are a JSON line and an exit code, never a traceback."""
    try:
        app(standalone_mode=True)
    except (KumquatError, OSError) as error:
        tell("error", kind=type(error).__name__, message=str(error))
        sys.stderr.write(f"phone: {error}\n")
        return error.exit_code if isinstance(error, KumquatError) else 74
    return 0


if __name__ == "__main__":
    sys.exit(main())
