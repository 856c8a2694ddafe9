"""Opening a browser, where there is a screen for one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

_OPENERS = (("xdg-open",), ("gio", "open"), ("x-www-browser",), ("sensible-browser",))


def has_screen() -> bool:
    """Whether a browser of its own window can be opened: not over ssh, and on Unix only with a display.

    Without one the system would start a text browser, which takes the terminal away.
    """
    if os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_TTY"):
        return False
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def open_browser(url: str) -> bool:
    """Open `url` in the browser of the desktop; False if there is none. What it prints goes nowhere."""
    if not has_screen():
        return False
    if sys.platform == "win32":
        try:
            os.startfile(url)  # noqa: S606
        except OSError:
            return False
        return True
    openers = (("open",),) if sys.platform == "darwin" else _OPENERS
    for opener in openers:
        program = shutil.which(opener[0])
        if program is None:
            continue
        try:
            subprocess.Popen(  # noqa: S603  the address is ours
                [program, *opener[1:], url],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            continue
        return True
    return False
