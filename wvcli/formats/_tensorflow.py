"""What TensorFlow formats share: importing it silently, and SavedModels with a look-up table of words."""

import errno
import json
import logging
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

from wvcli.errors import MissingExtraError
from wvcli.formats._blocks import blocks
from wvcli.formats._format import Writing
from wvcli.vectors.word_vectors import Vectors

# `assets.extra` is the folder of a SavedModel that TensorFlow leaves to others.
_DESCRIPTION = Path("assets.extra", "wvcli.json")
_SYSTEM_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EACCES, errno.EROFS)
_BLOCKS_PER_PART = 8  # blocks of rows in one part of a checkpoint

Tensor = Any


@contextmanager
def tensorflow(what: str) -> Iterator[ModuleType]:
    """Import TensorFlow, which prints nothing but errors within the block.

    Raises:
        MissingExtraError: it is not installed.
        OSError: it could not write a file; TensorFlow has errors of its own for that.
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
        except tensorflow.errors.OpError as error:
            for number in _SYSTEM_ERRORS:
                if os.strerror(number) in error.message:
                    raise OSError(number, os.strerror(number)) from error
            raise
        finally:
            logger.setLevel(level)


def sniff_saved_model(path: Path, name: str) -> bool:
    """Return whether a folder is a SavedModel that wvcli wrote in the format called `name`."""
    try:
        described = json.loads((path / _DESCRIPTION).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    fits = isinstance(described, dict) and described.get("format") == name
    return fits and (path / "saved_model.pb").is_file()


class Words:
    """The words as lines of a text file, of which the graph makes its table.

    TensorFlow takes no line that is empty and cuts at each line end. Where a word is empty or has a line end, all
    are written with `\\\\` for a backslash, `\\n` for a line end and `\\e` for nothing; else as they are.
    """

    def __init__(self, vectors: Vectors) -> None:
        vocabulary = vectors.vocabulary
        self._vocabulary = vocabulary
        self._escaped = bool((vocabulary.text == ord("\n")).any()) or "" in vocabulary

    def write(self, path: Path) -> None:
        """Write the file."""
        with path.open("wb") as file:
            for word in self._vocabulary:
                if self._escaped:
                    word = word.replace("\\", r"\\").replace("\n", r"\n") or r"\e"
                file.write(word.encode() + b"\n")

    def lines(self, tf: ModuleType, words: Tensor) -> Tensor:
        """Return the lines that words, a tensor of text, would have in the file."""
        if not self._escaped:
            return words
        doubled = tf.strings.regex_replace(words, r"\\", r"\\\\")
        return tf.where(words == "", r"\e", tf.strings.regex_replace(doubled, "\n", r"\\n"))


class Table:
    """Words and their vectors in TensorFlow.

    The variable has the shape of the vectors but no numbers: `save` writes these into the files.

    Args:
        tf: TensorFlow.
        vectors: words and numbers.
        writing: how they are to be written.
        folder: for the file of words, until all is saved.

    Attributes:
        embeddings: tf.Variable float32 or float16 [words, dim].
    """

    def __init__(self, tf: ModuleType, vectors: Vectors, writing: Writing, folder: Path) -> None:
        self._tf, self._vectors, self._dtype = tf, vectors, writing.dtype
        shape = (len(vectors), vectors.dim)
        self.embeddings = tf.Variable(
            lambda: tf.raw_ops.Empty(shape=shape, dtype=writing.dtype, init=False), name="embeddings"
        )
        nothing = tf.zeros((0, vectors.dim), writing.dtype)
        tf.raw_ops.AssignVariableOp(resource=self.embeddings.handle, value=nothing)
        self._words = Words(vectors)
        self._words.write(folder / "words.txt")
        index = tf.lookup.TextFileIndex
        self.index = tf.lookup.StaticHashTable(
            tf.lookup.TextFileInitializer(
                str(folder / "words.txt"),
                tf.string, index.WHOLE_LINE, tf.int64, index.LINE_NUMBER, vocab_size=len(vectors),
            ),
            -1 if writing.unknown is None else writing.unknown,
        )  # fmt: skip

    def find(self, words: Tensor) -> Tensor:
        """Return int64 [...], the rows of words [...]; for others the row for unknown words, or -1."""
        return self.index.lookup(self._words.lines(self._tf, words))

    def rows(self, rows: Tensor) -> Tensor:
        """Return float32 [..., dim], the vectors in these rows, int64 [...]."""
        return self._tf.cast(self._tf.gather(self.embeddings, rows), self._tf.float32)

    def fill(self, prefix: str) -> None:
        """Rewrite a checkpoint with the numbers in place of the empty variable, some blocks at a time.

        The blocks are written as the slices of a partitioned variable, which TensorFlow puts together.
        """
        raw, rows, dim = self._tf.raw_ops, len(self._vectors), self._vectors.dim
        checkpoint = self._tf.train.load_checkpoint(prefix)
        [name] = [key for key in checkpoint.get_variable_to_shape_map() if key.startswith("embeddings/")]
        others = [key for key in checkpoint.get_variable_to_shape_map() if key != name]
        tensors = [(key, "", self._tf.constant(checkpoint.get_tensor(key))) for key in others]
        del checkpoint
        parts: list[str] = []
        rows_left, start = blocks(self._vectors, self._dtype), 0
        while tensors or start < rows:
            for block in islice(rows_left, _BLOCKS_PER_PART):
                tensors.append((name, f"{rows} {dim} {start},{len(block)}:0,{dim}", block))
                start += len(block)
            parts.append(f"{prefix}.part{len(parts)}")
            names, slices, values = zip(*tensors, strict=True)
            raw.SaveV2(prefix=parts[-1], tensor_names=names, shape_and_slices=slices, tensors=values)
            tensors = []
        for old in Path(prefix).parent.glob(f"{Path(prefix).name}.[di]*"):
            old.unlink()
        raw.MergeV2Checkpoints(checkpoint_prefixes=parts, destination_prefix=prefix, delete_old_dirs=False)


def save(tf: ModuleType, table: Table, function: Callable[[Tensor], Tensor], argument: Any, path: Path) -> None:
    """Write a SavedModel that can be called like `function`, with one argument of the TensorSpec `argument`.

    It has the attributes of TensorFlow's reusable SavedModels: `variables`, `trainable_variables` and
    `regularization_losses`; and `embeddings`.
    """
    module = tf.train.Checkpoint(embeddings=table.embeddings, index=table.index)
    module.__call__ = tf.function(function, input_signature=[argument])
    module.variables = [table.embeddings]
    module.trainable_variables = [table.embeddings]
    module.regularization_losses = []
    concrete = module.__call__.get_concrete_function()
    tf.saved_model.save(module, str(path), signatures={"serving_default": concrete})
    table.fill(str(path / "variables" / "variables"))
    # It has a checksum of the empty variable. TensorFlow does not need it: it had none before 2.12.
    (path / "fingerprint.pb").unlink(missing_ok=True)


def describe(path: Path, described: Mapping[str, Any], vectors: Vectors) -> None:
    """Write the description of a SavedModel into its folder, as JSON with the words in the order of the rows."""
    target = path / _DESCRIPTION
    target.parent.mkdir()
    with target.open("w", encoding="utf-8") as file:
        file.write(json.dumps(described, ensure_ascii=False).removesuffix("}") + ', "words": ')
        file.writelines(json_list(vectors))
        file.write("}\n")


def json_list(words: Iterable[str]) -> Iterator[str]:
    """Yield a JSON list of words in parts, so that a large one need not be in memory."""
    yield "["
    for index, word in enumerate(words):
        yield (", " if index else "") + json.dumps(word, ensure_ascii=False)
    yield "]"
