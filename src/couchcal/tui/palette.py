"""The styles that the grids draw with: worked out of a theme's colours once, so that no line parses one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from rich.style import Style
from textual.color import Color

from couchcal.tui.contrast import ENHANCED, MARK, TEXT, legible, ratio

KINDS = ("client_session", "client_contact", "collateral_contact", "other_event", "external", "time_off", "request")


class KindStyles(NamedTuple):
    """One kind of entry: text on its fill, second line, bar; the same when selected; its fill colours."""

    title: Style
    detail: Style
    bar: Style
    selected_title: Style
    selected_detail: Style
    selected_bar: Style
    outline: Style


class _Kinds(Mapping[str, KindStyles]):
    """The styles of each kind, mixed when the first entry of it is shown: few days have all kinds."""

    def __init__(self, mix: Callable[[str], KindStyles]) -> None:
        self._mix = mix
        self._mixed: dict[str, KindStyles] = {}

    def __getitem__(self, name: str) -> KindStyles:
        found = self._mixed.get(name)
        if found is None:
            if name not in KINDS:
                raise KeyError(name)
            found = self._mixed[name] = self._mix(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(KINDS)

    def __len__(self) -> int:
        return len(KINDS)


class Palette(NamedTuple):
    """Every style of the calendar, resolved."""

    base: Style
    weekend: Style
    chrome: Style
    bright: Style
    faint: Style
    """Lines of the grid. Nothing is written in it, nor in `hatch`."""
    hatch: Style
    accent: Style
    accent_bold: Style
    warning: Style
    error: Style
    cursor: Style
    header: Style
    header_title: Style
    header_accent: Style
    header_warning: Style
    ghost: Style
    ghost_warning: Style
    outline: Style
    kinds: Mapping[str, KindStyles]
    cancelled: KindStyles

    @staticmethod
    def of(variables: Mapping[str, str]) -> Palette:
        """The palette of a theme's variables; colours that a theme lacks are its foreground."""
        return _palette(tuple(sorted((name, variables[name]) for name in _NEEDED if name in variables)))


_NEEDED = (
    "accent",
    "background",
    "error",
    "foreground",
    "panel",
    "surface",
    "warning",
    *(f"kind-{kind.replace('_', '-')}" for kind in KINDS),
)


_PURE = 20.0
"""The ratio of a theme's foreground to its background from which it is one for people who need contrast."""


@lru_cache(maxsize=8)
def _palette(items: tuple[tuple[str, str], ...]) -> Palette:
    colors = {name: Color.parse(text) for name, text in items}
    if any(color.ansi is not None for color in colors.values()):
        return _ansi_palette(dict(items))
    return _rgb_palette(colors)


def _rgb_palette(colors: Mapping[str, Color]) -> Palette:
    """Whatever the theme, text is given the contrast it needs; hatch and hour lines are no more than a ground."""
    back, fore = colors["background"], colors["foreground"]
    panel = colors["surface"]
    accent, warning = colors["accent"], colors["warning"]
    strong_theme = ratio(back, fore) > _PURE
    least = ENHANCED if strong_theme else TEXT
    dim = _mix(back, fore, 0.50)
    faint, quiet = (0.45, 0.30) if strong_theme else (0.13, 0.10)
    weekend = _mix(back, colors["panel"], 0.35)

    def style(color: Color, on: Color, *, bold: bool = False, strike: bool = False, least: float = least) -> Style:
        shown = legible(color, on, fore, least) if least else color
        return Style(color=shown.rich_color, bgcolor=on.rich_color, bold=bold or None, strike=strike or None)

    def kind(color: Color, amount: float) -> KindStyles:
        fill, strong = _mix(back, color, amount), _mix(back, color, amount + 0.20)
        return KindStyles(
            title=style(_mix(fore, color, 0.10), fill),
            detail=style(_mix(fill, fore, 0.62), fill),
            bar=style(color, fill, least=MARK),
            selected_title=style(fore, strong, bold=True),
            selected_detail=style(_mix(strong, fore, 0.85), strong),
            selected_bar=style(color, strong, least=MARK),
            outline=style(color, back),
        )

    def kind_named(name: str) -> KindStyles:
        return kind(colors[f"kind-{name.replace('_', '-')}"], 0.09 if name in ("external", "time_off") else 0.20)

    gone = _mix(back, fore, 0.06)
    cancelled = KindStyles(
        title=style(dim, gone, strike=True),
        detail=style(dim, gone),
        bar=style(_mix(back, fore, 0.30), gone, least=MARK),
        selected_title=style(fore, _mix(back, fore, 0.20), strike=True, bold=True),
        selected_detail=style(fore, _mix(back, fore, 0.20)),
        selected_bar=style(dim, _mix(back, fore, 0.20), least=MARK),
        outline=style(dim, back),
    )
    return Palette(
        base=style(fore, back),
        weekend=style(fore, weekend),
        chrome=style(dim, back),
        bright=style(fore, back, bold=True),
        faint=style(_mix(back, fore, faint), back, least=0),
        hatch=style(_mix(back, fore, quiet), back, least=0),
        accent=style(accent, back),
        accent_bold=style(accent, back, bold=True),
        warning=style(warning, back),
        error=style(colors["error"], back),
        cursor=style(_mix(back, fore, 0.85), _mix(back, accent, 0.26), bold=True),
        header=style(_mix(panel, fore, 0.60), panel),
        header_title=style(fore, panel, bold=True),
        header_accent=style(accent, panel, bold=True),
        header_warning=style(warning, panel, bold=True),
        ghost=_on_color(back, fore, accent),
        ghost_warning=_on_color(back, fore, warning),
        outline=style(dim, back),
        kinds=_Kinds(kind_named),
        cancelled=cancelled,
    )


def _ansi_palette(names: Mapping[str, str]) -> Palette:
    """Sixteen colours: bars and marks carry the kind, a selection is reversed.

    It is the terminal's own two ends that are reversed, which can always be read; on its blue, black often cannot.
    """

    def ansi(name: str) -> str:
        text = names.get(name, "ansi_default")
        return text.removeprefix("ansi_") if text.startswith("ansi_") else "default"

    def style(
        color: str, *, bold: bool = False, dim: bool = False, reverse: bool = False, strike: bool = False
    ) -> Style:
        return Style(
            color=color, bgcolor="default", bold=bold or None, dim=dim or None, reverse=reverse or None,
            strike=strike or None,
        )  # fmt: skip

    def kind(color: str) -> KindStyles:
        return KindStyles(
            style("default", bold=True), style("default"), style(color), style("default", reverse=True, bold=True),
            style("default", reverse=True), Style(color="default", bgcolor=color, reverse=True), style(color),
        )  # fmt: skip

    plain, dim = style("default"), style("default", dim=True)
    accent, warning = ansi("accent"), ansi("warning")
    gone = style("default", dim=True, strike=True)
    chosen_gone = style("default", reverse=True, strike=True)
    return Palette(
        base=plain,
        weekend=plain,
        chrome=dim,
        bright=style("default", bold=True),
        faint=style("bright_black"),
        hatch=style("bright_black", dim=True),
        accent=style(accent),
        accent_bold=style(accent, bold=True),
        warning=style(warning),
        error=style(ansi("error")),
        cursor=style("default", reverse=True),
        header=plain,
        header_title=style("default", bold=True),
        header_accent=style(accent, bold=True),
        header_warning=style(warning, bold=True),
        ghost=style(accent, reverse=True, bold=True),
        ghost_warning=style(warning, reverse=True, bold=True),
        outline=dim,
        kinds={name: kind(ansi(f"kind-{name.replace('_', '-')}")) for name in KINDS},
        cancelled=KindStyles(gone, dim, dim, chosen_gone, style("default", reverse=True), chosen_gone, dim),
    )


def _on_color(back: Color, fore: Color, ground: Color) -> Style:
    """Bold text on a strong colour: of the theme's two ends the one that is read better there."""
    better = max(back, fore, key=lambda end: ratio(end, ground))
    return Style(color=better.rich_color, bgcolor=ground.rich_color, bold=True)


def _mix(one: Color, other: Color, amount: float) -> Color:
    return one.blend(other, amount)
