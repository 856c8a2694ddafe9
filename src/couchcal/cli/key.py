"""`couchcal key`: where the key of the data is, another passphrase, another place, a recovery code, encryption."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from couchcal.cli.actions import add_actions
from couchcal.cli.commands import Handler
from couchcal.cli.occurrence_json import write_json
from couchcal.cli.prompt import confirmed, new_passphrase, passphrase_prompt, writes_code
from couchcal.errors import NotFound, Refused
from couchcal.practice.opening import locate_file, new_recovery_code, open_database
from couchcal.store import key_changes, keys, recrypt
from couchcal.store.audit import note
from couchcal.store.connection import Database
from couchcal.store.exclusive import alone
from couchcal.store.locations import exists, is_encrypted

_EXAMPLES = {
    "show": "couchcal key show",
    "passphrase": "couchcal key passphrase",
    "move": "couchcal key move keyring",
    "recovery": "couchcal key recovery",
    "encrypt": "couchcal key encrypt",
    "decrypt": "couchcal key decrypt --yes",
}


def _configure(parser: ArgumentParser) -> None:
    action = add_actions(parser, _EXAMPLES)
    action("show", "where the key is; never the key itself")
    action("passphrase", "choose another passphrase; the data stays as it is")
    move = action("move", "keep the key in the keyring, or under a passphrase")
    move.add_argument("place", choices=("keyring", "passphrase"), help="where it shall be")
    action("recovery", "a new recovery code, shown once; the one before it opens nothing any more")
    action("encrypt", "encrypt a database that is not")
    decrypt = action("decrypt", "leave the data readable on the disk")
    decrypt.add_argument("--yes", action="store_true", help="do not ask")


def _run(args: Namespace) -> int:
    path = locate_file(args.db, "it has no key: have the server's disk encrypted")
    if not exists(path):
        raise NotFound(f"there is no calendar at {path} yet", "couchcal init makes one", code="no_database")
    recrypt.tidy(path)
    return _ACTIONS[args.action](args, path)


def _show(args: Namespace, path: Path) -> int:
    encrypted = is_encrypted(path)
    place, passphrase, recovery = _place(path, encrypted)
    if args.json:
        found = {"database": str(path), "encrypted": encrypted, "place": place}
        write_json({**found, "passphrase": passphrase, "recovery_code": recovery})
        return 0
    sys.stdout.write(f"{path} is {'encrypted' if encrypted else 'not encrypted'}.\n")
    if not encrypted:
        sys.stdout.write("Whoever has the disk can read it. couchcal key encrypt encrypts it.\n")
        if place != "none":
            sys.stdout.write(f"{keys.sidecar(path)} opens backups from when it was encrypted.\n")
        return 0
    sys.stdout.write(f"The key is {_WORDS[place].format(file=keys.key_file(), sidecar=keys.sidecar(path))}.\n")
    if place == "keyring" and passphrase:
        sys.stdout.write("A passphrase opens a locked screen, and the data where the keyring is out of reach.\n")
    elif place == "keyring":
        sys.stdout.write("A locked screen opens at a key press; couchcal key passphrase has it ask.\n")
    if recovery:
        sys.stdout.write("There is a recovery code.\n")
    else:
        sys.stdout.write("There is no recovery code: without the key the data is lost. couchcal key recovery\n")
    return 0


_WORDS = {
    "file": "in {file}, which the environment names",
    "elsewhere": "in a file of its own, which COUCHCAL_KEY_FILE has to name",
    "keyring": "in the keyring of this computer",
    "passphrase": "in {sidecar}, locked by your passphrase",
    "none": "not here",
}


def _place(path: Path, encrypted: bool) -> tuple[str, bool, bool]:
    """Where the key is, whether there is a passphrase, and a recovery code."""
    record = keys.read_record(path) if keys.sidecar(path).exists() else None
    recovery = record is not None and "recovery" in record
    passphrase = record is not None and keys.passphrase_wrap(record) is not None
    if encrypted and keys.key_file() is not None:
        return "file", passphrase, recovery
    if record is None:
        return "none", False, False
    return "elsewhere" if record["store"] == "file" else record["store"], passphrase, recovery


def _passphrase(args: Namespace, path: Path) -> int:
    database = _opened(path)
    passphrase = new_passphrase("New passphrase: ")
    with alone(path):
        key_changes.set_passphrase(database, passphrase)
    return _done(args, database, "key passphrase", "The new passphrase holds from now on. The data is as it was.")


def _move(args: Namespace, path: Path) -> int:
    database = _opened(path)
    with alone(path):
        key_changes.move_key(database, args.place, new_passphrase)
    place = _place(path, encrypted=True)[0]
    said = f"The key is {_WORDS[args.place].format(sidecar=keys.sidecar(path))}."
    if place == "file":
        said += f" The environment still names {keys.key_file()}: that one is used while it does."
    return _done(args, database, f"key move {args.place}", said)


def _recovery(args: Namespace, path: Path) -> int:
    database = _opened(path)
    code = new_recovery_code(database)
    note(database, "key", "database", fields="recovery")
    database.dispose()
    if args.json:
        write_json({"recovery_code": code})
        return 0
    writes_code(code)
    return 0


def _encrypt(args: Namespace, path: Path) -> int:
    if is_encrypted(path):
        raise Refused(f"{path} is encrypted already", "couchcal key show says where its key is")
    open_database(path).dispose()
    _key, place = recrypt.encrypt(path, ask=new_passphrase if passphrase_prompt() else None)
    database = open_database(path, ask=passphrase_prompt())
    said = (
        f"{path} is encrypted; the key is kept in {place}.\n"
        "Without the key it is lost: couchcal key recovery makes a recovery code.\n"
        "Backups and copies from before are still readable: delete them."
    )
    return _done(args, database, "key encrypt", said)


def _decrypt(args: Namespace, path: Path) -> int:
    database = _opened(path)
    if not args.yes and not confirmed("key decrypt", "Leave all data readable for whoever has the disk?"):
        raise Refused("nothing was changed", "the data stays encrypted")
    recrypt.decrypt(database)
    readable = Database(path, None)
    said = f"{path} is not encrypted any more: whoever has the disk can read it, sign-ins and all."
    if keys.sidecar(path).exists():
        said += f"\n{keys.sidecar(path)} stays: it opens earlier backups."
    return _done(args, readable, "key decrypt", said)


def _opened(path: Path) -> Database:
    if not is_encrypted(path):
        raise Refused(f"{path} is not encrypted", "couchcal key encrypt encrypts it")
    return open_database(path, ask=passphrase_prompt())


def _done(args: Namespace, database: Database, what: str, said: str) -> int:
    action, _space, fields = what.partition(" ")
    note(database, action, "database", fields=fields)
    database.dispose()
    if args.json:
        write_json({"done": what, "database": str(database.path)})
    else:
        sys.stdout.write(f"{said}\n")
    return 0


_ACTIONS = {
    "show": _show, "passphrase": _passphrase, "move": _move, "recovery": _recovery, "encrypt": _encrypt,
    "decrypt": _decrypt,
}  # fmt: skip

HANDLERS = {"key": Handler(_configure, _run)}
