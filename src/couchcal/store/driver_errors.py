"""What the drivers of databases say, in words that help."""

from __future__ import annotations

from pathlib import Path

from couchcal.errors import DatabaseProblem


def describe_driver_error(error: BaseException, path: Path | None) -> DatabaseProblem | None:
    """The message for a driver error, None if `error` is none or is a constraint."""
    cause = getattr(error, "orig", None) or error
    if type(cause).__module__.partition(".")[0] == "psycopg":
        from couchcal.store.postgresql.errors import describe

        return describe(cause)
    if type(cause).__module__.partition(".")[0] not in {"sqlite3", "sqlcipher3"}:
        return None
    if type(cause).__name__ in {"IntegrityError", "ProgrammingError", "InterfaceError"}:
        return None
    text = str(cause)
    where = f" ({path})" if path is not None else ""
    if "locked" in text or "busy" in text:
        return DatabaseProblem("the database is busy", "another program is writing; try again in a moment")
    if "not a database" in text or "encrypted" in text:
        return DatabaseProblem(
            f"the key does not open the database{where}", "use the passphrase or key file it was made with"
        )
    if "readonly" in text:
        return DatabaseProblem(
            f"the database is read-only{where}", "check the permissions of the file and its folder"
        )
    if "disk is full" in text or "full" in text:
        return DatabaseProblem("the disk is full", "nothing was changed; free some space and try again")
    if "disk I/O error" in text:
        return DatabaseProblem(
            f"the disk fails to read or write{where}", "nothing was changed; look at its room, limits and health"
        )
    if "unable to open" in text:
        return DatabaseProblem(
            f"the database cannot be opened{where}", "check that the folder exists and is writable"
        )
    if "malformed" in text or "corrupt" in text or type(cause).__name__ == "DatabaseError":
        return damaged(path)
    if "no such table" in text or "no such column" in text:
        return DatabaseProblem(f"this is no couchcal database{where}", "choose another with --db")
    return DatabaseProblem(f"the database refused: {type(cause).__name__}{where}", "run couchcal doctor")


def damaged(path: Path | None) -> DatabaseProblem:
    """For a file whose content makes no sense."""
    where = f" ({path})" if path is not None else ""
    return DatabaseProblem(f"the database is damaged{where}", "restore the last backup")
