"""The calendar in tmux, and what tmux and a terminal keep of it."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

TMUX = shutil.which("tmux")
PATIENCE_S = 40.0
_OSC = re.compile(rb"\x1b[\]k]([^\x07\x1b]*)")


class Tmux:
    """One window, 120 by 36, with a shell's prompt's worth of history before the program.

    Args:
        argv: the program; its window stays when it ends.
    """

    def __init__(self, folder: Path, env: Mapping[str, str], argv: list[str]) -> None:
        self._env = {**env, "TERM": "xterm-256color", "TMUX": ""}
        self._base = ["tmux", "-f", "/dev/null", "-S", str(folder / "socket")]
        self.raw = folder / "raw"
        self.raw.touch()
        self.titles: set[str] = set()
        ready = folder / "ready"
        wait = f"while [ ! -e {shlex.quote(str(ready))} ]; do sleep 0.05; done"
        line = f"{wait}; {shlex.join(argv)}; echo ended $?; sleep 999"
        self.run("new-session", "-d", "-x", "120", "-y", "36", line)
        self.run("set-option", "-g", "set-titles", "on")
        self.run("pipe-pane", f"cat >> {shlex.quote(str(self.raw))}")
        ready.touch()

    def run(self, *argv: str) -> str:
        """A command of tmux; what it prints."""
        return subprocess.run(
            [*self._base, *argv], env=self._env, capture_output=True, text=True, check=True
        ).stdout

    def close(self) -> None:
        """End it with all that runs in it."""
        subprocess.run([*self._base, "kill-server"], env=self._env, check=False, capture_output=True)

    @property
    def text(self) -> str:
        """What the window shows. The titles of that moment are kept."""
        names = "#{pane_title}\n#{window_name}\n#{session_name}\n#{pane_current_path}\n#{buffer_sample}"
        self.titles.add(self.run("display-message", "-p", names))
        return self.run("capture-pane", "-p")

    @property
    def history(self) -> str:
        """All that can be scrolled back to."""
        return self.run("capture-pane", "-p", "-S", "-")

    @property
    def pids(self) -> list[int]:
        """The processes of the window, the program's own first."""
        shell = int(self.run("display-message", "-p", "#{pane_pid}"))
        found = Path(f"/proc/{shell}/task/{shell}/children").read_text("ascii").split()
        return [int(pid) for pid in found]

    def until(self, seen: str | Callable[[str], bool]) -> str:
        """What is shown once that is to be seen."""
        end = time.monotonic() + PATIENCE_S
        while True:
            text = self.text
            if seen in text if isinstance(seen, str) else seen(text):
                return text
            assert time.monotonic() < end, f"{seen}\n{text}"
            time.sleep(0.05)

    def press(self, *keys: str, seen: str | Callable[[str], bool]) -> str:
        """Send keys by their names, and wait for what they bring about."""
        self.run("send-keys", *keys)
        return self.until(seen)

    def type(self, text: str) -> None:
        """Send letters."""
        self.run("send-keys", "-l", text)

    def told(self) -> Iterator[tuple[str, bytes]]:
        """What a terminal keeps or shows elsewhere: titles, names of windows, what goes to a clipboard."""
        for number, content in enumerate(_OSC.findall(self.raw.read_bytes())):
            yield f"control string {number}", content
        for title in self.titles:
            yield "title", title.encode()
        yield "buffers", self.run("list-buffers").encode()
