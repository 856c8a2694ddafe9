"""The themes: their colours, those of the kinds of entries among them (`kind-client-session`, …)."""

from __future__ import annotations

from dataclasses import replace

from textual.theme import BUILTIN_THEMES, Theme

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
