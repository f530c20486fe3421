"""An authenticator in software: it creates passkeys and signs challenges as WebAuthn says, and lies where a test asks."""

from __future__ import annotations

import hashlib
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def data(encoded: str) -> bytes:
    return urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))


@dataclass
class Authenticator:
    """One passkey; `flags` and `origin` are what its answers say, `count` grows by `step` with each."""

    origin: str = "https://headwater.test"
    flags: int = PRESENT | VERIFIED
    count: int = 0
    step: int = 1
    id: bytes = field(default_factory=lambda: os.urandom(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    user: bytes = b""
    host: str = ""
    """If given, the host that the authenticator says it has signed for."""

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the result of `navigator.credentials.create`."""
        self.user = data(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        credential = bytes(16) + len(self.id).to_bytes(2) + self.id + cbor2.dumps(public)
        signed = self._data(options["rp"]["id"], ATTESTED) + credential
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": signed})
        response = {"clientDataJSON": self._client("create", options), "attestationObject": text(attestation)}
        return self._credential(response)

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the result of `navigator.credentials.get`."""
        self.count += self.step
        signed, client = self._data(options["rpId"]), self._client("get", options)
        signature = self.key.sign(signed + hashlib.sha256(data(client)).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": client,
            "authenticatorData": text(signed),
            "signature": text(signature),
            "userHandle": text(self.user),
        }
        return self._credential(response)

    def _credential(self, response: dict[str, Any]) -> dict[str, Any]:
        parts = {"id": text(self.id), "rawId": text(self.id), "type": "public-key"}
        return parts | {"response": response, "clientExtensionResults": {}}

    def _client(self, kind: str, options: dict[str, Any]) -> str:
        said = {"type": f"webauthn.{kind}", "challenge": options["challenge"], "origin": self.origin}
        return text(json.dumps(said | {"crossOrigin": False}).encode())

    def _data(self, host: str, more: int = 0) -> bytes:
        digest = hashlib.sha256((self.host or host).encode()).digest()
        return digest + bytes([self.flags | more]) + self.count.to_bytes(4)
