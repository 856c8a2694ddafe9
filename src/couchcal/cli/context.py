"""The practice a command works on: found, opened or made on first use."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import NamedTuple

from couchcal.cli.plain import note
from couchcal.cli.prompt import passphrase_prompt
from couchcal.clock import local_zone_name, system_clock
from couchcal.clock_words import use_clock_24h
from couchcal.errors import DatabaseProblem, NotFound
from couchcal.practice.agenda import PracticeFacts, local_day, practice_facts
from couchcal.practice.opening import create_practice, locate, open_database
from couchcal.scheduling.wallclock import UnknownZone, to_local, zone
from couchcal.settings import Settings, load
from couchcal.store.connection import Connection, Database, database_errors
from couchcal.store.locations import DatabaseLocation
from couchcal.typed_dates import use_date_order


class Practice(NamedTuple):
    """An open practice: a connection for reading, the database for changes, and the present."""

    database: Database
    connection: Connection
    facts: PracticeFacts
    tz: tzinfo
    now: datetime
    settings: Settings
    names: str

    @property
    def today(self) -> date:
        """The date on the practice's wall clock."""
        return local_day(self.now, self.tz)

    @property
    def now_local(self) -> datetime:
        """The practice's wall clock."""
        return to_local(self.now, self.tz)

    def noted(self, action: str, entity: str, entity_id: int | str = "", fields: str = "") -> None:
        """Write into the audit trail what changes nothing. A busy database does not keep a person from looking."""
        from couchcal.store.audit import note as note_down

        with suppress(DatabaseProblem):
            note_down(self.database, action, entity, entity_id, fields=fields)


@contextmanager
def opened(args: Namespace) -> Iterator[Practice]:
    """The practice of `--db`, closed afterwards; `--names` or the setting say how clients are called.

    Raises:
        DatabaseProblem: it cannot be opened, or made without asking.
    """
    database = open_or_create(locate(args.db))
    try:
        with database_errors(database.path):
            connection = database.connect()
            try:
                yield _practice(database, connection, getattr(args, "names", None))
            finally:
                connection.close()
    finally:
        database.dispose()


def _practice(database: Database, connection: Connection, names: str | None) -> Practice:
    facts = practice_facts(connection)
    try:
        tz = zone(facts.tz)
    except UnknownZone:
        raise DatabaseProblem(
            f"the zone of the practice, {facts.tz}, is not known here", "install the tzdata package"
        ) from None
    settings = load()
    use_date_order(settings.date_order or None)
    use_clock_24h(settings.clock_24h)
    for problem in settings.problems:
        note(problem)
    return Practice(database, connection, facts, tz, system_clock(), settings, names or settings.cli_names)


def open_or_create(path: DatabaseLocation) -> Database:
    """The database at `path`; a new one where there is none and its key can be kept without asking. On a server
    nothing is made without being asked for.

    Raises:
        DatabaseProblem: there is no place for a key (exit code 75), or it cannot be opened.
    """
    try:
        return open_database(path, ask=passphrase_prompt())
    except NotFound as error:
        if error.code != "no_database" or not isinstance(path, Path):
            raise
    try:
        created = create_practice(path, tz=local_zone_name())
    except DatabaseProblem as error:
        if error.code == "exists":  # another process made it meanwhile
            return open_database(path, ask=passphrase_prompt())
        if error.code != "no_key_store":
            raise
        raise DatabaseProblem(
            f"there is no calendar at {path} yet",
            "couchcal init makes one; without a terminal set COUCHCAL_PASSPHRASE or COUCHCAL_KEY_FILE first",
            code="no_database",
        ) from None
    note(f"made {path}; its key is kept in {created.key_place}")
    return created.database
