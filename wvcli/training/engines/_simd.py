"""Sixteen numbers at a time, in which the loops of the fast engine calculate: a type that Numba does not have.

A line is as long as one of the cache. LLVM puts it into one register, or two or four where they are shorter.
"""

from typing import Any

from llvmlite import ir
from numba import float32, int64, types
from numba.extending import intrinsic, models, register_model

from wvcli.system.compiling import LANES

HALF = LANES // 2

_NUMBERS = ir.VectorType(ir.FloatType(), LANES)
_HALF = ir.VectorType(ir.FloatType(), HALF)
_FREE = ("fast",)  # in which order LLVM likes, and a product and a sum rounded once


class _Line(types.Type):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(name="Line")


_line = _Line()


@register_model(_Line)
class _LineModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _NUMBERS)


def _at(builder: Any, arguments: Any, kind: Any) -> Any:
    """The address that the first two arguments give, a pointer and a place, as one of numbers of a kind."""
    return builder.bitcast(builder.gep(arguments[0], [arguments[1]]), kind.as_pointer())


def _every(builder: Any, number: Any) -> Any:
    """A line that holds a number sixteen times."""
    first = builder.insert_element(ir.Constant(_NUMBERS, ir.Undefined), number, ir.IntType(32)(0))
    return builder.shuffle_vector(first, first, _places([0] * LANES))


def _places(numbers: list[int]) -> Any:
    return ir.Constant(ir.VectorType(ir.IntType(32), len(numbers)), numbers)


@intrinsic
def load(typingctx: Any, pointer: Any, place: Any) -> Any:
    """The line that begins at a place."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_at(builder, arguments, _NUMBERS), align=4)

    return _line(pointer, int64), generate


@intrinsic
def load_twice(typingctx: Any, pointer: Any, place: Any) -> Any:
    """The half line that begins at a place, and the same again after it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        half = builder.load(_at(builder, arguments, _HALF), align=4)
        return builder.shuffle_vector(half, half, _places([*range(HALF)] * 2))

    return _line(pointer, int64), generate


@intrinsic
def store(typingctx: Any, pointer: Any, place: Any, line: Any) -> Any:
    """Put a line where it is to begin."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[2], _at(builder, arguments, _NUMBERS), align=4)
        return context.get_dummy_value()

    return types.void(pointer, int64, _line), generate


@intrinsic
def splat(typingctx: Any, number: Any) -> Any:
    """A line of one number."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _every(builder, arguments[0])

    return _line(float32), generate


def _operation(name: str) -> Any:
    """What makes a line of two, number by number."""

    @intrinsic
    def operation(typingctx: Any, one: Any, other: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return getattr(builder, name)(*arguments, flags=_FREE)

        return _line(_line, _line), generate

    return operation


plus, minus, times, over = map(_operation, ("fadd", "fsub", "fmul", "fdiv"))


@intrinsic
def plus_times(typingctx: Any, total: Any, one: Any, other: Any) -> Any:
    """A line plus the products of two others."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        product = builder.fmul(*arguments[1:], flags=_FREE)
        return builder.fadd(arguments[0], product, flags=_FREE)

    return _line(_line, _line, _line), generate


@intrinsic
def within(typingctx: Any, line: Any, bound: Any) -> Any:
    """A line whose numbers lie between a bound and its negative: those beyond become that."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        line, most = arguments[0], _every(builder, arguments[1])
        line = builder.select(builder.fcmp_ordered("<", line, most, flags=_FREE), line, most)
        least = builder.fsub(ir.Constant(_NUMBERS, [0.0] * LANES), most, flags=_FREE)
        return builder.select(builder.fcmp_ordered(">", line, least, flags=_FREE), line, least)

    return _line(_line, float32), generate


def _fold(width: int) -> Any:
    """What adds up halves: of two lines whose sums are `width` numbers each, one whose sums are half as many."""
    starts = range(0, 2 * LANES, width)
    left = [start + step for start in starts for step in range(width // 2)]
    right = [place + width // 2 for place in left]

    @intrinsic
    def fold(typingctx: Any, one: Any, other: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            halves = (builder.shuffle_vector(*arguments, _places(places)) for places in (left, right))
            return builder.fadd(*halves, flags=_FREE)

        return _line(_line, _line), generate

    return fold


fold_16, fold_8, fold_4, fold_2 = map(_fold, (16, 8, 4, 2))
