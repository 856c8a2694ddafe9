"""The table that `make bench` prints."""

from __future__ import annotations

import sys


class Table:
    """Rows of measurement, value, bar and verdict; `missed` counts bars that were not met."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, str, str, str]] = []
        self.missed = 0

    def ratio(self, what: str, seconds: float, floor: float, bar: float, of: str) -> None:
        """A time against a floor measured in the same run."""
        value = seconds / floor
        self._add(what, f"{_ms(seconds)} = {value:.2f} x {_ms(floor)} ({of})", f"<= {bar:g} x", value <= bar)

    def limit(self, what: str, value: float, bar: float, unit: str) -> None:
        """A value against a fixed limit."""
        self._add(what, f"{value:.3g} {unit}", f"<= {bar:g} {unit}", value <= bar)

    def fact(self, what: str, value: str) -> None:
        """Something worth knowing that has no bar."""
        self._add(what, value, "", True)

    def _add(self, what: str, value: str, bar: str, met: bool) -> None:
        self.missed += not met
        row = (what, value, bar, "" if not bar else "ok" if met else "MISSED")
        self._rows.append(row)
        sys.stderr.write("  ".join(row).rstrip() + "\n")

    def text(self) -> str:
        """The table, aligned."""
        rows = [("what", "measured", "bar", ""), *self._rows]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
        ]
        return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]]) + "\n"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 10 else f"{seconds:.1f} s"
