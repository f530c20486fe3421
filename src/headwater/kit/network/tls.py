"""TLS settings of connections: encryption mode and trusted certificates."""

from __future__ import annotations

import contextlib
import ssl
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from headwater.kit.clock import now
from headwater.kit.errors import Invalid

TlsMode = Literal["off", "prefer", "require", "verify-ca", "verify-full"]


@dataclass(frozen=True, slots=True)
class Tls:
    """The TLS settings of a connection; certificates and keys are PEM texts, never paths."""

    mode: TlsMode = "verify-full"
    ca: str | None = None
    certificate: str | None = None
    key: str | None = field(default=None, repr=False)
    passphrase: str | None = field(default=None, repr=False)
    server_name: str | None = None


PLAIN = Tls("off")


@dataclass(frozen=True, slots=True)
class PemFiles:
    """Paths of files with the PEM texts of a connection, for drivers that accept only paths."""

    ca: Path | None
    certificate: Path | None
    key: Path | None


def check(tls: Tls) -> None:
    """Raise Invalid, by field, unless the PEM texts are valid and belong together."""
    wrong: dict[str, str] = {}
    if tls.ca:
        wrong |= _certificates("tls.ca", tls.ca)[1]
    if tls.certificate or tls.key:
        wrong |= _client(tls)
    if wrong:
        raise Invalid(wrong, hint="Paste the complete PEM text, from -----BEGIN to -----END.")


def _certificates(field_name: str, text: str) -> tuple[list[x509.Certificate], dict[str, str]]:
    try:
        certificates = x509.load_pem_x509_certificates(text.encode())
    except ValueError:
        return [], {field_name: "This is not a certificate in PEM format."}
    if certificates[0].not_valid_after_utc < now():
        return certificates, {field_name: f"The certificate expired on {certificates[0].not_valid_after_utc:%Y-%m-%d}."}
    return certificates, {}


def _client(tls: Tls) -> dict[str, str]:
    if not tls.certificate or not tls.key:
        return {"tls.key": "A client certificate needs its private key, and a private key needs its certificate."}
    certificates, wrong = _certificates("tls.certificate", tls.certificate)
    if wrong:
        return wrong
    passphrase = tls.passphrase.encode() if tls.passphrase else None
    try:
        key = serialization.load_pem_private_key(tls.key.encode(), passphrase)
    except TypeError:
        return {
            "tls.passphrase": "The key needs a passphrase."
            if passphrase is None
            else "The key is not encrypted: leave the passphrase empty."
        }
    except ValueError:
        return {"tls.key": "This is not a private key in PEM format, or the passphrase is wrong."}
    public = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*public) != certificates[0].public_key().public_bytes(*public):
        return {"tls.key": "The key does not belong to the client certificate."}
    return {}


@contextlib.contextmanager
def pem_files(tls: Tls) -> Iterator[PemFiles]:
    """Yield the PEM texts as private temporary files that exist within the block; the key has no passphrase there."""
    check(tls)
    with tempfile.TemporaryDirectory(prefix="headwater-tls-") as folder:

        def put(name: str, text: str | None) -> Path | None:
            if not text:
                return None
            path = Path(folder) / name
            path.touch(mode=0o600)
            path.write_text(text)
            return path

        yield PemFiles(put("ca.pem", tls.ca), put("certificate.pem", tls.certificate), put("key.pem", _open_key(tls)))


def _open_key(tls: Tls) -> str | None:
    if not tls.key or not tls.passphrase:
        return tls.key
    key = serialization.load_pem_private_key(tls.key.encode(), tls.passphrase.encode())
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()


def context(tls: Tls) -> ssl.SSLContext | None:
    """Return the context that a client connects with, or None for a plain connection."""
    if tls.mode == "off":
        return None
    check(tls)
    tls_context = ssl.create_default_context(cadata=tls.ca)
    tls_context.check_hostname = tls.mode == "verify-full"
    if tls.mode in {"prefer", "require"}:
        tls_context.verify_mode = ssl.CERT_NONE
    if tls.certificate:
        with pem_files(tls) as files:
            assert files.certificate
            tls_context.load_cert_chain(files.certificate, files.key)
    return tls_context
