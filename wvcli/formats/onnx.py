"""An ONNX model of one table: `ids`, int64 [texts, words], in; `vectors`, float32 [texts, words, dim], out.

An id is the row of a word. The words, in the order of the rows, are the metadata property `words`, a JSON list;
`pad` and `unknown` are the rows of the padding word and for words outside the vocabulary, where the vectors have
them. The table is float32 or float16; the output is float32 in either case. The layout is the protobuf message
ModelProto of onnx.proto. A protobuf message is smaller than 2 GiB: the numbers of a larger table are ONNX's
external data, in `NAME.onnx.XXXXXXXX.data` beside `NAME.onnx`. The eight digits are the beginning of their
SHA-256, so that a file never meets the numbers of another one. onnxruntime runs it.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy.typing as npt

from wvcli.errors import MissingExtraError
from wvcli.formats._blocks import blocks
from wvcli.formats._format import Format, Kept, Writing
from wvcli.system.atomic_files import final_name
from wvcli.vectors.word_vectors import Vectors

_OPSET, _IR_VERSION = 13, 8  # read by onnxruntime since 1.10, of 2021
_MOST = 2**31 - 1  # bytes of a protobuf message
_GRAPH, _INITIALIZER, _RAW_DATA = 7, 5, 9  # fields of ModelProto, GraphProto and TensorProto, in onnx.proto
_PRODUCER = "wvcli"
_DIGITS = 8  # hexadecimal, of the SHA-256 of the numbers, in the name of their file


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    try:
        import onnx
    except ImportError as error:
        raise MissingExtraError("writing ONNX", "onnx") from error
    from hashlib import sha256  # loads OpenSSL, which a query does without

    model, table = _model(onnx, vectors, writing)
    size = len(vectors) * vectors.dim * (2 if writing.dtype == "float16" else 4)
    head = _before_numbers(model, table, size)
    if len(head) + size <= _MOST:
        _write_file(path, head, blocks(vectors, writing.dtype))
        return []
    unnamed = path.with_name(f"{path.name}.data")
    digest = sha256()
    _write_file(unnamed, b"", _told_to(digest, blocks(vectors, writing.dtype)))
    beside = unnamed.replace(path.with_name(f"{path.name}.{digest.hexdigest()[:_DIGITS]}.data"))
    # The model refers to the name that the file will have, not to its temporary one.
    location = final_name(beside)
    table.data_location = onnx.TensorProto.EXTERNAL
    for key, value in {"location": location, "offset": 0, "length": size}.items():
        table.external_data.add(key=key, value=str(value))
    model.graph.initializer.append(table)
    _write_file(path, model.SerializeToString(), [])
    return [f"the numbers exceed the 2 GiB of an ONNX file and are in {location}: keep it beside the file"]


def _told_to(digest: Any, rows: Iterable[npt.NDArray[Any]]) -> Iterator[npt.NDArray[Any]]:
    """Yield blocks of rows, each added to a digest."""
    for block in rows:
        digest.update(block.data)
        yield block


def _before_numbers(model: Any, table: Any, size: int) -> bytes:
    """Return the file up to the numbers of the table, which are its last `size` bytes."""
    # protobuf merges messages that follow one another, so the table can come last, and in blocks.
    head = table.SerializeToString() + _field_start(_RAW_DATA, size)
    head = _field_start(_INITIALIZER, len(head) + size) + head
    return bytes(model.SerializeToString() + _field_start(_GRAPH, len(head) + size) + head)


def _write_file(path: Path, head: bytes, rows: Iterable[npt.NDArray[Any]]) -> None:
    with path.open("wb") as file:
        file.write(head)
        for block in rows:
            file.write(block.data)


def _model(onnx: Any, vectors: Vectors, writing: Writing) -> tuple[Any, Any]:
    """Return a ModelProto without its table, and the TensorProto of the table without its numbers."""
    helper, types = onnx.helper, onnx.TensorProto
    is_half = writing.dtype == "float16"
    last = [helper.make_node("Cast", ["rows"], ["vectors"], to=types.FLOAT)] if is_half else []
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "ids"], ["rows" if last else "vectors"]), *last],
        "word vectors",
        [helper.make_tensor_value_info("ids", types.INT64, ["texts", "words"])],
        [helper.make_tensor_value_info("vectors", types.FLOAT, ["texts", "words", vectors.dim])],
    )
    model = helper.make_model(
        graph,
        producer_name=_PRODUCER,
        ir_version=_IR_VERSION,
        opset_imports=[helper.make_opsetid("", _OPSET)],
    )
    properties = {"words": json.dumps(list(vectors), ensure_ascii=False)}
    rows = {"pad": writing.pad, "unknown": writing.unknown}
    properties |= {name: str(row) for name, row in rows.items() if row is not None}
    helper.set_model_props(model, properties)
    return model, types(
        name="table", dims=(len(vectors), vectors.dim), data_type=types.FLOAT16 if is_half else types.FLOAT
    )


def _field_start(field: int, length: int) -> bytes:
    """Return what precedes a field of `length` bytes in a protobuf message: its tag and its length."""
    return bytes([field << 3 | 2]) + _varint(length)


def _varint(number: int) -> bytes:
    groups = [number >> shift & 0x7F for shift in range(0, max(1, number.bit_length()), 7)]
    return bytes([group | 0x80 for group in groups[:-1]] + groups[-1:])


def _sniff(head: bytes) -> bool:
    return head.startswith(bytes([0x08, _IR_VERSION, 0x12, len(_PRODUCER)]) + _PRODUCER.encode())


FORMAT = Format(
    name="onnx",
    suffixes=(".onnx",),
    keeps=frozenset({Kept.SPACES, Kept.EXACT_VECTORS}),
    sniff=_sniff,
    write=_write,
    companions=(rf"\.[0-9a-f]{{{_DIGITS}}}\.data",),
    dtypes=("float32", "float16"),
    special=True,
    extra="onnx",
)
