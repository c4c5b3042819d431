"""GloVe's text layout: for each word a line `word number number ...`, and no header.

Stanford's GloVe program writes it, and its published vectors have it. The number of dimensions is the one that
most of the first lines have. See wvcli/formats/_text.py for what is accepted; a word that occurs again is
dropped. Counts are not in the file and are unknown after reading.
"""

from functools import partial

from wvcli.formats._format import Format, Kept
from wvcli.formats._text import read_without_header, sniff_no_header, write_lines

FORMAT = Format(
    name="glove",
    suffixes=(".glove", ".glove.txt"),
    keeps=frozenset({Kept.EXACT_VECTORS}),
    sniff=sniff_no_header,
    read=read_without_header,
    read_with=read_without_header,
    write=partial(write_lines, header=False, ending=b"\n"),
)
