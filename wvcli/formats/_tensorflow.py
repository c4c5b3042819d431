"""TensorFlow as the formats use it, and SavedModels in which words are found by a table in the graph."""

import json
import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from wvcli.errors import MissingExtraError
from wvcli.formats import Writing
from wvcli.formats._blocks import blocks
from wvcli.vectors import Vectors

# `assets.extra` is the part of a SavedModel that TensorFlow leaves to others.
_DESCRIPTION = Path("assets.extra", "wvcli.json")

Tensor = Any


@contextmanager
def tensorflow(what: str) -> Iterator[ModuleType]:
    """TensorFlow, which says nothing within the block but what goes wrong.

    Raises:
        MissingExtraError: it is not installed.
    """
    # Read once, when it is imported; oneDNN would announce itself on stderr.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    logger = logging.getLogger("tensorflow")
    level = logger.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import tensorflow
        except ImportError as error:
            raise MissingExtraError(what, "tensorflow") from error
        logger.setLevel(logging.ERROR)
        try:
            yield tensorflow
        finally:
            logger.setLevel(level)


def fill(variable: Any, vectors: Vectors, dtype: str, start: int = 0) -> None:
    """Assign all rows to a tf.Variable [rows, dim], from row `start` on."""
    for block in blocks(vectors, dtype):
        variable[start : start + len(block)].assign(block)
        start += len(block)


def sniff_saved_model(path: Path, name: str) -> bool:
    """Whether a folder is a SavedModel that was written here in the format called `name`."""
    try:
        described = json.loads((path / _DESCRIPTION).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    fits = isinstance(described, dict) and described.get("format") == name
    return fits and (path / "saved_model.pb").is_file()


class Table:
    """Words and their vectors in TensorFlow.

    Attributes:
        embeddings: tf.Variable float32 or float16 [words, dim].
        index: a hash table from words to rows, and from all else to the row for unknown words, or to -1.
    """

    def __init__(self, tf: ModuleType, vectors: Vectors, writing: Writing) -> None:
        self._tf = tf
        shape = (len(vectors), vectors.dim)
        self.embeddings = tf.Variable(lambda: tf.zeros(shape, writing.dtype), name="embeddings")
        fill(self.embeddings, vectors, writing.dtype)
        rows = tf.range(len(vectors), dtype=tf.int64)
        default = -1 if writing.unknown is None else writing.unknown
        pairs = tf.lookup.KeyValueTensorInitializer(tf.constant(list(vectors), tf.string), rows)
        self.index = tf.lookup.StaticHashTable(pairs, default)

    def rows(self, rows: Tensor) -> Tensor:
        """float32 [..., dim], the vectors in these rows, int64 [...]."""
        return self._tf.cast(self._tf.gather(self.embeddings, rows), self._tf.float32)


def save(
    tf: ModuleType, table: Table, function: Callable[[Tensor], Tensor], argument: Any, path: Path, described: Any
) -> None:
    """Write a SavedModel that can be called like `function`, with one argument of the TensorSpec `argument`.

    It has the attributes of TensorFlow's reusable SavedModels: `variables`, `trainable_variables` and
    `regularization_losses`; and `embeddings`. `described` is written beside it as JSON.
    """
    module = tf.train.Checkpoint(embeddings=table.embeddings, index=table.index)
    module.__call__ = tf.function(function, input_signature=[argument])
    module.variables = [table.embeddings]
    module.trainable_variables = [table.embeddings]
    module.regularization_losses = []
    given = module.__call__.get_concrete_function()
    tf.saved_model.save(module, str(path), signatures={"serving_default": given})
    target = path / _DESCRIPTION
    target.parent.mkdir()
    target.write_text(json.dumps(described, ensure_ascii=False) + "\n", encoding="utf-8")
