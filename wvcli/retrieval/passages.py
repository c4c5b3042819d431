"""Passages: the lines, paragraphs or files of a corpus that are found as a whole, each with its place."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from wvcli.text.corpus import Corpus

By = Literal["line", "paragraph", "file"]

_LONGEST = 1 << 20  # characters of a passage; a longer paragraph or file is several


@dataclass(frozen=True)
class Located:
    """A passage.

    Attributes:
        file: where it is.
        line: of its beginning, from 1; the row of a Parquet file, the item of a JSON array.
        text: its lines, with spaces between.
    """

    file: str
    line: int
    text: str


def read_passages(corpus: Corpus, by: By) -> Iterator[Located]:
    """Yield the passages of a corpus that are not blank.

    A record is a passage of its own, unless it is by file. A passage of more than a million characters is several.

    Args:
        corpus: the texts.
        by: what a passage is: a line, the lines between blank ones, or a file.

    Raises:
        InputError: a source cannot be read.
    """
    lines = corpus.located_texts()
    if by == "line" or (by == "paragraph" and (corpus.field or corpus.column)):
        yield from (Located(file, line, text) for file, line, text in lines if text.strip())
        return
    held: list[str] = []
    start, size = ("", 0), 0
    for file, line, text in lines:
        is_blank = not text.strip()
        if held and (file != start[0] or size >= _LONGEST or (is_blank and by == "paragraph")):
            yield Located(*start, " ".join(held))
            held, size = [], 0
        if not is_blank:
            start = start if held else (file, line)
            held.append(text.strip())
            size += len(text)
    if held:
        yield Located(*start, " ".join(held))
