"""Every command once: keys, label, help group, footer, palette entry and the name that `[keys]` remaps.

The screen's method for `GoToDate` is `action_go_to_date`; its name in settings is `go-to-date`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from typing import NamedTuple

from textual.binding import Binding, InvalidBinding
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.types import IgnoreReturnCallbackType

from couchcal.tui.calendar_commands import CALENDAR_COMMANDS
from couchcal.tui.command import Command, display
from couchcal.tui.place_commands import PLACE_COMMANDS

COMMANDS: tuple[type[Command], ...] = (*CALENDAR_COMMANDS, *PLACE_COMMANDS)


class Keymap(NamedTuple):
    """Keys by command id, and what was wrong with the settings."""

    keys: Mapping[str, str]
    problems: tuple[str, ...]

    @property
    def remapped(self) -> dict[str, str]:
        """Only the commands whose keys are not the default ones: Textual walks the whole map on every key."""
        return {
            command.id(): self.keys[command.id()]
            for command in COMMANDS
            if self.keys[command.id()] != _normal(command.keys)
        }

    def shown_first(self, name: str) -> str:
        """The first key of a command, by its id."""
        return display(self.keys[name].split(",")[0])

    def shown(self, command: type[Command]) -> str:
        """The command's keys as people read them."""
        return " ".join(display(key) for key in self.keys[command.id()].split(","))


def keymap(overrides: Mapping[str, str], where: Callable[[str], str] = lambda _name: "keys") -> Keymap:
    """The default keys with the remaps of the settings. A remap that names no command or no key, or takes a
    key that another command has, is left out and reported; `where` says where the settings have it."""
    keys = {command.id(): _normal(command.keys) for command in COMMANDS}
    problems: list[str] = []
    wanted: dict[str, str] = {}
    for name, text in overrides.items():
        if name not in keys:
            problems.append(f"{where(name)}: there is no command '{name}'{_nearest(name, keys)}")
            continue
        try:
            wanted[name] = _normal(text)
        except InvalidBinding:
            problems.append(f"{where(name)}: '{text}' is no key for {name}")
    taken = {key: name for name, text in keys.items() if name not in wanted for key in text.split(",")}
    for name, text in wanted.items():
        clash = next((key for key in text.split(",") if key in taken), None)
        if clash is not None:
            other = taken[clash]
            problems.append(f"{where(name)}: {display(clash)} for {name} belongs to {other}; remap that one too")
            text = ",".join(key for key in keys[name].split(",") if key not in taken) or keys[name]
        keys[name] = text
        taken.update(dict.fromkeys(filter(None, text.split(",")), name))
    return Keymap(keys, tuple(problems))


def bindings(commands: Iterable[type[Command]] = COMMANDS) -> list[Binding]:
    """The commands as bindings with their ids, for `App.set_keymap`."""
    return [
        Binding(command.keys, command.action(), command.label, show=bool(command.footer), id=command.id())
        for command in commands
    ]


@cache
def _normal(text: str) -> str:
    """Keys by their Textual names."""
    return ",".join(binding.key for binding in Binding.make_bindings([Binding(text, "none")]))


def _nearest(name: str, known: Iterable[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean '{close[0]}'?" if close else ""


class CalendarCommands(Provider):
    """The commands in the palette."""

    async def discover(self) -> Hits:
        for command in self._commands():
            yield DiscoveryHit(self._title(command), self._run(command), help=command.help())

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for command in self._commands():
            score = max(matcher.match(command.label), matcher.match(command.help()) * 0.8)
            if score > 0:
                yield Hit(score, matcher.highlight(self._title(command)), self._run(command), help=command.help())

    def _commands(self) -> list[type[Command]]:
        return [command for command in COMMANDS if command.palette]

    def _title(self, command: type[Command]) -> str:
        keys = getattr(self.app, "keys", None)
        key = keys.shown_first(command.id()) if isinstance(keys, Keymap) else display(command.keys.split(",")[0])
        return f"{command.label}  ({key})"

    def _run(self, command: type[Command]) -> IgnoreReturnCallbackType:
        return partial(self.screen.run_action, command.action())
