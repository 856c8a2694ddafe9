"""`make docs-check`: the built site leads nowhere that is not there, and loads nothing from another server."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

SITE = Path(__file__).parents[1] / "build" / "site"
_LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
_OUTSIDE_IN_STYLE = re.compile(r"@import[^;]*//|url\(\s*['\"]?(?:https?:)?//")


class _Page(HTMLParser):
    """The anchors of a page, where it leads, and what it loads."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value for name, value in attrs if value is not None}
        self.anchors |= {named[name] for name in ("id", "name") if name in named}
        if tag == "a" and "href" in named:
            self.links.append(named["href"])
        if tag in _LOADED and _LOADED[tag] in named and named.get("rel") != "canonical":
            self.loaded.append(named[_LOADED[tag]])


def problems(site: Path) -> Iterator[str]:
    """What is wrong with a built site, a line each."""
    pages = {}
    for path in sorted(site.rglob("*.html")):
        pages[path] = _Page()
        pages[path].feed(path.read_text("utf-8"))
    for path, page in pages.items():
        name = path.relative_to(site).as_posix()
        if name == "404.html":  # its links begin at the root of a server
            continue
        yield from (f"{name} loads {address}" for address in page.loaded if urlsplit(address).netloc)
        for address in [*page.links, *page.loaded]:
            if not _leads(path, address, pages, site):
                yield f"{name} leads to {address}"
    for path in sorted(site.rglob("*.css")):
        if _OUTSIDE_IN_STYLE.search(path.read_text("utf-8")):
            yield f"{path.relative_to(site).as_posix()} loads something from elsewhere"


def _leads(path: Path, address: str, pages: dict[Path, _Page], site: Path) -> bool:
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return True
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target.is_dir():
        target /= "index.html"
    if not target.is_file() or site.resolve() not in target.resolve().parents:
        return False
    return not parts.fragment or target not in pages or unquote(parts.fragment) in pages[target].anchors


def main() -> int:
    """Print the problems; the exit code."""
    found = list(problems(SITE.resolve()))
    for line in found:
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"site: {len(list(SITE.rglob('*.html')))} pages, {len(found)} problems\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
