"""Making and changing where the data key is, so that a process killed at any moment leaves a key that opens.

A change is written down first (`.<database>.key.new`: the new record, and what goes when it holds), then done, then
the note is removed. `settle` ends a change whose process is gone: it holds if the key file has the new record
and the database is encrypted, else it is undone. All of this runs inside `exclusive.alone`.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from couchcal.errors import DatabaseProblem, Refused
from couchcal.paths import private_directory
from couchcal.store.connection import Database
from couchcal.store.key_wraps import KEY_BYTES, new_code, seal, seal_by_code
from couchcal.store.keys import (
    SERVICE,
    AskPassphrase,
    KeyStore,
    Record,
    from_keyring,
    key_file,
    keyring_errors,
    open_record,
    read_key_file,
    read_record,
    sidecar,
    usable_keyring,
)
from couchcal.store.locations import exists, is_encrypted


class NewKey(NamedTuple):
    """A data key, and where it is kept in words."""

    key: bytes
    place: str


def note_of(database: Path) -> Path:
    """The file a change of the key is written down in while it is under way."""
    return database.with_name(f".{database.name}.key.new")


def create_key(database: Path, *, ask: AskPassphrase | None = None, store: KeyStore | None = None) -> NewKey:
    """Make and keep a data key for a database that is not encrypted yet; `settle` ends it once that one is.

    Order: `COUCHCAL_KEY_FILE` (written if missing) or systemd's credential, `COUCHCAL_PASSPHRASE`, the OS keyring,
    else `ask`; where the environment names no key, `store` chooses between the last two.

    Raises:
        DatabaseProblem: if there is no place to keep it, or a key is kept there for another database already.
    """
    named = key_file()
    if named is not None:
        if not named.exists():
            write_durably(named, os.urandom(KEY_BYTES).hex().encode() + b"\n")
        return NewKey(read_key_file(named), f"the key file {named}")
    if sidecar(database).exists():
        raise DatabaseProblem(
            f"{sidecar(database)} is already there", "it may open another database: move it away first"
        )
    key = os.urandom(KEY_BYTES)
    passphrase = os.environ.get("COUCHCAL_PASSPHRASE")
    if not passphrase:
        if store != "passphrase" and usable_keyring() is not None:
            _begin(database, _keyring_record(), key)
            return NewKey(key, "the keyring of this computer")
        if ask is None or store == "keyring":
            raise DatabaseProblem(
                "there is no keyring here to keep the database key",
                "set COUCHCAL_PASSPHRASE or COUCHCAL_KEY_FILE, or choose init --no-encryption",
                code="no_key_store",
            )
        passphrase = ask("Choose a passphrase for your data: ")
    _begin(database, _passphrase_record(key, passphrase), key, words=passphrase)
    return NewKey(key, f"{sidecar(database)}, locked by your passphrase")


def set_passphrase(database: Database, passphrase: str) -> None:
    """Another passphrase for the same key: the data stays as it is.

    Where the keyring has the key, the passphrase is for a locked screen and for when the keyring is out of reach.

    Raises:
        DatabaseProblem: it is empty. Refused: the key is in a file that the environment names.
    """
    record = _record_to_change(database.path)
    if record["store"] == "file":
        raise Refused(_FILE, "couchcal key move passphrase puts the key beside the database")
    key = _proven(database)
    wrap = _sealed(key, passphrase)
    if record["store"] == "keyring":
        _change(database.path, {**record, "passphrase": wrap}, key, words=passphrase)
    else:
        _change(database.path, {**record, **wrap}, key, words=passphrase)


def move_key(database: Database, place: KeyStore, ask: AskPassphrase | None = None) -> None:
    """Keep the key in the keyring alone, or under a passphrase alone. The recovery code stays as it is.

    The new place has been read, and what it gave opens the database, before the old one is given up.

    Raises:
        Refused: it is there already. DatabaseProblem: there is no keyring, it refuses, an empty passphrase.
    """
    record = _record_to_change(database.path)
    more = {"recovery": record["recovery"]} if "recovery" in record else {}
    key = _proven(database)
    retire = record.get("id")
    if place == "keyring":
        if record["store"] == "keyring" and "passphrase" not in record:
            raise Refused("the keyring of this computer keeps the key already", "nothing was changed")
        _keyring()
        _change(database.path, {**_keyring_record(), **more}, key, retire=retire)
        return
    if record["store"] == "passphrase":
        raise Refused("the key is under a passphrase already", "couchcal key passphrase chooses another")
    passphrase = ask("Choose a passphrase for your data: ") if ask is not None else ""
    _change(database.path, {**_passphrase_record(key, passphrase), **more}, key, words=passphrase, retire=retire)


def set_recovery_code(database: Database) -> str:
    """A new recovery code, to be shown once; one that was there before opens nothing any more."""
    record, key, code = _record_to_change(database.path), _proven(database), new_code()
    _change(database.path, {**record, "recovery": seal_by_code(key, code)}, key, words=code)
    return code


def settle(database: Path) -> None:
    """End the change that is written down: give up the old place if the new one holds, else undo what was done."""
    import json

    note = note_of(database)
    try:
        written = json.loads(note.read_bytes())
        record, retire = written["record"], written["retire"]
    except (OSError, ValueError, TypeError, KeyError):  # not written whole: nothing was done yet
        note.unlink(missing_ok=True)
        return
    place = sidecar(database)
    with suppress(OSError, ValueError):
        stored = json.loads(place.read_bytes())
        if stored == record:
            if exists(database) and is_encrypted(database):
                _forget(retire)
            else:
                place.unlink(missing_ok=True)
                _forget(record.get("id"))
        elif record.get("id") != stored.get("id"):
            _forget(record.get("id"))
    if not place.exists():
        _forget(record.get("id"))
    note.unlink(missing_ok=True)


def write_durably(path: Path, content: bytes) -> None:
    """Replace a file, mode 0600, so that it is there whole after a loss of power, too (P1)."""
    private_directory(path.parent)
    temporary = temporary_of(path)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    os.replace(temporary, path)
    sync_folder(path.parent)


def temporary_of(path: Path) -> Path:
    """What `write_durably` writes before it takes the place of `path`."""
    return path.with_name(f".{path.name.lstrip('.')}.tmp")


def sync_folder(folder: Path) -> None:
    """Have the disk keep what was renamed in `folder`, where the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


_FILE = "the key is in the file that the environment names"


def _record_to_change(database: Path) -> Record:
    if not sidecar(database).exists() and key_file() is not None:
        return {"store": "file"}
    return read_record(database)


def _proven(database: Database) -> bytes:
    """The key of an open database, which opens it."""
    if database.key is None:
        raise Refused("the database is not encrypted", "couchcal key encrypt encrypts it")
    database.connect_file().close()
    return database.key


def _keyring_record() -> Record:
    return {"store": "keyring", "id": os.urandom(8).hex()}


def _passphrase_record(key: bytes, passphrase: str) -> Record:
    return {"store": "passphrase", **_sealed(key, passphrase)}


def _sealed(key: bytes, passphrase: str) -> Record:
    if not passphrase:
        raise DatabaseProblem("an empty passphrase protects nothing", "choose one of several words")
    return seal(key, passphrase)


def _change(
    database: Path, record: Record, key: bytes, *, words: str | None = None, retire: str | None = None
) -> None:
    _begin(database, record, key, words=words, retire=retire)
    settle(database)


def _begin(
    database: Path, record: Record, key: bytes, *, words: str | None = None, retire: str | None = None
) -> None:
    """Write the change down and do it; the place is read again before the key file leads there."""
    import json

    if retire == record.get("id"):
        retire = None
    write_durably(note_of(database), json.dumps({"record": record, "retire": retire}).encode())
    try:
        if words is None:
            with keyring_errors():
                _keyring().set_password(SERVICE, record["id"], key.hex())
            found = from_keyring(record["id"])
        else:
            found = open_record(record, words)
        if found != key:
            raise DatabaseProblem("the new place does not give the key back", "nothing was changed", code="no_key")
        write_durably(sidecar(database), json.dumps(record).encode())
    except BaseException:
        settle(database)
        raise


def _keyring() -> Any:
    backend = usable_keyring()
    if backend is None:
        raise DatabaseProblem("there is no keyring here", "couchcal doctor says more", code="no_key_store")
    return backend


def _forget(entry: object) -> None:
    """Take an entry out of the keyring, if it is there and can be taken out."""
    if not isinstance(entry, str):
        return
    from keyring.errors import KeyringError

    backend = usable_keyring()
    if backend is not None:
        with suppress(KeyringError, ValueError):
            backend.delete_password(SERVICE, entry)
