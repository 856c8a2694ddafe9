"""What a command is, and how its keys are called."""

from __future__ import annotations

import re
from functools import cache
from typing import ClassVar

_WORD = re.compile(r"(?<!^)(?=[A-Z])")
_KEY_NAMES = {
    "question_mark": "?", "slash": "/", "asterisk": "*", "escape": "Esc", "enter": "Enter", "delete": "Del",
    "left": "←", "right": "→", "up": "↑", "down": "↓", "pageup": "PgUp", "pagedown": "PgDn", "tab": "Tab",
    "shift+tab": "Shift+Tab", "full_stop": ".", "comma": ",", "plus": "+", "minus": "-", "equals_sign": "=",
    "at": "@", "less_than_sign": "<", "greater_than_sign": ">", "space": "Space",
}  # fmt: skip


class Command:
    """Something the user can do. The docstring of a subclass is what palette and help say of it."""

    keys: ClassVar[str]
    """Textual key names or characters, separated by commas."""
    label: ClassVar[str]
    group: ClassVar[str]
    footer: ClassVar[int] = 0
    """Rank in the status line, 1 first; 0 is not there."""
    palette: ClassVar[bool] = True

    @classmethod
    @cache
    def id(cls) -> str:
        """The name in `[keys]` of the settings: the class name in kebab case."""
        return re.sub(_WORD, "-", cls.__name__).lower()

    @classmethod
    def action(cls) -> str:
        """The action: `action_<name>` is the method that does it."""
        return cls.id().replace("-", "_")

    @classmethod
    def help(cls) -> str:
        """One sentence on what it does."""
        return (cls.__doc__ or cls.label).strip().splitlines()[0].rstrip(".")


def display(key: str) -> str:
    """A key as it is printed on the keyboard."""
    if key in _KEY_NAMES:
        return _KEY_NAMES[key]
    return key.replace("ctrl+", "Ctrl+").replace("shift+", "Shift+")
