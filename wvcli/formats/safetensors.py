"""A plain safetensors file, as PyTorch, JAX and Keras users pass vectors on; described at
https://github.com/huggingface/safetensors, "Format".

Written are the tensor `vectors`, F32, F16 or I8 [words, dim], the tensor `counts`, I64 [words], where they are
known, and in the header's `__metadata__` the key `words`: a JSON list in a string. With I8 there is the tensor
`scales` too, F32 [words], by which the rows are to be multiplied; see wvcli/formats/_quantised.py. Read is a file
with a tensor `vectors`, or else with one matrix of floating-point numbers alone, whatever its name; where its
metadata have no `words` these are taken from a text file beside it, as those of a `.npy` file are. A model of
wvcli's own is a safetensors file as well, but not this one.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wvcli.errors import InputError, WvcliError
from wvcli.formats import Format, Writing
from wvcli.formats._arrays import as_counts, check_matrix, of_arrays, words_beside
from wvcli.formats._blocks import Converted
from wvcli.formats._quantised import INT8, SCALES, Quantised, is_quantised, row_scales
from wvcli.formats._reading import open_input
from wvcli.system import tensor_files
from wvcli.vectors.word_vectors import Vectors

_OF_MODELS = "wvcli"  # what the metadata of a model file hold


def _matrix_name(path: Path, arrays: Mapping[str, Any]) -> str:
    if "vectors" in arrays:
        return "vectors"
    matrices = [name for name, array in arrays.items() if array.ndim == 2 and array.dtype.kind in "fV"]
    if len(matrices) != 1:
        found = ", ".join(sorted(matrices)[:5]) or "none"
        raise InputError(f"{path} holds no tensor 'vectors', and not one matrix alone (matrices: {found})")
    return matrices[0]


def _words(path: Path, text: str | None, rows: int) -> list[str]:
    if text is None:
        return words_beside(path, rows)
    try:
        words = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is damaged: the words in its header are no JSON") from error
    if not isinstance(words, list):
        raise InputError(f"{path}: the words in its header are no list")
    return words


def _read(path: Path, limit: int | None) -> Vectors:
    with open_input(path):
        metadata, arrays = tensor_files.map_file(path)
    if _OF_MODELS in metadata:
        raise InputError(f"{path} is a wvcli model", "give it to -m as it is")
    name = _matrix_name(path, arrays)
    scales = arrays.get(SCALES) if is_quantised(arrays[name], arrays.get(SCALES)) else None
    if scales is None:
        check_matrix(path, name, arrays[name])
    counts = as_counts(path, arrays["counts"]) if "counts" in arrays else None
    words = _words(path, metadata.get("words"), len(arrays[name]))
    return of_arrays(path, words, arrays[name], limit, counts, scales)


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    rows = {"pad": writing.pad, "unknown": writing.unknown}
    texts = {name: str(row) for name, row in rows.items() if row is not None}
    texts["words"] = json.dumps(list(vectors.vocabulary), ensure_ascii=False)
    if len(json.dumps(texts["words"], ensure_ascii=False).encode()) > tensor_files.LONGEST_HEADER - 10_000:
        raise WvcliError("the words do not fit into the header of a safetensors file", "take fewer with --top")
    arrays: dict[str, Any] = {}
    if writing.dtype == INT8:
        arrays[SCALES] = row_scales(vectors)
        arrays["vectors"] = Quantised(vectors, arrays[SCALES])
    else:
        arrays["vectors"] = Converted(vectors, writing.dtype)
    if vectors.counts is not None:
        arrays["counts"] = vectors.counts
    tensor_files.write(path, arrays, lambda digests: texts, {})
    return []


def _sniff(head: bytes) -> bool:
    return head[8:9] == b"{" and 2 <= int.from_bytes(head[:8], "little") <= tensor_files.LONGEST_HEADER


FORMAT = Format(
    name="safetensors",
    suffixes=(".safetensors",),
    keeps="words with blanks, counts, vectors",
    sniff=_sniff,
    read=_read,
    write=_write,
    dtypes=("float32", "float16", INT8),
    special=True,
)
