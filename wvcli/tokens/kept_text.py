"""Text that was read once and kept: its tokens as numbers in a folder, from which further models are trained.

The folder holds shards, files of little-endian uint32, and `text.json`: the distinct tokens with their counts and
how the text was read. Nothing depends on a vocabulary or on phrases, which are decided for each model anew.
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
    """A folder of encoded text.

    Attributes:
        folder: where it is.
        tokens: how many there are.
        about: what was said of the text when it was kept.
    """

    folder: Path
    tokens: int
    about: dict[str, Any]
    _manifest: dict[str, Any]

    @staticmethod
    def lies_in(folder: Path) -> bool:
        """Whether a folder holds text kept by `save`."""
        return os.path.isfile(folder / _MANIFEST)  # no error for a name that is too long

    @classmethod
    def of(cls, folder: Path) -> "KeptText":
        """The text kept in a folder.

        Raises:
            InputError: there is none, or it is not whole.
        """
        manifest = read_manifest(folder, _MANIFEST)
        try:
            tokens = int(manifest["tokens_read"])
            size = sum((folder / name).stat().st_size for name in manifest["shards"])
            if size != 4 * (tokens + manifest["texts"]):
                raise InputError(f"the encoded text in {folder} is not whole")
            return cls(folder, tokens, manifest.pop("about"), manifest)
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise InputError(f"{folder} holds no encoded text") from error

    def encoding(self, folder: Path) -> ProvisionalCorpus:
        """The text as it was read; what is changed of it is written into `folder`."""
        encoding = ProvisionalCorpus(folder)
        encoding.shards = [self.folder / name for name in self._manifest["shards"]]
        encoding.words = self._manifest["words"]
        encoding.counts = np.array(self._manifest["counts"], dtype=np.int64)
        encoding.texts, encoding.tokens_read = self._manifest["texts"], self.tokens
        return encoding


@contextmanager
def new_folder(folder: Path) -> Iterator[None]:
    """Make a folder for text that is to be kept, and take it away again if reading the text fails.

    Raises:
        UsageError: it holds kept text already, or something else.
        WvcliError: it cannot be made.
    """
    if KeptText.lies_in(folder):
        raise UsageError(
            f"{folder} holds encoded text already",
            f"train from it with wvcli train {folder}, or name another folder",
        )
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder")
    if folder.exists() and any(file.suffix != ".ids" for file in folder.iterdir()):
        raise UsageError(f"the folder {folder} holds other files", "name a new one")
    was_there = folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WvcliError(f"cannot make the folder {folder}: {reason(error)}") from error
    try:
        yield
    except BaseException:
        for shard in folder.glob("*.ids"):
            shard.unlink()
        if not was_there:
            with suppress(OSError):
                folder.rmdir()
        raise


def save(encoding: ProvisionalCorpus, folder: Path, about: Mapping[str, Any]) -> None:
    """Complete what `KeptText.of` needs; the encoding's shards must lie in `folder`."""
    write_manifest(
        folder,
        _MANIFEST,
        {
            "shards": [path.name for path in encoding.shards],
            "words": encoding.words,
            "counts": encoding.counts.tolist(),
            "texts": encoding.texts,
            "tokens_read": encoding.tokens_read,
            "about": dict(about),
        },
    )


def find_kept_text(text: TextSettings) -> KeptText | None:
    """The encoded text that the source is, or None when the sources are text.

    Raises:
        UsageError: encoded text is given with other sources, or with a way to read it.
        InputError: it is damaged.
    """
    folders = [source for source in text.sources if source and KeptText.lies_in(Path(source))]
    if not folders:
        return None
    if len(text.sources) > 1:
        raise UsageError(f"{folders[0]} holds encoded text, which cannot be mixed with other sources")
    if replace(text, sources=()) != TextSettings(()):
        raise UsageError(f"{folders[0]} holds text that was read already", "leave out how to read it")
    return KeptText.of(Path(folders[0]))
