"""What a pickle read as plain data is made of: arrays of numbers, and other objects as names and attributes."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_KIND = re.compile(r"([fiu][1248]|b1)")
_ORDERS = ("<", ">", "|", "=")
NO_STATE: dict[Any, Any] = {}


@dataclass(frozen=True)
class Name:
    """What a pickle calls a class or a function: its dotted name and no more."""

    text: str


class Thing:
    """An object that a pickle makes, as its class and its attributes.

    Attributes:
        name: the dotted name of its class, or of the function that would make it.
        state: its attributes.
    """

    __slots__ = ("name", "state")  # old files hold one for each word

    def __init__(self, name: str) -> None:
        self.name = name
        self.state: dict[Any, Any] = NO_STATE


@dataclass(eq=False)
class Kind:
    """A NumPy dtype."""

    code: str
    order: str = "="

    def dtype(self) -> np.dtype[Any]:
        if not _KIND.fullmatch(self.code) or self.order not in _ORDERS:
            raise ValueError(f"numbers of the kind {self.order}{self.code}")
        return np.dtype(self.order + self.code)


@dataclass(eq=False)
class Array:
    """A NumPy array that a pickle holds; one of objects rather than numbers has no numbers."""

    shape: tuple[int, ...] = ()
    kind: Kind | None = None
    fortran: bool = False
    data: Any = b""

    def numbers(self) -> npt.NDArray[Any]:
        """The array, in memory of its own.

        Raises:
            ValueError: it does not consist of numbers, or its size is another than it says.
        """
        if self.kind is None:
            raise ValueError("an array without a kind of number")
        data = self.data.encode("latin-1") if isinstance(self.data, str) else self.data
        if not isinstance(data, bytes | memoryview):
            raise ValueError("an array of objects")
        flat: npt.NDArray[Any] = np.frombuffer(data, dtype=self.kind.dtype())
        shaped: npt.NDArray[Any] = flat.reshape(self.shape, order="F" if self.fortran else "C")
        return np.array(shaped)


def _bytes_of(arguments: tuple[Any, ...]) -> bytes:
    text, encoding = arguments
    if encoding != "latin1":
        raise ValueError(f"bytes encoded as {encoding!r}")
    return bytes(text.encode("latin-1"))


def _scalar(arguments: tuple[Any, ...]) -> Any:
    kind, data = arguments
    return Array((), kind, False, data).numbers().item()


def _array(arguments: tuple[Any, ...]) -> Array:
    data, kind, shape, order = arguments
    return Array(shape, kind, order == "F", data)


# What is made of a call, by the last two parts of its name, whichever module of NumPy it was in.
MADE: dict[str, Callable[[tuple[Any, ...]], Any]] = {
    "multiarray._reconstruct": lambda arguments: Array(),
    "multiarray.scalar": _scalar,
    "numeric._frombuffer": _array,
    "numpy.dtype": lambda arguments: Kind(arguments[0]),
    "_codecs.encode": _bytes_of,
    "collections.defaultdict": lambda arguments: {},
    "collections.OrderedDict": lambda arguments: {},
}
_NUMPY = ("numpy.core.", "numpy._core.")
ADMITTED = frozenset(
    [parent + name for parent in _NUMPY for name in MADE if name.startswith(("multiarray.", "numeric."))]
    + [name for name in MADE if not name.startswith(("multiarray.", "numeric."))]
    + ["numpy.ndarray"]
)
