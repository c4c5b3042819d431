"""MurmurHash3 of many keys at once: Appleby's x64 variant of 128 bits, with which floret hashes n-grams."""

from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.vectors.geometry import RowArray

_BLOCK = 16  # bytes hashed at a time
_FIRST, _SECOND = np.uint64(0x87C37B91114253D5), np.uint64(0x4CF5AD432745937F)
_FINAL = (np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53))

Hashes = Any  # uint64 [keys]


def murmur(data: npt.NDArray[np.uint8], starts: RowArray, stops: RowArray, seed: int) -> npt.NDArray[np.uint32]:
    """Return uint32 [keys, 4], the hash of each key in four parts, the lowest of the first half first.

    Args:
        data: uint8 [bytes].
        starts: int64 [keys]; key i is `data[starts[i]:stops[i]]`.
        stops: int64 [keys].
        seed: of 32 bits.
    """
    lengths = stops - starts
    windows = np.lib.stride_tricks.sliding_window_view(np.concatenate([data, np.zeros(_BLOCK, np.uint8)]), _BLOCK)
    low = np.full(len(starts), seed, dtype=np.uint64)
    high = low.copy()
    whole = lengths // _BLOCK
    for block in range(int(whole.max(initial=0))):
        keys = np.flatnonzero(whole > block)
        first, second = _words(windows, starts[keys] + _BLOCK * block)
        one = _turned(low[keys] ^ _mixed(first, _FIRST, 31, _SECOND), 27) + high[keys]
        one = one * np.uint64(5) + np.uint64(0x52DCE729)
        two = _turned(high[keys] ^ _mixed(second, _SECOND, 33, _FIRST), 31) + one
        low[keys], high[keys] = one, two * np.uint64(5) + np.uint64(0x38495AB5)
    first, second = _words(windows, starts + _BLOCK * whole)
    left = lengths % _BLOCK
    high ^= _mixed(second & _lowest(left - 8), _SECOND, 33, _FIRST)
    low ^= _mixed(first & _lowest(left), _FIRST, 31, _SECOND)
    size = lengths.astype(np.uint64)
    low, high = low ^ size, high ^ size
    low = low + high
    high = high + low
    low, high = _finished(low), _finished(high)
    low = low + high
    high = high + low
    return np.column_stack([low, high]).astype("<u8").view("<u4")


def _words(windows: Any, places: RowArray) -> tuple[Hashes, Hashes]:
    """Return the two numbers of 64 bits that begin at each place."""
    pairs = windows[places].view("<u8")
    return pairs[:, 0], pairs[:, 1]


def _lowest(count: RowArray) -> Hashes:
    """Numbers of which the lowest bytes, from none to all 8, are ones."""
    bits = (8 * np.clip(8 - count, 0, 7)).astype(np.uint64)
    return np.where(count > 0, ~np.uint64(0) >> bits, np.uint64(0))


def _turned(numbers: Hashes, bits: int) -> Hashes:
    return numbers << np.uint64(bits) | numbers >> np.uint64(64 - bits)


def _mixed(numbers: Hashes, before: np.uint64, bits: int, after: np.uint64) -> Hashes:
    return _turned(numbers * before, bits) * after


def _finished(numbers: Hashes) -> Hashes:
    for factor in _FINAL:
        numbers = (numbers ^ numbers >> np.uint64(33)) * factor
    return numbers ^ numbers >> np.uint64(33)
