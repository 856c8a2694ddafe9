"""Draw screens of cells as pictures: contact sheets of a gallery, and the GIF of the tour.

    python -m scripts.drawing FOLDER
    python -m scripts.drawing FRAMES.json TOUR.gif

Needs Pillow (`scripts/requirements-pictures.txt`) and a monospaced font of the system; nothing else of the project.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

Color = tuple[int, int, int]
_BAR, _WORDS = (32, 37, 46), (47, 191, 174)
"""Below the film: the ground, and the words on it."""
_COLORS = 64
_SHORTEST_S = 0.1
"""Two frames that are shorter are shown as one."""
_FONTS = Path("/usr/share/fonts/truetype")
_MONO = ("dejavu/DejaVuSansMono.ttf", "dejavu/DejaVuSansMono-Bold.ttf")
_OTHERS = ("ancient-scripts/Symbola_hint.ttf", "dejavu/DejaVuSans.ttf")
_EIGHTHS = "▁▂▃▄▅▆▇█"
_LEFTS = "▏▎▍▌▋▊▉"
_BOX = {
    "─": "lr", "│": "ud", "┌": "rd", "┐": "ld", "└": "ru", "┘": "lu", "├": "udr", "┤": "udl", "┬": "lrd",
    "┴": "lru", "┼": "lrud", "╭": "rd", "╮": "ld", "╰": "ru", "╯": "lu", "━": "lr", "╌": "lr", "┄": "lr",
    "┊": "ud", "┃": "ud",
}  # fmt: skip


class Face:
    """A font at a size, and how large its cells are."""

    def __init__(self, pixels: int) -> None:
        self.fonts = [ImageFont.truetype(str(_FONTS / name), pixels) for name in _MONO]
        self.others = [
            ImageFont.truetype(str(_FONTS / name), pixels) for name in _OTHERS if (_FONTS / name).exists()
        ]
        self.width = round(self.fonts[0].getlength("M"))
        ascent, descent = self.fonts[0].getmetrics()
        self.height = ascent + descent

    @lru_cache(maxsize=4096)  # noqa: B019  there is one face for the whole run
    def glyph(self, text: str, bold: bool, cells: int) -> Image.Image:
        """The mask of a character in its cells."""
        mask = Image.new("L", (self.width * cells, self.height), 0)
        draw = ImageDraw.Draw(mask)
        if not self._drawn(draw, text):
            draw.text((0, 0), text, font=self._font(text, bold), fill=255)
        return mask

    def _font(self, text: str, bold: bool) -> ImageFont.FreeTypeFont:
        missing = self.fonts[0].getmask("\U0010ffff").getbbox(), bytes(self.fonts[0].getmask("\U0010ffff"))
        for font in (self.fonts[bold], *self.others):
            mask = font.getmask(text[0])
            if (mask.getbbox(), bytes(mask)) != missing:
                return font
        return self.fonts[bold]

    def _drawn(self, draw: ImageDraw.ImageDraw, text: str) -> bool:
        """Blocks and lines fill their cells to the edge, whatever the font does."""
        width, height = self.width, self.height
        if text in _EIGHTHS:
            draw.rectangle((0, height - round(height * (_EIGHTHS.index(text) + 1) / 8), width, height), fill=255)
        elif text in _LEFTS:
            draw.rectangle((0, 0, round(width * (_LEFTS.index(text) + 1) / 8) - 1, height), fill=255)
        elif text == "▔":
            draw.rectangle((0, 0, width, height // 8), fill=255)
        elif text == "▀":
            draw.rectangle((0, 0, width, height // 2), fill=255)
        elif text == "▐":
            draw.rectangle((width // 2, 0, width, height), fill=255)
        elif text in _BOX:
            x, y, thick = width // 2, height // 2, text in "━┃"
            ends = {
                "l": (0, y, x + thick, y + thick), "r": (x, y, width, y + thick),
                "u": (x, 0, x + thick, y + thick), "d": (x, y, x + thick, height),
            }  # fmt: skip
            for side in _BOX[text]:
                draw.rectangle(ends[side], fill=255)
        else:
            return False
        return True


def cells_of(text: str) -> list[tuple[str, int]]:
    """Characters with those that join them, and how many cells each takes."""
    found: list[tuple[str, int]] = []
    for character in text:
        joined = bool(found) and found[-1][0].endswith("\u200d")
        if joined or unicodedata.combining(character) or character in "\u200d\ufe0f":
            if found:
                found[-1] = (found[-1][0] + character, found[-1][1])
            continue
        found.append((character, 2 if unicodedata.east_asian_width(character) in "WF" else 1))
    return found


def draw(rows: list[list[Any]], ends: tuple[Color, Color], face: Face) -> Image.Image:
    """A screen of runs `(text, colour, ground, marks)` as a picture; `ends` are the terminal's own colours."""
    columns = max(sum(cells for run in row for _, cells in cells_of(run[0])) for row in rows)
    image = Image.new("RGB", (columns * face.width, len(rows) * face.height), tuple(ends[1]))
    canvas = ImageDraw.Draw(image)
    for y, row in enumerate(rows):
        x = 0
        for text, color, ground, marks in row:
            fore, back = tuple(color or ends[0]), tuple(ground or ends[1])
            if "r" in marks:
                fore, back = back, fore
            if "d" in marks:
                fore = tuple((one + other) // 2 for one, other in zip(fore, back, strict=True))
            for character, cells in cells_of(text):
                left, top = x * face.width, y * face.height
                canvas.rectangle((left, top, left + cells * face.width - 1, top + face.height - 1), fill=back)
                if character.strip():
                    mask = face.glyph(character, "b" in marks, cells)
                    image.paste(fore, (left, top), mask)
                if "s" in marks:
                    canvas.line(
                        (left, top + face.height // 2, left + cells * face.width, top + face.height // 2), fill=fore
                    )
                if "u" in marks:
                    canvas.line(
                        (left, top + face.height - 2, left + cells * face.width, top + face.height - 2), fill=fore
                    )
                x += cells
    return image


def picture(path: Path, face: Face) -> Image.Image:
    """The picture of a file that the gallery wrote."""
    kept = json.loads(path.read_text(encoding="utf-8"))
    return draw(kept["rows"], kept["ends"], face)


def sheet(paths: list[Path], across: int, face: Face, label: Face) -> Image.Image:
    """Pictures of one size side by side, each under its name."""
    images = [picture(path, face) for path in paths]
    width, height = max(i.width for i in images) + 6, max(i.height for i in images) + label.height + 6
    whole = Image.new("RGB", (width * min(across, len(images)), height * -(-len(images) // across)), (90, 90, 110))
    canvas = ImageDraw.Draw(whole)
    for index, (path, image) in enumerate(zip(paths, images, strict=True)):
        left, top = index % across * width, index // across * height
        canvas.text((left + 3, top), path.stem, font=label.fonts[0], fill=(255, 255, 255))
        whole.paste(image, (left + 3, top + label.height))
    return whole


def _palette(images: list[Image.Image], grounds: set[Color]) -> Image.Image:
    """Every colour that is meant, and of the edges of the letters those that are seen most."""
    some = images[:: max(len(images) // 12, 1)]
    samples = Image.new("RGB", (images[0].width, images[0].height * len(some)))
    for index, image in enumerate(some):
        samples.paste(image, (0, index * image.height))
    meant = [part for color in sorted(grounds | {_BAR, _WORDS}) for part in color]
    edges = samples.quantize(_COLORS).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette((meant + edges)[:768])
    return palette


def film(source: Path, target: Path) -> None:
    """An animated GIF of frames `(seconds, words, rows)`, the words below the screen."""
    kept = json.loads(source.read_text(encoding="utf-8"))
    face, label = Face(13), Face(15)
    ends = kept["ends"]
    images: list[Image.Image] = []
    times: list[float] = []
    for seconds, words, rows in kept["frames"]:
        screen = draw(rows, ends, face)
        whole = Image.new("RGB", (screen.width, screen.height + 2 * label.height), _BAR)
        whole.paste(screen, (0, 0))
        ImageDraw.Draw(whole).text(
            (face.width, screen.height + label.height // 2), words, font=label.fonts[1], fill=_WORDS
        )
        if images and images[-1].tobytes() == whole.tobytes():
            times[-1] += seconds
        elif images and times[-1] <= _SHORTEST_S > seconds:
            images[-1] = whole
            times[-1] += seconds
        else:
            images.append(whole)
            times.append(seconds)
    colors = _palette(
        images,
        {tuple(part) for _, _, rows in kept["frames"] for row in rows for run in row for part in run[1:3] if part},
    )
    first, *others = (image.quantize(palette=colors, dither=Image.Dither.NONE) for image in images)
    first.save(
        target, save_all=True, append_images=others, duration=[round(1000 * seconds) for seconds in times], loop=0,
        optimize=True, disposal=1,
    )  # fmt: skip


def main() -> None:
    """Draw a film if there is a second argument; else, in each folder of equal pictures, write `sheet-<n>.png`."""
    if len(sys.argv) > 2:
        film(Path(sys.argv[1]), Path(sys.argv[2]))
        return
    label = Face(13)
    for folder in sorted({path.parent for path in Path(sys.argv[1]).rglob("*.json")}):
        columns = int(next(part for part in folder.parts[::-1] if part[0].isdigit()).split("x")[0])
        across, rows, pixels = {80: (2, 3, 14), 120: (2, 2, 12), 200: (1, 1, 12)}.get(columns, (1, 1, 12))
        paths, face = sorted(folder.glob("*.json")), Face(pixels)
        for number, begin in enumerate(range(0, len(paths), across * rows)):
            sheet(paths[begin : begin + across * rows], across, face, label).save(folder / f"sheet-{number:02}.png")


if __name__ == "__main__":
    main()
