"""The text that TorchText's `Vectors` reads: for each word a line `word number number ...`, and no header.

It is GloVe's layout, so a file is recognised as `glove`; TorchText accepts a header too, and so such a file is
read here. TorchText itself requires at least three dimensions. See wvcli/formats/_text.py for what is accepted;
a word that occurs again is dropped. Counts are not in the file and are unknown after reading. TorchText's cache,
`.vector_cache/NAME.pt`, is read as `torch`.
"""

from functools import partial
from pathlib import Path

from wvcli.formats._format import Format, Kept
from wvcli.formats._headers import find_header
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
    keeps=frozenset({Kept.EXACT_VECTORS}),
    sniff=lambda head: False,
    read=_read,
    write=partial(write_lines, header=False, ending=b"\n"),
)
