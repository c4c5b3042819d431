"""Pickles read as plain data: nothing that a pickle names is ever looked up, imported or called.

A pickle is a program for a small stack machine, described in Python's own `pickletools`. Python's machine calls
whatever the program names. This one knows the instructions that Gensim's files consist of, makes numbers, text,
lists, tables and NumPy arrays of them, and keeps any other object as its name and its attributes. A name that was
not admitted beforehand ends the reading, and so does any other instruction.
"""

import mmap
import struct
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from wvcli.errors import InputError, unreadable
from wvcli.formats._pickle_objects import ADMITTED, MADE, Array, Kind, Name, Thing

_PROTOCOLS = (2, 3, 4, 5)


def load(path: Path, admitted: Collection[str]) -> Any:
    """What a pickle file holds: None, numbers, `str`, `memoryview`, tuples, lists, tables, `Array` and `Thing`.

    Args:
        path: the file.
        admitted: the names that it may hold beside those of NumPy's arrays.

    Raises:
        InputError: it cannot be read, is no whole pickle, or holds another name.
    """
    try:
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise unreadable(path, error) from error
    except ValueError as error:
        raise InputError(f"{path} is empty; expected a pickle of Gensim's") from error
    machine = _Machine(mapped, ADMITTED | frozenset(admitted))
    try:
        return machine.run()
    except _RefusedError as refused:
        raise InputError(
            f"{path} holds {refused}, which has no place in a file of vectors", refused.hint
        ) from refused
    except Exception as error:  # whatever a damaged program leads to
        reason = "the file ends here" if machine.place >= len(mapped) else str(error) or type(error).__name__
        raise InputError(f"{path} is damaged: byte {min(machine.place, len(mapped))}: {reason}") from error


class _RefusedError(Exception):
    """The pickle holds a name that was not admitted."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.hint = (
            "KeyedVectors, Word2Vec and FastText are read; of other models save the .wv"
            if name.startswith("gensim.")
            else "nothing was run; be careful with this file: what opens pickles may run what is in it"
        )


class _Machine:
    """The stack machine of one pickle.

    Args:
        data: the pickle.
        admitted: the names that it may hold.
    """

    def __init__(self, data: mmap.mmap, admitted: frozenset[str]) -> None:
        self.place = 0
        self._data = data
        self._view = memoryview(data)
        self._admitted = admitted
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def run(self) -> Any:
        """What the pickle holds."""
        data, steps, stop = self._data, _STEPS, ord(".")
        if data[0] != 0x80:
            raise ValueError("not a pickle of protocol 2 to 5")
        while True:
            code = data[self.place]
            self.place += 1
            if code == stop:
                return self._stack.pop()
            step = steps.get(code)
            if step is None:
                self.place -= 1
                raise ValueError(f"the instruction {bytes([code])!r} does not occur in files of vectors")
            step(self)

    def take(self, size: int) -> memoryview:
        """The next so many bytes, where they are."""
        stop = self.place + size
        if not self.place <= stop <= len(self._data):
            self.place = len(self._data)
            raise IndexError
        taken = self._view[self.place : stop]
        self.place = stop
        return taken

    def number(self, layout: struct.Struct) -> Any:
        """The next number."""
        place = self.place
        self.place += layout.size
        return layout.unpack_from(self._data, place)[0]

    def push(self, value: Any) -> None:
        """Put a value on the stack."""
        self._stack.append(value)

    def check_protocol(self) -> None:
        """PROTO."""
        protocol = self._data[self.place]
        if protocol not in _PROTOCOLS:
            raise ValueError(f"a pickle of protocol {protocol}; expected 2 to 5")
        self.place += 1

    def skip_frame(self) -> None:
        """FRAME, which says how many bytes belong together."""
        self.take(8)

    def mark(self) -> None:
        """MARK."""
        self._marks.append(len(self._stack))

    def since_mark(self) -> list[Any]:
        """Everything above the last mark, taken from the stack with it."""
        begin = self._marks.pop()
        values = self._stack[begin:]
        del self._stack[begin:]
        return values

    def remember(self, index: int) -> None:
        """Keep the value on top under a number."""
        self._memo[index] = self._stack[-1]

    def memoize(self) -> None:
        """MEMOIZE."""
        self._memo[len(self._memo)] = self._stack[-1]

    def recall(self, index: int) -> None:
        """Put on the stack what was kept under a number."""
        self._stack.append(self._memo[index])

    def text(self, size: int) -> None:
        """A `str` of so many bytes."""
        self._stack.append(str(self.take(size), "utf-8", "surrogatepass"))

    def long(self) -> None:
        """LONG1."""
        self.push(int.from_bytes(self.take(self.number(_U1)), "little", signed=True))

    def tuple_of(self, size: int) -> None:
        """A tuple of the values on top."""
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
            raise ValueError("values for what is no list")
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
            raise ValueError("keys for what is no table")
        target.update(zip(pairs[::2], pairs[1::2], strict=True))

    def global_lines(self) -> None:
        """GLOBAL: a module and a name, each on a line."""
        lines = []
        for _ in range(2):
            stop = self._data.find(b"\n", self.place)
            if stop < 0:
                self.place = len(self._data)
                raise IndexError
            lines.append(str(self._data[self.place : stop], "utf-8"))
            self.place = stop + 1
        self._name(*lines)

    def global_on_stack(self) -> None:
        """STACK_GLOBAL: a module and a name, from the stack."""
        name, module = self._stack.pop(), self._stack.pop()
        self._name(module, name)

    def _name(self, module: Any, name: Any) -> None:
        full = f"{module}.{name}"
        if full not in self._admitted:
            raise _RefusedError(full)
        self.push(Name(full))

    def make(self) -> None:
        """REDUCE: what a call would make."""
        arguments, name = self._stack.pop(), self._stack.pop()
        if not isinstance(name, Name) or not isinstance(arguments, tuple):
            raise ValueError("a call of what is no name")
        short = ".".join(name.text.split(".")[-2:])
        maker = MADE.get(short) if name.text in ADMITTED else None
        self.push(maker(arguments) if maker else Thing(name.text))

    def make_new(self) -> None:
        """NEWOBJ: an object of a class."""
        _, name = self._stack.pop(), self._stack.pop()
        if not isinstance(name, Name):
            raise ValueError("an object of what is no class")
        self.push(Thing(name.text))

    def build(self) -> None:
        """BUILD: the attributes of the object below."""
        state, thing = self._stack.pop(), self._stack[-1]
        if isinstance(thing, Array):
            _, thing.shape, thing.kind, thing.fortran, thing.data = state
        elif isinstance(thing, Kind):
            thing.order = state[1]
        elif not isinstance(thing, Thing):
            raise ValueError("attributes for what is no object")
        elif isinstance(state, dict):
            thing.state = state  # the states of random numbers, say, are no tables and tell nothing


_U1, _U2, _U4, _U8 = (struct.Struct(code) for code in ("<B", "<H", "<I", "<Q"))
_I4, _F8 = struct.Struct("<i"), struct.Struct(">d")

_Step = Callable[[_Machine], None]


def _sized(layout: struct.Struct, use: Callable[[_Machine, int], None]) -> _Step:
    """The step that reads a number and uses it."""

    def step(machine: _Machine) -> None:
        use(machine, machine.number(layout))

    return step


def _constant(make: Callable[[], Any]) -> _Step:
    return lambda machine: machine.push(make())


def _bytes(machine: _Machine, size: int) -> None:
    machine.push(machine.take(size))


def _old_text(machine: _Machine, size: int) -> None:
    machine.push(str(machine.take(size), "latin-1"))  # as Gensim reads what Python 2 wrote


# By the names of Python's pickletools, in which each is described.
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
