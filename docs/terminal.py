"""Records wvcli at a terminal and draws what it shows, `terminal.svg`, the picture in README.

    python docs/terminal.py [FILE]

Each command runs in a pseudo-terminal, in a temporary folder with the sample corpora. The picture needs no font or
other file from elsewhere, and follows the reader's choice of a light or a dark page.
"""

import fcntl
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import tempfile
import termios
import unicodedata
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "terminal.svg"

COMMANDS = (
    "wvcli train sample_corpora/english.txt",
    "wvcli similar zebra -n 4",
    "wvcli similarity cat dog --explain",
)

_COLUMNS = 90
_CELL, _LINE, _FONT, _MARGIN = 8.4, 20, 14, 18  # pixels: width of a character, height of a line, font, border

_SEQUENCE = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])|\x1b\][^\x07]*\x07|\x1b[=>()][A-Z0-9]?|([^\x1b])")

_STYLE = """
svg { --page: #ffffff; --edge: #d0d7de; --plain: #1f2328;
  --c1: #b3261e; --c2: #116329; --c3: #7d4e00; --c4: #0550ae; --c5: #8250df; --c6: #1b6a73; --c7: #57606a; }
@media (prefers-color-scheme: dark) {
  svg { --page: #0d1117; --edge: #30363d; --plain: #e6edf3;
    --c1: #ff7b72; --c2: #7ee787; --c3: #e3b341; --c4: #79c0ff; --c5: #d2a8ff; --c6: #76e3ea; --c7: #9198a1; }
}
rect { fill: var(--page); stroke: var(--edge); }
text { fill: var(--plain); white-space: pre; font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas,
  "DejaVu Sans Mono", "Liberation Mono", monospace; }
.bold { font-weight: 600; } .dim { opacity: 0.7; } .italic { font-style: italic; }
.c1 { fill: var(--c1); } .c2 { fill: var(--c2); } .c3 { fill: var(--c3); } .c4 { fill: var(--c4); }
.c5 { fill: var(--c5); } .c6 { fill: var(--c6); } .c7 { fill: var(--c7); }
"""


class Style(NamedTuple):
    """How a character looks: the number of a colour, 0 for the plain one, and its accents."""

    colour: int = 0
    accents: frozenset[str] = frozenset()

    def changed(self, codes: list[int]) -> "Style":
        """The style after a Select Graphic Rendition sequence; colours of the background are ignored."""
        style = self
        for code in codes:
            if code == 0:
                style = Style()
            elif code in (1, 2, 3):
                style = style._replace(accents=style.accents | {("bold", "dim", "italic")[code - 1]})
            elif 30 <= code <= 37 or 90 <= code <= 97:
                style = style._replace(colour=code % 10)
            elif code == 39:
                style = style._replace(colour=0)
        return style

    @property
    def classes(self) -> str:
        """The names of the style's classes in the picture."""
        return " ".join(sorted(self.accents) + [f"c{self.colour}"] * bool(self.colour))


class Cell(NamedTuple):
    """A character on the screen; the right half of a wide one is an empty string."""

    text: str = " "
    style: Style = Style()


class Screen:
    """What a terminal shows after all it was sent."""

    def __init__(self) -> None:
        self.rows: list[list[Cell]] = [[]]
        self._row = self._column = 0
        self._style = Style()

    def write(self, output: str) -> None:
        """Show text, and obey the sequences in it that move the cursor, erase, or change the style."""
        for parameters, letter, character in _SEQUENCE.findall(output):
            if character:
                self._show(character)
            elif letter:
                self._obey([int(number or 0) for number in parameters.lstrip("?").split(";")], letter)

    def _show(self, character: str) -> None:
        if character == "\r":
            self._column = 0
        elif character == "\n":
            self._move_to(self._row + 1)
        else:
            is_wide = unicodedata.east_asian_width(character) in "WF"
            if self._column + is_wide >= _COLUMNS:
                self._move_to(self._row + 1)
                self._column = 0
                if character == " ":  # a line that is broken at a space goes on at the edge
                    return
            for text in [character, ""][: 1 + is_wide]:
                row = self.rows[self._row]
                row.extend([Cell()] * (self._column + 1 - len(row)))
                row[self._column] = Cell(text, self._style)
                self._column += 1

    def _move_to(self, row: int) -> None:
        self._row = max(0, row)
        while len(self.rows) <= self._row:
            self.rows.append([])

    def _obey(self, numbers: list[int], letter: str) -> None:
        if letter == "m":
            self._style = self._style.changed(numbers)
        elif letter in "AB":
            self._move_to(self._row + max(1, numbers[0]) * (1 if letter == "B" else -1))
        elif letter == "K":
            self.rows[self._row][0 if numbers[0] == 2 else self._column :] = []


def record(command: str, folder: Path) -> str:
    """Run a command at a pseudo-terminal and return all it wrote there."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, _COLUMNS, 0, 0))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WVCLI_", "NO_COLOR"))}
    words = [sys.executable, "-m", "wvcli", *shlex.split(command)[1:]]
    process = subprocess.Popen(
        words, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, env=kept | {"TERM": "xterm-256color"}
    )
    os.close(theirs)
    written = b""
    try:
        while block := os.read(ours, 65_536):
            written += block
    except OSError:  # Linux: the other side is closed
        pass
    os.close(ours)
    if process.wait():
        raise SystemExit(f"{command} failed:\n{written.decode()}")
    return written.decode()


def drawn_line(cells: list[Cell], top: float) -> Iterator[str]:
    """The elements of a line: a run of one style and width each, which is as wide as its cells in any font."""
    column = 0
    for (style, is_wide, is_space), run in groupby(
        [cell for cell in cells if cell.text],
        lambda cell: (cell.style, unicodedata.east_asian_width(cell.text) in "WF", cell.text == " "),
    ):
        text = "".join(cell.text for cell in run)
        width = len(text) * (1 + is_wide)
        if not is_space:
            left, length = _MARGIN + column * _CELL, width * _CELL
            classes = f' class="{style.classes}"' if style.classes else ""
            yield (
                f'<text x="{left:.1f}" y="{top:.1f}" textLength="{length:.1f}" lengthAdjust="spacingAndGlyphs"'
                f"{classes}>{escape(text)}</text>"
            )
        column += width


def picture(rows: list[list[Cell]]) -> str:
    """The screen as an SVG document."""
    width, height = 2 * _MARGIN + _COLUMNS * _CELL, 2 * _MARGIN + len(rows) * _LINE
    lines = [part for number, row in enumerate(rows) for part in drawn_line(row, _MARGIN + number * _LINE + _FONT)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}"'
            f' height="{height:.0f}" role="img" aria-labelledby="title">',
            f'<title id="title">A terminal: {escape("; ".join(COMMANDS))}</title>',
            f"<style>{_STYLE}</style>",
            f'<rect x="0.5" y="0.5" width="{width - 1:.0f}" height="{height - 1:.0f}" rx="8"/>',
            *lines,
            "</svg>\n",
        ]
    )


def main() -> None:
    """Record all commands and write the picture."""
    screen = Screen()
    prompt, between = "\x1b[32m$\x1b[0m", ""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "sample_corpora").symlink_to(ROOT / "sample_corpora")
        for command in COMMANDS:
            screen.write(f"{between}{prompt} \x1b[1m{command}\x1b[0m\r\n{record(command, folder)}")
            between = "\r\n"
    Path(sys.argv[1] if sys.argv[1:] else PICTURE).write_text(picture(_tidy(screen.rows)), encoding="utf-8")


def _tidy(rows: list[list[Cell]]) -> list[list[Cell]]:
    """The rows with one empty row where several follow one another, and none at the end."""
    empty = [not any(cell.text.strip() for cell in row) for row in rows] + [True]
    return [row for number, row in enumerate(rows) if not (empty[number] and empty[number + 1])]


if __name__ == "__main__":
    main()
