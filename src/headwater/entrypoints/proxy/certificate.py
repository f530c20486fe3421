"""The certificate of the proxy: the TLS context of its clients, and the hash that binds their sign-in to it."""

from __future__ import annotations

import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from headwater.engines import all_engines
from headwater.kit.errors import Unavailable
from headwater.kit.settings import Settings


def load_certificate(chosen: Settings) -> ssl.SSLContext | None:
    """Return the TLS context of the proxy; None if it has no certificate.

    Raises:
        Unavailable: the certificate cannot be used, or TLS is required and there is none.
    """
    if chosen.tls_certificate is None:
        if chosen.proxy_tls == "required":
            raise Unavailable(
                "HEADWATER_PROXY_TLS is required, but the proxy has no certificate.",
                hint="Set HEADWATER_TLS_CERTIFICATE and HEADWATER_TLS_KEY.",
            )
        return None
    tls_context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        tls_context.load_cert_chain(chosen.tls_certificate, chosen.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise Unavailable(
            f"The proxy cannot use its certificate: {error.strerror or error}.",
            hint="Check HEADWATER_TLS_CERTIFICATE and HEADWATER_TLS_KEY.",
        ) from error
    tls_context.set_alpn_protocols(
        [name for engine in all_engines().values() if engine.proxy for name in engine.proxy.alpn_protocols]
    )
    return tls_context


def binding_hash(chosen: Settings) -> bytes | None:
    """Return the hash of the certificate for channel binding (`tls-server-end-point`, RFC 5929).

    It uses the hash function of the certificate's signature, SHA-256 instead of MD5 and SHA-1; certificates whose
    signature has none, such as those with Ed25519, cannot be bound to.
    """
    if chosen.tls_certificate is None:
        return None
    certificate = x509.load_pem_x509_certificate(chosen.tls_certificate.read_bytes())
    function = certificate.signature_hash_algorithm
    if function is None:
        return None
    return certificate.fingerprint(hashes.SHA256() if isinstance(function, hashes.MD5 | hashes.SHA1) else function)
