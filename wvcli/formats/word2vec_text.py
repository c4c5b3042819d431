"""word2vec's text layout: a line `words dimensions`, then for each word a line `word number number ...`.

Gensim's `save_word2vec_format` writes it and `load_word2vec_format` reads it. Single spaces separate the
numbers. word2vec.c with `-binary 0` ends each line with a space, as fastText does; such a file is recognised as
`fasttext-vec` and read by the same rules. See wvcli/formats/_text.py for what is accepted; a word that occurs
again is dropped. Counts are not in the file and are unknown after reading.
"""

from functools import partial

from wvcli.formats._format import Format, Kept
from wvcli.formats._text import read_with_header, sniff_header, write_lines


def _sniff(head: bytes) -> bool:
    line = sniff_header(head)
    return line is not None and not line.endswith(b" ")


FORMAT = Format(
    name="word2vec-text",
    suffixes=(".txt", ".w2v"),
    keeps=frozenset({Kept.EXACT_VECTORS}),
    sniff=_sniff,
    read=read_with_header,
    read_with=read_with_header,
    write=partial(write_lines, header=True, ending=b"\n"),
)
