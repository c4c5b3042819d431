"""Words found and numbered by compiled loops, for text whose words end at spaces and punctuation; needs Numba.

Most letters of alphabets are one character in, one out. A line with any other is unsafe (a mark of its own, a
script without spaces, a letter whose lower case depends on what follows): the tokenizer itself splits it, and its
words are only numbered here.
"""

import importlib.util
import sys
from functools import cache
from itertools import chain, compress

import numpy as np
import numpy.typing as npt

from wvcli.reporting import OnNote
from wvcli.system.compiling import note_if_compiling
from wvcli.text.spelling import normal, plain
from wvcli.text.tokenizers import TokenizerSettings
from wvcli.text.tokenizers.unicode import JOINERS
from wvcli.tokens.batches import Batch, Group
from wvcli.tokens.shards import TEXT_END, IdArray
from wvcli.tokens.word_numbers import PackedWords

# Latin, Greek, Cyrillic, Armenian, Hebrew and Arabic letters; Vietnamese ones; punctuation; currency symbols.
_SAFE_RANGES = (range(0x800), range(0x1E00, 0x1F00), range(0x2000, 0x2070), range(0x20A0, 0x20C0))
_CODE_POINTS = 0x20C0  # in the tables; all beyond are unsafe
_UNSAFE = r"[\p{M}\u200c\u200d\u03a3]"  # they belong to what is before them, or change with what follows
_FEWEST_SLOTS = 1 << 16  # of the table of a block's words, which doubles when half of it is taken
_COMPILING = "compiling the reader of text for this machine, once; later runs start at once"

LineBounds = npt.NDArray[np.int64]  # [lines, 2], where lines begin and end in a block, without their line feeds


def is_possible(settings: TokenizerSettings) -> bool:
    """Whether Numba is installed and the tokenizer is one whose words the compiled loops find."""
    return settings.kind.scanned_as is not None and importlib.util.find_spec("numba") is not None


def is_loaded() -> bool:
    """Whether Numba is loaded already, as an engine that needs it does before text is read.

    Loading it takes longer than the loops take for some megabytes.
    """
    return "numba" in sys.modules


def scanner_for(settings: TokenizerSettings, on_note: OnNote) -> "Scanner | None":
    """Return a scanner; None where there can be none, or Numba does not fit NumPy or cannot cache its loops."""
    if not is_possible(settings):
        return None
    try:
        return Scanner(settings, on_note)
    except (ImportError, RuntimeError):
        return None


class Scanner:
    """Makes batches of blocks of lines, in any thread and several at a time.

    Args:
        settings: the tokenizer, for which `is_possible` holds.
        on_note: called with a note if the loops are compiled first, which takes seconds.
        slots: of the table of a block's words, at first: a power of two.
    """

    def __init__(self, settings: TokenizerSettings, on_note: OnNote, slots: int = _FEWEST_SLOTS) -> None:
        with note_if_compiling(on_note, _COMPILING):
            from wvcli.tokens import scanning_loops
        self._loops = scanning_loops
        self._tokenize = settings.tokenize()
        self._is_wanted = settings.is_wanted()
        self._classes, self._written = _tables(settings.kind.scanned_as == "whitespace", settings.lowercase)
        self._slots = slots

    def unsafe_lines(self, block: bytes) -> LineBounds:
        """Find the lines that the tokenizer itself must split."""
        if block.isascii():
            return np.zeros((0, 2), dtype=np.int64)
        data = np.frombuffer(block, dtype=np.uint8)
        eights = np.frombuffer(block, dtype=np.uint64, count=len(block) // 8)
        bounds = np.empty((len(block) // 3, 2), dtype=np.int64)  # an unsafe line has 3 bytes or more
        return bounds[: self._loops.unsafe_lines(data, eights, self._classes, bounds)]

    def batch(self, block: bytes, unsafe: LineBounds) -> Batch:
        """Return the words of a block as numbers; `unsafe` is what `unsafe_lines` returns for it."""
        data = np.frombuffer(self._split_lines(block, unsafe), dtype=np.uint8)
        words = np.empty(len(data) + 1, dtype=np.uint8)
        ids = np.empty(len(data) + 1, dtype=np.uint32)
        sizes = np.zeros(3, dtype=np.int64)
        while True:
            slots = np.zeros(self._slots, dtype=np.uint64)
            starts = np.empty(len(slots) // 2 + 1, dtype=np.int64)
            counts = np.empty(len(slots) // 2, dtype=np.int64)
            if not self._loops.scan(data, self._classes, self._written, slots, words, starts, counts, ids, sizes):
                break
            self._slots = 2 * len(slots)
        end, count, filled = sizes.tolist()
        return self._filtered(PackedWords(words[:end], count), counts[:count], ids[:filled])

    def _split_lines(self, block: bytes, unsafe: LineBounds) -> bytes:
        """Return the block with its unsafe lines split into words."""
        if not len(unsafe):
            return block
        parts: list[bytes] = []
        end = 0
        for start, stop in unsafe.tolist():
            words = self._tokenize(str(block[start:stop], "utf-8", "surrogatepass"))
            split = bytes([self._loops.SPLIT]) + " ".join(words).encode("utf-8", "surrogatepass")
            parts += (block[end:start], split)
            end = stop
        return b"".join([*parts, block[end:]])

    def _filtered(self, words: PackedWords, counts: npt.NDArray[np.int64], ids: IdArray) -> Batch:
        """Return the batch without stop words and short words."""
        if self._is_wanted is None:
            return Batch(words, ids, counts)
        wanted = np.fromiter(map(self._is_wanted, words), dtype=bool, count=len(words))
        numbers = np.append(np.cumsum(wanted, dtype=np.uint32) - np.uint32(1), TEXT_END)
        ids = ids[np.append(wanted, True).take(ids, mode="clip")]
        return Batch(list(compress(words, wanted)), numbers.take(ids, mode="clip"), counts[wanted])


def block_of(group: Group) -> bytes:
    """Return a group of texts as lines of UTF-8; a line feed within a text, in no word, becomes a space."""
    if isinstance(group, bytes):
        return group
    lines = (text.replace("\n", " ") for text in group)
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")


@cache
def _tables(at_white_space: bool, lowercase: bool) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint16]]:
    """Return what each character is and is written as.

    Args:
        at_white_space: whether words end at white space only, or else by Unicode's rules.
        lowercase: whether they are written in lower case.

    Returns:
        uint8 [code points], flags of the loops; uint16 [code points], the code points that they are written as.
    """
    import regex

    from wvcli.tokens import scanning_loops as loops

    classes = np.full(_CODE_POINTS, loops.UNSAFE, dtype=np.uint8)
    written = np.zeros(_CODE_POINTS, dtype=np.uint16)
    patterns = (_UNSAFE, r"\p{L}", r"\p{N}", r"\p{Hebrew}")
    is_unsafe, is_letter, is_number, is_hebrew = (regex.compile(pattern).match for pattern in patterns)
    for point in chain.from_iterable(_SAFE_RANGES):
        text = normal(chr(point) if at_white_space else plain(chr(point)), lowercase)
        if len(text) != 1 or is_unsafe(chr(point)) or len(text.encode()) > len(chr(point).encode()):
            continue
        written[point] = ord(text)
        if at_white_space:
            classes[point] = 0 if text.isspace() else loops.WORD
        elif is_letter(text):
            classes[point] = loops.WORD | loops.LETTER | (loops.HEBREW if is_hebrew(text) else 0)
        elif is_number(text):
            classes[point] = loops.WORD | loops.NUMBER
        else:
            others = {"_": loops.WORD, ".": loops.POINT, ",": loops.POINT, '"': loops.QUOTE}
            classes[point] = loops.HYPHEN if text in f"'-{JOINERS}" else others.get(text, 0)
    return classes, written
