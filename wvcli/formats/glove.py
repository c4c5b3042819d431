"""GloVe's text layout: for each word a line `word number number ...`, and no header.

The number of dimensions is the one that most of the first lines have. See wvcli/formats/_text.py for what is
accepted; a word that occurs again is dropped. Counts are not in the file and stay unknown.
"""

from functools import partial

from wvcli.formats import Format
from wvcli.formats._text import read_without_header, sniff_no_header, write_lines

FORMAT = Format(
    name="glove",
    suffixes=(".glove", ".glove.txt"),
    keeps="words and vectors",
    sniff=sniff_no_header,
    read=read_without_header,
    write=partial(write_lines, header=False, ending=b"\n"),
)
