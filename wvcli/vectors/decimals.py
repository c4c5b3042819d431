"""Decimal text to float32 and back, for many numbers at once, with NumPy alone.

A number is read as the float32 nearest to the float64 nearest to the text, as by `np.float32(float(text))`, and
written as the shortest text that reads back as the same bits. Plain numbers are converted by arithmetic on whole
arrays; rare ones (exponents, very small and very large numbers, NaN, infinity) by Python, one at a time.
"""

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from wvcli.vectors.geometry import FloatArray

ByteArray = npt.NDArray[np.uint8]
IntArray = npt.NDArray[np.int64]

NUMBER = re.compile(rb"[+-]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?|nan|inf|infinity)", re.IGNORECASE)

# Digits are loaded eight at a time and end at the last one, so the first token needs bytes before it. The padding
# ends like a line does, so that a token always stands between two separators.
PADDING = b"\0" * 15 + b"\n"

_POWERS = 10.0 ** np.arange(23)  # the powers of ten that float64 holds exactly
_WHOLE_POWERS = 10 ** np.arange(19, dtype=np.int64)
_MOST_FRACTION = 16  # digits after the point that are used: more than float64 has for most numbers

_SMALLEST, _LARGEST = 1e-4, 1e4  # numbers in this range are written without an exponent and at once
_SIGNIFICANT = 9  # digits that distinguish any float32 from every other
_ALWAYS_ENOUGH = 6  # digits that every float32 preserves, so a shorter text shows as zeros at the end of these
_DECIMALS = 12  # digits after the point that 1e-4 needs for nine significant ones
# The text of a number with what stands before it; a zero byte stands for no character.
_CELL = np.dtype(
    [
        ("separator", np.uint8),
        ("sign", np.uint8),
        ("whole", np.uint32),  # up to four digits before the point
        ("point", np.uint8),
        ("first", np.uint32),  # the digits after the point, in three groups of up to four
        ("second", np.uint32),
        ("third", np.uint32),
    ]
)


@dataclass(frozen=True)
class Tokens:
    """The fields of a block of lines: what stands between spaces, tabs and line ends.

    Attributes:
        text: uint8 [bytes], the padding and then whole lines.
        starts: int64 [tokens], the position of each token's first byte.
        ends: int64 [tokens], the position after its last byte.
        points: int64 [tokens], the position of its decimal point, or `ends` when it has none or several.
        lines: int64 [lines], the position of the byte that ends each line.
    """

    text: ByteArray
    starts: IntArray
    ends: IntArray
    points: IntArray
    lines: IntArray

    def select(self, chosen: npt.NDArray[np.int64 | np.bool_]) -> "Tokens":
        """Return the tokens at these indices, or those where the mask is true."""
        return Tokens(self.text, self.starts[chosen], self.ends[chosen], self.points[chosen], self.lines)

    def token(self, index: int) -> bytes:
        """Return the bytes of one token."""
        return self.text[self.starts[index] : self.ends[index]].tobytes()


def tokens(block: bytes) -> Tokens:
    """Find the tokens in a block of lines, the last of which ends with a line end too."""
    text = np.frombuffer(PADDING + block, dtype=np.uint8)
    marks = np.flatnonzero((text == 32) | (text == 46) | (text == 10) | (text == 9))
    stops = np.flatnonzero(text[marks] != 46)
    separators = marks[stops]
    starts, ends = separators[:-1] + 1, separators[1:]
    points = np.where(np.diff(stops) == 2, marks[stops[:-1] + 1], ends)
    found = Tokens(text, starts, ends, points, separators[text[separators] == 10][1:])
    filled = ends > starts
    return found if filled.all() else found.select(filled)


def parse(found: Tokens) -> tuple[FloatArray, int | None]:
    """Return the tokens as numbers, float32 [tokens], and the index of the first that is not a number, or None."""
    first = found.text[found.starts]
    negative = first == ord("-")
    whole_digits = found.points - found.starts - (negative | (first == ord("+")))
    fraction_digits = np.maximum(found.ends - found.points - 1, 0)
    whole, whole_plain = _whole(found.text, found.points, whole_digits)
    fraction, fraction_plain = _fraction(found, fraction_digits)
    values = whole + fraction
    plain = whole_plain & fraction_plain & (whole_digits + fraction_digits > 0)
    # The value may be off by some units in the last place of a float64, and by the digits that were left out.
    # Where float32 is the same on both sides of that, it is right; otherwise Python parses the number.
    error = values * 2.0**-50 + np.where(fraction_digits > _MOST_FRACTION, 2 / _POWERS[_MOST_FRACTION], 0)
    floats = (values + error).astype(np.float32)
    plain &= floats == (values - error).astype(np.float32)
    np.negative(floats, out=floats, where=negative)
    rare = np.flatnonzero(~plain)
    floats[rare], bad = _parse_rare(found.select(rare))
    return floats, None if bad is None else int(rare[bad])


def _whole(
    text: ByteArray, points: IntArray, count: IntArray
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Do as `_digits` with the digits before each point, of which there is mostly one."""
    if not len(count) or count.max() > 1:
        return _digits(text, points, count)
    digits = text[points - 1] - np.uint8(ord("0"))  # what is less than 0 becomes more than 9
    digits[count < 1] = 0
    return digits.astype(np.float64), digits <= 9


def _fraction(found: Tokens, digits: IntArray) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return the digits after each point, at most 16, as a fraction, and whether there are only digits."""
    used = np.minimum(digits, _MOST_FRACTION)
    stops = found.ends - (digits - used)
    value, plain = _digits(found.text, stops, np.minimum(used, 8))
    if (used > 8).any():
        high, high_plain = _digits(found.text, stops - 8, np.maximum(used - 8, 0))
        value += high * 1e8
        plain &= high_plain
    if (digits > _MOST_FRACTION).any():
        plain &= _digits(found.text, found.ends, digits - used)[1]
    return value / _POWERS[used], plain


def _parse_rare(found: Tokens) -> tuple[FloatArray, int | None]:
    """Do as `parse`, one number at a time."""
    text = found.text.tobytes()
    parts = [text[start:end] for start, end in zip(found.starts.tolist(), found.ends.tolist(), strict=True)]
    bad = None
    values = np.zeros(len(parts))
    try:
        # Of texts with these characters alone float() accepts what NUMBER does and no more.
        if b"".join(parts).translate(None, b"0123456789+-.eE"):
            raise ValueError
        values[:] = [float(part) for part in parts]
    except ValueError:
        bad = next((index for index, part in enumerate(parts) if not NUMBER.fullmatch(part)), None)
        values[:bad] = [float(part) for part in parts[:bad]]
    with np.errstate(over="ignore", under="ignore"):
        return values.astype(np.float32), bad


def _digits(
    text: ByteArray, stops: IntArray, count: IntArray
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return the `count` bytes before each stop as a whole number, and whether they are at most eight digits.

    Eight bytes are loaded as one 64-bit word, in which neighbouring digits are combined: to pairs, fours and
    eight.
    """
    windows = np.ndarray((len(text) - 7,), dtype="<u8", buffer=text, strides=(1,))[stops - 8]
    digits = (windows ^ np.uint64(0x3030303030303030)) & _masks()[np.minimum(count, 8)]
    over_nine = (digits | (digits + np.uint64(0x7676767676767676))) & np.uint64(0x8080808080808080)
    pairs = (digits * np.uint64(10 * 2**8 + 1) >> np.uint64(8)) & np.uint64(0x00FF00FF00FF00FF)
    fours = (pairs * np.uint64(100 * 2**16 + 1) >> np.uint64(16)) & np.uint64(0x0000FFFF0000FFFF)
    eight = fours * np.uint64(10000 * 2**32 + 1) >> np.uint64(32)
    return eight.astype(np.float64), (over_nine == 0) & (count <= 8)


@cache
def _masks() -> npt.NDArray[np.uint64]:
    """Return uint64 [9], for each count the mask of that many last bytes of a little-endian word."""
    return np.array([(2**64 - 1) ^ (2 ** (64 - 8 * count) - 1) for count in range(9)], dtype=np.uint64)


def format_rows(matrix: FloatArray) -> list[bytes]:
    """Return the text of each row of a float32 [rows, dim]: its numbers with single spaces between them."""
    numbers = np.ascontiguousarray(matrix, dtype=np.float32).reshape(-1)
    digits, decimals, is_plain = _shortest(np.abs(numbers))
    scaled = digits * _WHOLE_POWERS[_DECIMALS - decimals]
    whole = scaled // 10**_DECIMALS
    fraction = scaled - whole * 10**_DECIMALS
    upper = fraction // 10**4
    groups = upper // 10**4, upper % 10**4, fraction % 10**4
    full, tail, first_tail, leading = _four_digits()
    cells = np.empty(len(numbers), dtype=_CELL)
    cells["separator"] = ord(" ")
    cells["separator"].reshape(matrix.shape)[:, 0] = ord("\n")
    cells["sign"] = np.where(np.signbit(numbers), ord("-"), 0)
    cells["whole"] = leading[whole]
    cells["point"] = ord(".")
    cells["first"] = np.where((groups[1] == 0) & (groups[2] == 0), first_tail[groups[0]], full[groups[0]])
    cells["second"] = np.where(groups[2] == 0, tail[groups[1]], full[groups[1]])
    cells["third"] = tail[groups[2]]
    rare = np.flatnonzero(~is_plain)
    if len(rare):
        width = _CELL.itemsize - 1  # more than the 14 characters of -1.1754944e-38
        shortest = (np.format_float_scientific(number, trim="-") for number in numbers[rare])
        texts = b"".join(text.encode().ljust(width, b"\0") for text in shortest)
        cells.view(np.uint8).reshape(-1, width + 1)[rare, 1:] = np.frombuffer(texts, np.uint8).reshape(-1, width)
    return cells.tobytes().translate(None, b"\0").split(b"\n")[1:]


def _shortest(sizes: FloatArray) -> tuple[IntArray, IntArray, npt.NDArray[np.bool_]]:
    """Find the fewest digits from which each number is read back.

    Returns:
        digits: int64 [numbers]; with `decimals` of them after the point they read as the number.
        decimals: int64 [numbers], at most `_DECIMALS`.
        is_plain: bool [numbers], false where the number is outside the range or is not read back.
    """
    in_range = ((sizes >= _SMALLEST) & (sizes < _LARGEST)) | (sizes == 0)
    safe = np.where(in_range, sizes, np.float32(0))
    exact = safe.astype(np.float64)
    decimals = np.full(len(sizes), _DECIMALS)
    for bound in (1e-3, 1e-2, 1e-1, 1e0, 1e1, 1e2, 1e3):
        decimals -= exact >= bound
    best = np.zeros(len(sizes))
    is_plain = np.zeros(len(sizes), dtype=bool)
    for dropped in range(_SIGNIFICANT - _ALWAYS_ENOUGH + 1):
        scale = _POWERS[decimals - dropped]
        rounded = np.rint(exact * scale)
        same = (rounded / scale).astype(np.float32) == safe
        best = np.where(same, rounded * _POWERS[dropped], best)
        is_plain |= same
    return best.astype(np.int64), decimals, is_plain & in_range


@cache
def _four_digits() -> tuple[npt.NDArray[np.uint32], ...]:
    """Return the numbers 0 to 9999 as four bytes of text, in four ways; a zero byte stands for no character.

    Returns:
        full: all four digits.
        tail: without zeros at the end.
        first_tail: as `tail`, but 0 remains one zero: a digit always follows the point.
        leading: without zeros in front, but 0 remains one zero.
    """
    full = [b"%04d" % number for number in range(10_000)]
    tail = [text.rstrip(b"0") for text in full]
    leading = [(text.lstrip(b"0") or b"0").rjust(4, b"\0") for text in full]
    ways = full, tail, [b"0", *tail[1:]], leading
    return tuple(np.frombuffer(b"".join(t.ljust(4, b"\0") for t in way), dtype=np.uint32) for way in ways)
