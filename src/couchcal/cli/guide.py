"""`couchcal guide`: the pages of the documentation, which come with the program."""

from __future__ import annotations

import os
import re
import shutil
import sys
from argparse import ArgumentParser, Namespace
from difflib import get_close_matches
from pathlib import Path

from couchcal.cli.commands import Handler
from couchcal.cli.plain import colour_wanted, heading
from couchcal.errors import NotFound, UsageProblem

PAGES = {
    "start": "guide/start.md",
    "day": "guide/day.md",
    "series": "guide/series.md",
    "clients": "guide/clients.md",
    "hours": "guide/hours.md",
    "requests": "guide/requests.md",
    "finding": "guide/finding.md",
    "files": "guide/files.md",
    "privacy": "guide/privacy.md",
    "faq": "faq.md",
    "google": "google.md",
    "booking": "booking.md",
    "mail": "mail.md",
    "feeds": "feeds.md",
    "background": "background.md",
    "install": "install.md",
    "settings": "settings.md",
    "backups": "backups.md",
    "security": "security.md",
    "accessibility": "accessibility.md",
    "postgresql": "postgresql.md",
    "reliability": "reliability.md",
    "commands": "reference/commands.md",
    "keys": "reference/keys.md",
    "all-settings": "reference/settings.md",
    "json": "reference/json.md",
    "exit-codes": "reference/exit-codes.md",
}
"""Every page by the name it is asked for, and its file below the documentation's folder in the sources."""
SHIPPED = Path(__file__).parents[1] / "guide"
"""Where an installed program has them, each under its name."""
_SOURCES = Path(__file__).parents[3] / "docs"
_WIDEST = 100
_STYLES = {"markdown.code": "bold cyan", "markdown.h2": "bold", "markdown.h3": "bold italic"}
"""Instead of rich's, which paint a background or need a dark one."""
_IMAGE = re.compile(r"^!\[[^\]]*\]\([^)]*\)\n?", re.M)
_LINK = re.compile(r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^)\s]*)\)")
_ELSEWHERE = ("http:", "https:", "mailto:")


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "page",
        metavar="PAGE",
        nargs="?",
        type=_page,
        choices=tuple(PAGES),
        help=f"one of {', '.join(PAGES)}; without it, what they are about",
    )


def _page(word: str) -> str:
    if word not in PAGES:
        close = get_close_matches(word, PAGES, 1)
        hint = f"did you mean {close[0]}?" if close else "see couchcal guide"
        raise UsageProblem(f"there is no page '{word}'", hint)
    return word


def _run(args: Namespace) -> int:
    if args.page is None:
        width = max(map(len, PAGES))
        for name in PAGES:
            title = page_text(name).partition("\n")[0].removeprefix("# ")
            sys.stdout.write(f"{heading(f'{name:<{width}}')}  {title}\n")
    elif sys.stdout.isatty():
        _show(for_terminal(page_text(args.page)))
    else:
        sys.stdout.write(page_text(args.page))
    return 0


def page_text(name: str) -> str:
    """A page as Markdown.

    Raises:
        NotFound: this installation has no documentation.
    """
    for path in (SHIPPED / f"{name}.md", _SOURCES / PAGES[name]):
        try:
            return path.read_text("utf-8")
        except FileNotFoundError:
            continue
    raise NotFound(f"the page '{name}' is not installed", f"couchcal was packed without {SHIPPED}; install it anew")


def for_terminal(text: str) -> str:
    """A page without what a terminal cannot show: pictures, and links, but for the names of other pages and the
    addresses of other places."""
    names = {Path(file).as_posix().rpartition("/")[2]: name for name, file in reversed(PAGES.items())}

    def link(found: re.Match[str]) -> str:
        words, target = found[1], found[2].partition("#")[0]
        if target.startswith(_ELSEWHERE):
            return f"{words} ({found[2]})" if found[2] != words else words
        name = "all-settings" if target.endswith("reference/settings.md") else names.get(target.rpartition("/")[2])
        return f"{words} (`couchcal guide {name}`)" if target and name else words

    return _LINK.sub(link, _IMAGE.sub("", text))


def _show(text: str) -> None:
    """Print Markdown, page by page where it is longer than the screen."""
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.theme import Theme

    columns, lines = shutil.get_terminal_size()
    coloured = colour_wanted()
    console = Console(
        width=min(columns, _WIDEST),
        color_system="auto" if coloured else None,
        highlight=False,
        theme=Theme(_STYLES),
    )
    with console.capture() as captured:
        console.print(Markdown(text, hyperlinks=False, code_theme="ansi_light"))
    shown = captured.get()
    if shown.count("\n") < lines:
        sys.stdout.write(shown)
        return
    from pydoc import pager

    os.environ.setdefault("LESS", "-R")  # else it shows the codes of bold and colour as letters
    pager(shown)


HANDLERS = {"guide": Handler(_configure, _run)}
