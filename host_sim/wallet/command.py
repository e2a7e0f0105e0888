"""The command line ``python -m host_sim.wallet``: serves the page until told to end."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from host_sim.api.server import Listen, serve
from host_sim.commands.output import print_json, print_line
from host_sim.wallet.app import create_app
from host_sim.wallet.certificate import kept_certificate
from host_sim.wallet.settings import WalletSettings, read_journal_keys, read_key
from terminal.errors import KumquatError

HOME_VARIABLE: Final = "KUMQUAT_WALLET_HOME"
DEFAULT_PORT: Final = 8443
WRONG_USAGE: Final = 2
INTERRUPTED: Final = 130

app = typer.Typer(
    name="python -m host_sim.wallet",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Address = Annotated[str, typer.Option(help="Where to listen; 0.0.0.0 for every address.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")]
HomeFolder = Annotated[
    Path | None, typer.Option("--home", help=f"Keeps the certificate; or ${HOME_VARIABLE}.")
]
CertificateFile = Annotated[
    Path | None, typer.Option("--certificate", help="PEM chain, instead of a self-signed one.")
]
KeyFile = Annotated[Path | None, typer.Option("--key", help="PEM key of --certificate.")]
Names = Annotated[
    list[str] | None,
    typer.Option("--name", help="A name or address that phones use; for the certificate."),
]
PayeeKey = Annotated[
    str, typer.Option(help="The host's payee key in hex, as kumquat-host keys prints it.")
]
JournalKeys = Annotated[
    list[str] | None,
    typer.Option("--journal-key", metavar="TERMINAL=HEX", help="To verify that terminal's acks."),
]
Simulated = Annotated[
    bool, typer.Option("--simulated/--no-simulated", help="The banner that says no real money.")
]
Http = Annotated[bool, typer.Option("--http", help="Without TLS: on loopback only.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")]


@app.callback()
def root() -> None:
    """The payer's wallet: a page for phones that pays, and hears, with no network."""


@app.command("serve")
def serve_page(
    address: Address = "127.0.0.1",
    port: Port = DEFAULT_PORT,
    home: HomeFolder = None,
    certificate: CertificateFile = None,
    key: KeyFile = None,
    names: Names = None,
    payee_key: PayeeKey = "",
    journal_keys: JournalKeys = None,
    simulated: Simulated = True,
    http: Http = False,
    as_json: Json = False,
) -> None:
    """Serve the page until told to end."""
    settings = WalletSettings(
        simulated, read_key(payee_key, "payee key"), read_journal_keys(journal_keys or ())
    )
    fingerprint = ""
    if not http and certificate is None and key is None:
        asked = (*(names or ()), *([] if _is_any(address) else [address]))
        kept = kept_certificate(home or default_home(), asked, datetime.now(UTC))
        certificate, key, fingerprint = kept.certificate, kept.key, kept.fingerprint
    listen = Listen(address, port, certificate, key)

    def ready(url: str) -> None:
        if as_json:
            print_json({"event": "ready", "url": url, "fingerprint": fingerprint or None})
            return
        print_line(f"the wallet page is at {url}")
        if fingerprint:
            print_line(f"its certificate is {certificate}, SHA-256 {fingerprint}")

    serve(create_app(settings), listen, ready)


def default_home() -> Path:
    """``$KUMQUAT_WALLET_HOME``, else the user's data directory (XDG base directories)."""
    if named := os.environ.get(HOME_VARIABLE):
        return Path(named)
    data_home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data_home) / "kumquat-wallet-page"


def _is_any(address: str) -> bool:
    return address in ("0.0.0.0", "::")  # noqa: S104 - recognised, not bound


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit code."""
    try:
        app(sys.argv[1:] if arguments is None else arguments, standalone_mode=False)
    except KumquatError as error:
        return _complain(str(error), error.exit_code)
    except typer.TyperException as error:
        return _complain(str(error), WRONG_USAGE)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    return 0


def _complain(words: str, code: int) -> int:
    sys.stderr.write(f"kumquat wallet page: {words}\n")
    return code
