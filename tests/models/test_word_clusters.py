"""Words divided into clusters, and the file of classes."""

from pathlib import Path

import numpy as np
import pytest

import wvcli
from tests.conftest import Run
from wvcli.errors import UsageError
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors


def two_directions(*more: tuple[str, list[float]]) -> Vectors:
    """Five words around two directions, and more."""
    rows = [("cat", [1, 0]), ("red", [0, 2]), ("new york", [3, 0.1]), ("blue", [0.1, 1]), ("猫", [5, 0]), *more]
    matrix = np.array([row for _, row in rows], dtype=np.float32)
    return Vectors(Vocabulary.from_words([word for word, _ in rows]), matrix)


def test_each_word_stands_before_its_cluster_in_the_order_of_the_model(tmp_path: Path) -> None:
    notes: list[str] = []
    found = wvcli.export_clusters(two_directions(), tmp_path / "classes", 2, on_note=notes.append)
    assert found == {"cat": 0, "red": 1, "new york": 0, "blue": 1, "猫": 0}
    assert (tmp_path / "classes").read_text(encoding="utf-8") == "cat 0\nred 1\nnew_york 0\nblue 1\n猫 0\n"
    assert notes == ["1 word with spaces was written with _ (first: 'new york')"]
    assert max(wvcli.export_clusters(two_directions(), tmp_path / "more", 9).values()) == 3


def test_words_without_a_direction_are_in_no_cluster(tmp_path: Path) -> None:
    notes: list[str] = []
    vectors = two_directions(("zero", [0, 0]), ("nan", [np.nan, 1]), ("infinite", [np.inf, 1]))
    found = wvcli.export_clusters(vectors, tmp_path / "classes", 2, on_note=notes.append)
    assert list(found) == ["cat", "red", "new york", "blue", "猫"]
    assert notes[1:] == ["3 words were left out: their vectors are zero or not finite, and have no direction"]
    alone = wvcli.Selection(words=["zero"])
    with pytest.raises(UsageError, match="no vector has a direction"):
        wvcli.export_clusters(vectors, tmp_path / "other", 2, selection=alone)
    with pytest.raises(UsageError, match="`clusters` must be at least 1"):
        wvcli.export_clusters(vectors, tmp_path / "other", 0)
    with pytest.raises(UsageError, match="special words are in no cluster"):
        wvcli.export_clusters(vectors, tmp_path / "other", 2, selection=wvcli.Selection(pad=True))
    with pytest.raises(UsageError, match="exists"):
        wvcli.export_clusters(vectors, tmp_path / "classes", 2)
    assert [file.name for file in tmp_path.iterdir()] == ["classes"]


def test_the_command_takes_the_words_that_export_takes(run: Run, word2vec_model: Path, tmp_path: Path) -> None:
    done = run("export", "classes.txt", "--clusters", 7, "-n", 40, "--normalize", "-m", word2vec_model)
    assert (done.code, done.out) == (0, "")
    assert done.err == "note: wrote 40 words in 7 clusters to classes.txt\n"
    lines = [line.split(" ") for line in (tmp_path / "classes.txt").read_text(encoding="utf-8").splitlines()]
    assert [word for word, _ in lines] == list(wvcli.load(word2vec_model))[:40]
    assert {number for _, number in lines} == set(map(str, range(7)))
    refused = run("export", "other.txt", "--clusters", 7, "--to", "csv", "-m", word2vec_model)
    assert refused.code == 2
    assert "leave out --to, --dtype, --pad and --unk" in refused.err
    assert "did you mean --clusters?" in run("export", "other.txt", "-classes", 7, "-m", word2vec_model).err
