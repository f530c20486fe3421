"""`headwater db tls`, and the certificate of the proxy."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from entrypoints.headwater_process import Commands
from headwater.entrypoints.proxy.certificate import binding_hash, load_certificate
from headwater.kit.errors import Unavailable
from headwater.kit.settings import Settings


def test_command_sets_the_policy_or_says_why_not(commands: Commands) -> None:
    commands.run("db", "create", "plain")
    assert commands.run_json("db", "tls", "plain", "optional")["tls_required"] is False
    assert "The proxy has no certificate" in commands.run("db", "tls", "plain", "required", code=2)
    assert "Choose required or optional" in commands.run("db", "tls", "plain", "perhaps", code=2)


def test_tls_cannot_be_required_without_a_certificate() -> None:
    with pytest.raises(Unavailable, match="has no certificate"):
        load_certificate(Settings(proxy_tls="required"))
    assert load_certificate(Settings()) is None and binding_hash(Settings()) is None


def test_sign_in_is_bound_to_the_hash_of_the_certificate(tmp_path: Path) -> None:
    certificate = trustme.CA().issue_cert("localhost")
    file = tmp_path / "both.pem"
    certificate.private_key_and_cert_chain_pem.write_to_path(file)
    chosen = Settings(tls_certificate=file)
    assert load_certificate(chosen)
    expected = x509.load_pem_x509_certificate(certificate.cert_chain_pems[0].bytes()).fingerprint(hashes.SHA256())
    assert binding_hash(chosen) == expected
