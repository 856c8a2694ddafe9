"""What an error of the server means, in one sentence and a hint; never the values, the address or the password."""

from __future__ import annotations

import psycopg
from psycopg import errors

from couchcal.errors import DatabaseProblem

_TLS = ("certificate", "SSL", "tlsv1", "ssl")


def without_values(error: psycopg.Error) -> None:
    """Take the details out of an error: the server puts the row it is about into them."""
    primary = error.diag.message_primary
    if primary:
        error.args = (primary,)


def is_constraint(error: BaseException) -> bool:
    """Whether the server refused a row by a rule of the schema."""
    return isinstance(error, psycopg.IntegrityError)


def describe(error: BaseException) -> DatabaseProblem | None:
    """The problem for a person, None where the error is one of a statement: a constraint, a value, a mistake."""
    if not isinstance(error, psycopg.Error) or is_constraint(error):
        return None
    for kinds, problem in _BY_KIND:
        if isinstance(error, kinds):
            return problem()
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) and error.sqlstate is None:
        return _unconnected(str(error))
    if isinstance(error, psycopg.OperationalError):
        return DatabaseProblem(
            f"the database server refused ({error.sqlstate})", "look into the server's log", code="server"
        )
    return None


def _busy() -> DatabaseProblem:
    return DatabaseProblem("the database is busy", "another program is writing; try again in a moment")


def _gone() -> DatabaseProblem:
    return DatabaseProblem(
        "the database server cannot be reached",
        "check the network and that the server runs; what was saved before is safe",
        code="unreachable",
    )


def _denied() -> DatabaseProblem:
    return DatabaseProblem(
        "the database server refused the sign-in",
        "check the user, the password (~/.pgpass) and the server's pg_hba.conf",
        code="denied",
    )


def _no_database() -> DatabaseProblem:
    return DatabaseProblem(
        "there is no such database on the server", "createdb makes one, couchcal init fills it", code="no_database"
    )


def _read_only() -> DatabaseProblem:
    return DatabaseProblem(
        "the database is read-only", "the server is a copy that follows another, or is set so: use the main one"
    )


def _full() -> DatabaseProblem:
    return DatabaseProblem("the disk of the server is full", "nothing was changed; free some space and try again")


def _rights() -> DatabaseProblem:
    return DatabaseProblem(
        "the user of the database may not do this", "let the role that owns its tables use it", code="rights"
    )


def _crowded() -> DatabaseProblem:
    return DatabaseProblem(
        "the database server takes no more connections", "close other programs, or raise max_connections"
    )


def _no_practice() -> DatabaseProblem:
    return DatabaseProblem("this is no couchcal database", "choose another with --db")


_BY_KIND = (
    ((errors.LockNotAvailable, errors.DeadlockDetected, errors.SerializationFailure), _busy),
    ((errors.InvalidAuthorizationSpecification, errors.InvalidPassword), _denied),
    ((errors.InvalidCatalogName,), _no_database),
    ((errors.DiskFull,), _full),
    ((errors.ReadOnlySqlTransaction,), _read_only),
    ((errors.InsufficientPrivilege,), _rights),
    ((errors.TooManyConnections,), _crowded),
    ((errors.AdminShutdown, errors.CrashShutdown, errors.CannotConnectNow, errors.IdleSessionTimeout), _gone),
    ((errors.UndefinedTable, errors.UndefinedColumn), _no_practice),
)


def _unconnected(text: str) -> DatabaseProblem:
    """A connection that was not made or was lost: the library has words only, no code."""
    if "password" in text or "authentication" in text or "pg_hba" in text or "no encryption" in text:
        return _denied()
    if "does not exist" in text and "database" in text:
        return _no_database()
    if "too many" in text or "remaining connection slots" in text:
        return _crowded()
    if "role" in text and "does not exist" in text:
        return _denied()
    if any(word in text for word in _TLS):
        return DatabaseProblem(
            "the database server's certificate is not trusted, or it speaks no TLS",
            "give sslrootcert=FILE of the one who signed it, and the name the certificate has",
            code="tls",
        )
    return _gone()
