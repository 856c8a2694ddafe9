"""The keys of `config.toml`: what each may hold, what it is for, and where in the file it is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

THEMES = ("couchcal-dark", "couchcal-light", "couchcal-contrast", "couchcal-ansi")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NAMES = ("id", "initials", "first", "full")
DATE_ORDERS = ("mdy", "dmy", "ymd")
TABLES = ("keys", "google", "mail", "text", "booking", "backup")
"""Tables of their own; `settings_mail` reads the last four."""
GOOGLE = ("client_secrets", "api_url")
"""The keys of `[google]`: the client file's path, the address of the API."""


class Key(NamedTuple):
    """A setting of this computer.

    `read` makes the value of what TOML holds and raises ValueError with the words that are allowed; `words`
    are the values to choose from, empty where it is free text; `unset` says what holds while it is not set; `whole`
    is a number that is typed. A name such as `mail.host` is that of a key in a table.
    """

    name: str
    about: str
    read: Callable[[Any], Any]
    words: tuple[str, ...]
    unset: str
    whole: bool = False

    def from_text(self, text: str) -> Any:
        """The TOML value that `text` stands for.

        Raises:
            ValueError: it is not allowed here; the words say what is.
        """
        text = text.strip()
        lowered = text.lower()
        if self.words == _YES_NO:
            value: Any = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}.get(
                lowered, text
            )
        elif self.whole or (self.words and self.words[0].isdecimal()):
            value = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else text
        else:
            value = lowered if self.words else text
        self.read(value)
        return value

    def to_text(self, value: Any) -> str:
        """A value of `Settings` as people write it, empty where it is not set."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        return WEEKDAYS[value] if self.name == "week_start" else str(value)


def _choice(words: tuple[Any, ...]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) is not type(words[0]) or value not in words:
            raise ValueError(f"use one of {', '.join(str(word) for word in words)}")
        return value

    return read


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("use true or false")
    return value


def _weekday(value: Any) -> int:
    if not isinstance(value, str) or value.lower() not in WEEKDAYS:
        raise ValueError("use a day such as monday or sunday")
    return WEEKDAYS.index(value.lower())


def _time_zone(value: Any) -> str:
    from couchcal.scheduling.wallclock import UnknownZone, zone

    try:
        if value:
            zone(value)
    except (UnknownZone, AttributeError, TypeError):
        raise ValueError("use an IANA name such as Europe/Paris") from None
    return str(value or "")


def _date_order(value: Any) -> Any:
    return value if value == "" else _choice(DATE_ORDERS)(value)


def _calendar_file(value: Any) -> str:
    found = value.strip() if isinstance(value, str) else None
    if found and not (found.startswith(("/", "~/")) or re.match(r"[A-Za-z]:[\\/]", found)):
        found = None
    if found is None or (found and (not found.lower().endswith(".ics") or not found.isprintable())):
        raise ValueError("use the full path of a file that ends in .ics, such as ~/Calendars/practice.ics")
    return found


def _numbers(values: Iterable[int]) -> tuple[str, ...]:
    return tuple(str(value) for value in values)


_YES_NO = ("true", "false")
KEYS = {
    key.name: key
    for key in (
        Key("theme", "colours of the screen", _choice(THEMES), THEMES, "couchcal-dark"),
        Key("ascii", "marks and frames of plain letters only", _boolean, _YES_NO, "the locale decides"),
        Key("clock_24h", "15:00, or 3:00pm", _boolean, _YES_NO, "true"),
        Key("week_start", "the first day of a week on this screen", _weekday, WEEKDAYS, "as the practice has it"),
        Key("row_minutes", "minutes a row of day and week stands for", _choice((15, 30, 60)),
            _numbers((15, 30, 60)), "30"),
        Key("first_hour", "the hour at the top of day and week", _choice(tuple(range(24))),
            _numbers(range(24)), "8"),
        Key("lock_minutes", "minutes untouched until the screen locks; 0 is never, for data that is not encrypted",
            _choice(tuple(range(61))), _numbers(range(61)), "10"),
        Key("names", "how clients are called on screen", _choice(NAMES), NAMES, "full"),
        Key("cli_names", "how clients are called on the command line and in files", _choice(NAMES), NAMES, "id"),
        Key("second_time_zone", "another zone beside the hours of day and week", _time_zone, (), "none"),
        Key("date_order", "how 12/3 is read: month, day or year first", _date_order, DATE_ORDERS,
            "the locale decides"),
        Key("calendar_file", "an .ics file that is kept current for other programs", _calendar_file, (), "none"),
        Key("keep_years", "years after the last session before a client may be forgotten",
            _choice(tuple(range(1, 51))), _numbers(range(1, 51)), "6"),
    )
}  # fmt: skip
"""Every key at the top of the file, in the order of the documentation."""


def read(content: bytes, file: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What the file sets, and what is wrong with it as lines for the person; `file` is what they call it."""
    import tomllib

    text = ""
    try:
        text = content.decode("utf-8-sig")
        data = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return {}, (f"{file} line {line}: this is no UTF-8 text; defaults are used",)
    except tomllib.TOMLDecodeError as error:
        return {}, (f"{file} {_syntax(str(error), text)}; defaults are used",)
    found: dict[str, Any] = {}
    problems = list(_take(data, found))
    if not problems:
        return found, ()
    lines = line_numbers(text)
    return found, tuple(f"{file} line {lines.get(path, 1)}: {words}" for path, words in problems)


def _take(data: dict[str, Any], found: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Put what is right into `found`; yields the path of what is wrong, and the words for it."""
    for name, value in data.items():
        if name == "keys":
            yield from _take_keys(value, found)
        elif name == "google":
            yield from _take_google(value, found)
        elif name in TABLES:
            from couchcal.settings_mail import take

            yield from take(name, value, found)
        elif name not in KEYS:
            yield (name,), f"there is no setting '{name}'{nearest(name, [*KEYS, *TABLES])}"
        else:
            try:
                found[name] = KEYS[name].read(value)
            except ValueError as error:
                yield (name,), f"{name} = {value!r}: {error}"


def _take_keys(table: Any, found: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    if not isinstance(table, dict):
        yield ("keys",), "keys is a table: [keys], then lines such as undo = 'u'"
        return
    found["keys"] = {command: keys for command, keys in table.items() if isinstance(keys, str)}
    for command in table.keys() - found["keys"].keys():
        yield ("keys", command), f"keys.{command}: give the key as text, such as 'u'"


def _take_google(table: Any, found: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    if not isinstance(table, dict):
        yield ("google",), "google is a table: [google], then lines such as client_secrets = 'client_secret.json'"
        return
    for name, value in table.items():
        if name not in GOOGLE:
            yield ("google", name), f"[google] has no '{name}'{nearest(name, GOOGLE)}"
        elif not isinstance(value, str):
            yield ("google", name), f"google.{name}: give it as text in quotes"
        else:
            found[f"google_{name}"] = value


_AT = re.compile(r"(.*?)\s*\(at (?:line (\d+), column (\d+)|end of document)\)$", re.DOTALL)


def _syntax(message: str, text: str) -> str:
    """`line 3: Invalid value at column 9` of the parser's own words."""
    found = _AT.fullmatch(message)
    if found is None:
        return f": {message}"
    if found[2] is None:
        return f"line {len(text.splitlines()) or 1}: {found[1]} at the end"
    return f"line {found[2]}: {found[1]} at column {found[3]}"


def line_numbers(text: str) -> dict[tuple[str, ...], int]:
    """The line on which each key begins, by its path from the top, of TOML that can be parsed.

    The parser tells no lines, so it is given one statement after the other: lines are added until they parse,
    below the header of the table they are in.
    """
    import tomllib

    found: dict[tuple[str, ...], int] = {}
    header, statement, first = "", "", 1
    for number, line in enumerate(text.split("\n"), 1):
        statement += f"{line}\n"
        try:
            data = tomllib.loads(header + statement)
        except tomllib.TOMLDecodeError:
            continue
        for path in _paths(data):
            found.setdefault(path, first)
        if statement.lstrip().startswith("["):
            header = statement
        statement, first = "", number + 1
    return found


def _paths(table: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, value in table.items():
        yield (*above, name)
        if isinstance(value, dict):
            yield from _paths(value, (*above, name))


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'theme'?`, empty where nothing is near."""
    import difflib

    close = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean '{close[0]}'?" if close else ""
