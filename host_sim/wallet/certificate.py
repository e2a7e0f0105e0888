"""A self-signed certificate for the wallet page, made once and kept in the home directory.

Browsers give keys, microphone and service workers to secure contexts only. A phone must be told to
trust this certificate (``docs/how-to/wallet.md``); it is its own authority (RFC 5280, 4.2.1.9) so
that phones take it as one, constrained to its own names (4.2.1.10). It lives 825 days, the most
that phones accept, and is made anew when it has fewer than 30 left or misses a name asked for.
"""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME: Final = timedelta(days=825)
RENEWED_BEFORE_END: Final = timedelta(days=30)
BACKDATED: Final = timedelta(hours=1)
NAMES: Final = ("localhost", "127.0.0.1", "::1")
_PRIVATE: Final = 0o600


@dataclass(frozen=True, slots=True)
class Certificate:
    """Two PEM files and the SHA-256 fingerprint that a phone shows."""

    certificate: Path
    key: Path
    fingerprint: str


def kept_certificate(folder: Path, names: tuple[str, ...], now: datetime) -> Certificate:
    """The certificate in ``folder`` for localhost and ``names``; made where there is none good."""
    certificate, key = folder / "wallet.crt", folder / "wallet.key"
    wanted = frozenset((*NAMES, *names))
    found = _read(certificate) if key.is_file() else None
    if found is None or not _serves(found, wanted, now):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found, private_key = _make(wanted, now)
        _write(key, private_key)
        _write(certificate, found.public_bytes(serialization.Encoding.PEM))
    return Certificate(certificate, key, found.fingerprint(hashes.SHA256()).hex(":"))


def _read(path: Path) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return None


def _serves(found: x509.Certificate, wanted: frozenset[str], now: datetime) -> bool:
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    held = {str(name.value) for name in names}
    return wanted <= held and found.not_valid_after_utc - now > RENEWED_BEFORE_END


def _make(wanted: frozenset[str], now: datetime) -> tuple[x509.Certificate, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Kumquat wallet page")])
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=False, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.astimezone(UTC) - BACKDATED)
        .not_valid_after(now.astimezone(UTC) - BACKDATED + LIFETIME)
        .add_extension(
            x509.SubjectAlternativeName([_general(one) for one in sorted(wanted)]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .add_extension(x509.NameConstraints([_subtree(one) for one in sorted(wanted)], None), True)
        .add_extension(usage, True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .sign(key, hashes.SHA256())
    )
    private_key = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return made, private_key


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _subtree(name: str) -> x509.GeneralName:
    """The same name as a constraint: this authority can vouch for no other site."""
    try:
        return x509.IPAddress(ipaddress.ip_network(name))
    except ValueError:
        return x509.DNSName(name)


def _write(path: Path, data: bytes) -> None:
    """All of it or nothing, readable by its owner only."""
    draft = path.with_suffix(path.suffix + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
