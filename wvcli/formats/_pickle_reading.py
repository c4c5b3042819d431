"""Pickles read as plain data: nothing that a pickle names is ever looked up, imported or called.

A pickle is a program for a small stack machine, described in Python's own `pickletools`. Python's machine calls
whatever the program names. This one knows the instructions that Gensim's files consist of. It makes numbers, text,
lists, dicts and NumPy arrays, and keeps any other object as its name and its attributes. Reading stops at a name
that was not admitted beforehand, and at any other instruction.
"""

import mmap
import struct
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from wvcli.errors import InputError
from wvcli.formats._pickle_objects import ADMITTED, MAKERS, Array, DtypeCode, Name, PickledObject
from wvcli.formats._reading import open_input

_PROTOCOLS = (2, 3, 4, 5)


def load(path: Path, admitted: Collection[str]) -> Any:
    """Return the contents of a pickle file.

    They are None, numbers, `str`, `memoryview`, tuples, lists, dicts, `Array` and `PickledObject`.

    Args:
        path: the file.
        admitted: the names that it may contain besides those of NumPy's arrays.

    Raises:
        InputError: it cannot be read, is not a complete pickle, or contains another name.
    """
    with open_input(path) as file:
        try:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError as error:
            raise InputError(f"{path} is empty; expected a pickle that Gensim saved") from error
    machine = _Machine(mapped, ADMITTED | frozenset(admitted))
    try:
        return machine.run()
    except _RefusedError as refused:
        raise InputError(
            f"{path} contains {refused}, which does not belong in a file of vectors", refused.hint
        ) from refused
    except Exception as error:  # whatever a damaged program causes
        position = min(machine.position, len(mapped))
        reason = "the file ends here" if position == len(mapped) else str(error) or type(error).__name__
        raise InputError(f"{path} is damaged: byte {position}: {reason}") from error


class _RefusedError(Exception):
    """The pickle contains a name that was not admitted."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.hint = (
            "wvcli reads KeyedVectors, Word2Vec and FastText; of other models save the .wv"
            if name.startswith("gensim.")
            else "nothing was run; be careful with this file: a program that unpickles it may run code in it"
        )


class _Machine:
    """The stack machine of one pickle.

    Args:
        data: the pickle.
        admitted: the names that it may contain.
    """

    def __init__(self, data: mmap.mmap, admitted: frozenset[str]) -> None:
        self.position = 0
        self._data = data
        self._view = memoryview(data)
        self._admitted = admitted
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def run(self) -> Any:
        """Execute the pickle and return what it makes."""
        data, steps, stop = self._data, _STEPS, ord(".")
        if data[0] != 0x80:
            raise ValueError("expected a pickle of protocol 2 to 5")
        while True:
            code = data[self.position]
            self.position += 1
            if code == stop:
                return self._stack.pop()
            step = steps.get(code)
            if step is None:
                self.position -= 1
                raise ValueError(f"the instruction {bytes([code])!r} does not occur in files of vectors")
            step(self)

    def take(self, size: int) -> memoryview:
        """Return the next `size` bytes without copying them."""
        stop = self.position + size
        if not self.position <= stop <= len(self._data):
            self.position = len(self._data)
            raise IndexError
        taken = self._view[self.position : stop]
        self.position = stop
        return taken

    def number(self, layout: struct.Struct) -> Any:
        """Read the next number."""
        start = self.position
        self.position += layout.size
        return layout.unpack_from(self._data, start)[0]

    def push(self, value: Any) -> None:
        """Put a value on the stack."""
        self._stack.append(value)

    def check_protocol(self) -> None:
        """PROTO."""
        protocol = self._data[self.position]
        if protocol not in _PROTOCOLS:
            raise ValueError(f"its pickle protocol is {protocol}; expected 2 to 5")
        self.position += 1

    def skip_frame(self) -> None:
        """FRAME: the size of a group of instructions."""
        self.take(8)

    def mark(self) -> None:
        """MARK."""
        self._marks.append(len(self._stack))

    def since_mark(self) -> list[Any]:
        """Pop everything above the last mark, and the mark."""
        begin = self._marks.pop()
        values = self._stack[begin:]
        del self._stack[begin:]
        return values

    def remember(self, index: int) -> None:
        """Store the value on top in the memo, under a number."""
        self._memo[index] = self._stack[-1]

    def memoize(self) -> None:
        """MEMOIZE."""
        self._memo[len(self._memo)] = self._stack[-1]

    def recall(self, index: int) -> None:
        """Push what the memo has under a number."""
        self._stack.append(self._memo[index])

    def text(self, size: int) -> None:
        """Push a `str` of `size` bytes in UTF-8."""
        self._stack.append(str(self.take(size), "utf-8", "surrogatepass"))

    def long(self) -> None:
        """LONG1."""
        self.push(int.from_bytes(self.take(self.number(_U1)), "little", signed=True))

    def tuple_of(self, size: int) -> None:
        """Replace the `size` values on top by a tuple of them."""
        begin = len(self._stack) - size
        if begin < 0:
            raise IndexError("the stack is empty")
        self._stack[begin:] = [tuple(self._stack[begin:])]

    def append(self) -> None:
        """APPEND."""
        value = self._stack.pop()
        self._extend([value])

    def _extend(self, values: list[Any]) -> None:
        target = self._stack[-1]
        if not isinstance(target, list):
            raise ValueError("it appends to what is not a list")
        target += values

    def extend(self) -> None:
        """APPENDS."""
        self._extend(self.since_mark())

    def set_item(self) -> None:
        """SETITEM."""
        value, key = self._stack.pop(), self._stack.pop()
        self._update([key, value])

    def set_items(self) -> None:
        """SETITEMS."""
        self._update(self.since_mark())

    def _update(self, pairs: list[Any]) -> None:
        target = self._stack[-1]
        if not isinstance(target, dict):
            raise ValueError("it sets keys of what is not a dict")
        target.update(zip(pairs[::2], pairs[1::2], strict=True))

    def global_lines(self) -> None:
        """GLOBAL: a module and a name, each on a line."""
        lines = []
        for _ in range(2):
            stop = self._data.find(b"\n", self.position)
            if stop < 0:
                self.position = len(self._data)
                raise IndexError
            lines.append(str(self._data[self.position : stop], "utf-8"))
            self.position = stop + 1
        self._name(*lines)

    def global_on_stack(self) -> None:
        """STACK_GLOBAL: a module and a name from the stack."""
        name, module = self._stack.pop(), self._stack.pop()
        self._name(module, name)

    def _name(self, module: Any, name: Any) -> None:
        full = f"{module}.{name}"
        if full not in self._admitted:
            raise _RefusedError(full)
        self.push(Name(full))

    def make(self) -> None:
        """REDUCE: what the call of a function would make."""
        arguments, name = self._stack.pop(), self._stack.pop()
        if not isinstance(name, Name) or not isinstance(arguments, tuple):
            raise ValueError("it calls what is not a name")
        short = ".".join(name.text.split(".")[-2:])
        maker = MAKERS.get(short) if name.text in ADMITTED else None
        self.push(maker(arguments) if maker else PickledObject(name.text))

    def make_new(self) -> None:
        """NEWOBJ: makes an object of a class."""
        _, name = self._stack.pop(), self._stack.pop()
        if not isinstance(name, Name):
            raise ValueError("it makes an object of what is not a class")
        self.push(PickledObject(name.text))

    def build(self) -> None:
        """BUILD: sets the attributes of the object below."""
        state, target = self._stack.pop(), self._stack[-1]
        if isinstance(target, Array):
            _, target.shape, target.dtype, target.is_fortran, target.data = state
        elif isinstance(target, DtypeCode):
            target.byte_order = state[1]
        elif not isinstance(target, PickledObject):
            raise ValueError("it sets attributes of what is not an object")
        elif isinstance(state, dict):
            target.state = state  # other states, such as those of random generators, are not needed


_U1, _U2, _U4, _U8 = (struct.Struct(code) for code in ("<B", "<H", "<I", "<Q"))
_I4, _F8 = struct.Struct("<i"), struct.Struct(">d")

_Step = Callable[[_Machine], None]


def _sized(layout: struct.Struct, use: Callable[[_Machine, int], None]) -> _Step:
    """Return the step that reads a number and passes it on."""

    def step(machine: _Machine) -> None:
        use(machine, machine.number(layout))

    return step


def _constant(make: Callable[[], Any]) -> _Step:
    return lambda machine: machine.push(make())


def _bytes(machine: _Machine, size: int) -> None:
    machine.push(machine.take(size))


def _old_text(machine: _Machine, size: int) -> None:
    machine.push(str(machine.take(size), "latin-1"))  # as Gensim reads what Python 2 wrote


# With their names in Python's pickletools, which describes each.
_STEPS: dict[int, _Step] = {
    0x80: _Machine.check_protocol,  # PROTO
    0x95: _Machine.skip_frame,  # FRAME
    ord("("): _Machine.mark,  # MARK
    ord("N"): _constant(lambda: None),  # NONE
    0x88: _constant(lambda: True),  # NEWTRUE
    0x89: _constant(lambda: False),  # NEWFALSE
    ord("}"): _constant(dict),  # EMPTY_DICT
    ord("]"): _constant(list),  # EMPTY_LIST
    ord(")"): _constant(tuple),  # EMPTY_TUPLE
    ord("K"): _sized(_U1, _Machine.push),  # BININT1
    ord("M"): _sized(_U2, _Machine.push),  # BININT2
    ord("J"): _sized(_I4, _Machine.push),  # BININT
    0x8A: _Machine.long,  # LONG1
    ord("G"): _sized(_F8, _Machine.push),  # BINFLOAT
    0x8C: _sized(_U1, _Machine.text),  # SHORT_BINUNICODE
    ord("X"): _sized(_U4, _Machine.text),  # BINUNICODE
    0x8D: _sized(_U8, _Machine.text),  # BINUNICODE8
    ord("C"): _sized(_U1, _bytes),  # SHORT_BINBYTES
    ord("B"): _sized(_U4, _bytes),  # BINBYTES
    0x8E: _sized(_U8, _bytes),  # BINBYTES8
    0x96: _sized(_U8, _bytes),  # BYTEARRAY8
    ord("U"): _sized(_U1, _old_text),  # SHORT_BINSTRING
    ord("T"): _sized(_U4, _old_text),  # BINSTRING
    ord("q"): _sized(_U1, _Machine.remember),  # BINPUT
    ord("r"): _sized(_U4, _Machine.remember),  # LONG_BINPUT
    0x94: _Machine.memoize,  # MEMOIZE
    ord("h"): _sized(_U1, _Machine.recall),  # BINGET
    ord("j"): _sized(_U4, _Machine.recall),  # LONG_BINGET
    0x85: lambda machine: machine.tuple_of(1),  # TUPLE1
    0x86: lambda machine: machine.tuple_of(2),  # TUPLE2
    0x87: lambda machine: machine.tuple_of(3),  # TUPLE3
    ord("t"): lambda machine: machine.push(tuple(machine.since_mark())),  # TUPLE
    ord("l"): lambda machine: machine.push(machine.since_mark()),  # LIST
    ord("a"): _Machine.append,  # APPEND
    ord("e"): _Machine.extend,  # APPENDS
    0x8F: _constant(list),  # EMPTY_SET
    0x90: _Machine.extend,  # ADDITEMS
    0x91: lambda machine: machine.push(tuple(machine.since_mark())),  # FROZENSET
    ord("s"): _Machine.set_item,  # SETITEM
    ord("u"): _Machine.set_items,  # SETITEMS
    ord("c"): _Machine.global_lines,  # GLOBAL
    0x93: _Machine.global_on_stack,  # STACK_GLOBAL
    ord("R"): _Machine.make,  # REDUCE
    0x81: _Machine.make_new,  # NEWOBJ
    ord("b"): _Machine.build,  # BUILD
}
