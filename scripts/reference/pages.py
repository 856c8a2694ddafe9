"""Every page of docs/reference by its file name."""

from __future__ import annotations

from pathlib import Path

from scripts.reference import commands, exits, json_pages, keys, settings

FOLDER = Path(__file__).parents[2] / "docs" / "reference"


def pages() -> dict[str, str]:
    """The pages as they should be."""
    return {
        "commands.md": commands.page(),
        "keys.md": keys.page(),
        "settings.md": settings.page(),
        "json.md": json_pages.page(),
        "exit-codes.md": exits.page(),
    }
