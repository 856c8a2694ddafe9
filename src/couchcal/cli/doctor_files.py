"""What `couchcal doctor` says of the database as a file: its key, its permissions, its pages, its copies."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from couchcal import paths, settings
from couchcal.cli.doctor_patient import Finding, Patient
from couchcal.clock import system_clock
from couchcal.store import keys, recrypt
from couchcal.store.connection import dbapi


def database(patient: Patient) -> Iterator[Finding]:
    """Where it is, and whether it is there."""
    if patient.exists:
        yield Finding("database", "ok", f"{patient.path}, {patient.path.stat().st_size:,} bytes")
    else:
        yield Finding("database", "warn", f"there is none at {patient.path} yet", "couchcal init makes one")


def encryption(patient: Patient) -> Iterator[Finding]:
    """Whether the file can be read without a key."""
    if not patient.exists:
        yield Finding("encryption", "ok", "a new database will be encrypted")
    elif patient.encrypted:
        yield Finding("encryption", "ok", f"encrypted by SQLCipher {_cipher_version()}")
    else:
        yield Finding(
            "encryption",
            "warn",
            "the database is not encrypted",
            "couchcal key encrypt, or encrypt the whole disk",
        )


def _cipher_version() -> str:
    with closing(dbapi(True).connect(":memory:")) as connection:
        row = connection.execute("PRAGMA cipher_version").fetchone()
    return str(row[0]) if row else "of an unknown version"


def key_store(patient: Patient) -> Iterator[Finding]:
    """Where the key is, whether it opens the database, and whether it can be got back."""
    location = keys.key_file()
    if patient.exists and not patient.encrypted:
        yield Finding("key_store", "ok", "no key is needed")
    elif location is not None:
        if patient.exists or location.exists():
            keys.read_key_file(location)
        source = "COUCHCAL_KEY_FILE" if os.environ.get("COUCHCAL_KEY_FILE") else "systemd's credential"
        yield Finding("key_store", "ok", f"{source}, {location}")
    elif patient.exists:
        with patient.connected():
            pass
        record = keys.read_record(patient.path)
        where = {"keyring": f"the keyring of this computer ({_keyring_name()})", "passphrase": "your passphrase"}
        yield Finding("key_store", "ok", f"{where.get(record['store'], 'a file of its own')} opens the database")
        if "recovery" not in record:
            yield Finding(
                "recovery",
                "warn",
                "there is no recovery code: without the key all is lost",
                "couchcal key recovery",
            )
    elif os.environ.get("COUCHCAL_PASSPHRASE"):
        yield Finding("key_store", "ok", "a key file locked by COUCHCAL_PASSPHRASE")
    elif keys.usable_keyring() is not None:
        yield Finding("key_store", "ok", "the keyring of this computer")
    else:
        yield Finding(
            "key_store",
            "warn",
            "there is no keyring here",
            "couchcal init asks for a passphrase; or set COUCHCAL_PASSPHRASE or COUCHCAL_KEY_FILE",
        )


def _keyring_name() -> str:
    backend = keys.usable_keyring()
    return "out of reach" if backend is None else type(backend).__module__.rpartition(".")[2]


def leftovers(patient: Patient) -> Iterator[Finding]:
    """What a change of the key that was cut short has left, and a key without its database."""
    left = recrypt.leftovers(patient.path)
    if left:
        names = ", ".join(file.name for file in left)
        fix = "couchcal agenda, or any other command, ends or undoes it"
        yield Finding("leftovers", "warn", f"a change of the key or the encryption was cut short: {names}", fix)
    if not patient.exists and keys.sidecar(patient.path).exists():
        detail = f"{keys.sidecar(patient.path).name} is there without its database"
        yield Finding("leftovers", "warn", detail, "put the database back beside it, or move it away")


def permissions(patient: Patient) -> Iterator[Finding]:
    """Whether other users of this computer can read the files."""
    path = patient.path
    private = [path, keys.sidecar(path), paths.config_file(), path.with_name(f"{path.name}-wal"), path.parent]
    open_ones = [
        place for place in private if place.exists() and place.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    ]
    own = [place for place in open_ones if place != path.parent or place == paths.data_directory()]
    for place in own:
        mode = "700" if place.is_dir() else "600"
        yield Finding("permissions", "fail", f"{place} is open to others", f"chmod {mode} {place}")
    if not own:
        yield Finding("permissions", "ok", "only you can read the files")


def integrity(patient: Patient) -> Iterator[Finding]:
    """Whether every page is as it was written, and every reference leads somewhere."""
    if not patient.exists:
        return
    with patient.connected() as connection:
        damage = [row[0] for row in connection.execute("PRAGMA integrity_check(5)") if row[0] != "ok"]
        if patient.encrypted:
            # It reads the file alone. A page that a power cut tore on its way there is whole in the log, still.
            with suppress(Exception):  # a place that takes no writes
                connection.execute("PRAGMA wal_checkpoint").fetchone()
            damage += [str(row[0]) for row in connection.execute("PRAGMA cipher_integrity_check")]
        orphans = len(connection.execute("PRAGMA foreign_key_check").fetchall())
    if damage or orphans:
        what = f"{len(damage)} damaged pages" if damage else f"{orphans} rows lead nowhere"
        yield Finding("integrity", "fail", what, "restore the last good copy")
    else:
        yield Finding("integrity", "ok", "every page of the database is sound")


def backup(patient: Patient) -> Iterator[Finding]:
    """Whether there is a copy that is fresh, and that opens on another computer."""
    if not patient.exists:
        return
    from couchcal.store import backup

    found = backup.existing(patient.path)
    away = settings.load().backup.copy_to
    if not found:
        yield Finding("backup", "warn", "there is none yet", "couchcal backup, or leave couchcal worker running")
    else:
        hours = (system_clock() - found[0].made_at).total_seconds() / 3600
        words = f"{found[0].path.name}, {hours:.0f} hours old, {len(found)} in all"
        if hours * 3600 > backup.FRESH_S:
            yield Finding("backup", "warn", words, "couchcal backup, or leave couchcal worker running at night")
        else:
            yield Finding("backup", "ok", words)
    if found and patient.copies_encrypted and keys.key_file() is None:
        record = keys.read_record(patient.path)
        if record["store"] == "keyring" and keys.passphrase_wrap(record) is None and "recovery" not in record:
            words = "their key is in the keyring of this computer alone: they open nowhere else"
            yield Finding("backup", "warn", words, "couchcal key recovery, and keep the code on paper")
    if away and not Path(away).expanduser().is_dir():
        yield Finding("backup", "warn", f"{away} is not there", "connect the disk, or change backup.copy_to")
    elif away and patient.exists and not patient.copies_encrypted:
        yield Finding("backup", "warn", f"readable data is copied to {away}", "couchcal key encrypt protects it")
