"""The folders of static embeddings that Model2Vec saves, and Sentence Transformers with its StaticEmbedding.

Both programs open what both write:

    model.safetensors   `embeddings` (Sentence Transformers: `embedding.weight`), float [rows, dim], or int8
                        `weights`, float [tokens], by which a token's vector is multiplied; may be missing
                        `mapping`, whole numbers [tokens], the row of each token; may be missing, then its number
    tokenizer.json      the tokens and their numbers, of Hugging Face's package tokenizers
    config.json, modules.json, config_sentence_transformers.json    what the programs want to know of it

The vector of a text is the mean of its tokens' vectors. Read are, without either package, the tokens as the
tokenizer has them: pieces of words are among them, with the tokenizer's marks, such as `##ing` and `▁the`. Rows
without a token are left out, and so is the row of zeros for unknown words in what wvcli wrote.

Written is a tokenizer that finds the words of the vocabulary: between what is no letter or digit or, where most
words are of a script without spaces, the longest that fits next. It takes text in lower case if all words are.
Words with spaces or signs in them have their vectors, but are not found in text.
"""

import json
import re
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wvcli.errors import InputError
from wvcli.formats._arrays import check_matrix, check_words, floats, vectors_of
from wvcli.formats._blocks import Converted
from wvcli.formats._format import Writing
from wvcli.formats._reading import RowCollector, open_input
from wvcli.reporting import report_note
from wvcli.system import tensor_files
from wvcli.vectors.geometry import FloatArray, RowArray
from wvcli.vectors.lazy import joined
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

_TENSORS, TOKENIZER = "model.safetensors", "tokenizer.json"
_CONFIG, _OF_SENTENCE_TRANSFORMERS = "config.json", "config_sentence_transformers.json"
_SUBFOLDER = "0_StaticEmbedding"  # of Sentence Transformers
_MATRICES = ("embeddings", "embedding.weight")
_WEIGHTS_KEY = "wvcli_weights"  # in the configuration of what wvcli wrote: its weights are of means alone
# A run of letters, marks and digits, with apostrophes, points and the like inside it.
_WORD = r"[\p{L}\p{M}\p{N}_]+(?:[''.·-][\p{L}\p{M}\p{N}_]+)*"
_NO_SPACES = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_LONGEST_RUN = 10_000  # characters of text without spaces
_EXPECTED = "expected the vocabulary of a tokenizer, with a number for each token"


def files_folder(path: Path) -> Path | None:
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


def read_folder(path: Path, limit: int | None) -> Vectors:
    """Read the words and vectors of a folder, all or the first `limit`.

    Raises:
        InputError: it is damaged, or no such folder.
    """
    folder = files_folder(path)
    if folder is None:
        with open_input(path / TOKENIZER):
            pass
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
    if _is_written_here(folder) and len(matrix) == len(words) > 1:
        weights, matrix, numbers, words = None, matrix[:-1], numbers[:-1], words[:-1]
    is_in_order = numbers[-1] + 1 == len(matrix) == len(numbers)
    if is_in_order and weights is None and mapping is None and matrix.dtype != np.int8:
        found = vectors_of(file, words, matrix, limit)
        return Vectors(found.vocabulary, found.matrix, path=path)
    if weights is not None and len(weights) <= numbers[-1]:
        raise InputError(f"{file} is damaged: it has {len(weights)} weights for {numbers[-1] + 1} tokens")
    rows = numbers if mapping is None else _mapped(file, mapping, numbers, len(matrix))
    weights = None if weights is None else weights[numbers][:limit]
    return _collected(path, words[:limit], matrix, rows[:limit], weights)


def _is_written_here(folder: Path) -> bool:
    """Whether wvcli wrote a folder: its last row is that of unknown words, and weights are of means alone."""
    try:
        config = json.loads((folder / _CONFIG).read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(config, dict) and _WEIGHTS_KEY in config


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


def is_of_sentence_transformers(path: Path) -> bool:
    """Whether a folder with static embeddings is one that Sentence Transformers saves."""
    return files_folder(path) is not None and (path / _OF_SENTENCE_TRANSFORMERS).is_file()


def write_folder(
    vectors: Vectors,
    path: Path,
    writing: Writing,
    weights: FloatArray | None = None,
    for_sentence_transformers: bool = False,
) -> None:
    """Write a folder that Model2Vec and Sentence Transformers open.

    Args:
        vectors: the words and their vectors.
        path: the folder to make.
        writing: the dtype of the vectors.
        weights: float32 [words], by which vectors are multiplied in the mean of a text; None for a plain mean.
        for_sentence_transformers: whether it is to be known as a folder of that program.
    """
    unknown = next(name for number in count() if (name := f"[UNK{number or ''}]") not in vectors.vocabulary)
    zeros = np.zeros((1, vectors.dim), dtype=np.float32)
    arrays: dict[str, Any] = {
        "embeddings": Converted(
            Vectors(Vocabulary.from_words([*vectors.vocabulary, unknown]), joined(vectors.matrix, zeros)),
            writing.dtype,
        )
    }
    if weights is not None:
        arrays["weights"] = np.append(weights, np.float32(1)).astype("<f4")
    path.mkdir()
    tensor_files.write(path / _TENSORS, arrays, lambda digests: {}, {})
    modules = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.StaticEmbedding"}]
    config = {
        "model_type": "model2vec",
        "architectures": ["StaticModel"],
        "normalize": False,
        "max_length": None,
        "embedding_dtype": writing.dtype,
        _WEIGHTS_KEY: "none" if weights is None else "sif",
    }
    tokenizer = _tokenizer(list(vectors.vocabulary), unknown)
    files: dict[str, Any] = {TOKENIZER: tokenizer, _CONFIG: config, "modules.json": modules}
    if for_sentence_transformers:
        files[_OF_SENTENCE_TRANSFORMERS] = {"similarity_fn_name": "cosine"}
    for name, content in files.items():
        text = json.dumps(content, ensure_ascii=False, indent=None if name == TOKENIZER else 2)
        (path / name).write_text(text + "\n", encoding="utf-8", newline="\n")


def _tokenizer(words: list[str], unknown: str) -> dict[str, Any]:
    """Return the tokenizer of a vocabulary, as the package tokenizers saves it."""
    is_without_spaces = 2 * sum(1 for word in words if _NO_SPACES.match(word)) > len(words)
    vocabulary = {word: number for number, word in enumerate([*words, unknown])}
    if is_without_spaces:
        model = {"type": "WordPiece", "continuing_subword_prefix": "", "max_input_chars_per_word": _LONGEST_RUN}
    else:
        model = {"type": "WordLevel"}
    is_lower = all(word == word.lower() for word in words)
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": len(words),
                "content": unknown,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
        ],
        "normalizer": {"type": "Lowercase"} if is_lower else None,
        "pre_tokenizer": {"type": "Split", "pattern": {"Regex": _WORD}, "behavior": "Removed", "invert": True},
        "post_processor": None,
        "decoder": None,
        "model": {**model, "unk_token": unknown, "vocab": vocabulary},
    }
