"""What a scenario found, and the table of all of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Tally:
    """The count of one scenario. `seen` is what a person is told, or what comes of it where nothing is told."""

    scenario: str
    rounds: int = 0
    kills: int = 0
    acknowledged: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    seen: str = "the next start goes on"

    @property
    def good(self) -> bool:
        """Whether every promise was kept."""
        return not (self.lost or self.doubled or self.damaged)

    @property
    def complaints(self) -> list[str]:
        """Everything that was wrong."""
        kinds = (("lost", self.lost), ("doubled", self.doubled), ("damaged", self.damaged))
        return [f"{self.scenario}: {kind}: {what}" for kind, found in kinds for what in found]

    def say(self, words: str = "") -> None:
        """A line on how it stands."""
        self_words = (
            f"{self.scenario}: {self.rounds} rounds, {self.kills} kills, {self.acknowledged} acknowledged,"
            f" {len(self.lost)} lost, {len(self.doubled)} doubled, {len(self.damaged)} damaged"
        )
        sys.stdout.write(f"{self_words}{', ' + words if words else ''}\n")
        sys.stdout.flush()


HEADINGS = ("scenario", "rounds", "kills", "acknowledged", "lost", "doubled", "damaged", "what is seen")


def table(tallies: Sequence[Tally]) -> str:
    """All of them as a Markdown table."""
    rows: list[tuple[str, ...]] = [
        (
            each.scenario, f"{each.rounds:,}", f"{each.kills:,}", f"{each.acknowledged:,}", str(len(each.lost)),
            str(len(each.doubled)), str(len(each.damaged)), each.seen,
        )
        for each in tallies
    ]  # fmt: skip
    numbers = [(t.rounds, t.kills, t.acknowledged, len(t.lost), len(t.doubled), len(t.damaged)) for t in tallies]
    rows.append(("all", *(f"{sum(column):,}" for column in zip(*numbers, strict=True)), ""))
    rule = tuple("---" for _ in HEADINGS)
    return "\n".join("| " + " | ".join(row) + " |" for row in (HEADINGS, rule, *rows))
