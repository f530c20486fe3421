"""Deploy keys and the keys of SSH hosts, as text in OpenSSH form."""

from __future__ import annotations

import base64
import binascii
import hashlib

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from headwater.kit.errors import Invalid

_ENCODING, _FORMATS = serialization.Encoding, serialization.PublicFormat


def new_key(comment: str) -> tuple[str, str]:
    """Return a new ed25519 key: its private and its public half."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        _ENCODING.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    ).decode()
    return private, f"{_public(key)} {comment}"


def public_half(private_key: str) -> str:
    """Return the public half of a private key.

    Raises:
        Invalid: it is no private key, or a passphrase protects it.
    """
    text = private_key.strip().encode() + b"\n"
    for load in (serialization.load_ssh_private_key, serialization.load_pem_private_key):
        try:
            return _public(load(text, None))
        except TypeError as error:
            hint = "Use a key of its own, without a passphrase."
            raise Invalid({"private_key": "A passphrase protects this key."}, hint=hint) from error
        except (ValueError, UnsupportedAlgorithm):
            continue
    raise Invalid({"private_key": "This is not a private key of SSH."}, hint="Paste the complete file.")


def _public(key: object) -> str:
    public = key.public_key()  # type: ignore[attr-defined]
    return str(public.public_bytes(_ENCODING.OpenSSH, _FORMATS.OpenSSH).decode())


def fingerprint(host_key: str) -> str:
    """Return the SHA256 fingerprint of the public key of a host; a fingerprint stays as it is.

    Raises:
        Invalid: it is neither.
    """
    parts = host_key.split()
    if len(parts) == 1 and parts[0].startswith("SHA256:"):
        return parts[0]
    try:
        blob = base64.b64decode(parts[1], validate=True)
        # The blob begins with the name of the algorithm, so that a text of another kind is not taken for a key.
        if blob[4 : 4 + int.from_bytes(blob[:4], "big")].decode() != parts[0]:
            raise ValueError(parts[0])
    except (IndexError, ValueError, binascii.Error) as error:
        hint = "Enter its fingerprint SHA256:…, or a line such as ssh-ed25519 AAAA…"
        raise Invalid({"host_key": "This is not the key of a host."}, hint=hint) from error
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
