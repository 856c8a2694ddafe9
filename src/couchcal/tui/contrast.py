"""How well one colour can be read on another, by the measure of WCAG 2.2, and colours made to be read."""

from __future__ import annotations

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
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def legible(color: Color, on: Color, toward: Color, least: float = TEXT) -> Color:
    """`color`, or the nearest to it on the way to `toward` and beyond whose ratio to `on` is at least `least`.

    So it is, too, where the terminal rounds both to the nearest of its 256 colours.
    """
    rounded, end = _rounded(on), _WHITE if _luminance(toward) > _luminance(on) else _BLACK
    way = [color.blend(toward, step / _STEPS) for step in range(_STEPS)]
    beyond = [toward.blend(end, step / _STEPS) for step in range(_STEPS + 1)]
    for mixed in (*way, *beyond):
        if ratio(mixed, on) >= least and ratio(_rounded(mixed), rounded) >= least:
            return mixed
    return end


def _rounded(color: Color) -> Color:
    return Color.from_rich_color(color.rich_color.downgrade(ColorSystem.EIGHT_BIT))


def _luminance(color: Color) -> float:
    red, green, blue = (_linear(part / 255) for part in (color.r, color.g, color.b))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
