"""What the site has beside docs/: pictures, the change log, how to contribute. mkdocs.yml names it as a hook.

Links that leave docs/ are right where the sources are read. On the site pictures and pages follow them; of a link
to a source file the words stay.
"""

from __future__ import annotations

import posixpath
import re
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
_PAGES = ("CHANGELOG.md", "CONTRIBUTING.md")
_PICTURES = "screenshots"
_WORKER = "https://unpkg.com/iframe-worker/shim"
"""What the theme would load for a search from the disk; `_OUR_WORKER` does it."""
_OUR_WORKER = "assets/frame-worker.js"
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s#]+)(#[^)\s]*)?\)")


def on_config(config: Any) -> Any:
    """Fill in the pages that a star of the navigation stands for."""
    config["nav"] = filled(config["nav"], Path(config["docs_dir"]))
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add what is not below docs/."""
    file_class = import_module("mkdocs.structure.files").File  # mkdocs is in an environment of its own
    pictures = [path.relative_to(ROOT) for path in sorted((ROOT / _PICTURES).iterdir()) if path.suffix != ".py"]
    for name in [*_PAGES, *(path.as_posix() for path in pictures if (ROOT / path).is_file())]:
        files.append(file_class(name, str(ROOT), config["site_dir"], use_directory_urls=False))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Lead links to where the site has what they name."""
    return led(markdown, page.file.src_uri)


def on_post_page(output: str, page: Any, config: Any) -> str:
    """Load nothing from elsewhere."""
    return output.replace(_WORKER, posixpath.relpath(_OUR_WORKER, posixpath.dirname(page.url) or "."))


def on_post_template(output: str, template_name: str, config: Any) -> str:
    """The same for the page on what is not there."""
    return output.replace(_WORKER, f"/{_OUR_WORKER}")


def filled(nav: list[Any], docs: Path) -> list[Any]:
    """A navigation with the pages themselves in the place of names with a star."""
    found: list[Any] = []
    for item in nav:
        if isinstance(item, dict):
            found.append({title: filled(below, docs) for title, below in item.items()})
        elif "*" in item:
            found += sorted(path.relative_to(docs).as_posix() for path in docs.glob(item))
        else:
            found.append(item)
    return found


def led(markdown: str, source: str) -> str:
    """The text of the page `source` with links as the site has them."""
    where = Path(source) if source in _PAGES else Path("docs") / source

    def lead(match: re.Match[str]) -> str:
        mark, words, target, anchor = match.groups()
        if "://" in target or target.startswith("mailto:"):
            return match[0]
        path = posixpath.normpath((where.parent / target).as_posix())
        if path.startswith("docs/"):
            at = path.removeprefix("docs/")
        elif path in _PAGES or path.startswith(f"{_PICTURES}/"):
            at = path
        else:
            return f"`{path}`" if words.strip("`") in (path, Path(path).name, target) else f"{words}"
        shown = posixpath.relpath(at, Path(source).parent.as_posix())
        return f"{mark}[{words}]({shown}{anchor or ''})"

    return _LINK.sub(lead, markdown)
