"""Words found and numbered by compiled loops, for text whose words end at blanks and signs; needs Numba.

Most letters of alphabets are one character in, one out. A line with any other (a mark of its own, a script without
blanks, a letter whose lower case depends on its place) is split by the tokenizer itself, and only numbered here.
"""

import importlib.util
from functools import cache

import numpy as np
import numpy.typing as npt

from wvcli.reporting import OnNote
from wvcli.system.compiling import note_if_compiling
from wvcli.text.spelling import normal, plain
from wvcli.text.tokenizers import TokenizerSettings
from wvcli.tokens.batches import Batch, Group
from wvcli.tokens.shards import TEXT_END, IdArray
from wvcli.tokens.word_numbers import PackedWords

# Latin, Greek, Cyrillic, Armenian, Hebrew and Arabic letters; Vietnamese ones; punctuation; signs of currencies.
_SAFE = (range(0x800), range(0x1E00, 0x1F00), range(0x2000, 0x2070), range(0x20A0, 0x20C0))
_POINTS = 0x20C0
_UNSAFE = r"[\p{M}\u200c\u200d\u03a3]"  # they belong to what is before them, or change with their place
_FEWEST_SLOTS = 1 << 16
_COMPILING = "compiling the reader of text for this machine, once; later runs start at once"

Spans = npt.NDArray[np.int64]


def is_possible(settings: TokenizerSettings) -> bool:
    """Whether Numba is installed and the tokenizer is one whose words end at blanks and signs."""
    return settings.kind.spaced is not None and importlib.util.find_spec("numba") is not None


def scanner_for(settings: TokenizerSettings, on_note: OnNote) -> "Scanner | None":
    """A scanner; None where there can be none, also because Numba does not fit NumPy or cannot keep its loops."""
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
        on_note: told when the loops are compiled first, which takes seconds.
    """

    def __init__(self, settings: TokenizerSettings, on_note: OnNote) -> None:
        with note_if_compiling(on_note, _COMPILING):
            from wvcli.tokens import scanning_loops
        self._loops = scanning_loops
        self._tokenize = settings.tokenize()
        self._is_wanted = settings.is_wanted()
        self._classes, self._written = _tables(settings.kind.literal, settings.lowercase)
        self._slots = _FEWEST_SLOTS

    def unsafe(self, block: bytes) -> Spans:
        """int64 [lines, 2], where the lines begin and end that the tokenizer itself must split."""
        if block.isascii():
            return np.zeros((0, 2), dtype=np.int64)
        data = np.frombuffer(block, dtype=np.uint8)
        eights = np.frombuffer(block, dtype=np.uint64, count=len(block) // 8)
        spans = np.empty((len(block) // 3, 2), dtype=np.int64)  # an unsafe line has so many bytes, or more
        return spans[: self._loops.unsafe_lines(data, eights, self._classes, spans)]

    def batch(self, block: bytes, spans: Spans) -> Batch:
        """The words of a block as numbers; `spans` is what `unsafe` gives."""
        data = np.frombuffer(self._ready(block, spans), dtype=np.uint8)
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

    def _ready(self, block: bytes, spans: Spans) -> bytes:
        """The block with its unsafe lines split into words."""
        if not len(spans):
            return block
        parts: list[bytes] = []
        end = 0
        for start, stop in spans.tolist():
            words = self._tokenize(str(block[start:stop], "utf-8", "surrogatepass"))
            ready = bytes([self._loops.READY]) + " ".join(words).encode("utf-8", "surrogatepass")
            parts += (block[end:start], ready)
            end = stop
        return b"".join([*parts, block[end:]])

    def _filtered(self, words: PackedWords, counts: npt.NDArray[np.int64], ids: IdArray) -> Batch:
        """The batch without the words that are not wanted."""
        if self._is_wanted is None:
            return Batch(words, ids, counts)
        kept = np.fromiter(map(self._is_wanted, words), dtype=bool, count=len(words))
        numbers = np.append(np.cumsum(kept, dtype=np.uint32) - np.uint32(1), TEXT_END)
        ids = ids[np.append(kept, True).take(ids, mode="clip")]
        return Batch(
            [word for word, is_kept in zip(words, kept.tolist(), strict=True) if is_kept],
            numbers.take(ids, mode="clip"),
            counts[kept],
        )


def block_of(group: Group) -> bytes:
    """A group of texts as lines of UTF-8; a line feed within a text, which is in no word, becomes a blank."""
    if isinstance(group, bytes):
        return group
    return "".join(f"{text}\n" for text in (text.replace("\n", " ") for text in group)).encode(
        "utf-8", "surrogatepass"
    )


@cache
def _tables(literal: bool, lowercase: bool) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint16]]:
    """What each character is, as flags of the loops, and the character that it is written as."""
    import regex

    from wvcli.tokens import scanning_loops as loops

    classes = np.full(_POINTS, loops.UNSAFE, dtype=np.uint8)
    written = np.zeros(_POINTS, dtype=np.uint16)
    is_unsafe, is_letter, is_number = (regex.compile(pattern).match for pattern in (_UNSAFE, r"\p{L}", r"\p{N}"))
    for point in (point for some in _SAFE for point in some):
        plainly = chr(point) if literal else plain(chr(point))
        text = normal(plainly, lowercase)
        if len(text) != 1 or is_unsafe(chr(point)) or len(text.encode()) > len(chr(point).encode()):
            continue
        written[point] = ord(text)
        if literal:
            classes[point] = 0 if text.isspace() else loops.WORD
        elif is_letter(text):
            classes[point] = loops.WORD | loops.LETTER
        elif is_number(text):
            classes[point] = loops.WORD | loops.NUMBER
        else:
            signs = {"_": loops.WORD, ".": loops.POINT, ",": loops.POINT}
            classes[point] = loops.HYPHEN if text in "'-\u2010\u00b7\u05f4" else signs.get(text, 0)
    return classes, written
