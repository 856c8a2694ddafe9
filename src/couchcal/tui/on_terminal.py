"""An application on a terminal that may be closed at any time."""

from __future__ import annotations

from textual.app import App, ReturnType
from textual.driver import Driver


class OnTerminal(App[ReturnType]):
    """It ends with its terminal, wherever that is one of Unix."""

    def get_driver_class(self) -> type[Driver]:
        known = super().get_driver_class()
        if known.__name__ != "LinuxDriver":
            return known
        from couchcal.tui.driver import SteadyDriver

        return SteadyDriver
