"""The model file: one `.safetensors` holding the vectors, the vocabulary and a JSON manifest.

The layout is described in docs/model-file.md. Files are memory-mapped to read, and replaced atomically.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from shlex import quote
from typing import Any
from zlib import crc32

import numpy as np

from wvcli.errors import InputError, first_line
from wvcli.system import tensor_files
from wvcli.system.atomic_files import atomic_write
from wvcli.system.paging import Matrix
from wvcli.system.tensor_files import NoHeaderError, Tensors, map_file, read_metadata, sha256_of
from wvcli.text.spelling import normalizer
from wvcli.vectors.subwords import Subwords
from wvcli.vectors.training_weights import Weights
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

FORMAT_VERSION = 1
FLORET_VERSION = 2  # with floret's hash, which programs that read version 1 alone would take for fastText's
MANIFEST_KEY = "wvcli"
CHECK_KEY = "wvcli_crc32"
SUFFIX = ".safetensors"
CHECKPOINT = ".checkpoint"  # after the name of a model file: the folder of an unfinished run that is to write it


# The arrays of a model: kind of number, and how many it has for n words, d dimensions; -1 is any number.
_LAYOUT: dict[str, tuple[str, tuple[str | int, ...]]] = {
    "vectors": ("<f4", ("n", "d")),
    "norms": ("<f4", ("n",)),
    "vocabulary.text": ("|u1", (-1,)),
    "vocabulary.offsets": ("<i8", ("n+1",)),
    "vocabulary.order": ("<i4", ("n",)),
    "vocabulary.counts": ("<i8", ("n",)),
    "subwords.vectors": ("<f4", (-1, "d")),
    "subwords.fitted": ("<f2", (-1, "d")),
    "input.words": ("<f4", ("n", "d")),
    "output.negative": ("<f4", ("n", "d")),
    "output.hierarchical": ("<f4", (-1, "d")),
    "phrases.pairs": ("|u1", (-1,)),
}
_REQUIRED = ("vectors", "norms", "vocabulary.text", "vocabulary.offsets", "vocabulary.order")


_REQUIRED_PARTS = {"settings": dict, "tokenizer": dict, "checksum": dict}  # of a manifest
_OPTIONAL_PARTS = {
    "coverage": dict,
    "corpus": dict,
    "reading": dict,
    "versions": dict,
    "imported": dict,
    "init": dict,
    "updated": dict,
    "phrases": dict,
    "fitted_subwords": dict,
    "history": list,
    "engine": str,
    "early_stop": bool,
}


class NotAModelError(InputError):
    """A file is no model of wvcli's, though it may hold vectors."""


KIND = "kind"  # in the manifest of a file that is no model of word vectors: what it is instead


class OtherKindError(NotAModelError):
    """A file was written by wvcli and is no model of word vectors, such as what was fitted to a text.

    Args:
        file: the open file.
    """

    def __init__(self, file: "ModelFile") -> None:
        super().__init__(f"{file.path} is a {file.manifest[KIND]}, not a model of word vectors")
        self.file = file


@dataclass(frozen=True)
class ModelFile:
    """An open model file.

    Attributes:
        path: where it is.
        manifest: everything known about the model, as written by `save`.
        tensors: the arrays by name, memory-mapped and read-only.
    """

    path: Path
    manifest: dict[str, Any]
    tensors: Tensors

    def phrases(self) -> list[list[tuple[str, str]]] | None:
        """Return the pairs of words that were joined in each pass, or None when none were.

        Raises:
            InputError: the file is damaged.
        """
        if "phrases.pairs" not in self.tensors:
            return None
        try:
            passes = json.loads(self.tensors["phrases.pairs"].tobytes())
            return [[(first, second) for first, second in pairs] for pairs in passes]
        except (ValueError, TypeError) as error:
            raise InputError(f"{self.path} is damaged: its phrases cannot be read") from error

    def vectors(self) -> Vectors:
        """Return the words and vectors of the model; nothing is read before it is asked for."""
        tensors = self.tensors
        return Vectors(
            vocabulary=Vocabulary(
                tensors["vocabulary.text"],
                tensors["vocabulary.offsets"],
                tensors["vocabulary.order"],
                str(self.path),
            ),
            matrix=tensors["vectors"],
            counts=tensors.get("vocabulary.counts"),
            subwords=self._subwords(),
            stored_norms=tensors["norms"],
            normalize=normalizer(self.manifest.get("tokenizer", {})),
            manifest=self.manifest,
            path=self.path,
            weights=Weights(
                tensors.get("input.words"),
                tensors.get("output.negative"),
                self.manifest.get("settings", {}),
                tensors.get("output.hierarchical"),
            ),
        )

    def _subwords(self) -> Subwords | None:
        """Return the vectors of n-grams, trained with the words or fitted to them, or None."""
        if "subwords.vectors" in self.tensors:
            settings = self.manifest["settings"]
            lengths = settings["min_n"], settings["max_n"]
            return Subwords(self.tensors["subwords.vectors"], *lengths, settings.get("hash_count", 0))
        if "subwords.fitted" in self.tensors:
            about = self.manifest["fitted_subwords"]
            return Subwords(self.tensors["subwords.fitted"], about["min_n"], about["max_n"], is_fitted=True)
        return None


def vector_tensors(vectors: Vectors) -> dict[str, Matrix[Any]]:
    """Return the arrays that every model file holds, and the optional ones these vectors have."""
    tensors: dict[str, Matrix[Any]] = {
        "vectors": vectors.matrix,
        "norms": vectors.norms,
        "vocabulary.text": vectors.vocabulary.text,
        "vocabulary.offsets": vectors.vocabulary.offsets,
        "vocabulary.order": vectors.vocabulary.order,
    }
    if vectors.counts is not None:
        tensors["vocabulary.counts"] = vectors.counts
    if vectors.subwords is not None:
        tensors["subwords.fitted" if vectors.subwords.is_fitted else "subwords.vectors"] = vectors.subwords.matrix
    return tensors


def about_fitted_subwords(subwords: Subwords | None) -> dict[str, Any]:
    """Return the part of the manifest about n-grams that were fitted to the words' vectors; empty without them."""
    if subwords is None or not subwords.is_fitted:
        return {}
    return {"fitted_subwords": {"min_n": subwords.min_n, "max_n": subwords.max_n}}


def save(
    path: Path, tensors: Mapping[str, Matrix[Any]], manifest: Mapping[str, Any], overwrite: bool = False
) -> None:
    """Write a model file.

    Args:
        path: the file to make.
        tensors: the arrays by name.
        manifest: what to say about the model; the format version and the checksums are added here.
        overwrite: replace an existing file.

    Raises:
        UsageError: the file exists and `overwrite` is false.
        WvcliError: the disk is full or the folder cannot be written.
    """
    hashed = manifest.get("settings", {}).get("hash_count", 0)
    complete = {"format_version": FLORET_VERSION if hashed else FORMAT_VERSION, **manifest}

    def metadata(checksum: Mapping[str, str]) -> dict[str, str]:
        text = json.dumps(complete | {"checksum": dict(checksum)}, sort_keys=True)
        return {MANIFEST_KEY: text, CHECK_KEY: _check(text)}

    dtypes = {name: _LAYOUT[name][0] for name in tensors if name in _LAYOUT}
    with atomic_write(path, overwrite) as aside:
        tensor_files.write(aside, tensors, metadata, dtypes)


def _check(manifest: str) -> str:
    """Return the CRC-32 of a manifest in eight hexadecimal digits, which costs a query nothing to check."""
    return f"{crc32(manifest.encode()):08x}"


def fingerprint(vectors: Vectors) -> str:
    """Return the SHA-256 of the matrix as little-endian float32: as its file records it, or else computed."""
    recorded = vectors.manifest.get("checksum", {}).get("vectors")
    return str(recorded) if recorded else sha256_of(vectors.matrix)


def named(path: str | PathLike[str]) -> Path:
    """Return the file that a model is written to; a name without a suffix gets `.safetensors`."""
    file = Path(path)
    return file if file.suffix or file.is_dir() else file.with_name(f"{file.name}{SUFFIX}")


def is_checkpoint(path: Path) -> bool:
    """Whether a folder has the name of the checkpoint of an unfinished run."""
    return path.name.endswith(SUFFIX + CHECKPOINT) and path.is_dir()


def is_model(path: Path) -> bool:
    """Whether the header of a file says that it is a wvcli model, without checking that it is whole."""
    try:
        return MANIFEST_KEY in read_metadata(path)
    except (OSError, ValueError):
        return False


def open_model(path: Path) -> ModelFile:
    """Open a model file, memory-mapped.

    Raises:
        NotAModelError, NoHeaderError: the file is not a wvcli model.
        InputError: it is missing, damaged, or newer than this program.
    """
    is_foreign = path.suffix != SUFFIX and path.exists()
    refusal = NotAModelError(
        f"{path} is not a wvcli model", f"wvcli import {quote(str(path))} makes one of vectors"
    )
    if is_foreign and not path.is_file():
        raise refusal
    try:
        model = open_tensors(path)
    except (NotAModelError, NoHeaderError) as error:
        raise (refusal if is_foreign else error) from None
    if isinstance(model.manifest.get(KIND), str):
        raise OtherKindError(model)
    _check_layout(path, model.tensors)
    _check_manifest(path, model)
    return model


def open_kind(path: Path, kind: str, what: str) -> ModelFile:
    """Open a file of another kind than models of word vectors, memory-mapped.

    Args:
        path: the file.
        kind: the kind that its manifest must name.
        what: the hint how to make one.

    Raises:
        InputError: it is missing, damaged, newer than this program, or of another kind.
    """
    try:
        file = open_tensors(path)
    except (NotAModelError, NoHeaderError):
        raise InputError(f"{path} is not a {kind}", what) from None
    found = file.manifest.get(KIND, "model of word vectors")
    if found != kind:
        raise InputError(f"{path} is a {found}, not a {kind}", what)
    lost = sorted(set(file.manifest.get("checksum", {})) - set(file.tensors))
    if lost:
        raise InputError(f"{path} is damaged: it holds no {lost[0]!r}")
    return file


def phrases_of(vectors: Vectors) -> list[list[tuple[str, str]]]:
    """Return the phrases of a model, from its file: the pairs of words that were joined in each pass.

    Raises:
        InputError: the file is damaged, or another model has taken its name since it was opened.
    """
    if vectors.path is None or "phrases" not in vectors.manifest:
        return []
    model = open_model(vectors.path)
    if model.manifest != vectors.manifest:
        raise InputError(f"{vectors.path} has changed since it was opened", "ask again")
    return model.phrases() or []


def open_tensors(path: Path) -> ModelFile:
    """Open a file that `save` wrote, memory-mapped, whatever arrays it holds.

    Raises:
        NotAModelError, NoHeaderError: the file was not written by wvcli.
        InputError: it is missing, damaged, or newer than this program.
    """
    metadata, tensors = map_file(path)
    if MANIFEST_KEY not in metadata:
        raise NotAModelError(f"{path} is a safetensors file, but not a wvcli model")
    text = metadata[MANIFEST_KEY]
    if metadata.get(CHECK_KEY, _check(text)) != _check(text):
        raise InputError(f"{path} is damaged: its manifest has a wrong checksum")
    return ModelFile(path, _parse_manifest(path, text), tensors)


def _parse_manifest(path: Path, text: str) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads(text)
        version = manifest["format_version"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"{path} is damaged: its manifest cannot be read") from error
    if version not in (FORMAT_VERSION, FLORET_VERSION):
        raise InputError(
            f"{path} has model format {version}; this wvcli reads formats {FORMAT_VERSION} and {FLORET_VERSION}",
            "install a newer wvcli",
        )
    return manifest


def _check_layout(path: Path, tensors: Tensors) -> None:
    for name in _REQUIRED:
        if name not in tensors:
            raise InputError(f"{path} is damaged: it holds no {name!r}")
    if tensors["vectors"].ndim != 2:
        raise InputError(f"{path} is damaged: 'vectors' is not a matrix")
    words, dim = tensors["vectors"].shape
    known = {"n": words, "n+1": words + 1, "d": dim}
    for name, (dtype, shape) in _LAYOUT.items():
        if name not in tensors:
            continue
        array = tensors[name]
        sizes = [known[size] if isinstance(size, str) else size for size in shape]
        fits = len(sizes) == array.ndim and all(
            size in (-1, real) for size, real in zip(sizes, array.shape, strict=True)
        )
        if array.dtype != dtype or not fits:
            raise InputError(f"{path} is damaged: {name!r} is {array.dtype} {list(array.shape)}")
    if tensors["vocabulary.offsets"][-1] != len(tensors["vocabulary.text"]):
        raise InputError(f"{path} is damaged: the vocabulary's text and offsets disagree")


def _check_manifest(path: Path, model: ModelFile) -> None:
    """Refuse a manifest whose parts that queries need are not what they should be."""
    manifest = model.manifest
    for name, kind in (_REQUIRED_PARTS | _OPTIONAL_PARTS).items():
        if (name in manifest or name in _REQUIRED_PARTS) and not isinstance(manifest.get(name), kind):
            raise InputError(f"{path} is damaged: its manifest lacks {name}, or has something else there")
    lost = sorted(set(manifest["checksum"]) - set(model.tensors))
    if lost:
        raise InputError(f"{path} is damaged: it holds no {lost[0]!r}")
    settings = manifest["settings"]
    if "subwords.vectors" in model.tensors and not (
        all(isinstance(settings.get(name), int) for name in ("min_n", "max_n"))
        and settings.get("hash_count", 0) in range(5)
    ):
        raise InputError(f"{path} is damaged: its manifest lacks settings of subwords")
    about = manifest.get("fitted_subwords", {})
    if "subwords.fitted" in model.tensors and not all(
        isinstance(about.get(name), int) for name in ("min_n", "max_n")
    ):
        raise InputError(f"{path} is damaged: its manifest does not say how long its fitted n-grams are")


@contextmanager
def reading_manifest(path: Path | None) -> Iterator[None]:
    """Within the block, treat what a manifest lacks or has of another kind as damage.

    Raises:
        InputError: the file is damaged.
    """
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        what = " ".join(f"{type(error).__name__}: {first_line(error)}".split())
        raise InputError(f"{path} is damaged: its manifest cannot be understood ({what})") from error


def damaged_tensors(model: ModelFile) -> list[str]:
    """Return the names of the arrays whose checksum differs from the manifest; reads the whole file."""
    recorded = model.manifest.get("checksum", {})
    missing = set(recorded) - set(model.tensors)
    return sorted(missing | {name for name in model.tensors if _is_damaged(name, model.tensors[name], recorded)})


def _is_damaged(name: str, array: Matrix[Any], recorded: Mapping[str, Any]) -> bool:
    return bool(recorded.get(name) != sha256_of(array))


def verify(model: ModelFile) -> None:
    """Refuse a model whose arrays are not those that were written; reads the whole file.

    Raises:
        InputError: an array has another checksum than the manifest says.
    """
    _refuse_damaged(model.path, damaged_tensors(model))


def verify_vectors(vectors: Vectors) -> None:
    """Refuse vectors opened from a model file whose arrays are not those that were written; reads them all.

    What reads a whole model to make another file of it calls this, lest the damage be taken for data there.

    Args:
        vectors: of any origin; arrays that are not of a model file, or have been changed since, are passed over.

    Raises:
        InputError: an array has another checksum than the manifest says.
    """
    recorded = vectors.manifest.get("checksum")
    if vectors.path is None or not recorded:
        return
    arrays: dict[str, Matrix[Any] | None] = {**vector_tensors(vectors), "norms": vectors.stored_norms}
    if vectors.weights:
        arrays["input.words"], arrays["output.negative"] = vectors.weights.words, vectors.weights.output
        arrays["output.hierarchical"] = vectors.weights.tree
    _refuse_damaged(
        vectors.path,
        sorted(
            name
            for name, array in arrays.items()
            if isinstance(array, np.ndarray) and not array.flags.writeable and _is_damaged(name, array, recorded)
        ),
    )


def _refuse_damaged(path: Path, names: list[str]) -> None:
    if names:
        raise InputError(f"{path} is damaged: wrong checksum of {', '.join(names)}")
