"""An ONNX model of one table: `ids`, int64 [texts, words], in; `vectors`, float32 [texts, words, dim], out.

An id is the row of a word. The words, in the order of the rows, are the metadata property `words`, a JSON list;
`pad` and `unknown` are the rows of the padding word and for words outside the vocabulary, where the vectors have
them. The table is float32 or float16; what comes out is float32 in either case. A file holds less than 2 GiB, as
protobuf does: the numbers of a larger table are ONNX's external data, in `NAME.onnx.data` beside `NAME.onnx`.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy.typing as npt

from wvcli.errors import MissingExtraError
from wvcli.formats import Format, Writing
from wvcli.formats._blocks import blocks
from wvcli.system.atomic_files import final_name
from wvcli.vectors.word_vectors import Vectors

_OPSET, _IR_VERSION = 13, 8  # read by onnxruntime since 1.10, of 2021
_MOST = 2**31 - 1  # bytes of a protobuf message
_GRAPH, _INITIALIZER, _RAW_DATA = 7, 5, 9  # fields of ModelProto, GraphProto and TensorProto, in onnx.proto
_PRODUCER = "wvcli"


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    try:
        import onnx
    except ImportError as error:
        raise MissingExtraError("writing ONNX", "onnx") from error
    model, table = _model(onnx, vectors, writing)
    size = len(vectors) * vectors.dim * (2 if writing.dtype == "float16" else 4)
    head = _inside(model, table, size)
    if len(head) + size <= _MOST:
        _put(path, head, blocks(vectors, writing.dtype))
        return []
    beside = path.with_name(f"{path.name}.data")
    # It is said where the numbers will be once both files have their names.
    location = final_name(beside)
    table.data_location = onnx.TensorProto.EXTERNAL
    for key, value in {"location": location, "offset": 0, "length": size}.items():
        table.external_data.add(key=key, value=str(value))
    model.graph.initializer.append(table)
    _put(beside, b"", blocks(vectors, writing.dtype))
    _put(path, model.SerializeToString(), [])
    return [f"the numbers, more than the 2 GiB that ONNX holds, are in {location}: keep it beside the file"]


def _inside(model: Any, table: Any, size: int) -> bytes:
    """The file up to the numbers of the table, so many bytes, which are its end."""
    # Messages that follow one another are merged, so the table can come last, and in blocks.
    head = table.SerializeToString() + _opening(_RAW_DATA, size)
    head = _opening(_INITIALIZER, len(head) + size) + head
    return bytes(model.SerializeToString() + _opening(_GRAPH, len(head) + size) + head)


def _put(path: Path, head: bytes, rows: Iterable[npt.NDArray[Any]]) -> None:
    with path.open("wb") as file:
        file.write(head)
        for block in rows:
            file.write(block.data)


def _model(onnx: Any, vectors: Vectors, writing: Writing) -> tuple[Any, Any]:
    """A ModelProto without its table, and the TensorProto of the table without its numbers."""
    helper, kinds = onnx.helper, onnx.TensorProto
    kind = kinds.FLOAT16 if writing.dtype == "float16" else kinds.FLOAT
    last = [helper.make_node("Cast", ["rows"], ["vectors"], to=kinds.FLOAT)] if kind == kinds.FLOAT16 else []
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "ids"], ["rows" if last else "vectors"]), *last],
        "word vectors",
        [helper.make_tensor_value_info("ids", kinds.INT64, ["texts", "words"])],
        [helper.make_tensor_value_info("vectors", kinds.FLOAT, ["texts", "words", vectors.dim])],
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
    return model, kinds(name="table", dims=(len(vectors), vectors.dim), data_type=kind)


def _opening(field: int, length: int) -> bytes:
    """What comes before a field of so many bytes in a protobuf message: its tag and its length."""
    return bytes([field << 3 | 2]) + _varint(length)


def _varint(number: int) -> bytes:
    groups = [number >> shift & 0x7F for shift in range(0, max(1, number.bit_length()), 7)]
    return bytes([group | 0x80 for group in groups[:-1]] + groups[-1:])


def _sniff(head: bytes) -> bool:
    return head.startswith(bytes([0x08, _IR_VERSION, 0x12, len(_PRODUCER)]) + _PRODUCER.encode())


FORMAT = Format(
    name="onnx",
    suffixes=(".onnx",),
    keeps="words with blanks and vectors",
    sniff=_sniff,
    write=_write,
    dtypes=("float32", "float16"),
    special=True,
    extra="onnx",
)
