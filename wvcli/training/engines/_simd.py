"""A type for the kernels that Numba does not have: a line of float32, calculated with all at once.

A line fills one SIMD register: it has sixteen numbers with AVX-512, and eight without; where registers are
shorter still, LLVM puts a line into two. `load`, `store` and `multiply_add` work on one line; `load_each`,
`store_each` and `multiply_add_each` on a tuple of lines.
"""

from typing import Any

from llvmlite import binding, ir
from numba import float32, int64, types
from numba.core import cgutils, config
from numba.extending import intrinsic, models, register_model

EIGHT = 8  # numbers of which every line holds one or two times as many


def _lanes() -> int:
    """Return how many numbers fill a register of the machine that Numba compiles for."""
    features = config.CPU_FEATURES
    if features is None:
        features = binding.get_host_cpu_features().flatten()
    return 2 * EIGHT if "+avx512f" in features else EIGHT


LANES = _lanes()

_NUMBERS = ir.VectorType(ir.FloatType(), LANES)
_EIGHT_NUMBERS = ir.VectorType(ir.FloatType(), EIGHT)
# LLVM may round a product and a sum once, but not reorder sums: it makes chains of them, which are waited for.
_FLAGS = ("nnan", "ninf", "nsz", "arcp", "contract", "afn")


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
    """Build a line that holds a number in all lanes."""
    first = builder.insert_element(ir.Constant(_NUMBERS, ir.Undefined), number, ir.IntType(32)(0))
    return builder.shuffle_vector(first, first, _shuffled([0] * LANES))


def _shuffled(lanes: list[int]) -> Any:
    """Return the constant that names the lanes to shuffle."""
    return ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), lanes)


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
def load_eight(typingctx: Any, pointer: Any, index: Any) -> Any:
    """Load the eight numbers that begin at an index into every eight lanes of a line."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer, index = arguments
        eight = builder.load(_address(builder, pointer, index, _EIGHT_NUMBERS), align=4)
        return builder.shuffle_vector(eight, eight, _shuffled([*range(EIGHT)] * (LANES // EIGHT)))

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
        return builder.call(function, [number(0.0), *arguments], fastmath=("fast",))  # in any order

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


def _fold(builder: Any, one: Any, other: Any, width: int) -> Any:
    """Build a step of horizontal sums, which halves partial sums.

    From two lines that hold partial sums of `width` numbers each, it makes one line with all sums of `width // 2`
    numbers, those of the first line first.
    """
    starts = range(0, 2 * LANES, width)
    left = [start + step for start in starts for step in range(width // 2)]
    right = [lane + width // 2 for lane in left]
    halves = (builder.shuffle_vector(one, other, _shuffled(lanes)) for lanes in (left, right))
    return builder.fadd(*halves, flags=_FLAGS)


@intrinsic
def total_of_each(typingctx: Any, lines: Any) -> Any:
    """Return the sums of the numbers of each of five to eight lines, in this order in every eight lanes."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        sums = cgutils.unpack_tuple(builder, arguments[0])
        sums += sums[-1:] * (EIGHT - len(sums))
        width = LANES
        while len(sums) > 1:
            sums = [_fold(builder, one, other, width) for one, other in zip(sums[::2], sums[1::2], strict=True)]
            width //= 2
        return sums[0] if width == 1 else _fold(builder, sums[0], sums[0], width)

    return _line(lines), generate
