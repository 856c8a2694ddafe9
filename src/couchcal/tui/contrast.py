"""How well one colour can be read on another, by the measure of WCAG 2.2, and colours made to be read."""

from __future__ import annotations

from collections.abc import Iterator

from rich.color import ColorSystem
from textual.color import Color

TEXT = 4.5
"""Least ratio of text to its ground (WCAG 1.4.3, level AA)."""
ENHANCED = 7.0
"""Least ratio in a theme of pure black and white (WCAG 1.4.6, level AAA)."""
MARK = 3.0
"""Least ratio of a mark that tells something (WCAG 1.4.11)."""
_STEPS = 20
_BLACK, _WHITE = Color(0, 0, 0), Color(255, 255, 255)


def ratio(one: Color, other: Color) -> float:
    """From 1, the same brightness, to 21, black on white. Both colours are opaque."""
    return _between(_luminance(one), _luminance(other))


def legible(color: Color, on: Color, toward: Color, least: float = TEXT) -> Color:
    """`color`, or the nearest to it on the way to `toward` and beyond whose ratio to `on` is at least `least`.

    So it is, too, where the terminal rounds both to the nearest of its 256 colours.
    """
    ground, rounded = _luminance(on), _rounded_luminance(on)
    end = _WHITE if _luminance(toward) > ground else _BLACK
    for mixed in _way(color, toward, end):
        if _between(_luminance(mixed), ground) >= least and _between(_rounded_luminance(mixed), rounded) >= least:
            return mixed
    return end


def _way(color: Color, toward: Color, end: Color) -> Iterator[Color]:
    for step in range(_STEPS):
        yield color.blend(toward, step / _STEPS)
    for step in range(_STEPS + 1):
        yield toward.blend(end, step / _STEPS)


def _between(one: float, other: float) -> float:
    return (one + 0.05) / (other + 0.05) if one > other else (other + 0.05) / (one + 0.05)


def _rounded_luminance(color: Color) -> float:
    return _luminance_of(*color.rich_color.downgrade(ColorSystem.EIGHT_BIT).get_truecolor())


def _luminance(color: Color) -> float:
    return _luminance_of(color.r, color.g, color.b)


def _luminance_of(red: int, green: int, blue: int) -> float:
    return 0.2126 * _LINEAR[red] + 0.7152 * _LINEAR[green] + 0.0722 * _LINEAR[blue]


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


_LINEAR = [_linear(value / 255) for value in range(256)]
"""Of each of a colour's 256 values."""
