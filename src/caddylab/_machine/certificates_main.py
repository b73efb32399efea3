"""Makes an authority and certificates: reads JSON, writes JSON.

A process of its own, isolated from the notebook's: the signing library takes megabytes and is
needed only once in a while.
"""

from __future__ import annotations

import datetime
import ipaddress
import json
import sys
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

LIFE = datetime.timedelta(days=30)
"""Validity: longer than any lab lives."""
LEEWAY = datetime.timedelta(days=1)
"""Start of the validity: some tolerance for clocks that differ."""
LONGEST_COMMON_NAME = 64


def main() -> None:
    """Sign a certificate for each list of names, by the authority that is given or a new one."""
    asked = json.load(sys.stdin)
    if asked["key"]:
        key: Any = serialization.load_pem_private_key(asked["key"].encode(), None)
        root = x509.load_pem_x509_certificate(asked["certificate"].encode())
    else:
        key = ec.generate_private_key(ec.SECP256R1())
        root = _certificate("Break the Balancer's own authority", key, None, key, [])
    answer = {
        "certificate": _pem(root),
        "key": _private(key),
        "signed": [_signed(names, root, key) for names in asked["names"]],
    }
    json.dump(answer, sys.stdout)


def _signed(names: list[str], root: x509.Certificate, authority: ec.EllipticCurvePrivateKey) -> str:
    """A certificate for these names, after its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    return _private(key) + _pem(_certificate(names[0], key, root, authority, names))


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    root: x509.Certificate | None,
    authority: ec.EllipticCurvePrivateKey,
    names: list[str],
) -> x509.Certificate:
    subject = x509.Name(
        [x509.NameAttribute(x509.NameOID.COMMON_NAME, name[:LONGEST_COMMON_NAME] or "caddylab")]
    )
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(root.subject if root else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - LEEWAY)
        .not_valid_after(now + LIFE)
        .add_extension(x509.BasicConstraints(ca=root is None, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general(each) for each in names]), critical=False
        )
    return builder.sign(authority, hashes.SHA256())


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:  # host names have no underscores, but service names do
        return x509.DNSName(name if name.isascii() else name.encode("idna").decode())


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def _private(key: ec.EllipticCurvePrivateKey) -> str:
    form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(Encoding.PEM, form, none).decode()


if __name__ == "__main__":
    main()
