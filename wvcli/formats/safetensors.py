"""A plain safetensors file, which PyTorch, JAX and Keras users exchange.

The layout is described at https://github.com/huggingface/safetensors, "Format": the length of the header (uint64,
little-endian), the header as JSON, then the numbers of the tensors. Written are the tensors

    vectors   F32, F16 or I8 [words, dim]
    counts    I64 [words], where counts are known
    scales    F32 [words], with I8 only: the factor of each row; see wvcli/formats/_quantised.py

and in the header's `__metadata__` the key `words`, a string with a JSON list. Read is a file with a tensor
`vectors` or with a single matrix of floating-point numbers, whatever its name, or with one that the user names;
where its metadata have no
`words`, these are read from a text file beside it, as for an `.npy` file. wvcli's own models are safetensors
files too, but not of this format.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wvcli.errors import InputError, WvcliError
from wvcli.formats._arrays import Counts, as_counts, check_matrix, vectors_of, words_beside
from wvcli.formats._blocks import Converted
from wvcli.formats._format import Format, Kept, Reading, Writing
from wvcli.formats._quantised import INT8, SCALES, Quantised, is_quantised, row_scales
from wvcli.formats._reading import open_input
from wvcli.system import tensor_files
from wvcli.vectors.word_vectors import Vectors

_USUAL = Reading()
_LISTED = 5  # matrices that a message names
_MODEL_KEY = "wvcli"  # in the metadata of wvcli's own models


def _matrix_name(path: Path, arrays: Mapping[str, Any], wanted: str | None) -> str:
    if (wanted or "vectors") in arrays:
        return wanted or "vectors"
    matrices = [name for name, array in arrays.items() if array.ndim == 2 and array.dtype.kind in "fV"]
    found = ", ".join(sorted(matrices)[:_LISTED]) or "none"
    if wanted:
        raise InputError(f"{path} has no tensor {wanted!r} (matrices: {found})")
    if len(matrices) != 1:
        raise InputError(
            f"{path} has no tensor 'vectors' and not exactly one matrix (matrices: {found})",
            "choose with `matrix`" if matrices else "",
        )
    return matrices[0]


def _words(path: Path, text: str | None, rows: int, reading: Reading) -> tuple[list[str], Counts | None]:
    """Return the words, and their counts where a list beside the file has them."""
    if text is None or reading.words:
        return words_beside(path, rows, reading)
    try:
        words = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is damaged: the words in its header are not JSON") from error
    if not isinstance(words, list):
        raise InputError(f"{path}: the words in its header are not a list")
    return words, None


def _read(path: Path, limit: int | None, reading: Reading = _USUAL) -> Vectors:
    with open_input(path):
        metadata, arrays = tensor_files.map_file(path)
    if _MODEL_KEY in metadata:
        raise InputError(f"{path} is a wvcli model", "use it as it is")
    name = _matrix_name(path, arrays, reading.matrix)
    scales = arrays.get(SCALES) if is_quantised(arrays[name], arrays.get(SCALES)) else None
    if scales is None:
        check_matrix(path, name, arrays[name])
    counts = as_counts(path, arrays["counts"]) if "counts" in arrays else None
    words, counts_beside = _words(path, metadata.get("words"), len(arrays[name]), reading)
    counts = counts_beside if counts is None else counts
    return vectors_of(path, words, arrays[name], limit, counts, scales)


def _write(vectors: Vectors, path: Path, writing: Writing) -> list[str]:
    rows = {"pad": writing.pad, "unknown": writing.unknown}
    texts = {name: str(row) for name, row in rows.items() if row is not None}
    texts["words"] = json.dumps(list(vectors.vocabulary), ensure_ascii=False)
    if len(json.dumps(texts["words"], ensure_ascii=False).encode()) > tensor_files.LONGEST_HEADER - 10_000:
        raise WvcliError("the words do not fit into the header of a safetensors file", "take fewer with `top`")
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
    keeps=frozenset({Kept.SPACES, Kept.COUNTS, Kept.EXACT_VECTORS}),
    sniff=_sniff,
    read=_read,
    read_with=_read,
    choices=frozenset({"matrix", "words", "word_column"}),
    write=_write,
    dtypes=("float32", "float16", INT8),
    special=True,
)
