"""What a pickle that is read as plain data consists of: arrays, and other objects as names and attributes."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_CODE = re.compile(r"([fiu][1248]|b1)")
_BYTE_ORDERS = ("<", ">", "|", "=")
NO_STATE: dict[Any, Any] = {}


@dataclass(frozen=True)
class Name:
    """The dotted name of a class or a function."""

    text: str


class PickledObject:
    """An object of a pickle, as its class and its attributes.

    Attributes:
        name: the dotted name of its class, or of the function that makes it.
        state: its attributes.
    """

    __slots__ = ("name", "state")  # old files have one for each word

    def __init__(self, name: str) -> None:
        self.name = name
        self.state: dict[Any, Any] = NO_STATE


@dataclass(eq=False)
class DtypeCode:
    """A NumPy dtype, as its type code and byte order."""

    code: str
    byte_order: str = "="

    def dtype(self) -> np.dtype[Any]:
        """Return the dtype.

        Raises:
            ValueError: it is not one of numbers.
        """
        if not _CODE.fullmatch(self.code) or self.byte_order not in _BYTE_ORDERS:
            raise ValueError(f"an array of the dtype {self.byte_order[:20]}{self.code[:20]}; expected numbers")
        return np.dtype(self.byte_order + self.code)


@dataclass(eq=False)
class Array:
    """A NumPy array in a pickle."""

    shape: tuple[int, ...] = ()
    dtype: DtypeCode | None = None
    is_fortran: bool = False
    data: Any = b""

    def numbers(self) -> npt.NDArray[Any]:
        """Return a copy of the array.

        Raises:
            ValueError: it does not consist of numbers, or not of as many as its shape says.
        """
        if self.dtype is None:
            raise ValueError("an array without a dtype")
        data = self.data.encode("latin-1") if isinstance(self.data, str) else self.data
        if not isinstance(data, bytes | memoryview):
            raise ValueError("an array of objects")
        flat: npt.NDArray[Any] = np.frombuffer(data, dtype=self.dtype.dtype())
        shaped: npt.NDArray[Any] = flat.reshape(self.shape, order="F" if self.is_fortran else "C")
        return np.array(shaped)


def _make_bytes(arguments: tuple[Any, ...]) -> bytes:
    text, encoding = arguments
    if encoding != "latin1" or not isinstance(text, str):
        raise ValueError("bytes that are not encoded as latin1")
    return bytes(text.encode("latin-1"))


def _make_scalar(arguments: tuple[Any, ...]) -> Any:
    dtype, data = arguments
    return Array((), dtype, False, data).numbers().item()


def _make_array(arguments: tuple[Any, ...]) -> Array:
    data, dtype, shape, order = arguments
    return Array(shape, dtype, order == "F", data)


# What makes the result of a call, by the last two parts of the function's name, which NumPy has moved.
MAKERS: dict[str, Callable[[tuple[Any, ...]], Any]] = {
    "multiarray._reconstruct": lambda arguments: Array(),
    "multiarray.scalar": _make_scalar,
    "numeric._frombuffer": _make_array,
    "numpy.dtype": lambda arguments: DtypeCode(arguments[0]),
    "_codecs.encode": _make_bytes,
    "collections.defaultdict": lambda arguments: {},
    "collections.OrderedDict": lambda arguments: {},
}
_NUMPY = ("numpy.core.", "numpy._core.")
ADMITTED = frozenset(
    [parent + name for parent in _NUMPY for name in MAKERS if name.startswith(("multiarray.", "numeric."))]
    + [name for name in MAKERS if not name.startswith(("multiarray.", "numeric."))]
    + ["numpy.ndarray"]
)
