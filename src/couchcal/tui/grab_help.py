"""What the keys do while an entry is moved, for the help."""

from __future__ import annotations

GRAB_HELP: tuple[tuple[str, str], ...] = (
    ("j k ↓ ↑", "15 minutes; in the month a week"),
    ("h l ← →", "A day"),
    ("J K", "An hour"),
    (", .", "5 minutes"),
    ("< >", "1 minute"),
    ("H L", "A week"),
    ("+ -", "Longer, shorter"),
    ("o", "Other end"),
    ("=", "Type the time"),
    ("f", "Next free slot"),
    ("s", "This one, or this and all future"),
    ("Enter Space", "Drop: saves"),
    ("Esc q", "Put back: nothing changes"),
)
