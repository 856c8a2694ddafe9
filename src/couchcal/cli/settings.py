"""`couchcal settings`: what is set on this computer and in the practice, one key at a time."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from couchcal.cli.actions import add_actions
from couchcal.cli.arguments import whole_text
from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice, opened
from couchcal.cli.occurrence_json import write_json, write_json_list
from couchcal.cli.plain import clean, heading, note
from couchcal.cli.prompt import confirmed
from couchcal.errors import Invalid, NotFound
from couchcal.practice import practice_setting_values as values
from couchcal.practice import practice_settings
from couchcal.settings_keys import nearest
from couchcal.settings_tables import key_of, known, value_of

PREFIX = "practice."
_EXAMPLES = {
    "list": "couchcal settings list --json",
    "get": "couchcal settings get practice.tz",
    "set": "couchcal settings set theme couchcal-light",
}


class Setting(NamedTuple):
    """A setting of either store, as it is listed."""

    key: str
    value: Any
    text: str
    about: str
    words: tuple[str, ...]
    unset: str


def _configure(parser: ArgumentParser) -> None:
    action = add_actions(parser, _EXAMPLES, required=False)
    action("list", "every setting with its value")
    _key(action("get", "the value of one setting"))
    setting = action("set", "change one setting")
    _key(setting)
    setting.add_argument("value", metavar="VALUE", nargs="+", type=whole_text, help="'' goes back to the default")
    setting.add_argument("--yes", action="store_true", help="do not ask")


def _key(parser: ArgumentParser) -> None:
    parser.add_argument("key", metavar="KEY", help="theme, mail.host, or practice.tz for a setting of the practice")


def _run(args: Namespace) -> int:
    with opened(args) as practice:
        return _ACTIONS[args.action or "list"](practice, args)


def _list(practice: Practice, args: Namespace) -> int:
    found = list(_settings(practice))
    if args.json:
        write_json_list(_record(setting) for setting in found)
        return 0
    width = max(len(setting.key) for setting in found) + 2
    for title, ours in (("This computer", False), ("The practice", True)):
        sys.stdout.write(f"{heading(title)}\n")
        for setting in found:
            if setting.key.startswith(PREFIX) == ours:
                shown = clean(setting.text) or f"({setting.unset})"
                sys.stdout.write(f"  {setting.key:<{width}}{shown}\n")
    return 0


def _get(practice: Practice, args: Namespace) -> int:
    setting = _find(practice, args.key)
    if args.json:
        write_json(_record(setting))
    else:
        sys.stdout.write(f"{clean(setting.text)}\n")
    return 0


def _set(practice: Practice, args: Namespace) -> int:
    setting = _find(practice, args.key)
    text = " ".join(args.value).strip()
    if setting.key.startswith(PREFIX):
        name = setting.key.removeprefix(PREFIX)
        value = values.from_text(name, text)
        if name == "identifier_mode" and value == "full" != setting.value and not _may_leave(args):
            said = "Nothing was changed"
        else:
            done = practice_settings.change(practice.database, {name: value})
            for kept in done.kept:
                note(f"an upcoming session stays as it is: {kept.reason}")
            said = done.label
    else:
        from couchcal.settings_file import write_settings

        write_settings({setting.key: _of_computer(setting.key, text)})
        said = f"Saved for this computer: {setting.key}"
    if args.json:
        write_json(_record(_find(practice, setting.key, anew=True)))
    else:
        sys.stdout.write(f"{said}\n")
    return 0


def _may_leave(args: Namespace) -> bool:
    """Whether the full names of clients may leave (SYNC-04)."""
    if args.yes:
        return True
    sys.stderr.write(
        "Full names say who your clients are: that is protected health information (PHI). They will stand in the\n"
        "title of every session in Google Calendar, and in mail. A personal Google account has no agreement that\n"
        "covers them (BAA).\n"
    )
    return confirmed("settings set practice.identifier_mode full", "Send full names?")


def _of_computer(name: str, text: str) -> Any:
    if not text:
        return None
    try:
        return key_of(name).from_text(text)
    except ValueError as error:
        raise Invalid(f"{name} = {text!r} is not allowed", str(error), field=name) from None


def _settings(practice: Practice, *, anew: bool = False) -> Iterator[Setting]:
    from couchcal.settings import load

    here = load() if anew else practice.settings
    for key in known().values():
        value = value_of(here, key.name)
        text = key.to_text(value)
        listed = text or None if key.name == "week_start" or value == "" else value
        yield Setting(key.name, listed, text, key.about, key.words, key.unset)
    stored = practice_settings.read(practice.connection)
    for name in values.LABELS:
        value = getattr(stored, name)
        text = values.to_text(name, value)
        plain = text if name == "week_start" else None if name in values.NONE_WORDS and not text else value
        words = tuple(values.to_text(name, word) for word in values.WORDS.get(name, ()))
        about = f"{values.LABELS[name]}: {values.ABOUT[name]}".rstrip(": ")
        yield Setting(f"{PREFIX}{name}", plain, text, about, words, values.NONE_WORDS.get(name, "empty"))


def _find(practice: Practice, key: str, *, anew: bool = False) -> Setting:
    wanted = key.strip().lower().replace("-", "_")
    known = {setting.key: setting for setting in _settings(practice, anew=anew)}
    if wanted not in known:
        hint = nearest(wanted, known).removeprefix("; ") or "couchcal settings lists them"
        raise NotFound(f"there is no setting '{key.strip()[:40]}'", hint)
    return known[wanted]


def _record(setting: Setting) -> dict[str, object]:
    return {
        "key": setting.key,
        "value": setting.value,
        "about": setting.about,
        "allowed": list(setting.words) or None,
    }


_ACTIONS: dict[str, Callable[[Practice, Namespace], int]] = {"list": _list, "get": _get, "set": _set}
HANDLERS = {"settings": Handler(_configure, _run)}
