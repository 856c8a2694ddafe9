"""The data key: 32 random bytes in the OS keyring, in a passphrase-wrapped key file, or in COUCHCAL_KEY_FILE.

`<database>.key` (JSON, 0600) says where the key is: `{"store": "keyring", "id": …}` or
`{"store": "passphrase", …}` with the key wrapped by AES-256-GCM under Argon2id of the passphrase
(RFC 9106, second recommended parameters).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from couchcal.errors import DatabaseProblem

KEY_BYTES = 32
SERVICE = "couchcal"
ALLOWED_BACKENDS = frozenset(
    {
        "keyring.backends.SecretService.Keyring",
        "keyring.backends.kwallet.DBusKeyring",
        "keyring.backends.kwallet.DBusKeyringKWallet4",
        "keyring.backends.libsecret.Keyring",
        "keyring.backends.macOS.Keyring",
        "keyring.backends.Windows.WinVaultKeyring",
        "keyrings.cryptfile.cryptfile.CryptFileKeyring",
    }
)
"""Backends that keep a secret secret; anything else (plain text, null, fail) counts as no keyring."""

AskPassphrase = Callable[[str], str]
KeyStore = Literal["keyring", "passphrase"]
"""Asks a person for a passphrase; the argument is the prompt."""

_ARGON2 = {"time_cost": 3, "memory_kib": 65536, "parallelism": 4}


def sidecar(database: Path) -> Path:
    """The file that says where the key of `database` is."""
    return database.with_name(database.name + ".key")


def usable_keyring() -> Any | None:
    """The first allowed keyring backend of this machine, None if there is none."""
    import keyring
    from keyring.errors import KeyringError

    try:
        backend = keyring.get_keyring()
    except (KeyringError, RuntimeError):
        return None
    for candidate in getattr(backend, "backends", [backend]):
        kind = type(candidate)
        if f"{kind.__module__}.{kind.__qualname__}" in ALLOWED_BACKENDS:
            return candidate
    return None


def create_key(
    database: Path, *, ask: AskPassphrase | None = None, store: KeyStore | None = None
) -> tuple[bytes, str]:
    """Make and keep a data key for a new database; returns it and where it is kept, in words.

    Order: `COUCHCAL_KEY_FILE` (written if missing), `COUCHCAL_PASSPHRASE`, the OS keyring, else `ask`; where
    the environment names no key, `store` chooses between the last two.

    Raises:
        DatabaseProblem: if there is no place to keep it, or a key is kept there for another database already.
    """
    key_file = os.environ.get("COUCHCAL_KEY_FILE")
    if key_file:
        path = Path(key_file).expanduser()
        if not path.exists():
            _write(path, os.urandom(KEY_BYTES).hex().encode() + b"\n")
        return read_key_file(path), f"the key file {path}"
    if sidecar(database).exists():
        raise DatabaseProblem(
            f"{sidecar(database)} is already there", "it may open another database: move it away first"
        )
    key = os.urandom(KEY_BYTES)
    passphrase = os.environ.get("COUCHCAL_PASSPHRASE")
    if not passphrase:
        backend = usable_keyring() if store != "passphrase" else None
        if backend is not None:
            import json
            import secrets

            entry = secrets.token_hex(8)
            with _keyring_errors():
                backend.set_password(SERVICE, entry, key.hex())
            _write(sidecar(database), json.dumps({"store": "keyring", "id": entry}).encode())
            return key, "the keyring of this computer"
        if ask is None or store == "keyring":
            raise DatabaseProblem(
                "there is no keyring here to keep the database key",
                "set COUCHCAL_PASSPHRASE or COUCHCAL_KEY_FILE, or choose init --no-encryption",
                code="no_key_store",
            )
        passphrase = ask("Choose a passphrase for your data: ")
        if not passphrase:
            raise DatabaseProblem("an empty passphrase protects nothing", "choose one of several words")
    _write(sidecar(database), wrap(key, passphrase))
    return key, f"{sidecar(database)}, locked by your passphrase"


def load_key(database: Path, *, ask: AskPassphrase | None = None) -> bytes:
    """The data key of an encrypted database.

    Raises:
        DatabaseProblem: no key to be found, wrong passphrase, key file readable by others.
    """
    key_file = os.environ.get("COUCHCAL_KEY_FILE")
    if key_file:
        return read_key_file(Path(key_file).expanduser())
    place = sidecar(database)
    try:
        content = place.read_bytes()
    except OSError:
        raise DatabaseProblem(
            f"the database {database} is encrypted and its key is not here",
            f"put {place.name} back beside it, or set COUCHCAL_KEY_FILE",
            code="no_key",
        ) from None
    import json

    try:
        record = json.loads(content)
        store = record["store"]
    except (ValueError, TypeError, KeyError):
        raise DatabaseProblem(f"{place} is damaged", "restore it from your backup", code="no_key") from None
    if store == "keyring" and isinstance(record.get("id"), str):
        return _from_keyring(record["id"])
    if store != "passphrase":
        raise DatabaseProblem(f"{place} is damaged", "restore it from your backup", code="no_key")
    passphrase = os.environ.get("COUCHCAL_PASSPHRASE")
    if not passphrase and ask is not None:
        passphrase = ask("Passphrase: ")
    if not passphrase:
        raise DatabaseProblem(
            "the database is locked", "set COUCHCAL_PASSPHRASE or COUCHCAL_KEY_FILE", code="locked"
        )
    return unwrap(record, passphrase)


def _from_keyring(entry: str) -> bytes:
    backend = usable_keyring()
    with _keyring_errors():
        secret = backend.get_password(SERVICE, entry) if backend is not None else None
    try:
        key = bytes.fromhex(secret or "")
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise DatabaseProblem(
            "the keyring of this computer does not have the database key",
            "unlock the keyring, or set COUCHCAL_KEY_FILE",
            code="no_key",
        )
    return key


@contextmanager
def _keyring_errors() -> Iterator[None]:
    from keyring.errors import KeyringError

    try:
        yield
    except (KeyringError, ValueError) as error:
        raise DatabaseProblem(
            f"the keyring of this computer refused: {type(error).__name__}",
            "unlock it, or set COUCHCAL_PASSPHRASE or COUCHCAL_KEY_FILE",
            code="no_key",
        ) from None


def read_key_file(path: Path) -> bytes:
    """The raw key of `COUCHCAL_KEY_FILE`: 64 hexadecimal digits, base64 of 32 bytes, or 32 bytes.

    Raises:
        DatabaseProblem: missing, readable by others, or not a key.
    """
    try:
        mode = path.stat().st_mode
        content = path.read_bytes()
    except OSError:
        raise DatabaseProblem(
            f"the key file {path} cannot be read", "check COUCHCAL_KEY_FILE", code="no_key"
        ) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise DatabaseProblem(
            f"the key file {path} can be read by others", f"chmod 600 {path}", code="key_file_mode"
        )
    if len(content) == KEY_BYTES:
        return content
    text = content.strip()
    try:
        key = bytes.fromhex(text.decode("ascii"))
        if len(key) == KEY_BYTES:
            return key
    except ValueError:
        pass
    import base64
    import binascii

    try:
        key = base64.b64decode(text, validate=True)
        if len(key) == KEY_BYTES:
            return key
    except binascii.Error:
        pass
    raise DatabaseProblem(
        f"{path} holds no key", "it should hold 64 hexadecimal digits (openssl rand -hex 32)", code="no_key"
    )


def wrap(key: bytes, passphrase: str) -> bytes:
    """The key file's content: `key` sealed under `passphrase`."""
    import base64
    import json

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    salt, nonce = os.urandom(16), os.urandom(12)
    sealed = AESGCM(_derive(passphrase, salt, _ARGON2)).encrypt(nonce, key, b"couchcal")
    fields = {"salt": salt, "nonce": nonce, "sealed": sealed}
    encoded = {name: base64.b64encode(value).decode() for name, value in fields.items()}
    return json.dumps({"store": "passphrase", "kdf": "argon2id", **_ARGON2, **encoded}).encode()


def unwrap(record: dict[str, Any], passphrase: str) -> bytes:
    """The key out of a wrapped record.

    Raises:
        DatabaseProblem: wrong passphrase or damaged file.
    """
    import base64

    from argon2.exceptions import HashingError
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        salt, nonce, sealed = (base64.b64decode(record[name]) for name in ("salt", "nonce", "sealed"))
        costs = {name: int(record[name]) for name in _ARGON2}
        return AESGCM(_derive(passphrase, salt, costs)).decrypt(nonce, sealed, b"couchcal")
    except (KeyError, TypeError, ValueError, OverflowError, HashingError):
        raise DatabaseProblem("the key file is damaged", "restore it from your backup", code="no_key") from None
    except InvalidTag:
        raise DatabaseProblem(
            "the passphrase is wrong", "try again; it is the one chosen at init", code="wrong_passphrase"
        ) from None


def _derive(passphrase: str, salt: bytes, costs: dict[str, int]) -> bytes:
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


def _write(path: Path, content: bytes) -> None:
    from couchcal.paths import write_private

    write_private(path, content)
