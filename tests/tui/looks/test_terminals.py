"""The real program on terminals of all kinds: it uses the colours they have, and sends them little."""

from __future__ import annotations

import re

import pytest

from couchcal.store.connection import Database
from tests.support.demo import NOW
from tests.support.terminal import Terminal, environment

pytestmark = pytest.mark.terminal
_RGB, _INDEXED = re.compile(rb"[34]8;2;"), re.compile(rb"[34]8;5;")
_GROUND = re.compile(rb"[;\[]10[0-7][;m]")
"""A bright ground: no more than what is left of a colour that the terminal does not have."""
SIXTEEN, MANY, ALL = "sixteen", "256", "true"
KINDS = [
    ("linux", "", SIXTEEN),
    *(
        pytest.param(*kind, marks=pytest.mark.long)
        for kind in (
            ("xterm", "", SIXTEEN),
            ("screen", "", SIXTEEN),
            ("xterm-256color", "", MANY),
            ("screen-256color", "", MANY),
            ("tmux-256color", "", MANY),
            ("foot", "truecolor", ALL),
            ("xterm-kitty", "truecolor", ALL),
            ("xterm-256color", "truecolor", ALL),
        )
    ),
]


@pytest.mark.parametrize(("term", "colorterm", "colors"), KINDS)
def test_a_terminal_is_sent_colours_that_it_has_and_few_bytes(
    demo: Database, term: str, colorterm: str, colors: str
) -> None:
    env = environment(
        demo.path.parent, NOW, TERM=term, COLORTERM=colorterm, SSH_CONNECTION="10.0.0.1 1 10.0.0.2 22"
    )
    terminal = Terminal(env, "--db", str(demo.path), columns=100, rows=30)
    terminal.until(lambda: "Omar" in terminal.text and "Today" in terminal.text)
    assert bool(_RGB.search(terminal.raw)) == (colors == ALL)
    if colors == SIXTEEN:
        assert not _INDEXED.search(terminal.raw)
        assert not _GROUND.search(terminal.raw)
    for _ in range(3):  # until nothing of the beginning is under way any more
        terminal.read()
    before, there = len(terminal.raw), terminal.text
    terminal.press("j", lambda: terminal.text != there)
    terminal.read()
    assert len(terminal.raw) - before < 2_500
    terminal.send("q")
    assert terminal.finish() == 0
    assert terminal.modes_left_on() == set()
    assert b"Traceback" not in terminal.raw
