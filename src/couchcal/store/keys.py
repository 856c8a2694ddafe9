"""Where the data key of a database is: 32 random bytes in the OS keyring, sealed in the key file, or in a file of
its own that the environment names.

`<database>.key` (JSON, 0600) says where: `{"store": "keyring", "id": …}`, `{"store": "passphrase", …}` with the key
sealed under it, or `{"store": "file"}`. Each may have a `recovery` wrap, opened by the recovery code; beside a
keyring there may be a `passphrase` wrap, for when the screen is locked or the keyring is out of reach.
`key_changes` writes it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from couchcal.errors import DatabaseProblem
from couchcal.store.key_wraps import KEY_BYTES, Wrap, read_code, unseal, unseal_by_code

SERVICE = "couchcal"
CREDENTIAL = "couchcal-key"
"""The name of the credential that systemd hands over (`LoadCredential=couchcal-key:…`)."""
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
"""Asks a person for a passphrase; the argument is the prompt."""
KeyStore = Literal["keyring", "passphrase"]
Record = dict[str, Any]
"""What the key file says."""


def sidecar(database: Path) -> Path:
    """The file that says where the key of `database` is."""
    return database.with_name(database.name + ".key")


def usable_keyring() -> Any | None:
    """The first allowed keyring backend of this machine by its priority, None if there is none."""
    import keyring
    from keyring.errors import KeyringError

    try:
        backend = keyring.get_keyring()
    except (KeyringError, RuntimeError):
        return None
    for candidate in getattr(backend, "backends", [backend]):  # a chainer tries several
        kind = type(candidate)
        if f"{kind.__module__}.{kind.__qualname__}" in ALLOWED_BACKENDS:
            return candidate
    return None


def key_file() -> Path | None:
    """The file with the raw key that the environment names: `COUCHCAL_KEY_FILE`, else systemd's credential."""
    named = os.environ.get("COUCHCAL_KEY_FILE")
    if named:
        return Path(named).expanduser()
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    credential = Path(directory) / CREDENTIAL if directory else None
    return credential if credential is not None and credential.exists() else None


def load_key(database: Path, *, ask: AskPassphrase | None = None) -> bytes:
    """The data key of an encrypted database.

    A recovery code does wherever a passphrase is asked for, at the terminal and in `COUCHCAL_PASSPHRASE`.

    Raises:
        DatabaseProblem: no key to be found, wrong passphrase, key file readable by others.
    """
    named = key_file()
    if named is not None:
        return read_key_file(named)
    record = read_record(database)
    prompt = "Passphrase: "
    locked = DatabaseProblem(
        "the database is locked", "set COUCHCAL_PASSPHRASE or COUCHCAL_KEY_FILE", code="locked"
    )
    if record["store"] == "keyring":
        try:
            return from_keyring(record["id"])
        except DatabaseProblem as problem:
            if passphrase_wrap(record) is None and "recovery" not in record:
                raise
            locked, prompt = problem, "Passphrase or recovery code: "
    elif record["store"] == "file":
        locked = DatabaseProblem(
            f"the key of {database} is in a file of its own", "name it with COUCHCAL_KEY_FILE", code="no_key"
        )
        prompt = "Recovery code: "
    words = os.environ.get("COUCHCAL_PASSPHRASE")
    if not words and ask is not None:
        words = ask(prompt)
    if not words:
        raise locked
    return unlocked(database, record, words)


def unlocked(database: Path, record: Record, words: str) -> bytes:
    """`open_record`, and a try that fails is counted: the audit trail will tell of it.

    Raises:
        DatabaseProblem: as there.
    """
    try:
        return open_record(record, words)
    except DatabaseProblem as problem:
        if problem.code == "wrong_passphrase":
            from couchcal.store.failed_tries import failed

            failed(database)
        raise


def asks_for(database: Path, *, again: bool = False) -> str:
    """What a locked screen has to ask for, empty where the place of the key gives it without asking: the keyring of
    a session that is open, or a file.

    Args:
        again: that place did not give it.
    """
    try:
        record = read_record(database)
    except DatabaseProblem:
        return ""
    if passphrase_wrap(record) is not None:
        return "Passphrase"
    return "Recovery code" if again and "recovery" in record else ""


def read_record(database: Path) -> Record:
    """What the key file of `database` says.

    Raises:
        DatabaseProblem: it is missing or damaged.
    """
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

    damaged = DatabaseProblem(f"{place} is damaged", "restore it from your backup", code="no_key")
    try:
        record = json.loads(content)
    except ValueError:
        raise damaged from None
    if not isinstance(record, dict) or record.get("store") not in ("keyring", "passphrase", "file"):
        raise damaged
    if record["store"] == "keyring" and not isinstance(record.get("id"), str):
        raise damaged
    if any(not isinstance(record.get(name, {}), dict) for name in ("passphrase", "recovery")):
        raise damaged
    return record


def passphrase_wrap(record: Record) -> Wrap | None:
    """What a passphrase opens, None where there is no passphrase."""
    return record if record["store"] == "passphrase" else record.get("passphrase")


def open_record(record: Record, words: str) -> bytes:
    """The key, by a passphrase or the recovery code.

    Raises:
        DatabaseProblem: neither (code `wrong_passphrase`), or the file is damaged.
    """
    signs = read_code(words) if "recovery" in record else None
    key = unseal_by_code(record["recovery"], signs) if signs is not None else None
    if key is not None:
        return key
    wrap = passphrase_wrap(record)
    if wrap is None:
        raise DatabaseProblem("this is not the recovery code", "compare it with the paper", code="wrong_passphrase")
    return unseal(wrap, words)


def from_keyring(entry: str) -> bytes:
    """The key that the keyring of this computer has under `entry`.

    Raises:
        DatabaseProblem: there is no keyring, it is locked, or it does not have it.
    """
    backend = usable_keyring()
    with keyring_errors():
        secret = backend.get_password(SERVICE, entry) if backend is not None else None
    try:
        key = bytes.fromhex(secret or "")
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise DatabaseProblem(
            "the keyring of this computer does not have the database key",
            "unlock the keyring, use the recovery code, or set COUCHCAL_KEY_FILE",
            code="no_key",
        )
    return key


@contextmanager
def keyring_errors() -> Iterator[None]:
    """Turn a refusal of the keyring into one clear `DatabaseProblem`."""
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
    """The raw key of a file: 64 hexadecimal digits, base64 of 32 bytes, or 32 bytes.

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
    # systemd grants the service a credential by an access list, whose mask is shown as the group's bits
    others = stat.S_IRWXO if path.name == CREDENTIAL and _is_credential(path) else stat.S_IRWXG | stat.S_IRWXO
    if mode & others:
        raise DatabaseProblem(
            f"the key file {path} can be read by others", f"chmod 600 {path}", code="key_file_mode"
        )
    key = _key_in(content)
    if key is None:
        raise DatabaseProblem(
            f"{path} holds no key", "it should hold 64 hexadecimal digits (openssl rand -hex 32)", code="no_key"
        )
    return key


def _is_credential(path: Path) -> bool:
    return str(path.parent) == os.environ.get("CREDENTIALS_DIRECTORY")


def _key_in(content: bytes) -> bytes | None:
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
    except binascii.Error:
        return None
    return key if len(key) == KEY_BYTES else None
