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
from wvcli.text.settings import TextSettings
from wvcli.tokens.provisional_corpus import ProvisionalCorpus
from wvcli.tokens.shards import read_manifest, write_manifest

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
        """Return the text as it was read; what is changed of it is written into `folder`."""
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
        UsageError: it holds kept text already, or something else.
        WvcliError: it cannot be made.
    """
    if KeptText.is_in(folder):
        raise UsageError(
            f"{folder} holds kept text already",
            f"train from it with wvcli train {folder}, or name another folder",
        )
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder")
    if folder.exists() and any(file.suffix != ".ids" for file in folder.iterdir()):
        raise UsageError(f"the folder {folder} holds other files", "name a new one")
    existed = folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WvcliError(f"cannot make the folder {folder}: {reason(error)}") from error
    try:
        yield
    except BaseException:
        for shard in folder.glob("*.ids"):
            shard.unlink()
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
