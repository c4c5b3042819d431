"""The text that TorchText's `Vectors` reads: for each word a line `word number number ...`, and no header.

Numbers have single blanks before them. It is GloVe's layout, so a file is recognised as `glove`; TorchText also
takes a header, and so a file with one is read here. TorchText itself wants three dimensions or more. See
wvcli/formats/_text.py for what is accepted; a word that occurs again is dropped. Counts are not in the file and
stay unknown. What TorchText keeps in its cache, `.vector_cache/NAME.pt`, is read as `torch`.
"""

from functools import partial
from pathlib import Path

from wvcli.formats import Format
from wvcli.formats._layout import find_header
from wvcli.formats._reading import open_input
from wvcli.formats._text import read_with_header, read_without_header, write_lines
from wvcli.vectors.word_vectors import Vectors

_LONGEST_HEADER = 200  # bytes


def _read(path: Path, limit: int | None) -> Vectors:
    with open_input(path) as file:
        header = find_header(file.read(_LONGEST_HEADER))
    return (read_with_header if header else read_without_header)(path, limit)


FORMAT = Format(
    name="torchtext",
    suffixes=(".torchtext",),
    keeps="words and vectors",
    sniff=lambda head: False,
    read=_read,
    write=partial(write_lines, header=False, ending=b"\n"),
)
