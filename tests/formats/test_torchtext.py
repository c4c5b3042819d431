"""TorchText's own reader takes what is written, and what it writes is read.

The package ends with PyTorch 2.3, whose library it loads when it is imported. Its reader of vectors is Python
alone and is run here without the rest.
"""

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.clients import package
from wvcli import formats
from wvcli.formats import Writing
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

LINE = "pip install tqdm && pip install --no-deps torchtext"
ODD = ["the", "2", "naïve", "猫", "a\u00a0b", "x\u3000y", "0.5", "-", "</s>", "e\u0301", "é"]
MATRIX = (np.random.default_rng(3).normal(size=(len(ODD), 6)) * 10.0 ** np.arange(-3, 3)).astype(np.float32)
VECTORS = Vectors(Vocabulary.from_words(ODD), MATRIX)


@pytest.fixture
def torchtext(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module `torchtext.vocab.vectors`."""
    package("torch")
    package("tqdm", LINE)
    found = importlib.util.find_spec("torchtext")
    if found is None or found.origin is None:
        assert "CI" not in os.environ
        pytest.skip(f"needs torchtext: {LINE}")
    root = Path(found.origin).parent
    for name, folder in (("torchtext", root), ("torchtext.vocab", root / "vocab")):
        hollow = ModuleType(name)
        hollow.__path__ = [str(folder)]
        monkeypatch.setitem(sys.modules, name, hollow)
    downloads = ModuleType("torchtext.utils")
    downloads.reporthook = None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torchtext.utils", downloads)
    spec = importlib.util.spec_from_file_location("torchtext.vocab.vectors", root / "vocab" / "vectors.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.client
@pytest.mark.parametrize("name", ["torchtext", "glove", "word2vec-text"])
def test_torchtext_reads_what_is_written(torchtext: Any, tmp_path: Path, name: str) -> None:
    formats.write(VECTORS, tmp_path / "words.torchtext", name)
    theirs = torchtext.Vectors("words.torchtext", cache=str(tmp_path))
    assert theirs.itos == ODD
    assert (theirs.vectors.numpy() == MATRIX).all()
    assert (theirs["猫"].numpy() == MATRIX[3]).all()
    assert not theirs["nowhere"].any()


@pytest.mark.client
def test_what_torchtext_keeps_is_read(torchtext: Any, tmp_path: Path) -> None:
    formats.write(VECTORS, tmp_path / "words.torchtext")
    torchtext.Vectors("words.torchtext", cache=str(tmp_path))
    cached = formats.read(tmp_path / "words.torchtext.pt")
    assert formats.recognise(tmp_path / "words.torchtext.pt").name == "torch"
    assert list(cached) == ODD
    assert (cached.matrix == MATRIX).all()


@pytest.mark.parametrize("name", ["torchtext", "glove", "word2vec-text", "fasttext-vec"])
def test_files_with_and_without_a_header_are_read(tmp_path: Path, name: str) -> None:
    formats.write(VECTORS, tmp_path / "words", name)
    for limit in (None, 4):
        found = formats.read(tmp_path / "words", "torchtext", limit)
        assert list(found) == ODD[:limit]
        assert (found.matrix == MATRIX[:limit]).all()


@pytest.mark.client
def test_words_with_spaces_are_written_with_underscores(torchtext: Any, tmp_path: Path) -> None:
    vectors = Vectors(Vocabulary.from_words(["new york", "cat"]), MATRIX[:2])
    assert formats.write(vectors, tmp_path / "words.torchtext", writing=Writing()) == [
        "1 word with spaces was written with _ (first: 'new york')"
    ]
    assert torchtext.Vectors("words.torchtext", cache=str(tmp_path)).itos == ["new_york", "cat"]
