"""fastText's `.vec`: a line `words dimensions`, then for each word a line `word number number ... `.

The fastText program writes it beside its `.bin`. The space at the end of each line distinguishes it from
word2vec's text layout. It has the vectors of whole words only, none of subwords. See wvcli/formats/_text.py for
what is accepted; a word that occurs again is dropped. Counts are not in the file and are unknown after reading.
"""

from functools import partial

from wvcli.formats._format import Format, Kept
from wvcli.formats._text import read_with_header, sniff_header, write_lines


def _sniff(head: bytes) -> bool:
    line = sniff_header(head)
    return line is not None and line.endswith(b" ")


FORMAT = Format(
    name="fasttext-vec",
    suffixes=(".vec",),
    keeps=frozenset({Kept.EXACT_VECTORS}),
    sniff=_sniff,
    read=read_with_header,
    read_with=read_with_header,
    write=partial(write_lines, header=True, ending=b" \n"),
)
