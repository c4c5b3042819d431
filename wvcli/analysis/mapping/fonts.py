"""Fonts of this computer that have the letters of some words."""

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wvcli.errors import UsageError, WvcliError, reason
from wvcli.reporting import OnNote

# In the order in which they are tried: for Latin and its neighbours first, then for Chinese, Japanese and Korean,
# which have Latin letters as well, then for many scripts. The number is that of a font in a collection.
_NAMES = (
    ("NotoSans-Regular.ttf", 0),
    ("SegoeUI.ttf", 0),
    ("segoeui.ttf", 0),
    ("HelveticaNeue.ttc", 0),
    ("Roboto-Regular.ttf", 0),
    ("LiberationSans-Regular.ttf", 0),
    ("DejaVuSans.ttf", 0),
    ("Arial.ttf", 0),
    ("arial.ttf", 0),
    ("NotoSansCJK-Regular.ttc", 2),  # the Chinese of the mainland
    ("NotoSansCJKsc-Regular.otf", 0),
    ("SourceHanSansSC-Regular.otf", 0),
    ("SourceHanSans-Regular.ttc", 2),
    ("PingFang.ttc", 0),
    ("Hiragino Sans GB.ttc", 0),
    ("STHeiti Light.ttc", 0),
    ("msyh.ttc", 0),
    ("simhei.ttf", 0),
    ("wqy-microhei.ttc", 0),
    ("wqy-zenhei.ttc", 0),
    ("DroidSansFallbackFull.ttf", 0),
    ("AppleSDGothicNeo.ttc", 0),
    ("malgun.ttf", 0),
    ("NotoSansArabic-Regular.ttf", 0),
    ("NotoSansHebrew-Regular.ttf", 0),
    ("NotoSansDevanagari-Regular.ttf", 0),
    ("NotoSansThai-Regular.ttf", 0),
    ("Arial Unicode.ttf", 0),
    ("unifont.otf", 0),
    ("FreeSans.ttf", 0),
)
_UNASSIGNED = "\U0010ffff"  # no font has a glyph for it
_FEW = 0.5  # of the words; if less can be written, there is no use in a picture


def folders() -> list[Path]:
    """Return the folders where this system keeps fonts."""
    home = Path.home()
    if sys.platform == "darwin":
        found = [home / "Library/Fonts", Path("/Library/Fonts"), Path("/System/Library/Fonts")]
    elif sys.platform == "win32":
        found = [Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts"]
    else:
        found = [
            home / ".local/share/fonts",
            home / ".fonts",
            Path("/usr/local/share/fonts"),
            Path("/usr/share/fonts"),
        ]
    return [folder for folder in found if folder.is_dir()]


class Font:
    """A font, and which letters it has.

    Raises:
        UsageError: the file is no font.
    """

    def __init__(self, path: Path, number: int = 0) -> None:
        from PIL import ImageFont

        def opened(size: float) -> Any:
            return ImageFont.truetype(str(path), size, index=number)

        self._open = opened
        try:
            self._probe: Any = self._open(16)
        except OSError as error:
            why = reason(error) if error.strerror else "it is no font that FreeType reads"
            raise UsageError(f"cannot use the font {path}: {why}") from error
        self.name = " ".join(part for part in self._probe.getname() if part and part != "Regular")
        self._sizes: dict[float, Any] = {}
        self._nothing = self._drawn(_UNASSIGNED)
        self._has: dict[str, bool] = {}

    def _drawn(self, letter: str) -> bytes:
        mask = self._probe.getmask(letter)
        return bytes(mask) + repr(mask.size).encode()

    def has(self, letter: str) -> bool:
        """Whether the font has a glyph for a letter, and not only the square for what is missing."""
        if letter not in self._has:
            self._has[letter] = letter.isspace() or self._drawn(letter) != self._nothing
        return self._has[letter]

    def has_all(self, text: str) -> bool:
        """Whether the font has a glyph for each letter of a text."""
        return all(map(self.has, text))

    def of_size(self, size: float) -> Any:
        """Return the font as Pillow draws with it, with letters of a size in pixels."""
        if size not in self._sizes:
            self._sizes[size] = self._open(size)
        return self._sizes[size]


class Pens:
    """Fonts to write labels with: each label is written with the first that has all its letters."""

    def __init__(self, fonts: Sequence[Font]) -> None:
        self._fonts = fonts

    def _font(self, text: str) -> Font | None:
        return next((font for font in self._fonts if font.has_all(text)), None)

    def can_write(self, text: str) -> bool:
        """Whether a font has all letters of a text."""
        return self._font(text) is not None

    def of(self, text: str, size: float) -> Any:
        """Return the font that writes a text, at a size."""
        return (self._font(text) or self._fonts[0]).of_size(size)


@contextmanager
def writing_with(words: Sequence[str], path: Path | None, on_note: OnNote) -> Iterator[Pens]:
    """Yield fonts that have the letters of some words.

    Args:
        words: what is to be written.
        path: the file of a font that the user named, to be used alone; None to look for fonts.
        on_note: called with a line on the words that no font has.

    Raises:
        UsageError: the file is no font.
        WvcliError: most words cannot be written.
    """
    chosen = [Font(path)] if path is not None else _found(words)
    pens = Pens(chosen)
    lacking = [word for word in words if not pens.can_write(word)]
    if len(lacking) > _FEW * len(words):
        where = f"the font {path} has not" if path else "no font was found here that has"
        raise WvcliError(
            f"{where} the letters of most words, such as {lacking[0]!r}", "name a font that has them with `font`"
        )
    if lacking:
        on_note(
            f"{len(lacking):,} words are not written, since no font has their letters, such as {lacking[0]!r}; "
            "`font` names one"
        )
    yield pens


def _found(words: Iterable[str]) -> list[Font]:
    """Return the fonts that are needed to write as many of the words as can be."""
    missing = Counter(letter for word in words for letter in word if not letter.isspace())
    chosen: list[Font] = []
    for font in _here():
        had = [letter for letter in missing if font.has(letter)]
        if had:
            chosen.append(font)
            for letter in had:
                del missing[letter]
        if not missing:
            break
    if not chosen:
        raise WvcliError("no font was found here to write words with", "name one with `font`")
    whole = [font for font in chosen[1:] if _writes_most(font, words)]
    return [*whole, *(font for font in chosen if font not in whole)]


def _writes_most(font: Font, words: Iterable[str]) -> bool:
    sample = list(words)[:500]
    return sum(map(font.has_all, sample)) > 0.9 * len(sample)


def _here() -> Iterator[Font]:
    at = {}
    for folder in reversed(folders()):
        for file in folder.rglob("*"):
            at[file.name] = file
    for name, number in _NAMES:
        if name in at:
            try:
                yield Font(at[name], number)
            except UsageError:  # a damaged file
                continue
