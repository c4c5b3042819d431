"""Text to float32 and back, against Python's and NumPy's own conversions."""

from decimal import Decimal
from time import process_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wvcli.vectors.decimals import format_rows, parse, tokens


def parsed_bits(texts: list[str]) -> list[int]:
    """The bits of the numbers read from the texts."""
    numbers, bad = parse(tokens(" ".join(texts).encode() + b"\n"))
    assert bad is None
    return numbers.view(np.uint32).tolist()


def expected_bits(texts: list[str]) -> list[int]:
    with np.errstate(over="ignore"):
        return np.array([float(text) for text in texts]).astype(np.float32).view(np.uint32).tolist()


@given(st.lists(st.from_regex(r"[+-]?([0-9]{1,20}\.?[0-9]{0,30}|\.[0-9]{1,30})(e-?[0-9]{1,3})?", fullmatch=True)))
@settings(deadline=None)
def test_a_number_is_read_as_python_reads_it(texts: list[str]) -> None:
    assert parsed_bits(texts) == expected_bits(texts)


@pytest.mark.parametrize("digits", range(1, 28))
def test_any_number_of_digits_is_read_right(digits: int) -> None:
    rng = np.random.default_rng(digits)
    texts = [f"{number:.{digits}f}" for number in rng.normal(0, 1, 2000) * 10.0 ** rng.integers(-6, 6, 2000)]
    assert parsed_bits(texts) == expected_bits(texts)


@pytest.mark.parametrize("beside", ["0", "1e-17", "-1e-17", "1e-20", "-1e-20"])
def test_numbers_at_the_middle_between_two_floats_are_read_right(beside: str) -> None:
    lower = np.random.default_rng(5).normal(0, 1, 1000).astype(np.float32)
    upper = np.nextafter(lower, np.float32(9))
    pairs = zip(lower.tolist(), upper.tolist(), strict=True)
    middles = [format((Decimal(low) + Decimal(high)) / 2 + Decimal(beside), "f") for low, high in pairs]
    for length in (12, 17, 18, 19, 20, 26, 40):
        texts = [middle[:length] for middle in middles]
        assert parsed_bits(texts) == expected_bits(texts)


WRONG = [
    "+",
    "-",
    ".",
    "-.",
    "1.2.3",
    "--1",
    "1-",
    "1_0",
    "0x1",
    "1e",
    "e5",
    "1,5",
    "inf1",
    "\x0b1",
    "1\0",
    "١",
    "½",
    "1/2",
]
WRONG += [
    "1:0",
    "0.:1",
    "0.1x34567890123",
    "0.123456789012x",
    "0.1234567890123456x8",
    "x.5",
    "1x345678.5",
    "1_0.5",
]


@pytest.mark.parametrize("text", WRONG)
@pytest.mark.parametrize("before", ["0.5 2 1e3", "0.5 nan 1e3"])
def test_what_is_no_number_is_found(before: str, text: str) -> None:
    assert parse(tokens(f"{before}\n0.25 {text} 7 1e5\n".encode()))[1] == 4


def test_that_long_digits_are_no_number_is_seen_in_one_pass() -> None:
    start = process_time()
    assert parse(tokens(b"9" * 20_000 + b"x\n"))[1] == 0
    assert process_time() - start < 1  # milliseconds; trying each way to part the digits takes four seconds


@given(st.lists(st.floats(width=32), min_size=1, max_size=40))
@settings(deadline=None)
def test_numbers_are_written_as_short_as_numpy_writes_them(numbers: list[float]) -> None:
    row = np.array([numbers], dtype=np.float32)
    [text] = format_rows(row)
    texts = text.decode().split(" ")
    plain = [np.format_float_positional(number, trim="0") for number in row[0]]
    short = [np.format_float_scientific(number, trim="-") for number in row[0]]
    assert all(one in both for one, *both in zip(texts, plain, short, strict=True))
    sizes = np.abs(row[0])
    usual = (sizes == 0) | ((sizes >= 1e-4) & (sizes < 1e4))
    assert [text for text, is_usual in zip(texts, usual, strict=True) if is_usual] == [
        text for text, is_usual in zip(plain, usual, strict=True) if is_usual
    ]


def test_short_numbers_are_written_short() -> None:
    # Just below a power of ten float32 keeps six digits there but not always seven.
    texts = [f"0.000{digits}" for digits in range(976_563, 1_000_000)]
    texts += ["0.0010000002", "0.10000001", "1.0", "0.0", "-0.0", "9999.999", "0.0001", "-1024.5"]
    [row] = format_rows(np.array([texts], dtype=np.float32))
    assert row.decode().split(" ") == [text.rstrip("0") if text.startswith("0.0009") else text for text in texts]


def test_a_wide_range_of_numbers_comes_back_bit_by_bit() -> None:
    rng = np.random.default_rng(8)
    every_bit = rng.integers(0, 2**32, (500, 64), dtype=np.uint32).view(np.float32)
    usual = (rng.choice([-1, 1], (3000, 64)) * 10.0 ** rng.uniform(-5, 5, (3000, 64))).astype(np.float32)
    short = (rng.integers(-10_000, 10_000, (500, 64)) / 1000).astype(np.float32)
    matrix = np.concatenate([np.nan_to_num(every_bit), usual, short])
    rows = format_rows(matrix)
    assert parsed_bits([row.decode() for row in rows]) == matrix.reshape(-1).view(np.uint32).tolist()
    assert rows[-1].decode() == " ".join(map(str, matrix[-1]))
