"""Pickles read as plain data: nothing that a pickle names is ever looked up, imported or called.

A pickle is a program for a small stack machine, described in Python's own `pickletools`. Python's machine calls
whatever the program names. This one knows the instructions that Gensim's files consist of. It makes numbers, text,
lists, dicts and NumPy arrays, and keeps any other object as its name and its attributes. Reading stops at a name
that was not admitted beforehand, and at any other instruction.

A small file can ask for a structure that is nested a million times, or that would be astronomic if what is shared
in it were written out: to hash, print or compare it would end the process, or never end. Such files are refused as
they are read, and the keys of a dict are text, numbers or tuples of these.
"""

import mmap
import struct
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wvcli.errors import InputError, first_line
from wvcli.formats._pickle_objects import ADMITTED, MAKERS, Array, DtypeCode, Name, PickledObject
from wvcli.formats._reading import open_input

_PROTOCOLS = (2, 3, 4, 5)
_DEEPEST = 100  # levels of nested containers; files of vectors have about ten
_BYTES_EACH = 8  # of a file for each container; those of Gensim 3, with an object for each word, take more
_LONGEST_NAME = 200  # characters shown of a name
_DTYPE_VERSIONS = range(5)  # of their states, which NumPy reads
_DICTS = ("collections.OrderedDict", "collections.defaultdict", "collections.Counter")
_FEW = 10_000  # containers that any file may have
_FEW_PARTS = 1_000_000  # of a container, with what is shared counted each time; others have one a byte of the file
_CONTAINERS = frozenset([list, tuple, dict, PickledObject])
_KEYS = frozenset([str, int, float, bool, type(None), memoryview, bytes, Name])


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
    with _damage_named(path, machine):
        return machine.run()


def check(path: Path, data: bytes | mmap.mmap, pickles: int = 1) -> None:
    """Refuse pickles of PyTorch, one after the other, that would crash or hang what loads them.

    Which names they contain is not looked at.

    Args:
        path: the file, for messages.
        data: begins with the first pickle.
        pickles: how many there are.

    Raises:
        InputError: one of them is damaged, nested too deeply, or too large for its bytes.
    """
    machine = _Machine(data, None)
    with _damage_named(path, machine):
        for _ in range(pickles):
            machine.run()


@contextmanager
def _damage_named(path: Path, machine: "_Machine") -> Iterator[None]:
    try:
        yield
    except _RefusedError as refused:
        raise InputError(
            f"{path} contains {refused}, which does not belong in a file of vectors", refused.hint
        ) from refused
    except Exception as error:  # whatever a damaged program causes
        position = min(machine.position, machine.size)
        reason = "the file ends here" if position == machine.size else first_line(error)
        raise InputError(f"{path} is damaged: byte {position}: {reason}") from error


class _RefusedError(Exception):
    """The pickle contains a name that was not admitted."""

    def __init__(self, name: str) -> None:
        super().__init__(name[:_LONGEST_NAME])
        self.hint = (
            "wvcli reads KeyedVectors, Word2Vec and FastText; of other models save the .wv"
            if name.startswith("gensim.")
            else "nothing was run; be careful with this file: a program that unpickles it may run code in it"
        )


class _Machine:
    """The stack machine of a pickle.

    Args:
        data: the pickle, or several.
        admitted: the names that it may contain; None for any, and then for what PyTorch's pickles have besides.
    """

    def __init__(self, data: bytes | mmap.mmap, admitted: frozenset[str] | None) -> None:
        self.position = 0
        self.size = len(data)
        self._data = data
        self._view = memoryview(data)
        self._admitted = admitted
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}
        self._made = 0  # containers
        self._nested: dict[int, tuple[int, int]] = {}  # depth and parts of containers that hold others, by id

    def run(self) -> Any:
        """Execute the pickle at the current position and return what it makes."""
        data, steps, stop = self._data, _STEPS, ord(".")
        self._stack, self._marks, self._memo = [], [], {}
        if data[self.position] != 0x80:
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

    def push_made(self, container: Any) -> None:
        """Put a new container on the stack: an empty one, or a tuple that was measured."""
        self._made += 1
        if self._made > _FEW + self.size // _BYTES_EACH:
            raise ValueError("it makes more lists, dicts and objects than a file of its size may")
        if type(container) is not tuple:
            self._nested.pop(id(container), None)  # of one before, that is gone
        self._stack.append(container)

    def _measure(self, value: Any) -> tuple[int, int]:
        """Return how deep a value is nested, and how many parts it has, shared ones counted each time."""
        if type(value) not in _CONTAINERS:
            return 0, 1
        known = self._nested.get(id(value))
        if known:
            return known
        return 1, 1 + len(value.state if type(value) is PickledObject else value)

    def _put(self, target: Any, values: Sequence[Any]) -> None:
        """Note what a container comes to hold, before it does.

        Raises:
            ValueError: it would be nested too deeply, or have too many parts.
        """
        if _CONTAINERS.isdisjoint(map(type, values)) and id(target) not in self._nested:
            return
        measured = [self._measure(value) for value in values]
        depth, parts = self._measure(target)
        depth = max(depth, 1 + max((depth for depth, _ in measured), default=0))
        parts += sum(parts for _, parts in measured)
        if depth > _DEEPEST:
            raise ValueError(f"it is nested more than {_DEEPEST} times")
        if parts > _FEW_PARTS + self.size:
            raise ValueError("it has more parts than a file of its size may")
        self._nested[id(target)] = depth, parts

    def make_tuple(self, values: list[Any]) -> None:
        """Push a tuple."""
        made = tuple(values)
        self._nested.pop(id(made), None)
        self._put(made, values)
        self.push_made(made)

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
        values = self._stack[begin:]
        del self._stack[begin:]
        self.make_tuple(values)

    def append(self) -> None:
        """APPEND."""
        value = self._stack.pop()
        self.extend_with([value])

    def extend_with(self, values: list[Any]) -> None:
        """Append values to the list on top."""
        target = self._stack[-1]
        if not isinstance(target, list):
            raise ValueError("it appends to what is not a list")
        self._put(target, values)
        target += values

    def extend(self) -> None:
        """APPENDS."""
        self.extend_with(self.since_mark())

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
        self._check_keys(pairs[::2])
        self._put(target, pairs[1::2])
        target.update(zip(pairs[::2], pairs[1::2], strict=True))

    def _check_keys(self, keys: list[Any]) -> None:
        if _KEYS.issuperset(map(type, keys)):
            return
        for key in keys:
            is_flat = type(key) is tuple and id(key) not in self._nested
            if not all(type(part) in _KEYS for part in (key if is_flat else [key])):
                raise ValueError("the key of a dict is neither text nor a number")

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
        if not isinstance(module, str) or not isinstance(name, str):
            raise ValueError("a name is not text")
        full = f"{module}.{name}"
        if self._admitted is not None and full not in self._admitted:
            raise _RefusedError(full)
        self.push(Name(full))

    def make(self) -> None:
        """REDUCE: what the call of a function would make."""
        arguments, name = self._stack.pop(), self._stack.pop()
        if not isinstance(name, Name) or not isinstance(arguments, tuple):
            raise ValueError("it calls what is not a name")
        short = ".".join(name.text.split(".")[-2:])
        if self._admitted is None:
            self.push_made({} if short in _DICTS else PickledObject(name.text))
            return
        maker = MAKERS.get(short) if name.text in ADMITTED else None
        self.push_made(maker(arguments) if maker else PickledObject(name.text))

    def make_new(self) -> None:
        """NEWOBJ: makes an object of a class."""
        _, name = self._stack.pop(), self._stack.pop()
        if not isinstance(name, Name):
            raise ValueError("it makes an object of what is not a class")
        self.push_made(PickledObject(name.text))

    def make_persistent(self) -> None:
        """BINPERSID: what lies outside the pickle, as the numbers of PyTorch's tensors do."""
        if self._admitted is not None:
            raise ValueError("the instruction b'Q' does not occur in files of vectors")
        self._stack.pop()
        self.push_made(PickledObject("a storage"))

    def build(self) -> None:
        """BUILD: sets the attributes of the object below."""
        state, target = self._stack.pop(), self._stack[-1]
        if self._admitted is None and isinstance(target, dict):
            return  # attributes of an OrderedDict
        if isinstance(target, Array):
            _, target.shape, target.dtype, target.is_fortran, target.data = state
        elif isinstance(target, DtypeCode):
            if state[0] not in _DTYPE_VERSIONS or not isinstance(state[1], str):
                raise ValueError("the state of a dtype is not one of NumPy's")
            target.byte_order = state[1]
        elif not isinstance(target, PickledObject):
            raise ValueError("it sets attributes of what is not an object")
        elif isinstance(state, dict):
            target.state = state  # other states, such as those of random generators, are not needed
            depth, parts = self._measure(state)
            if depth > 1:
                self._nested[id(target)] = depth, parts


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


def _container(make: Callable[[], Any]) -> _Step:
    return lambda machine: machine.push_made(make())


def _list(machine: _Machine) -> None:
    values = machine.since_mark()
    machine.push_made([])
    machine.extend_with(values)


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
    ord("}"): _container(dict),  # EMPTY_DICT
    ord("]"): _container(list),  # EMPTY_LIST
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
    ord("t"): lambda machine: machine.make_tuple(machine.since_mark()),  # TUPLE
    ord("l"): _list,  # LIST
    ord("a"): _Machine.append,  # APPEND
    ord("e"): _Machine.extend,  # APPENDS
    0x8F: _container(list),  # EMPTY_SET
    0x90: _Machine.extend,  # ADDITEMS
    0x91: lambda machine: machine.make_tuple(machine.since_mark()),  # FROZENSET
    ord("s"): _Machine.set_item,  # SETITEM
    ord("u"): _Machine.set_items,  # SETITEMS
    ord("c"): _Machine.global_lines,  # GLOBAL
    0x93: _Machine.global_on_stack,  # STACK_GLOBAL
    ord("R"): _Machine.make,  # REDUCE
    0x81: _Machine.make_new,  # NEWOBJ
    ord("b"): _Machine.build,  # BUILD
    ord("Q"): _Machine.make_persistent,  # BINPERSID
}
