"""Encryption of Web Push (RFC 8291, with the coding aes128gcm of RFC 8188): only the browser can read it."""

import os

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CODING = "aes128gcm"
RECORD_SIZE = 4096
_SALT, _KEY, _NONCE, _SHARED = 16, 16, 12, 32
_LAST = b"\x02"


def encrypted(text: bytes, receiver: ec.EllipticCurvePublicKey, secret: bytes) -> bytes:
    """Encrypt a text for the browser that has the other half of a key, and this secret."""
    own = ec.generate_private_key(ec.SECP256R1())
    ours, theirs = raw(own.public_key()), raw(receiver)
    about = b"WebPush: info\0" + theirs + ours
    shared = _derived(secret, own.exchange(ec.ECDH(), receiver), about, _SHARED)
    salt = os.urandom(_SALT)
    key = _derived(salt, shared, b"Content-Encoding: aes128gcm\0", _KEY)
    nonce = _derived(salt, shared, b"Content-Encoding: nonce\0", _NONCE)
    head = salt + RECORD_SIZE.to_bytes(4) + len(ours).to_bytes(1) + ours
    return head + AESGCM(key).encrypt(nonce, text + _LAST, None)


def raw(key: ec.EllipticCurvePublicKey) -> bytes:
    """Give the point of a public key, as Web Push writes it."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derived(salt: bytes, from_: bytes, about: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, about).derive(from_)
