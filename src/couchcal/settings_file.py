"""Writing `config.toml`: only what changed, in a file that a person keeps, too; comments and order stay."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

from couchcal.errors import Invalid, Refused
from couchcal.paths import config_file, write_private
from couchcal.settings_keys import line_numbers, read
from couchcal.settings_tables import key_of


def write_settings(changes: Mapping[str, Any], path: Path | None = None) -> None:
    """Set keys to TOML values (None takes a key out, so that its default holds), the rest of the file untouched.

    A key is named as in `settings_tables.known`: `theme`, or `mail.host` in a table. The file is read anew, so that
    what was written by hand meanwhile is kept; it is replaced whole, mode 0600.

    Raises:
        Invalid: there is no such key, or the value is not allowed (`field` names the key).
        Refused: the file is no TOML, or cannot be read or written.
    """
    import tomlkit

    for name, value in changes.items():
        _check(name, value)
    path = path or config_file()
    path = path.resolve() if path.is_symlink() else path  # a link to where dotfiles are kept stays one
    try:
        content = path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}", "check its permissions") from None
    _refuse_broken(content, path.name)
    document = tomlkit.parse(content.decode("utf-8-sig"))
    for name, value in changes.items():
        _put(document, name, value)
    written = tomlkit.dumps(document).encode()
    if written == content:
        return
    try:
        write_private(path, written)
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}", "check its permissions") from None


def _put(document: MutableMapping[str, Any], name: str, value: Any) -> None:
    """Set a key, or take it out; the table it is in is made where it is missing."""
    import tomlkit

    table, _, key = name.rpartition(".")
    if table:
        if table not in document:
            if value is None:
                return
            document[table] = tomlkit.table()
        if not isinstance(document[table], MutableMapping):
            raise Refused(f"{table} is no table in the settings file", f"make it a line [{table}] first")
        document = document[table]
    if value is not None:
        document[key] = value
    elif key in document:
        del document[key]


def _check(name: str, value: Any) -> None:
    key = key_of(name)
    try:
        if value is not None:
            key.read(value)
    except ValueError as error:
        raise Invalid(f"{name} = {value!r} is not allowed", str(error), field=name) from None


def _refuse_broken(content: bytes, file: str) -> None:
    _, problems = read(content, file)
    broken = next((problem for problem in problems if problem.endswith("defaults are used")), None)
    if broken is not None:
        raise Refused(broken.removesuffix("; defaults are used"), "correct that line first; nothing was written")


def place_of(*path: str) -> str:
    """`config.toml line 9` of a key of the settings file, for words on what is wrong there; its path where the
    file does not say."""
    file = config_file()
    try:
        line = line_numbers(file.read_text("utf-8-sig")).get(path)
    except (OSError, UnicodeDecodeError):
        line = None
    return f"{file.name} line {line}" if line is not None else path[0]
