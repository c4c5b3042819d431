"""Kept text: the token ids of a text that was read once, in a folder, from which further models are trained.

The folder holds shards, and `text.json`: the distinct tokens with their counts, and how the text was read. Nothing
depends on a vocabulary or on phrases, which are decided for each model.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from wvcli.errors import InputError, UsageError, WvcliError, reason
from wvcli.system.locks import lock
from wvcli.text.settings import TextSettings
from wvcli.tokens.provisional_corpus import ProvisionalCorpus
from wvcli.tokens.shards import read_manifest, verify_shards, write_manifest

_MANIFEST = "text.json"


@dataclass(frozen=True)
class KeptText:
    """A folder of kept text.

    Attributes:
        folder: where it is.
        tokens: how many there are.
        about: what `save` was given about the text.
    """

    folder: Path
    tokens: int
    about: dict[str, Any]
    _manifest: dict[str, Any]

    @staticmethod
    def is_in(folder: Path) -> bool:
        """Whether a folder holds text kept by `save`."""
        return os.path.isfile(folder / _MANIFEST)  # no error for a name that is too long

    @classmethod
    def of(cls, folder: Path) -> "KeptText":
        """Open the text kept in a folder.

        Raises:
            InputError: there is none, or it is not complete.
        """
        if folder.is_symlink():
            folder = folder.resolve()  # the link may lead elsewhere before all is read
        manifest = read_manifest(folder, _MANIFEST)
        try:
            tokens = int(manifest["tokens_read"])
            size = sum((folder / name).stat().st_size for name in manifest["shards"])
            if size != 4 * (tokens + manifest["texts"]):
                raise InputError(f"the kept text in {folder} is not complete")
            return cls(folder, tokens, manifest.pop("about"), manifest)
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise InputError(f"the kept text in {folder} is damaged") from error

    def provisional_corpus(self, folder: Path) -> ProvisionalCorpus:
        """Return the text as it was read; what is changed of it is written into `folder`.

        Raises:
            InputError: it is not what was kept.
        """
        try:
            verify_shards(self.folder, self._manifest)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"the kept text in {self.folder} is damaged") from error
        corpus = ProvisionalCorpus(folder)
        corpus.shards = [self.folder / name for name in self._manifest["shards"]]
        corpus.words = self._manifest["words"]
        corpus.counts = np.array(self._manifest["counts"], dtype=np.int64)
        corpus.texts, corpus.tokens_read = self._manifest["texts"], self.tokens
        return corpus


@contextmanager
def new_folder(folder: Path) -> Iterator[None]:
    """Make a folder for text that is to be kept, and remove it if reading the text fails.

    Raises:
        UsageError: it holds kept text already, or something else; or another run is keeping text in it.
        WvcliError: it cannot be made.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder")
    existed = folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY) if os.name != "nt" else None  # Windows opens no folders
    except OSError as error:
        raise WvcliError(f"cannot make the folder {folder}: {reason(error)}") from error
    try:
        if descriptor is not None and lock(descriptor) is False:
            raise UsageError(f"another run is keeping text in {folder}", "name another folder")
        _check_empty(folder)
        with _removed_on_failure(folder, existed):
            yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _check_empty(folder: Path) -> None:
    """Refuse a folder that holds more than shards, which a reading that was broken off may have left."""
    if KeptText.is_in(folder):
        raise UsageError(
            f"{folder} holds kept text already",
            f"train from it with wvcli train {folder}, or name another folder",
        )
    if any(file.suffix != ".ids" and file.name != f"{_MANIFEST}.tmp" for file in folder.iterdir()):
        raise UsageError(f"the folder {folder} holds other files", "name a new one")


@contextmanager
def _removed_on_failure(folder: Path, existed: bool) -> Iterator[None]:
    """Remove the shards in a folder, and the folder unless it existed, if reading the text fails."""
    try:
        yield
    except BaseException:
        for written in (*folder.glob("*.ids"), folder / f"{_MANIFEST}.tmp"):
            written.unlink(missing_ok=True)
        if not existed:
            with suppress(OSError):
                folder.rmdir()
        raise


def save(corpus: ProvisionalCorpus, folder: Path, about: Mapping[str, Any]) -> None:
    """Write what `KeptText.of` needs beside the shards, which must be in `folder`."""
    write_manifest(
        folder,
        _MANIFEST,
        {
            "shards": [path.name for path in corpus.shards],
            "words": corpus.words,
            "counts": corpus.counts.tolist(),
            "texts": corpus.texts,
            "tokens_read": corpus.tokens_read,
            "about": dict(about),
        },
    )


def find_kept_text(text: TextSettings) -> KeptText | None:
    """Open the kept text that the source is; return None when the sources are text.

    Raises:
        UsageError: kept text is given with other sources, or with a way to read it.
        InputError: it is damaged.
    """
    folders = [source for source in text.sources if source and KeptText.is_in(Path(source))]
    if not folders:
        return None
    if len(text.sources) > 1:
        raise UsageError(f"{folders[0]} holds kept text, which cannot be mixed with other sources")
    if replace(text, sources=()) != TextSettings(()):
        raise UsageError(
            f"{folders[0]} holds text that was read already", "leave out its encoding, field, column and the like"
        )
    return KeptText.of(Path(folders[0]))
