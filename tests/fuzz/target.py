"""What a target of the fuzzing is."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Run = Callable[[bytes], Hashable]
"""Takes an input; what comes back stands for what came of it. Anything it raises is a finding."""
Shape = Literal["text", "lines", "json"]
PART = b"\n%%\n"
"""Between the parts of an input that is several things in a row."""


@dataclass(frozen=True, slots=True)
class Target:
    """One way into the program.

    Attributes:
        prepare: makes what is tried, in a folder of its own; called once in a process.
        seeds: inputs to begin with.
        words: what is put into inputs here and there.
        shape: how inputs are taken apart.
        longest: bytes of an input.
    """

    name: str
    prepare: Callable[[Path], Run]
    seeds: Sequence[bytes]
    words: Sequence[bytes] = ()
    shape: Shape = "text"
    longest: int = 8_192
