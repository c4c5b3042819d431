"""A type for the kernels that Numba does not have: a line of sixteen float32, calculated with all at once.

A line is as long as a cache line. LLVM puts it into one SIMD register, or into two or four where these are
shorter. `load`, `store` and `multiply_add` work on one line; `load_each`, `store_each` and `multiply_add_each` on
a tuple of lines.
"""

from typing import Any

from llvmlite import ir
from numba import float32, int64, types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

from wvcli.training.engines._tuning import LANES

HALF = LANES // 2

_NUMBERS = ir.VectorType(ir.FloatType(), LANES)
_HALF_NUMBERS = ir.VectorType(ir.FloatType(), HALF)
_FLAGS = ("fast",)  # LLVM may reorder sums, and round a product and a sum once


class _Line(types.Type):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__(name="Line")


_line = _Line()


@register_model(_Line)
class _LineModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _NUMBERS)


def _address(builder: Any, pointer: Any, index: Any, kind: Any) -> Any:
    """Build the address of a number as one of a vector of this kind."""
    return builder.bitcast(builder.gep(pointer, [index]), kind.as_pointer())


def _broadcast(builder: Any, number: Any) -> Any:
    """Build a line that holds a number sixteen times."""
    first = builder.insert_element(ir.Constant(_NUMBERS, ir.Undefined), number, ir.IntType(32)(0))
    return builder.shuffle_vector(first, first, _lanes([0] * LANES))


def _lanes(numbers: list[int]) -> Any:
    """Return the constant that names the lanes to shuffle."""
    return ir.Constant(ir.VectorType(ir.IntType(32), len(numbers)), numbers)


def _multiply_add(builder: Any, total: Any, one: Any, other: Any) -> Any:
    return builder.fadd(total, builder.fmul(one, other, flags=_FLAGS), flags=_FLAGS)


@intrinsic
def load(typingctx: Any, pointer: Any, index: Any) -> Any:
    """Load the line that begins at an index."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer, index = arguments
        return builder.load(_address(builder, pointer, index, _NUMBERS), align=4)

    return _line(pointer, int64), generate


@intrinsic
def load_each(typingctx: Any, pointer: Any, starts: Any, offset: Any) -> Any:
    """Load a tuple of lines, which begin at an offset from each of the indices in a tuple."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer, starts, offset = arguments
        indices = [builder.add(start, offset) for start in cgutils.unpack_tuple(builder, starts)]
        lines = [builder.load(_address(builder, pointer, index, _NUMBERS), align=4) for index in indices]
        return context.make_tuple(builder, signature.return_type, lines)

    return types.UniTuple(_line, len(starts))(pointer, starts, int64), generate


@intrinsic
def load_half_twice(typingctx: Any, pointer: Any, index: Any) -> Any:
    """Load the half line that begins at an index into both halves of a line."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer, index = arguments
        half = builder.load(_address(builder, pointer, index, _HALF_NUMBERS), align=4)
        return builder.shuffle_vector(half, half, _lanes([*range(HALF)] * 2))

    return _line(pointer, int64), generate


@intrinsic
def store(typingctx: Any, pointer: Any, index: Any, line: Any) -> Any:
    """Store a line from an index on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer, index, line = arguments
        builder.store(line, _address(builder, pointer, index, _NUMBERS), align=4)
        return context.get_dummy_value()

    return types.void(pointer, int64, _line), generate


@intrinsic
def store_each(typingctx: Any, pointer: Any, starts: Any, offset: Any, lines: Any) -> Any:
    """Store a tuple of lines, at an offset from each of the indices in a tuple."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer, starts, offset, lines = arguments
        indices = [builder.add(start, offset) for start in cgutils.unpack_tuple(builder, starts)]
        for index, line in zip(indices, cgutils.unpack_tuple(builder, lines), strict=True):
            builder.store(line, _address(builder, pointer, index, _NUMBERS), align=4)
        return context.get_dummy_value()

    return types.void(pointer, starts, int64, lines), generate


@intrinsic
def broadcast(typingctx: Any, number: Any) -> Any:
    """Return a line of one number."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _broadcast(builder, arguments[0])

    return _line(float32), generate


def _operation(instruction: str) -> Any:
    """Return the function that makes a line of two, number by number, by an instruction of LLVM's."""

    @intrinsic
    def operation(typingctx: Any, one: Any, other: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return getattr(builder, instruction)(*arguments, flags=_FLAGS)

        return _line(_line, _line), generate

    return operation


add, subtract, multiply, divide = map(_operation, ("fadd", "fsub", "fmul", "fdiv"))


@intrinsic
def square_root(typingctx: Any, line: Any) -> Any:
    """Return the square roots of a line, number by number."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(_NUMBERS, [_NUMBERS])
        function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.sqrt.v{LANES}f32")
        return builder.call(function, arguments, fastmath=_FLAGS)

    return _line(_line), generate


@intrinsic
def total(typingctx: Any, line: Any) -> Any:
    """Return the sum of the numbers of a line."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number = ir.FloatType()
        kind = ir.FunctionType(number, [number, _NUMBERS])
        name = f"llvm.vector.reduce.fadd.v{LANES}f32"
        function = cgutils.get_or_insert_function(builder.module, kind, name)
        return builder.call(function, [number(0.0), *arguments], fastmath=_FLAGS)

    return float32(_line), generate


@intrinsic
def multiply_add(typingctx: Any, total: Any, one: Any, other: Any) -> Any:
    """Return total + one * other, all lines."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _multiply_add(builder, *arguments)

    return _line(_line, _line, _line), generate


@intrinsic
def multiply_add_each(typingctx: Any, totals: Any, one: Any, other: Any) -> Any:
    """Return a tuple of lines: totals + one * other; `one` and `other` are tuples too, or one line for all."""
    count = len(totals)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        columns = [
            cgutils.unpack_tuple(builder, value) if isinstance(kind, types.BaseTuple) else [value] * count
            for kind, value in zip(signature.args, arguments, strict=True)
        ]
        lines = [_multiply_add(builder, *operands) for operands in zip(*columns, strict=True)]
        return context.make_tuple(builder, signature.return_type, lines)

    return types.UniTuple(_line, count)(totals, one, other), generate


@intrinsic
def clamp(typingctx: Any, line: Any, bound: Any) -> Any:
    """Return a line with numbers beyond a bound or its negative replaced by these."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        line, most = arguments[0], _broadcast(builder, arguments[1])
        line = builder.select(builder.fcmp_ordered("<", line, most, flags=_FLAGS), line, most)
        least = builder.fsub(ir.Constant(_NUMBERS, [0.0] * LANES), most, flags=_FLAGS)
        return builder.select(builder.fcmp_ordered(">", line, least, flags=_FLAGS), line, least)

    return _line(_line, float32), generate


def _fold(width: int) -> Any:
    """Return the function that halves partial sums, as the steps of a horizontal sum.

    It takes two lines that hold partial sums of `width` numbers each, adds the halves of each sum, and returns one
    line with all sums of `width // 2` numbers, those of the first line first.
    """
    starts = range(0, 2 * LANES, width)
    left = [start + step for start in starts for step in range(width // 2)]
    right = [lane + width // 2 for lane in left]

    @intrinsic
    def fold(typingctx: Any, one: Any, other: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            halves = (builder.shuffle_vector(*arguments, _lanes(lanes)) for lanes in (left, right))
            return builder.fadd(*halves, flags=_FLAGS)

        return _line(_line, _line), generate

    return fold


fold_16, fold_8, fold_4, fold_2 = map(_fold, (16, 8, 4, 2))
