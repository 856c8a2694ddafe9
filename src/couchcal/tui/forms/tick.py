"""A box to tick that shows its state by a character, not by a colour."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size
from textual.widgets import Checkbox

from couchcal.tui.forms.plain import part_style


class Tick(Checkbox):
    """`[x] e-mail` or `[ ] e-mail`; Space and Enter change it."""

    def render(self) -> Content:
        box = part_style(self, "toggle--button")
        label = part_style(self, "toggle--label")
        return Content.assemble(("[x]" if self.value else "[ ]", box), " ", self.label.stylize_before(label))

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return 4 + self.label.cell_length
