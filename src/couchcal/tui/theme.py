"""The two themes, and the styles that the grids draw with.

A theme names colours (`kind-session`, `accent`, …); `Palette` turns them into rich styles once per theme,
so that no line of a grid ever parses a colour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from rich.style import Style
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from couchcal.tui.contrast import ENHANCED, MARK, TEXT, legible, ratio

KINDS = ("client_session", "client_contact", "collateral_contact", "other_event", "external", "time_off", "request")

_DARK_KINDS = {
    "kind-client-session": "#7aa2f7",
    "kind-client-contact": "#bb9af7",
    "kind-collateral-contact": "#d7a65f",
    "kind-other-event": "#8fbf7f",
    "kind-external": "#8b95a7",
    "kind-time-off": "#6b7484",
    "kind-request": "#e48fb1",
}
_LIGHT_KINDS = {
    "kind-client-session": "#2f5fd0",
    "kind-client-contact": "#7a4fc9",
    "kind-collateral-contact": "#9a6a12",
    "kind-other-event": "#3f7d32",
    "kind-external": "#5b6675",
    "kind-time-off": "#808a99",
    "kind-request": "#b03a72",
}
_CONTRAST_KINDS = {
    "kind-client-session": "#9fc0ff",
    "kind-client-contact": "#d3b6ff",
    "kind-collateral-contact": "#ffc861",
    "kind-other-event": "#a6e08f",
    "kind-external": "#c9d3e3",
    "kind-time-off": "#b5bfcd",
    "kind-request": "#ffa9cc",
}
_ANSI_KINDS = {
    "kind-client-session": "ansi_blue",
    "kind-client-contact": "ansi_magenta",
    "kind-collateral-contact": "ansi_yellow",
    "kind-other-event": "ansi_green",
    "kind-external": "ansi_cyan",
    "kind-time-off": "ansi_bright_black",
    "kind-request": "ansi_bright_magenta",
}
DARK = Theme(
    name="couchcal-dark",
    primary="#2fbfae",
    secondary="#7aa2f7",
    accent="#2fbfae",
    foreground="#d5dae3",
    background="#13161c",
    surface="#181c23",
    panel="#20252e",
    warning="#e8b15a",
    error="#ef7078",
    success="#8fbf7f",
    dark=True,
    variables={
        **_DARK_KINDS,
        "text-muted": "#d5dae3 74%",
        "text-disabled": "#d5dae3 74%",
        "button-color-foreground": "#0e1116",
        "border": "#3a4250",
        "border-blurred": "#2a303b",
        "footer-background": "#181c23",
        "block-cursor-background": "#2fbfae",
        "block-cursor-foreground": "#0e1116",
        "input-selection-background": "#2fbfae 35%",
    },
)
LIGHT = Theme(
    name="couchcal-light",
    primary="#00796b",
    secondary="#2f5fd0",
    accent="#00796b",
    foreground="#20242c",
    background="#fbfaf7",
    surface="#f3f1ec",
    panel="#e9e6df",
    warning="#9a5b00",
    error="#b3261e",
    success="#3f7d32",
    dark=False,
    variables={
        **_LIGHT_KINDS,
        "text-muted": "#20242c 76%",
        "text-disabled": "#20242c 74%",
        "button-color-foreground": "#ffffff",
        "border": "#c3beb3",
        "border-blurred": "#d8d4cb",
        "footer-background": "#f3f1ec",
        "block-cursor-background": "#00796b",
        "block-cursor-foreground": "#ffffff",
        "input-selection-background": "#00796b 25%",
    },
)
CONTRAST = Theme(
    name="couchcal-contrast",
    primary="#4de6d3",
    secondary="#9fc0ff",
    accent="#4de6d3",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1c1c1c",
    warning="#ffc861",
    error="#ff8f96",
    success="#a6e08f",
    dark=True,
    variables={
        **_CONTRAST_KINDS,
        "text-muted": "#ffffff 86%",
        "text-disabled": "#ffffff 78%",
        "button-color-foreground": "#000000",
        "border": "#9a9a9a",
        "border-blurred": "#808080",
        "footer-background": "#000000",
        "block-cursor-background": "#4de6d3",
        "block-cursor-foreground": "#000000",
        "input-selection-background": "#4de6d3 35%",
    },
)
ANSI = replace(BUILTIN_THEMES["ansi-dark"], name="couchcal-ansi", accent="ansi_cyan")
THEMES = (DARK, LIGHT, CONTRAST, ANSI)
VARIABLE_DEFAULTS = {**_ANSI_KINDS, "border": "ansi_bright_black"}
"""For themes that know nothing of this program, the ANSI ones among them."""


def theme_for(name: str, color_system: str | None) -> str:
    """The theme of that name, or the one of sixteen colours where the terminal has no more.

    Args:
        color_system: as rich calls what the terminal can: "standard", "256", "truecolor"; None for no colour.
    """
    ours = name in (DARK.name, LIGHT.name, CONTRAST.name)
    return ANSI.name if ours and color_system in (None, "standard", "windows") else name


class KindStyles(NamedTuple):
    """One kind of entry: text on its fill, second line, bar; the same when selected; its fill colours."""

    title: Style
    detail: Style
    bar: Style
    selected_title: Style
    selected_detail: Style
    selected_bar: Style
    outline: Style


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

    kinds = {
        name: kind(colors[f"kind-{name.replace('_', '-')}"], 0.09 if name in ("external", "time_off") else 0.20)
        for name in KINDS
    }
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
        kinds=kinds,
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
