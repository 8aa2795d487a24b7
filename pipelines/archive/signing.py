"""Signatures of WACZ packages: the "anonymous" form of WACZ Signing and Verification 0.1.0.

ECDSA over P-384 with SHA-256; the signature is r and s one after the other, as WebCrypto has it, over the hash of
``datapackage.json`` as text (``sha256:…``). That is what ReplayWeb.page checks. Who the key belongs to is for its
owner to make known.
"""

from __future__ import annotations

import base64
from datetime import datetime
from typing import TypedDict

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from pipelines.errors import ConfigError

HOW_TO = "make one with: openssl ecparam -name secp384r1 -genkey -noout -out key.pem"

VERSION = "0.1.0"
"""Of the specification."""

HALF = 48
"""Bytes of r, and of s, on P-384."""


class SignedData(TypedDict):
    """``signedData`` of ``datapackage-digest.json``."""

    hash: str
    created: str
    software: str
    version: str
    signature: str
    publicKey: str


def load_key(pem: bytes, password: bytes | None = None) -> ec.EllipticCurvePrivateKey:
    """The user's private key. Raises ``ConfigError`` if it is none, needs another password or is on another curve."""
    try:
        key = serialization.load_pem_private_key(pem, password)
    except (ValueError, TypeError) as error:
        raise ConfigError(f"the signing key cannot be read ({error}); {HOW_TO}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP384R1):
        raise ConfigError(f"the signing key is not on the curve P-384 (secp384r1); {HOW_TO}")
    return key


def sign(digest: str, key: ec.EllipticCurvePrivateKey, *, created: datetime, software: str) -> SignedData:
    """Sign the hash of a package. ECDSA has a random part: two signatures of the same hash differ."""
    r, s = decode_dss_signature(key.sign(digest.encode("ascii"), ec.ECDSA(hashes.SHA256())))
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {
        "hash": digest,
        "created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "software": software,
        "version": VERSION,
        "signature": base64.b64encode(r.to_bytes(HALF, "big") + s.to_bytes(HALF, "big")).decode("ascii"),
        "publicKey": base64.b64encode(public).decode("ascii"),
    }


def is_signed(signed: SignedData, digest: str) -> bool:
    """Whether a signature is true of the hash of a package, by the public key that comes with it."""
    try:
        public = serialization.load_der_public_key(base64.b64decode(signed["publicKey"]))
        raw = base64.b64decode(signed["signature"])
        if signed["hash"] != digest or not isinstance(public, ec.EllipticCurvePublicKey) or len(raw) != 2 * HALF:
            return False
        signature = encode_dss_signature(int.from_bytes(raw[:HALF], "big"), int.from_bytes(raw[HALF:], "big"))
        public.verify(signature, digest.encode("ascii"), ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, KeyError, TypeError, ValueError):
        return False
    return True
