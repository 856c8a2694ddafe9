"""Writing `config.toml`: only what changed, in a file that a person keeps, too; comments and order stay."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
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
    from tomlkit.exceptions import TOMLKitError

    for name, value in changes.items():
        _check(name, value)
    path = path or config_file()
    path = path.resolve() if path.is_symlink() else path  # a link to where dotfiles are kept stays one
    try:
        content = path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}", "check its permissions") from None
    _refuse_broken(content, path.name)
    text = content.decode("utf-8-sig")
    try:
        # without the last line end tomlkit puts what comes next on the same line
        document = tomlkit.parse(text if text.endswith("\n") or not text else f"{text}\n")
        for name, value in changes.items():
            _put(document, name, value, table=tomlkit.table)
        written = tomlkit.dumps(document)
        same = _says(written) == _says(text, changes)
    except (ValueError, TOMLKitError):
        same = False
    if not same:
        raise Refused(f"{path.name} is written in a way that cannot be changed here", "change it by hand")
    if written.removesuffix("\n") == text.removesuffix("\n"):
        return
    try:
        write_private(path, written.encode())
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}", "check its permissions") from None


def _says(text: str, changes: Mapping[str, Any] | None = None) -> str:
    """What TOML means, as text that is the same whenever it means the same, with some keys set.

    Raises:
        ValueError: it is no TOML.
    """
    import json
    import tomllib

    data = tomllib.loads(text)
    for name, value in (changes or {}).items():
        _put(data, name, value, table=dict)
    return json.dumps(data, sort_keys=True, default=repr)


def _put(
    document: MutableMapping[str, Any], name: str, value: Any, *, table: Callable[[], MutableMapping[str, Any]]
) -> None:
    """Set a key, or take it out; the table it is in is made by `table` where it is missing."""
    above, _, key = name.rpartition(".")
    if above:
        if above not in document:
            if value is None:
                return
            document[above] = table()
        if not isinstance(document[above], MutableMapping):
            raise Refused(f"{above} is no table in the settings file", f"make it a line [{above}] first")
        document = document[above]
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
