"""Full-text search over entries and clients, true for every writer because triggers keep it.

Both indexes hold words only (contentless FTS5), inside the same encrypted file as everything else. The rowid of
`entry_search` is `minute of the start << 30 | row id << 1 | table`, table being 0 for appointments and 1 for
external events: matches come by time without sorting, and a range of days is a range of rowids.

Words that begin with U+E000, which nobody types, say what an entry is: `any`, and of cancelled appointments and
of sessions without a signed note what the search offers as `is:`.

Thousands of rows cost half when they are indexed at once and by start. Who writes so many puts the range of their
ids into `entry_search_later`: the appointments of that range leave the index with it, and what has become of them comes
back when the row is deleted. Its reference to nothing is looked at on commit, so that it cannot be forgotten.

The indexes over spans carry the end, so that what is over before a window is passed over without being read.
"""

from __future__ import annotations

from alembic import op

from couchcal.store.migrations.postgresql import on_server
from couchcal.store.migrations.postgresql_search import create_search, drop_search

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_OPTIONS = "content='', columnsize=0, prefix='1 2', tokenize='unicode61 remove_diacritics 2'"
_MARK = "' ' || char(57344) ||"
_ENTRY_COLUMNS = (
    "id", "start_utc", "kind", "status", "title", "place", "instructions", "service", "collateral_name",
    "client_id", "note_signed_at",
)  # fmt: skip
_LATER = """
CREATE TABLE entry_search_later (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    first_id INTEGER NOT NULL,
    last_id INTEGER NOT NULL,
    never INTEGER NOT NULL DEFAULT 0 CHECK (never = 0)
        REFERENCES entry_search_later(id) DEFERRABLE INITIALLY DEFERRED
)
"""
_NAMES = ("internal_id", "first", "last", "preferred")
_OUTSIDE = "NOT EXISTS (SELECT 1 FROM entry_search_later l WHERE {row}.id BETWEEN l.first_id AND l.last_id)"
_SPANS = ("appointment", "external_event")
_STORED_CLIENT = "(SELECT {words} FROM client c WHERE c.id = {row}.client_id)"
_STORED_TYPE = "(SELECT x.type FROM cancellation x WHERE x.appointment_id = {row}.id)"


def _squeezed(column: str) -> str:
    """Names as typed, and once more without apostrophes, so that `obrien` finds O'Brien."""
    return f"{column} || ' ' || replace(replace({column}, '''', ''), char(8217), '')"


def _client_words(row: str) -> str:
    names = " || ' ' || ".join(_squeezed(f"{row}.{name}") for name in ("first", "last", "preferred"))
    return f"{row}.internal_id || ' ' || {names}"


def _key(row: str, table: int) -> str:
    return f"((({row}.start_utc + 62135596800) / 60) << 30) | ({row}.id << 1) | {table}"


def _entry_words(row: str, client: str | None = None, cancelled: str | None = None) -> str:
    """The words of an appointment; `client` and `cancelled` are expressions for what is not stored (any more)."""
    client = client or _STORED_CLIENT.format(words=_client_words("c"), row=row)
    cancelled = cancelled or _STORED_TYPE.format(row=row)
    return (
        f"{row}.title || ' ' || {row}.place || ' ' || {row}.instructions || ' ' || coalesce({row}.service, '')"
        f" || ' ' || {row}.collateral_name || ' ' || coalesce({client}, '') || {_MARK} 'any'"
        f" || CASE WHEN {row}.status = 'cancelled'"
        f" THEN {_MARK} 'cancelled' || coalesce({_MARK} replace({cancelled}, '_', ''), '')"
        f" WHEN {row}.kind = 'client_session' AND {row}.note_signed_at IS NULL THEN {_MARK} 'unsigned'"
        " ELSE '' END"
    )


def _insert(table: str, key: str, words: str, source: str = "") -> str:
    return f"INSERT INTO {table}(rowid, words) SELECT {key}, {words} {source}"


def _delete(table: str, key: str, words: str, source: str = "") -> str:
    """A contentless index forgets a row that it is told again, word for word."""
    return f"INSERT INTO {table}({table}, rowid, words) SELECT 'delete', {key}, {words} {source}"


def _add(row: str, source: str = "", **stored: str) -> str:
    return _insert("entry_search", _key(row, 0), _entry_words(row, **stored), _indexed(row, source))


def _remove(row: str, source: str = "", **stored: str) -> str:
    return _delete("entry_search", _key(row, 0), _entry_words(row, **stored), _indexed(row, source))


def _indexed(row: str, source: str) -> str:
    """`source`, an appointment or several with a condition, less what is to be indexed later."""
    outside = _OUTSIDE.format(row=row)
    return f"{source} AND {outside} ORDER BY {row}.start_utc, {row}.id" if source else f"WHERE {outside}"


def _event_words(row: str) -> str:
    return f"{row}.title || {_MARK} 'any'"


def _contact_words(row: str) -> str:
    return f"{_client_words(row)} || ' ' || {row}.email || ' ' || {row}.phone"


def _trigger(name: str, when: str, *statements: str) -> None:
    op.execute(f"CREATE TRIGGER {name} {when} BEGIN {'; '.join(statements)}; END")


def upgrade() -> None:
    if on_server():
        create_search()
    else:
        _create_search()
    for table in _SPANS:
        op.drop_index(f"ix_{table}_span", table)
        op.create_index(f"ix_{table}_span", table, ["span", "start_utc", "end_utc"])
    if not on_server():
        _fill()


def _create_search() -> None:
    for name in ("entry_search", "client_search"):
        op.execute(f"CREATE VIRTUAL TABLE {name} USING fts5(words, {_OPTIONS})")
    op.execute("CREATE VIRTUAL TABLE entry_search_terms USING fts5vocab(entry_search, 'instance')")
    op.execute(_LATER)
    _appointments()
    _external_events()
    _clients()
    _cancellations()
    _later()


def _fill() -> None:
    op.execute(_add("a", "FROM appointment a WHERE 1"))
    op.execute(_insert("entry_search", _key("e", 1), _event_words("e"), "FROM external_event e ORDER BY 1"))
    op.execute(_insert("client_search", "c.id", _contact_words("c"), "FROM client c ORDER BY 1"))


def _appointments() -> None:
    columns = ", ".join(_ENTRY_COLUMNS)
    _trigger("appointment_search_insert", "AFTER INSERT ON appointment", _add("NEW"))
    _trigger(
        "appointment_search_update",
        f"AFTER UPDATE OF {columns} ON appointment",
        _remove("OLD"),
        _add("NEW"),
    )
    # Before: what hangs on the appointment is deleted with it.
    _trigger("appointment_search_delete", "BEFORE DELETE ON appointment", _remove("OLD"))


def _external_events() -> None:
    def words(row: str) -> tuple[str, str, str]:
        return "entry_search", _key(row, 1), _event_words(row)

    _trigger("external_event_search_insert", "AFTER INSERT ON external_event", _insert(*words("NEW")))
    _trigger(
        "external_event_search_update",
        "AFTER UPDATE OF id, start_utc, title ON external_event",
        _delete(*words("OLD")),
        _insert(*words("NEW")),
    )
    _trigger("external_event_search_delete", "AFTER DELETE ON external_event", _delete(*words("OLD")))


def _later() -> None:
    """Before the row is there and after it is gone, so that it does not hold back its own range.

    The ids are sorted alone and not with their words, of which there may be many megabytes.
    """

    def entries(row: str) -> str:
        return (
            f"FROM (SELECT id FROM appointment WHERE id BETWEEN {row}.first_id AND {row}.last_id"  # noqa: S608  ours
            " ORDER BY start_utc, id LIMIT -1) o CROSS JOIN appointment a ON a.id = o.id"
        )

    key, words = _key("a", 0), _entry_words("a")
    _trigger(
        "entry_search_later_insert",
        "BEFORE INSERT ON entry_search_later",
        "SELECT RAISE(ABORT, 'one range at a time') FROM entry_search_later",
        _delete("entry_search", key, words, entries("NEW")),
    )
    _trigger(
        "entry_search_later_delete",
        "AFTER DELETE ON entry_search_later",
        _insert("entry_search", key, words, entries("OLD")),
    )
    _trigger(
        "entry_search_later_update",
        "BEFORE UPDATE ON entry_search_later",
        "SELECT RAISE(ABORT, 'delete and insert')",
    )


def _clients() -> None:
    """A client's words are in the index of clients, and in that of entries with each of their appointments."""

    def words(row: str) -> tuple[str, str, str]:
        return "client_search", f"{row}.id", _contact_words(row)

    def entries(row: str) -> str:
        return f"FROM appointment a WHERE a.client_id = {row}.id"

    none, old, new = "NULL", _client_words("OLD"), _client_words("NEW")
    _trigger(
        "client_search_insert",
        "AFTER INSERT ON client",
        _insert(*words("NEW")),
        _remove("a", entries("NEW"), client=none),
        _add("a", entries("NEW"), client=new),
    )
    _trigger(
        "client_search_update",
        f"AFTER UPDATE OF {', '.join((*_NAMES, 'email', 'phone'))} ON client",
        _delete(*words("OLD")),
        _insert(*words("NEW")),
    )
    _trigger(
        "client_search_update_entries",
        f"AFTER UPDATE OF {', '.join(_NAMES)} ON client",
        _remove("a", entries("OLD"), client=old),
        _add("a", entries("NEW"), client=new),
    )
    _trigger(
        "client_search_delete",
        "AFTER DELETE ON client",
        _delete(*words("OLD")),
        _remove("a", entries("OLD"), client=old),
        _add("a", entries("OLD"), client=none),
    )


def _cancellations() -> None:
    def of(row: str) -> str:
        return f"FROM appointment a WHERE a.id = {row}.appointment_id"

    none, old, new = "NULL", "OLD.type", "NEW.type"
    gone = (_remove("a", of("OLD"), cancelled=old), _add("a", of("OLD"), cancelled=none))
    come = (_remove("a", of("NEW"), cancelled=none), _add("a", of("NEW"), cancelled=new))
    _trigger("cancellation_search_insert", "AFTER INSERT ON cancellation", *come)
    _trigger("cancellation_search_update", "AFTER UPDATE OF type, appointment_id ON cancellation", *gone, *come)
    _trigger("cancellation_search_delete", "AFTER DELETE ON cancellation", *gone)


def downgrade() -> None:
    if on_server():
        drop_search()
    else:
        _drop_search()
    for table in _SPANS:
        op.drop_index(f"ix_{table}_span", table)
        op.create_index(f"ix_{table}_span", table, ["span", "start_utc"])


def _drop_search() -> None:
    triggers = {
        "appointment": ("insert", "update", "delete"),
        "external_event": ("insert", "update", "delete"),
        "client": ("insert", "update", "update_entries", "delete"),
        "cancellation": ("insert", "update", "delete"),
    }
    for table, events in triggers.items():
        for event in events:
            op.execute(f"DROP TRIGGER {table}_search_{event}")
    for name in ("entry_search_terms", "entry_search", "client_search", "entry_search_later"):
        op.execute(f"DROP TABLE {name}")
