"""How files of word vectors begin: the header line of the word2vec layouts, and fastText's magic number."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from wvcli.errors import InputError

FASTTEXT_MAGIC = 793_712_314  # FASTTEXT_FILEFORMAT_MAGIC_INT32 in fasttext.cc
_HEADER = re.compile(rb"(?:\xef\xbb\xbf)?[ \t]*([0-9]+)[ \t]+([0-9]+)[ \t]*\r?\n")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # which some programs put before UTF-8; it is skipped
_LONGEST_HEADER = 200  # bytes looked at, so that a file without line ends is not read whole


@dataclass(frozen=True)
class Header:
    """The first line of a file: the number of words and of dimensions.

    Attributes:
        words: at least 1.
        dim: at least 1.
        length: bytes of the line, line end included.
    """

    words: int
    dim: int
    length: int


def find_header(head: bytes) -> Header | None:
    """Return the header of a file that begins with these bytes, or None."""
    match = _HEADER.match(head[:_LONGEST_HEADER])
    if match is None:
        return None
    words, dim = int(match[1]), int(match[2])
    return Header(words, dim, match.end()) if words and dim else None


def read_header(file: BinaryIO, path: Path) -> Header:
    """Read the header of a file open at its start, and leave the file at the line after it.

    Raises:
        InputError: there is no header.
    """
    head = file.read(_LONGEST_HEADER)
    if is_fasttext_binary(head):
        raise InputError(f"{path} is a fastText .bin and not in word2vec's layout", "the format fasttext reads it")
    header = find_header(head)
    if header is None:
        raise InputError(f"{path}, line 1: expected the number of words and of dimensions, such as '2000 100'")
    file.seek(header.length)
    return header


def is_fasttext_binary(head: bytes) -> bool:
    """Return whether a file that begins with these bytes is a `.bin` of the fastText program."""
    return head.startswith(FASTTEXT_MAGIC.to_bytes(4, "little"))
