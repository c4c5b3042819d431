"""The folders of static embeddings that Model2Vec saves, and Sentence Transformers with its StaticEmbedding.

Read are, without either package,

    model.safetensors   `embeddings` (Sentence Transformers: `embedding.weight`), float [rows, dim], or int8
                        `weights`, float [tokens], by which a token's vector is multiplied; may be missing
                        `mapping`, whole numbers [tokens], the row of each token; may be missing, then its number
    tokenizer.json      the tokens and their numbers, of Hugging Face's package tokenizers

Words are the tokens as the tokenizer has them: pieces of words are among them, with the tokenizer's marks, such as
`##ing` and `▁the`. Rows without a token are left out. Such folders are not written, since they need a tokenizer.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError
from wvcli.formats._arrays import check_matrix, check_words, floats, vectors_of
from wvcli.formats._format import Format, Kept
from wvcli.formats._reading import RowCollector, open_input
from wvcli.reporting import report_note
from wvcli.system import tensor_files
from wvcli.vectors.geometry import FloatArray, RowArray
from wvcli.vectors.word_vectors import Vectors

_TENSORS, TOKENIZER = "model.safetensors", "tokenizer.json"
_SUBFOLDER = "0_StaticEmbedding"  # of Sentence Transformers
_MATRICES = ("embeddings", "embedding.weight")
_EXPECTED = "expected the vocabulary of a tokenizer, with a number for each token"


def _files_folder(path: Path) -> Path | None:
    """Return the folder with both files: the given one, or the one within it; None if neither has them."""
    for folder in (path, path / _SUBFOLDER):
        if (folder / _TENSORS).is_file() and (folder / TOKENIZER).is_file():
            return folder
    return None


def _tokens(path: Path) -> dict[int, str]:
    """Read the tokens of a tokenizer by their numbers, in ascending order.

    Raises:
        InputError: the file is not a tokenizer, or gives two tokens one number.
    """
    with open_input(path) as file:
        data = file.read()
    try:
        tokenizer = json.loads(data)
        vocabulary = tokenizer["model"]["vocab"]
        if isinstance(vocabulary, list):  # of pairs of a token and its probability
            numbered = {token: number for number, (token, _) in enumerate(vocabulary)}
        else:
            numbered = dict(vocabulary)
        numbered |= {token["content"]: token["id"] for token in tokenizer.get("added_tokens") or []}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{path} is damaged: {_EXPECTED}") from error
    if not numbered or not all(type(number) is int and number >= 0 for number in numbered.values()):
        raise InputError(f"{path} is damaged: {_EXPECTED}")
    tokens: dict[int, str] = {}
    for token, number in sorted(numbered.items(), key=lambda pair: pair[1]):
        if number in tokens:
            raise InputError(f"{path} is damaged: {tokens[number]!r} and {token!r} have the number {number}")
        tokens[number] = token
    return tokens


def _column(path: Path, arrays: Mapping[str, Any], name: str, kinds: str) -> npt.NDArray[Any] | None:
    """Return an array with a number for each token, or None where the file has none.

    Raises:
        InputError: it has another shape or dtype.
    """
    array = arrays.get(name)
    if array is None:
        return None
    if array.ndim != 1 or array.dtype.kind not in kinds:
        raise InputError(
            f"{path}: {name!r} is {array.dtype} {list(array.shape)}; expected a number for each token"
        )
    return np.asarray(array)


def _read(path: Path, limit: int | None) -> Vectors:
    folder = _files_folder(path)
    if folder is None:
        raise InputError(f"{path} has no {_TENSORS} beside a {TOKENIZER}")
    file = folder / _TENSORS
    with open_input(file):
        _, arrays = tensor_files.map_file(file)
    name = next((name for name in _MATRICES if name in arrays), None)
    if name is None:
        raise InputError(f"{file} has no static embeddings: expected a tensor {' or '.join(map(repr, _MATRICES))}")
    matrix = arrays[name]
    if matrix.ndim != 2 or matrix.dtype != np.int8 or not matrix.size:
        check_matrix(file, name, matrix)
    weights, mapping = _column(file, arrays, "weights", "f"), _column(file, arrays, "mapping", "iu")
    numbers, words = _numbered_words(folder / TOKENIZER, file, len(matrix) if mapping is None else len(mapping))
    is_in_order = numbers[-1] + 1 == len(matrix) == len(numbers)
    if is_in_order and weights is None and mapping is None and matrix.dtype != np.int8:
        found = vectors_of(file, words, matrix, limit)
        return Vectors(found.vocabulary, found.matrix, path=path)
    if weights is not None and len(weights) <= numbers[-1]:
        raise InputError(f"{file} is damaged: it has {len(weights)} weights for {numbers[-1] + 1} tokens")
    rows = numbers if mapping is None else _mapped(file, mapping, numbers, len(matrix))
    weights = None if weights is None else weights[numbers][:limit]
    return _collected(path, words[:limit], matrix, rows[:limit], weights)


def _numbered_words(tokenizer: Path, file: Path, count: int) -> tuple[RowArray, list[str]]:
    """Return the numbers of the tokens, int64 [tokens], ascending, and the tokens.

    Raises:
        InputError: a number is not below `count`, or a token cannot be a word.
    """
    tokens = _tokens(tokenizer)
    check_words(tokenizer, list(tokens.values()))
    last = next(reversed(tokens))
    if last >= count:
        raise InputError(f"{tokenizer} does not fit {file}: {tokens[last]!r} is number {last} of {count} vectors")
    if len(tokens) < count:
        report_note(f"{count - len(tokens):,} rows of {file} were left out: they belong to no token")
    return np.fromiter(tokens, np.int64, len(tokens)), list(tokens.values())


def _mapped(file: Path, mapping: npt.NDArray[Any], numbers: RowArray, rows: int) -> RowArray:
    """Return the rows, int64 [tokens], of the tokens with these numbers."""
    found = mapping[numbers].astype(np.int64)
    if found.min() < 0 or found.max() >= rows:
        raise InputError(f"{file} is damaged: 'mapping' names rows that are not among its {rows}")
    return found


def _collected(
    path: Path, words: list[str], matrix: npt.NDArray[Any], rows: RowArray, weights: npt.NDArray[Any] | None
) -> Vectors:
    """Return words with the vectors of their rows, each times its weight."""
    collector = RowCollector(path, len(words), matrix.shape[1])
    step = max(1, (1 << 20) // matrix.shape[1])
    for start in range(0, len(words), step):
        part = slice(start, start + step)
        chosen = matrix[rows[part]]
        block: FloatArray = chosen.astype(np.float32) if matrix.dtype == np.int8 else floats(chosen)
        if weights is not None:
            block = block * floats(weights[part])[:, None]
        collector.add(words[part], block)
    return collector.vectors()


FORMAT = Format(
    name="model2vec",
    suffixes=(),
    keeps=frozenset({Kept.SPACES, Kept.EXACT_VECTORS}),
    sniff=lambda head: False,
    sniff_folder=lambda path: _files_folder(path) is not None,
    read=_read,
)
