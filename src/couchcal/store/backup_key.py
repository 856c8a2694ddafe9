"""The key of backups of a practice on a server: the server needs none, but copies of it lie on this machine."""

from __future__ import annotations

from couchcal.errors import DatabaseProblem
from couchcal.store import key_changes, keys
from couchcal.store.connection import Database
from couchcal.store.exclusive import alone


def backup_key(database: Database) -> bytes:
    """The key that this machine encrypts its backups of a server's practice with, made with the first of them.

    It is kept as that of a file would be: in the keyring, under `COUCHCAL_PASSPHRASE`, or in `COUCHCAL_KEY_FILE`.

    Raises:
        DatabaseProblem: there is no place to keep it (code `no_key_store`), or it is not found.
    """
    named = keys.key_file()
    if named is not None and named.exists():
        return keys.read_key_file(named)
    with alone(database.path):
        key_changes.settle(database.path)
        if named is None and keys.sidecar(database.path).exists():
            return keys.load_key(database.path)
        try:
            made = key_changes.create_key(database.path)
        except DatabaseProblem as problem:
            if problem.code != "no_key_store":
                raise
            raise DatabaseProblem(
                "there is no keyring here to keep the key of the backups",
                "set COUCHCAL_KEY_FILE to a file for it, or COUCHCAL_PASSPHRASE",
                code="no_key_store",
            ) from None
        # It holds from here on; there is no file beside it whose encryption could say so.
        key_changes.note_of(database.path).unlink(missing_ok=True)
        return made.key
