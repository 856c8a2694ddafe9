"""What `couchcal doctor` says of a practice on a server: the way to it, its rights, its settings, its clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import cached_property
from statistics import median
from typing import TYPE_CHECKING, Any

from couchcal.cli.doctor_patient import Finding, Patient
from couchcal.paths import private_directory
from couchcal.practice.server_opening import OLDEST
from couchcal.store.connection import Connection, Database, schema_revision
from couchcal.store.locations import database_at

if TYPE_CHECKING:
    from couchcal.store.postgresql.address import Address

SLOW_MS = 50
"""A screen asks a few times: from here on one waits for it."""
_APART_S = 5
_LOOKS = 7


class ServerPatient(Patient):
    """A practice on a server. Its backups here are encrypted; the server's disk is the server's."""

    def __init__(self, address: Address) -> None:
        super().__init__(address.place)
        self.address = address
        self.reached = False
        """Whether the server has answered."""

    @cached_property
    def exists(self) -> bool:
        with self.connected() as connection:
            return schema_revision(connection) is not None

    @cached_property
    def encrypted(self) -> bool:
        return False

    @property
    def copies_encrypted(self) -> bool:
        return True

    @cached_property
    def database(self) -> Database:
        private_directory(self.path.parent)
        return database_at(self.address)


def server(patient: ServerPatient) -> Iterator[Finding]:
    """Whether it answers, how fast, and what it is."""
    with patient.connected() as connection:
        patient.reached = True
        version = int(_one(connection, "SELECT current_setting('server_version_num')"))
        words = _one(connection, "SELECT current_setting('server_version')").split()[0]
        took = median(_round_trip(connection) for _ in range(_LOOKS)) * 1000
        copy = _one(connection, "SELECT pg_is_in_recovery()")
        encoding = _one(connection, "SELECT current_setting('server_encoding')")
        apart = _seconds_apart(connection)
    where = f"PostgreSQL {words} at {patient.address}, answers in {took:.1f} ms"
    if version < OLDEST:
        yield Finding("server", "fail", where, "couchcal needs PostgreSQL 14 or newer")
    elif copy:
        yield Finding("server", "fail", f"{where}; it follows another and takes no writes", "use the main one")
    elif took > SLOW_MS:
        yield Finding("server", "warn", where, "screens wait for it: a server that is nearer, or a better line")
    else:
        yield Finding("server", "ok", where)
    if not patient.exists:
        yield Finding("database", "warn", "there is no practice in it yet", "couchcal init makes one")
    if encoding != "UTF8":
        yield Finding("encoding", "fail", f"{encoding} cannot keep every name", "createdb --encoding=UTF8")
    if apart > _APART_S:
        detail = f"the server's clock and this computer's are {apart:.0f} seconds apart"
        yield Finding("clock", "warn", detail, "set both by the network (NTP): holds and reminders go by the clock")


def tls(patient: ServerPatient) -> Iterator[Finding]:
    """Whether others on the way can read."""
    local = patient.address.local
    with patient.connected() as connection:
        encrypted, version, cipher = connection.execute(
            "SELECT ssl, version, cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        ).fetchone()
    mode = patient.address.parameters().get("sslmode", "")
    if not encrypted and local:
        yield Finding("tls", "ok", "not needed: the server is on this computer")
    elif not encrypted:
        yield Finding("tls", "fail", "the connection is not encrypted", "turn ssl on in the server's settings")
    elif mode == "verify-full" or local:
        yield Finding("tls", "ok", f"{version}, {cipher}{', the certificate is checked' if mode else ''}")
    else:
        fix = "leave sslmode out, or give verify-full, with sslrootcert=FILE for an authority of your own"
        yield Finding("tls", "warn", f"{version}, but nobody checks whose server it is ({mode})", fix)


def rights(patient: ServerPatient) -> Iterator[Finding]:
    """Whether the role may do what it has to, and not much more."""
    with patient.connected() as connection:
        role = _one(connection, "SELECT current_user")
        superuser = _one(connection, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        others = _one(
            connection,
            "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"
            " AND NOT pg_has_role(tableowner, 'USAGE')",
        )
    if others:
        detail = f"{others} tables are not those of {role}"
        yield Finding("rights", "fail", detail, "ALTER TABLE … OWNER TO the role, or use the role that owns them")
    elif superuser:
        fix = "CREATE ROLE couchcal LOGIN, and let it own the database"
        yield Finding("rights", "warn", f"{role} may do everything on the server", fix)
    else:
        yield Finding("rights", "ok", f"{role} owns its tables, and is no superuser")


def durability(patient: ServerPatient) -> Iterator[Finding]:
    """Whether what was acknowledged outlives a power cut, and whether every rule of the schema is switched on."""
    with patient.connected() as connection:
        loose = [
            name
            for name in ("fsync", "full_page_writes", "synchronous_commit")
            if _one(connection, f"SELECT current_setting('{name}')") == "off"
        ]
        idle = _one(
            connection,
            "SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE t.tgenabled = 'D' AND c.relnamespace = to_regnamespace(current_schema())",
        )
    if loose:
        detail = f"a power cut takes what was saved: {', '.join(loose)} is off"
        yield Finding("durability", "warn", detail, "turn it on in postgresql.conf")
    else:
        yield Finding("durability", "ok", "what was saved is on the server's disk")
    if idle:
        detail = f"{idle} rules of the schema are switched off"
        yield Finding("integrity", "fail", detail, "ALTER TABLE … ENABLE TRIGGER ALL, and ask who did it")


CHECKS: tuple[Callable[[ServerPatient], Iterator[Finding]], ...] = (server, tls, rights, durability)


def _one(connection: Connection, query: str) -> Any:
    return connection.execute(query).fetchone()[0]


def _round_trip(connection: Connection) -> float:
    begin = time.perf_counter()
    connection.execute("SELECT 1").fetchone()
    return time.perf_counter() - begin


def _seconds_apart(connection: Connection) -> float:
    """How far the clocks are apart, at least: what the question took may be on either side."""
    before = time.time()
    there = float(_one(connection, "SELECT CAST(extract(epoch FROM clock_timestamp()) AS double precision)"))
    after = time.time()
    return max(0.0, before - there, there - after)
