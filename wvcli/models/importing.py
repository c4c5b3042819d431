"""Vectors of other systems made into models."""

import os
import platform
from dataclasses import replace
from hashlib import sha256
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np

from wvcli import formats
from wvcli.errors import InputError, UsageError
from wvcli.models import model_file
from wvcli.models.fetching import Fetched, fetched, is_elsewhere, stem
from wvcli.reporting import OnNote, OnProgress, ignore_note, ignore_progress, words_reported_to
from wvcli.system.atomic_files import check_writable
from wvcli.system.encodings import Encoding
from wvcli.system.paging import blocks
from wvcli.text.sources import STDIN
from wvcli.vectors.fitted_subwords import fit_subwords
from wvcli.vectors.geometry import FloatArray, FloatMatrix
from wvcli.vectors.lazy import with_row
from wvcli.vectors.rewritten_words import WordRule, rewritten
from wvcli.vectors.word_vectors import Vectors
from wvcli.version import __version__

_END_OF_LINE = "</s>"  # of fastText, a word like any other but for its n-grams
_BLOCK = 1 << 20  # bytes hashed at a time


def import_vectors(
    path: str | PathLike[str],
    output: str | PathLike[str] | None = None,
    *,
    name: str | None = None,
    limit: int | None = None,
    member: str | None = None,
    matrix: str | None = None,
    word_column: str | None = None,
    vector_column: str | None = None,
    words: str | PathLike[str] | None = None,
    prefix: str | None = None,
    pattern: str | None = None,
    unique_vectors: bool = False,
    encoding: str = "utf-8",
    encoding_errors: str = "strict",
    skip_bad: bool = False,
    unknown_words: str = "none",
    overwrite: bool = False,
    on_progress: OnProgress = ignore_progress,
    on_note: OnNote = ignore_note,
) -> Vectors:
    """Make a model file of vectors of another system: a file, a folder, an archive, an address, or standard input.

    A model file opens at once, whatever its size. It can be trained further if `path` holds all that this takes:
    the output layer of negative sampling, counts, settings and, with subwords, the words' own vectors.

    Args:
        path: the file or folder; what is compressed, or a zip or tar archive, is unpacked. An address such as
            `https://host/name.vec.gz` is fetched; `-` is standard input.
        output: the model file; its suffix `.safetensors` may be left out. None for one in the current folder with
            the name of `path`.
        name: the format; None to tell it by content.
        limit: take only the first `limit` words; None for all.
        member: the file or folder in an archive that is meant; None where it holds vectors but once.
        matrix: the name of the matrix in a file that holds several: an array of `npz`, a tensor of `safetensors`
            or `torch`. None for the usual or the only one.
        word_column: the name of the column with the words in `csv`, `parquet`, `arrow`, `datasets` and `sqlite`,
            of the key in `json` and `jsonl`, of the array in `npz`. None for the usual or the only one.
        vector_column: the name of the column or key with the vectors there, likewise.
        words: a file with the words of an array that has none, as `.npy` and `safetensors`: one on each line, or
            in a column of Parquet. It may be in the same archive.
        prefix: take only words that begin with this, without it: `/c/en/` of ConceptNet Numberbatch.
        pattern: a regular expression: take only words that match it whole, and of these what its first group
            matches, if it has one: `(.*)_[A-Z]+` of words with their parts of speech.
        unique_vectors: of words with one and the same vector, take the first: spaCy's smaller pipelines have many.
        encoding: of the words in text vectors and word2vec's files, by a name that Python knows.
        encoding_errors: what to do with bytes not in the encoding: `strict`, `replace` or `ignore`.
        skip_bad: leave out lines and words that cannot be read, and note how many there were.
        unknown_words: `subwords` to fit vectors of n-grams to those of the words, from which words outside the
            vocabulary get theirs; where `path` has subwords, they are kept. `none` for only those that it has.
        overwrite: replace an existing model file.
        on_progress: called with how far the work is.
        on_note: called with a line on what was left out, or what the model lacks.

    Returns:
        The vectors, opened from the model file.

    Raises:
        InputError: `path` cannot be read, is in no known format, is damaged, or is replaced while it is read.
        UsageError: it is a model already, the model file exists, or has another suffix; or there is no such
            encoding, or none can be chosen in this format; or `unknown_words` is neither of its values.
        MissingExtraError: the format needs a package that is not installed.

    Example:
        >>> import wvcli
        >>> with open("colours.txt", "w") as file:
        ...     characters = file.write("red 1 0.2 0\\npink 0.9 0.4 0.1\\nblue 0 0.1 1\\n")
        >>> vectors = wvcli.import_vectors("colours.txt", "colours.safetensors")
        >>> [word for word, similarity in vectors.most_similar("red")]
        ['pink', 'blue']
    """
    if unknown_words not in ("subwords", "none"):
        raise UsageError(f"`unknown_words` must be subwords or none, not {unknown_words!r}")
    target = _target(path, output, member)
    check_writable(target, overwrite)
    words_in = Encoding.of(encoding, encoding_errors)
    rule = WordRule.of(prefix, pattern, unique_vectors)
    with fetched(path, on_progress, on_note, member, words_in, words) as found:
        chosen = formats.registry.get(name) if name else formats.recognise(found.path)
        state = _state(found)
        reading = formats.Reading(found.encoding, skip_bad, matrix, word_column, vector_column, found.words)
        vectors = formats.read(found.path, chosen.name, None if rule else limit, on_progress, on_note, reading)
        if rule:
            vectors, notes = rewritten(vectors, rule, limit)
            for note in notes:
                on_note(note)
        if unknown_words == "subwords" and vectors.subwords is None:
            vectors = replace(vectors, subwords=fit_subwords(vectors, on_progress))
        with words_reported_to(on_progress, "computing", "vectors"):
            tensors = {**_training_tensors(vectors), **model_file.vector_tensors(vectors)}
        manifest = _manifest(found, chosen.name, limit, vectors)
        manifest["imported"] |= {
            name: value
            for name, value in (
                ("matrix", matrix),
                ("word_column", word_column),
                ("vector_column", vector_column),
                ("words", None if words is None else fspath(words)),
                ("prefix", prefix),
                ("pattern", pattern),
                ("unique_vectors", unique_vectors or None),
            )
            if value is not None
        }
        if _state(found) != state:  # the checksum in the manifest may be that of something else
            raise InputError(f"{found.source} was replaced or written to while it was read", "import it again")
        model_file.save(target, tensors, manifest, overwrite)
    model = model_file.open_model(target)
    if vectors.weights and vectors.weights.output is not None and "output.negative" not in model.tensors:
        on_note("its output layer is left out: it is empty, or of another loss than negative sampling")
    return model.vectors()


def _target(source: str | PathLike[str], output: str | PathLike[str] | None, member: str | None) -> Path:
    """Return the model file to write, by default in the current folder with the name of what is imported.

    Raises:
        UsageError: its suffix is another, it would take the place of the source, or it has no name.
    """
    if output is None and fspath(source) == STDIN:
        raise UsageError("vectors from standard input have no name", "name the model with `output`")
    own_name = stem(member or source) + model_file.SUFFIX
    target = model_file.named(output) if output else Path(own_name)
    if target.suffix != model_file.SUFFIX:
        raise UsageError(f"the model file's name must end in {model_file.SUFFIX} (got {str(target)!r})")
    if not is_elsewhere(source) and os.path.exists(source):
        if not os.path.isdir(source) and os.path.isfile(source) and model_file.is_model(Path(source)):
            raise UsageError(f"{fspath(source)} is a model already")
        if target.exists() and target.samefile(source):
            raise UsageError(
                f"the model would take the place of {fspath(source)}", "name another file with `output`"
            )
    return target


def _training_tensors(vectors: Vectors) -> dict[str, Any]:
    """Return the arrays that training goes on from, by their names in the model file."""
    weights = vectors.weights
    if weights is None:
        return {}
    tensors: dict[str, Any] = {}
    if vectors.subwords is not None and weights.words is not None:
        tensors["input.words"] = _own_words(vectors, weights.words)
    if weights.output is not None and weights.settings.get("loss") == "negative" and _is_trained(weights.output):
        tensors["output.negative"] = weights.output
    if weights.tree is not None:
        tensors["output.hierarchical"] = weights.tree
    return tensors


def _is_trained(output: FloatArray) -> bool:
    """Whether an output layer is more than the zeros that are written where it is unknown."""
    return any(block.any() for _, block in blocks(output))


def _own_words(vectors: Vectors, own: FloatArray) -> FloatMatrix:
    """Return the words' own vectors, made to fit for the end of a line, which fastText gives no n-grams."""
    row = vectors.vocabulary.find(_END_OF_LINE)
    if row is None or vectors.subwords is None:
        return own
    ngrams = vectors.subwords.matrix[vectors.subwords.buckets(_END_OF_LINE)]
    fitting = vectors.matrix[row] * np.float32(len(ngrams) + 1) - ngrams.sum(axis=0)
    return with_row(own, row, fitting)


def _manifest(found: Fetched, name: str, limit: int | None, vectors: Vectors) -> dict[str, Any]:
    settings = dict(vectors.weights.settings if vectors.weights else {}) | {"dim": vectors.dim}
    settings = {key: value for key, value in settings.items() if key not in ("min_n", "max_n", "buckets")}
    if vectors.subwords and not vectors.subwords.is_fitted:
        settings |= {"algorithm": "fasttext", "buckets": len(vectors.subwords.matrix)}
        settings |= {"min_n": vectors.subwords.min_n, "max_n": vectors.subwords.max_n}
        if vectors.subwords.hashes:
            settings["hash_count"] = vectors.subwords.hashes
    elif "algorithm" in settings:
        settings["algorithm"] = "word2vec"  # which fastText without n-grams is
    if vectors.subwords and vectors.subwords.is_fitted:
        settings["unknown_words"] = "subwords"
    size, digest = found.size, found.sha256
    if size is None:
        size, digest = _size(found.origin), _digest(found.origin)
    origin = {"source": found.name, "format": name, "bytes": size, "sha256": digest, "limit": limit}
    if found.member:
        origin["member"] = found.member
    versions = {"wvcli": __version__, "python": platform.python_version(), "numpy": np.__version__}
    about = {"settings": settings, "tokenizer": {}, "imported": origin, "versions": versions}
    return about | model_file.about_fitted_subwords(vectors.subwords)


def _files(path: Path) -> list[Path]:
    """List the files of a file or folder; to a file of Gensim belong the arrays saved beside it."""
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.is_file())
    beside = (file for file in path.parent.iterdir() if file.name.startswith(f"{path.name}."))
    return [path, *sorted(file for file in beside if file.suffix == ".npy")]


def _state(found: Fetched) -> list[tuple[Path, int, int, int, int]]:
    """Return what is different once one of the files that were named was replaced or written to."""
    facts = [(file, file.stat()) for file in _files(found.origin)] if found.size is None else []
    return [(file, each.st_dev, each.st_ino, each.st_size, each.st_mtime_ns) for file, each in facts]


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in _files(path))


def _digest(path: Path) -> str:
    """Return the SHA-256 of the contents of all files one after the other."""
    digest = sha256()
    block = bytearray(_BLOCK)
    for each in _files(path):
        with each.open("rb", buffering=0) as file:
            while count := file.readinto(block):
                digest.update(memoryview(block)[:count])
    return digest.hexdigest()
