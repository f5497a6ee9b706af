"""Diagrams drawn with characters: the directive ``{diagram} caption`` makes an SVG of them.

A page read as text, in an editor or on a forge, shows the same drawing. Boxes and lines are those of Unicode
(``┌─┐│└┘├┤┬┴┼``, ``╭╮╰╯`` for round corners), arrow heads are ``▶ ▼ ◀ ▲``; whatever else stands there is text.
The colours are those of the page, light or dark.
"""

import re
from html import escape
from itertools import product
from typing import Any, NamedTuple

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

WIDTH, HEIGHT = 7.8, 19.0  # of a character, in pixels: room for 13 px text of a proportional face
LEFT, RIGHT, UP, DOWN = (-1, 0), (1, 0), (0, -1), (0, 1)
STROKES = {
    "─": (LEFT, RIGHT), "│": (UP, DOWN), "┼": (LEFT, RIGHT, UP, DOWN),
    "┌": (RIGHT, DOWN), "┐": (LEFT, DOWN), "└": (RIGHT, UP), "┘": (LEFT, UP),
    "╭": (RIGHT, DOWN), "╮": (LEFT, DOWN), "╰": (RIGHT, UP), "╯": (LEFT, UP),
    "├": (UP, DOWN, RIGHT), "┤": (UP, DOWN, LEFT), "┬": (LEFT, RIGHT, DOWN), "┴": (LEFT, RIGHT, UP),
}  # fmt: skip
HEADS = {"▶": (RIGHT, LEFT), "◀": (LEFT, RIGHT), "▼": (DOWN, UP), "▲": (UP, DOWN)}
SIDE, LOWER = "│├┤┼▶◀", "─┬┴┼▼▲"  # what the sides of a box are drawn with
RUN = re.compile(r"\S+(?: \S+)*")  # two blanks end a text


class Box(NamedTuple):
    """A rectangle, by the characters of its corners."""

    left: int
    top: int
    right: int
    bottom: int


class Drawing:
    """The characters of a diagram, and what they mean."""

    def __init__(self, lines: list[str]) -> None:
        self.columns = max(map(len, lines))
        self.lines = [line.ljust(self.columns) for line in lines]

    def at(self, x: int, y: int) -> str:
        """The character at a place; a blank outside."""
        return self.lines[y][x] if 0 <= y < len(self.lines) and 0 <= x < self.columns else " "

    def boxes(self) -> list[Box]:
        """The rectangles, the outer ones first."""
        corners = product(range(len(self.lines)), range(self.columns))
        found = (self._box(x, y) for y, x in corners if self.at(x, y) in "┌╭")
        return sorted((box for box in found if box), key=lambda box: (box.left - box.right) * (box.bottom - box.top))

    def _box(self, left: int, top: int) -> Box | None:
        """The rectangle below a corner: its left and lower sides are drawn, its upper side may bear a title."""
        bottom = top + 1
        while self.at(left, bottom) in SIDE:
            bottom += 1
        if self.at(left, bottom) not in "└╰":
            return None
        for right in range(left + 1, self.columns):
            if self.at(right, bottom) not in f"{LOWER}┘╯":
                return None
            if self.at(right, top) in "┐╮" and self.at(right, bottom) in "┘╯":
                return Box(left, top, right, bottom)
        return None

    def svg(self, caption: str) -> str:
        """The drawing as SVG."""
        width, height = self.columns * WIDTH, len(self.lines) * HEIGHT
        parts = [*map(rectangle, self.boxes()), *self._strokes(), *self._texts()]
        return (
            f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" role="img" '
            f'aria-label="{escape(caption)}" xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
        )

    def _strokes(self) -> list[str]:
        lines, heads = [], []
        for y, x in product(range(len(self.lines)), range(self.columns)):
            character = self.at(x, y)
            cx, cy = centre(x, y)
            for dx, dy in STROKES.get(character, ()):
                lines.append(f"M{cx:.1f} {cy:.1f}l{dx * WIDTH / 2:.1f} {dy * HEIGHT / 2:.1f}")
            if character in "▼▲" and self.at(x - 1, y) == "─" == self.at(x + 1, y):  # the side that it points at
                lines.append(f"M{cx - WIDTH / 2:.1f} {cy:.1f}h{WIDTH:.1f}")
            if character in HEADS:
                (dx, dy), (bx, by) = HEADS[character]
                lines.append(f"M{cx:.1f} {cy:.1f}l{bx * WIDTH / 2:.1f} {by * HEIGHT / 2:.1f}")
                heads.append(f"M{cx + dx * 5:.1f} {cy + dy * 5:.1f}l{-dx * 9 - dy * 4.5:.1f} {-dy * 9 - dx * 4.5:.1f}"
                             f"l{dy * 9:.1f} {dx * 9:.1f}z")  # fmt: skip
        return [f'<path class="line" d="{"".join(lines)}"/>', f'<path class="head" d="{"".join(heads)}"/>']

    def _texts(self) -> list[str]:
        """The texts: in the middle of a column of boxes if all of them were drawn so, else where they begin."""
        drawn = re.compile(f"[{''.join([*STROKES, *HEADS])}]")
        runs = [(run[0], y) for y, line in enumerate(self.lines) for run in RUN.finditer(drawn.sub("  ", line))]
        placed = [(text, x, y, self._sides(text, x, y)) for text, x, y in self._placed(runs)]
        ragged = {sides for text, x, _, sides in placed if abs(sum(sides) + 1 - 2 * x - len(text)) > 2}
        return [
            f'<text x="{x * WIDTH:.1f}" y="{(y + 0.5) * HEIGHT:.1f}" dy=".35em">{escape(text)}</text>'
            if -1 in sides or sides in ragged
            else f'<text x="{(sum(sides) + 1) / 2 * WIDTH:.1f}" y="{(y + 0.5) * HEIGHT:.1f}" dy=".35em" '
            f'text-anchor="middle">{escape(text)}</text>'
            for text, x, y, sides in placed
        ]

    def _placed(self, runs: list[tuple[str, int]]) -> list[tuple[str, int, int]]:
        """Where each text begins: in its line, behind the one before it."""
        placed, last = [], (-1, 0)
        for text, y in runs:
            x = self.lines[y].index(text, last[1] if last[0] == y else 0)
            placed.append((text, x, y))
            last = (y, x + len(text))
        return placed

    def _sides(self, text: str, x: int, y: int) -> tuple[int, int]:
        """The lines left and right of a text, -1 for none."""
        line = self.lines[y]
        left = max(line.rfind(side, 0, x) for side in "│├┤┼")
        right = min((at for side in "│├┤┼" if (at := line.find(side, x + len(text))) >= 0), default=-1)
        return left, right


def rectangle(box: Box) -> str:
    """The ground of a box; its lines are drawn over it."""
    (x, y), (right, bottom) = centre(box.left, box.top), centre(box.right, box.bottom)
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{right - x:.1f}" height="{bottom - y:.1f}"/>'


def centre(x: int, y: int) -> tuple[float, float]:
    """The middle of a character."""
    return (x + 0.5) * WIDTH, (y + 0.5) * HEIGHT


class Diagram(Directive):
    """``{diagram} What it shows``."""

    has_content = True
    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """The figure."""
        svg = Drawing([line.rstrip() for line in self.content]).svg(self.arguments[0])
        caption = f"<figcaption>{escape(self.arguments[0])}</figcaption>"
        html = f'<figure class="diagram"><div>{svg}</div>{caption}</figure>'
        return [nodes.raw("", html, format="html")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx's entry point."""
    app.add_directive("diagram", Diagram)
    return {"parallel_read_safe": True}
