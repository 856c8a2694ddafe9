"""`couchcal doctor`: what is well and what is not, each with a way to put it right. Changes nothing."""

from __future__ import annotations

import locale
import os
import platform
import shutil
import sqlite3
import stat
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from couchcal import __version__, paths, settings
from couchcal.cli.arguments import add_json
from couchcal.cli.commands import Handler
from couchcal.cli.occurrence_json import write_json_list
from couchcal.cli.plain import one_line
from couchcal.cli.prompt import passphrase_prompt
from couchcal.clock import local_zone_name, system_clock
from couchcal.errors import EXIT_REFUSED, CouchcalError, UsageProblem
from couchcal.practice.opening import locate
from couchcal.scheduling.wallclock import UnknownZone, zone
from couchcal.store import keys, recrypt
from couchcal.store.connection import (
    SCHEMA_HEAD,
    Connection,
    Database,
    database_errors,
    dbapi,
    exists,
    is_encrypted,
    schema_revision,
)

if TYPE_CHECKING:
    from couchcal.store.postgresql.address import Address

SMALLEST_SCREEN = (80, 24)


class Finding(NamedTuple):
    """One line of the report: `state` is ok, warn or fail; `fix` is what to do about it."""

    check: str
    state: str
    detail: str
    fix: str | None = None


class Patient:
    """The database that is looked at, a file; opened once."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def exists(self) -> bool:
        return exists(self.path)

    @cached_property
    def encrypted(self) -> bool:
        return is_encrypted(self.path)

    @property
    def copies_encrypted(self) -> bool:
        """Whether its backups are."""
        return self.encrypted

    @cached_property
    def database(self) -> Database:
        key = keys.load_key(self.path, ask=passphrase_prompt()) if self.encrypted else None
        return Database(self.path, key)

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        with database_errors(self.path), closing(self.database.connect()) as connection:
            yield connection


_P = TypeVar("_P", bound=Patient)


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("part", metavar="google", nargs="?", choices=("google",), help="only the sync")
    parser.add_argument(
        "--probe", action="store_true", help="google: try what is not documented, on a new calendar"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_json(parser)


def _run(args: Namespace) -> int:
    if args.probe:
        from couchcal.cli.doctor_google import run_probe

        if args.part is None:
            raise UsageProblem("--probe is of google", "couchcal doctor google --probe")
        return run_probe(args)
    location = locate(args.db)
    if isinstance(location, Path):
        patient = Patient(location)
        findings = _findings(_CHECKS if args.part is None else (_google,), patient)
    else:
        findings = _findings_on_server(location, args.part)
    if args.json:
        write_json_list(finding._asdict() for finding in findings)
    else:
        width = max(len(finding.check) for finding in findings)
        for finding in findings:
            sys.stdout.write(f"{finding.state:<4}  {finding.check:<{width}}  {one_line(finding.detail)}\n")
            if finding.fix:
                sys.stdout.write(f"{'':{width + 8}}-> {one_line(finding.fix)}\n")
    return EXIT_REFUSED if any(finding.state == "fail" for finding in findings) else 0


def _findings_on_server(address: Address, part: str | None) -> list[Finding]:
    """What is said of a practice on a server; where it cannot be reached, that, and what is of this computer."""
    from couchcal.cli import doctor_server

    patient = doctor_server.ServerPatient(address)
    if part is not None:
        return _findings((_google,), patient)
    first, *others = doctor_server.CHECKS
    found = _safely(first, patient)
    if patient.reached:
        found += [finding for check in others for finding in _safely(check, patient)]
        found += _findings((_schema, _backup, _audit, _google, _mail, _zone_data), patient)
    return found + _findings((_settings_file, _terminal, _locale, _versions), patient)


def _findings(checks: tuple[Callable[[Patient], Iterator[Finding]], ...], patient: Patient) -> list[Finding]:
    return [finding for check in checks for finding in _safely(check, patient)]


def _safely(check: Callable[[_P], Iterator[Finding]], patient: _P) -> list[Finding]:
    """The findings of a check; one that cannot be done is a failure, not the end of the report."""
    name = check.__name__.removeprefix("_")
    try:
        return list(check(patient))
    except CouchcalError as error:
        return [Finding(name, "fail", error.message, error.hint)]
    except OSError as error:
        return [
            Finding(name, "fail", f"{error.filename or patient.path}: {error.strerror}", "check its permissions")
        ]


def _database(patient: Patient) -> Iterator[Finding]:
    if patient.exists:
        yield Finding("database", "ok", f"{patient.path}, {patient.path.stat().st_size:,} bytes")
    else:
        yield Finding("database", "warn", f"there is none at {patient.path} yet", "couchcal init makes one")


def _encryption(patient: Patient) -> Iterator[Finding]:
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


def _key_store(patient: Patient) -> Iterator[Finding]:
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


def _leftovers(patient: Patient) -> Iterator[Finding]:
    left = recrypt.leftovers(patient.path)
    if left:
        names = ", ".join(file.name for file in left)
        fix = "couchcal agenda, or any other command, ends or undoes it"
        yield Finding("leftovers", "warn", f"a change of the key or the encryption was cut short: {names}", fix)
    if not patient.exists and keys.sidecar(patient.path).exists():
        detail = f"{keys.sidecar(patient.path).name} is there without its database"
        yield Finding("leftovers", "warn", detail, "put the database back beside it, or move it away")


def _permissions(patient: Patient) -> Iterator[Finding]:
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


def _integrity(patient: Patient) -> Iterator[Finding]:
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


def _backup(patient: Patient) -> Iterator[Finding]:
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


def _audit(patient: Patient) -> Iterator[Finding]:
    if not patient.exists:
        return
    with patient.connected() as connection:
        if schema_revision(connection) != SCHEMA_HEAD:
            return
        from couchcal.store import audit_anchor, audit_check

        verdict = audit_check.verify(connection, audit_anchor.read(patient.path))
    if verdict.intact:
        yield Finding("audit", "ok", f"{verdict.entries:,} entries, whole")
    else:
        yield Finding("audit", "fail", verdict.reason, "couchcal audit verify; docs/security.md says what to do")


def _schema(patient: Patient) -> Iterator[Finding]:
    if not patient.exists:
        return
    with patient.connected() as connection:
        revision = schema_revision(connection)
    if revision is None:
        yield Finding("schema", "fail", "this is no couchcal database", "choose another with --db")
    elif revision > SCHEMA_HEAD:
        yield Finding("schema", "fail", f"{revision} is newer than this couchcal", "upgrade couchcal")
    elif revision < SCHEMA_HEAD:
        yield Finding("schema", "warn", f"{revision} is older than {SCHEMA_HEAD}", "any other command upgrades it")
    else:
        yield Finding("schema", "ok", revision)


def _google(patient: Patient) -> Iterator[Finding]:
    if not patient.exists:
        yield Finding("google", "ok", "not connected")
        return
    with patient.connected() as connection:
        if schema_revision(connection) != SCHEMA_HEAD:
            return
        from couchcal.cli.doctor_google import findings

        yield from findings(connection, encrypted=patient.encrypted)


def _mail(patient: Patient) -> Iterator[Finding]:
    if not patient.exists:
        return
    with patient.connected() as connection:
        if schema_revision(connection) != SCHEMA_HEAD:
            return
        from couchcal.cli.doctor_mail import findings

        yield from findings(connection)


def _zone_data(patient: Patient) -> Iterator[Finding]:
    names, drifted = {local_zone_name()}, dict[str, int]()
    if patient.exists:
        from couchcal.practice import zone_drift

        with patient.connected() as connection:
            names |= {row[0] for row in connection.execute("SELECT tz FROM practice")}
            if schema_revision(connection) == SCHEMA_HEAD:
                drifted = zone_drift.drifted(connection, system_clock())
    unknown = []
    for name in sorted(names):
        try:
            zone(name)
        except UnknownZone:
            unknown.append(name)
    if unknown:
        yield Finding("zone_data", "fail", f"{', '.join(unknown)} is not known", "install the tzdata package")
    else:
        yield Finding("zone_data", "ok", f"{', '.join(sorted(names))}; tzdata {_version_of('tzdata')}")
    for name, count in sorted(drifted.items()):
        detail = f"{count} entries of series are not at their hour: the rules of {name} have changed"
        yield Finding("zone_data", "warn", detail, "couchcal move ID WHEN --scope future, once for each series")


def _settings_file(_patient: Patient) -> Iterator[Finding]:
    problems = settings.load().problems
    for problem in problems:
        yield Finding("settings", "warn", problem, f"edit {paths.config_file()}")
    if not problems:
        where = paths.config_file()
        yield Finding("settings", "ok", str(where) if where.exists() else f"defaults; {where} is not there")


def _terminal(_patient: Patient) -> Iterator[Finding]:
    if not sys.stdout.isatty():
        yield Finding("terminal", "ok", "output is no terminal: plain text")
        return
    size, name = shutil.get_terminal_size(), os.environ.get("TERM", "")
    if name in ("", "dumb"):
        yield Finding("terminal", "warn", "TERM says nothing of this terminal", "set TERM, such as xterm-256color")
    elif size.columns < SMALLEST_SCREEN[0] or size.lines < SMALLEST_SCREEN[1]:
        detail = f"{size.columns}x{size.lines}"
        yield Finding("terminal", "warn", detail, "make it at least 80x24")
    else:
        colours = os.environ.get("COLORTERM") or "256 or fewer colours"
        yield Finding("terminal", "ok", f"{name}, {size.columns}x{size.lines}, {colours}")


def _locale(_patient: Patient) -> Iterator[Finding]:
    encoding = (sys.stdout.encoding or locale.getpreferredencoding(False)).lower().replace("_", "-")
    if encoding in ("utf-8", "utf8"):
        yield Finding("locale", "ok", encoding)
    else:
        yield Finding("locale", "warn", f"{encoding} cannot show every name", "use a UTF-8 locale, such as C.UTF-8")


def _versions(_patient: Patient) -> Iterator[Finding]:
    parts = [
        f"couchcal {__version__}",
        f"Python {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version}",
        *(f"{name} {_version_of(name)}" for name in ("textual", "sqlmodel", "sqlcipher3")),
        platform.platform(terse=True),
    ]
    yield Finding("versions", "ok", ", ".join(parts))


def _version_of(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


_CHECKS: tuple[Callable[[Patient], Iterator[Finding]], ...] = (
    _database, _encryption, _key_store, _leftovers, _permissions, _integrity, _schema, _backup, _audit, _google,
    _mail, _zone_data, _settings_file, _terminal, _locale, _versions,
)  # fmt: skip


HANDLERS = {"doctor": Handler(_configure, _run)}
