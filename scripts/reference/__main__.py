"""`python -m scripts.reference` writes docs/reference; `--check` says which pages are stale."""

from __future__ import annotations

import sys

from scripts.reference.pages import FOLDER, pages


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` compare them; the exit code."""
    stale = []
    for name, text in pages().items():
        path = FOLDER / name
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    told = (
        f"stale: {', '.join(stale)}; make reference" if "--check" in arguments else f"written: {', '.join(stale)}"
    )
    sys.stdout.write(f"docs/reference: {told if stale else 'as the program is'}\n")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
