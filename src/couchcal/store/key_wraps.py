"""The data key sealed under a passphrase or under a recovery code: AES-256-GCM, and what derives its key.

A passphrase is slow to try (Argon2id, RFC 9106, second recommended parameters). A recovery code has 140 random
bits, more than anybody can try: HKDF-SHA256 is enough, and opens at once.
"""

from __future__ import annotations

import os
from typing import Any

from couchcal.errors import DatabaseProblem

KEY_BYTES = 32
ARGON2 = {"time_cost": 3, "memory_kib": 65536, "parallelism": 4}
"""What a new passphrase costs. A wrap names its own costs, so older ones still open."""
Wrap = dict[str, Any]
"""A sealed key as the key file holds it: `kdf`, its costs, and base64 of `salt`, `nonce`, `sealed`."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Base 32 of Crockford: none of its signs is taken for another; I, L and O are read as 1, 1 and 0."""
_READ_AS = str.maketrans("ILO", "110", "- \t")
_RANDOM, _CHECK, _GROUP = 28, 4, 4


def seal(key: bytes, passphrase: str) -> Wrap:
    """`key` sealed under `passphrase`."""
    salt = os.urandom(16)
    derived = _argon2(passphrase, salt, ARGON2)
    return {"kdf": "argon2id", **ARGON2, **_encrypted(derived, salt, key, b"couchcal")}


def unseal(wrap: Wrap, passphrase: str) -> bytes:
    """The key out of a wrap of `seal`.

    Raises:
        DatabaseProblem: wrong passphrase (code `wrong_passphrase`) or damaged file.
    """
    from argon2.exceptions import HashingError

    try:
        salt, costs = _bytes(wrap, "salt"), {name: int(wrap[name]) for name in ARGON2}
        derived = _argon2(passphrase, salt, costs)
    except (KeyError, TypeError, ValueError, OverflowError, HashingError):
        raise _damaged() from None
    key = _decrypted(derived, wrap, b"couchcal")
    if key is None:
        raise DatabaseProblem(
            "the passphrase is wrong", "try again, or use your recovery code", code="wrong_passphrase"
        )
    return key


def new_code() -> str:
    """A recovery code: 32 signs in groups of four, the last four a checksum of the others."""
    signs = "".join(_ALPHABET[byte % 32] for byte in os.urandom(_RANDOM))
    whole = signs + _checksum(signs)
    return "-".join(whole[at : at + _GROUP] for at in range(0, len(whole), _GROUP))


def read_code(text: str) -> str | None:
    """The signs of a recovery code as somebody typed it, in any case, with or without dashes; None for other text.

    Raises:
        DatabaseProblem: a recovery code with a slip of the pen (code `wrong_passphrase`).
    """
    signs = text.strip().upper().translate(_READ_AS)
    if len(signs) != _RANDOM + _CHECK or not set(signs) <= set(_ALPHABET):
        return None
    if _checksum(signs[:_RANDOM]) == signs[_RANDOM:]:
        return signs
    if text.count("-") == 7:
        raise DatabaseProblem(
            "a sign of the recovery code is wrong", "compare it with the paper", code="wrong_passphrase"
        )
    return None


def seal_by_code(key: bytes, code: str) -> Wrap:
    """`key` sealed under a code of `new_code`."""
    salt = os.urandom(16)
    derived = _hkdf(read_code(code) or code, salt)
    return {"kdf": "hkdf-sha256", **_encrypted(derived, salt, key, b"couchcal recovery")}


def unseal_by_code(wrap: Wrap, signs: str) -> bytes | None:
    """The key out of a wrap of `seal_by_code`, None if the code is another one; `signs` are of `read_code`.

    Raises:
        DatabaseProblem: damaged file.
    """
    return _decrypted(_hkdf(signs, _bytes(wrap, "salt")), wrap, b"couchcal recovery")


def _checksum(signs: str) -> str:
    import hashlib

    number = int.from_bytes(hashlib.sha256(f"couchcal {signs}".encode()).digest()[:4], "big")
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in range(_CHECK))


def _encrypted(derived: bytes, salt: bytes, key: bytes, about: bytes) -> Wrap:
    import base64

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(12)
    fields = {"salt": salt, "nonce": nonce, "sealed": AESGCM(derived).encrypt(nonce, key, about)}
    return {name: base64.b64encode(value).decode() for name, value in fields.items()}


def _decrypted(derived: bytes, wrap: Wrap, about: bytes) -> bytes | None:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        key = AESGCM(derived).decrypt(_bytes(wrap, "nonce"), _bytes(wrap, "sealed"), about)
    except ValueError:
        raise _damaged() from None
    except InvalidTag:
        return None
    if len(key) != KEY_BYTES:
        raise _damaged()
    return key


def _bytes(wrap: Wrap, name: str) -> bytes:
    import base64

    try:
        return base64.b64decode(wrap[name])
    except (KeyError, TypeError, ValueError):
        raise _damaged() from None


def _damaged() -> DatabaseProblem:
    return DatabaseProblem("the key file is damaged", "restore it from your backup", code="no_key")


def _argon2(passphrase: str, salt: bytes, costs: dict[str, int]) -> bytes:
    from argon2.low_level import Type, hash_secret_raw

    return hash_secret_raw(
        passphrase.encode(),
        salt,
        time_cost=costs["time_cost"],
        memory_cost=costs["memory_kib"],
        parallelism=costs["parallelism"],
        hash_len=KEY_BYTES,
        type=Type.ID,
    )


def _hkdf(signs: str, salt: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), KEY_BYTES, salt, b"couchcal recovery").derive(signs.encode())
