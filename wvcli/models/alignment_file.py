"""The alignment file: how two models are brought into one space, beside the models, which stay as they are.

It is a file that `model_file.save` writes, safetensors with a manifest, written aside and replaced at once. Its
arrays are for either side `matrix`, the map; `lengths` and `hubness` of each word (see `wvcli.vectors.bilingual`);
and `pairs`, the rows of the words from which the maps were learned. The manifest names both models, by a path
relative to the file, and knows their vectors by a checksum.
"""

import os
import platform
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from wvcli.errors import InputError, UsageError
from wvcli.models import model_file, opening
from wvcli.models.model_file import ModelFile, reading_manifest
from wvcli.reporting import OnNote, ignore_note
from wvcli.vectors.bilingual import Alignment, Side
from wvcli.vectors.geometry import RowArray
from wvcli.vectors.word_vectors import Vectors
from wvcli.version import __version__

VARIABLE = "WVCLI_ALIGNMENT"
SUFFIX = f".alignment{model_file.SUFFIX}"
VERSION = 1
KIND = "bilingual alignment"

_SIDES = ("source", "target")
_PAIRS = "pairs"


def named(path: str | os.PathLike[str]) -> Path:
    """Return the file that an alignment is written to; a name without a suffix gets `.alignment.safetensors`."""
    file = Path(path)
    if file.suffix == model_file.SUFFIX or file.is_dir():
        return file
    return file.with_name(f"{file.name}{model_file.SUFFIX if file.suffix == '.alignment' else SUFFIX}")


def default_name(source: Vectors, target: Vectors) -> Path:
    """Return the file of the alignment of two models in the current folder: `en-fr.alignment.safetensors`."""
    one, two = (file_of(vectors).name.partition(".")[0] for vectors in (source, target))
    return Path(f"{one}-{two}{SUFFIX}")


def file_of(vectors: Vectors) -> Path:
    """Return the file of a model, by which an alignment names it.

    Raises:
        UsageError: the vectors come from no file.
    """
    if vectors.path is None or not vectors.path.exists():  # as where they came from an address
        raise UsageError("an alignment names its models by their files", "save or import the vectors first")
    return vectors.path


def save(alignment: Alignment, pairs: RowArray, path: Path, overwrite: bool = False) -> Alignment:
    """Write an alignment, and return it as it is opened from its file.

    Args:
        alignment: of two models that come from files.
        pairs: int64 [pairs, 2], the rows of the words from which the maps were learned.
        path: the file to make.
        overwrite: replace an existing file.

    Raises:
        UsageError: the file exists and `overwrite` is false, or a model comes from no file.
        WvcliError: the disk is full or the folder cannot be written.
    """
    tensors: dict[str, Any] = {_PAIRS: pairs.astype(np.int32)}
    manifest: dict[str, Any] = {model_file.KIND: KIND, "alignment": {"version": VERSION, **alignment.about}}
    for name, side in zip(_SIDES, (alignment.source, alignment.target), strict=True):
        tensors |= {
            f"{name}.matrix": side.matrix,
            f"{name}.lengths": side.lengths,
            f"{name}.hubness": side.hubness,
        }
        manifest[name] = {
            "path": _relative(file_of(side.vectors), path.parent),
            "words": len(side.vectors),
            "dim": side.vectors.dim,
            "fingerprint": model_file.fingerprint(side.vectors),
        }
    model_file.save(path, tensors, manifest, overwrite)
    return Alignment(alignment.source, alignment.target, alignment.about, path)


def save_side(side: Side, path: Path, alignment: Path, overwrite: bool = False) -> None:
    """Write one model of an alignment with its vectors in the common space, as a model file.

    Args:
        side: the model with its map.
        path: the file to make.
        alignment: the file of the alignment, which is noted in the manifest.
        overwrite: replace an existing file.

    Raises:
        UsageError: the file exists and `overwrite` is false.
        WvcliError: the disk is full or the folder cannot be written.
    """
    vectors = side.in_common_space(with_subwords=True)
    settings = dict(side.vectors.manifest.get("settings", {})) | {"dim": vectors.dim}
    subwords = vectors.subwords
    if subwords is not None and not subwords.is_fitted:
        settings |= {"min_n": subwords.min_n, "max_n": subwords.max_n}
        if subwords.hashes:
            settings["hash_count"] = subwords.hashes
    origin = {"source": str(side.vectors.path), "format": "alignment", "alignment": str(alignment)}
    manifest = {
        "settings": settings,
        "tokenizer": dict(side.vectors.manifest.get("tokenizer", {})),
        "imported": origin,
        "versions": {"wvcli": __version__, "python": platform.python_version(), "numpy": np.__version__},
        **model_file.about_fitted_subwords(subwords),
    }
    model_file.save(path, model_file.vector_tensors(vectors), manifest, overwrite)


def _relative(model: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(model.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive of Windows
        return str(model.resolve())


def resolve(given: str | os.PathLike[str] | None, on_note: OnNote = ignore_note) -> tuple[Path, bool]:
    """Return the alignment to use, and whether it was guessed.

    It is the one given, else the one in the variable WVCLI_ALIGNMENT, else the newest in the current folder.

    Args:
        given: what the user named, if anything.
        on_note: called with a line for each newer file that was passed over because it cannot be opened.

    Raises:
        InputError: there is none.
    """
    chosen = given or os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen), False
    found = next(find(Path(), lambda problem: on_note(f"passed over a file: {problem.message}")), None)
    if found is None:
        raise InputError(
            "there is no alignment in this folder",
            "make one with wvcli align SOURCE TARGET, or name one with `alignment=FILE`",
        )
    return found.path, True


def find(folder: Path, on_problem: Callable[[InputError], None] = lambda problem: None) -> Iterator[ModelFile]:
    """Open the alignments in a folder one after the other, the newest first; their models are not opened.

    Args:
        folder: where to look.
        on_problem: called with what is wrong with a file that is named as alignments are and cannot be opened.
    """
    for path in opening.newest_first(folder):
        try:
            model_file.open_model(path)
        except model_file.OtherKindError as other:
            if other.file.manifest[model_file.KIND] == KIND:
                yield other.file
        except InputError as problem:
            if path.name.endswith(SUFFIX):
                on_problem(problem)


def open_file(path: Path) -> ModelFile:
    """Open the file of an alignment, memory-mapped, without its models.

    Raises:
        InputError: it is missing, damaged, newer than this program, or no alignment.
    """
    file = model_file.open_kind(path, KIND, "wvcli align SOURCE TARGET makes one of two models")
    with reading_manifest(path):
        version = file.manifest["alignment"]["version"]
        if version != VERSION:
            raise InputError(
                f"{path} has alignment format {version}; this wvcli reads format {VERSION}",
                "install a newer wvcli",
            )
        common = min(file.tensors[f"{name}.matrix"].shape[1] for name in _SIDES)
        for name in _SIDES:
            words, dim = int(file.manifest[name]["words"]), int(file.manifest[name]["dim"])
            for part, shape in {"matrix": (dim, common), "lengths": (words,), "hubness": (words,)}.items():
                array = file.tensors[f"{name}.{part}"]
                if array.dtype != np.float32 or array.shape != shape:
                    raise InputError(f"{path} is damaged: '{name}.{part}' is {array.dtype} {list(array.shape)}")
    return file


def load_alignment(path: str | os.PathLike[str] | None = None, on_note: OnNote = ignore_note) -> Alignment:
    """Open an alignment and its two models, memory-mapped.

    Args:
        path: the file; None for what the variable WVCLI_ALIGNMENT names, or else the newest in the current folder.
        on_note: called with a line for each newer file that was passed over, and on what was left out of a model
            in another format.

    Raises:
        InputError: the file or a model is missing or damaged, the file is no alignment, or a model has changed
            since the alignment was made.

    Example:
        >>> import wvcli
        >>> source, target = wvcli.load("animals.safetensors"), wvcli.load("other.safetensors")
        >>> _ = wvcli.align(source, target, "both.safetensors", identical=True, overwrite=True)
        >>> alignment = wvcli.load_alignment("both.safetensors")
        >>> len(alignment.source.vectors), alignment.target.vectors.dim
        (1731, 50)
    """
    chosen, _ = resolve(path, on_note)
    file = open_file(chosen)
    source, target = (_side(file, name, on_note) for name in _SIDES)
    return Alignment(source, target, _about(file), chosen)


def open_between(path: str | os.PathLike[str], source: Vectors, target: Vectors) -> Alignment:
    """Open an alignment of two models that are open, wherever their files are now.

    Args:
        path: the file.
        source: the one model.
        target: the other; the alignment may have been made in either direction.

    Raises:
        InputError: the file is missing or damaged, or it aligns other models, or these before they changed.
        UsageError: both are the same model.
    """
    file = open_file(Path(path))
    for one, two in (_SIDES, _SIDES[::-1]):
        if _is_of(file, one, source) and _is_of(file, two, target):
            return Alignment(_side_of(file, one, source), _side_of(file, two, target), _about(file), file.path)
    recorded = [(file.path.parent / file.manifest[name]["path"]).resolve() for name in _SIDES]
    for vectors in (source, target):
        if not any(_is_of(file, name, vectors) for name in _SIDES):
            if vectors.path is not None and vectors.path.resolve() in recorded:
                raise _changed(vectors, file)
            raise InputError(
                f"{vectors.path} is not one of the two models that {file.path} aligns",
                f"they are {' and '.join(file.manifest[name]['path'] for name in _SIDES)}",
            )
    raise UsageError("the source and the target are the same model", "name two models")


def _side(file: ModelFile, name: str, on_note: OnNote) -> Side:
    vectors = opening.load(model_path(file.path, file.manifest[name]), on_note=on_note)
    if not _is_of(file, name, vectors):
        raise _changed(vectors, file)
    return _side_of(file, name, vectors)


def _is_of(file: ModelFile, name: str, vectors: Vectors) -> bool:
    """Whether vectors are those that a side of an alignment was made of."""
    recorded = file.manifest[name]
    is_as_large = (len(vectors), vectors.dim) == (recorded["words"], recorded["dim"])
    return is_as_large and model_file.fingerprint(vectors) == recorded["fingerprint"]


def _changed(vectors: Vectors, file: ModelFile) -> InputError:
    return InputError(
        f"{vectors.path} has changed since it was aligned in {file.path}",
        "align the models again with wvcli align",
    )


def _side_of(file: ModelFile, name: str, vectors: Vectors) -> Side:
    return Side(vectors, *(file.tensors[f"{name}.{part}"] for part in ("matrix", "lengths", "hubness")))


def _about(file: ModelFile) -> dict[str, Any]:
    return {key: value for key, value in file.manifest["alignment"].items() if key != "version"}


def model_path(alignment: Path, recorded: Mapping[str, Any]) -> Path:
    """Return where a model of an alignment is: as recorded, or if it is not there beside the alignment.

    Raises:
        InputError: it is in neither place.
    """
    path = Path(os.path.normpath(alignment.parent / recorded["path"]))
    beside = alignment.parent / path.name
    if path.exists() or not beside.exists():
        if not path.exists():
            raise InputError(
                f"there is no file {path}, a model of {alignment}", f"put it there, or beside {alignment}"
            )
        return path
    return beside
