"""Training that starts from something: a model to train further, other vectors, another model's settings."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wvcli
from tests.conftest import Run
from wvcli.errors import InputError, UsageError
from wvcli.vectors.word_vectors import Vectors

OLD = (
    "the cat sat on the mat and the dog sat on the rug\nthe cat chased the mouse and the dog chased the cat\n" * 60
)
NEW = "the wombat sat on the mat and the wombat chased the dog\nthe quokka sat once on a log\n" * 60
FAST: dict[str, Any] = {"dim": 16, "epochs": 4, "min_count": 2, "workers": 1}


@pytest.fixture
def old(tmp_path: Path) -> Vectors:
    (tmp_path / "old.txt").write_text(OLD)
    (tmp_path / "new.txt").write_text(NEW)
    return wvcli.train(tmp_path / "old.txt", tmp_path / "old.safetensors", **FAST)


@pytest.mark.parametrize("algorithm", ["word2vec", "fasttext"])
@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_an_update_learns_new_words_and_keeps_old_ones(tmp_path: Path, algorithm: str, architecture: str) -> None:
    (tmp_path / "old.txt").write_text(OLD)
    (tmp_path / "new.txt").write_text(NEW)
    method = {"algorithm": algorithm, "architecture": architecture}
    old = wvcli.train(tmp_path / "old.txt", tmp_path / "old.safetensors", **FAST, **method)
    new = wvcli.update(
        tmp_path / "old.safetensors", tmp_path / "new.txt", tmp_path / "new.safetensors", alpha=1e-6, min_alpha=0
    )
    assert set(old) < set(new)
    assert {"wombat", "quokka"} <= set(new)
    for word in old:  # hardly any learning, so what was known must still be there
        np.testing.assert_allclose(new[word], old[word], atol=1e-3)
    counts = {word: new.count(row) for row, word in enumerate(new)}
    for word in old:
        assert counts[word] == OLD.split().count(word) + NEW.split().count(word)
    assert new.manifest["coverage"]["tokens_trained"] == len(NEW.split())
    assert new.manifest["updated"]["new_words"] == len(new) - len(old)
    again = wvcli.update(
        tmp_path / "new.safetensors", tmp_path / "old.txt", tmp_path / "again.safetensors", epochs=1
    )
    assert set(again) == set(new)


def test_an_update_goes_on_learning(tmp_path: Path, old: Vectors) -> None:
    new = wvcli.update(tmp_path / "old.safetensors", tmp_path / "old.txt", tmp_path / "new.safetensors", epochs=10)
    assert new.manifest["history"][-1]["loss"] < old.manifest["history"][-1]["loss"]
    assert new.manifest["settings"]["dim"] == 16


def test_words_are_counted_over_old_and_new_text(tmp_path: Path, old: Vectors) -> None:
    (tmp_path / "rare.txt").write_text("the wombat and the quokka and the quokka\n")
    new = wvcli.update(tmp_path / "old.safetensors", tmp_path / "rare.txt", tmp_path / "new.safetensors")
    assert "quokka" in new
    assert "wombat" not in new
    assert "rug" in new  # not in the new text at all


def test_a_known_word_is_trained_on_however_rare_it_is_in_the_new_text(tmp_path: Path, old: Vectors) -> None:
    """Gensim's update judges a word by its count in the new text alone."""
    (tmp_path / "rare.txt").write_text("the mouse sat on the wombat\n")
    new = wvcli.update(
        tmp_path / "old.safetensors", tmp_path / "rare.txt", tmp_path / "new.safetensors", sample=0, alpha=0.1
    )
    assert set(new) == set(old)
    assert new.manifest["coverage"] == {"tokens_read": 6, "tokens_kept": 5, "tokens_trained": 5}
    assert new.count(new.index("mouse") or 0) == OLD.split().count("mouse") + 1
    assert np.abs(new["mouse"] - old["mouse"]).max() > 1e-4
    np.testing.assert_array_equal(new["rug"], old["rug"])


@pytest.mark.parametrize("algorithm", ["word2vec", "fasttext"])
def test_neighbours_after_an_update_are_those_of_the_new_vectors(tmp_path: Path, algorithm: str) -> None:
    """Gensim keeps the lengths that vectors had when it was first asked."""
    (tmp_path / "old.txt").write_text(OLD)
    (tmp_path / "new.txt").write_text(NEW)
    path = tmp_path / "old.safetensors"
    before = wvcli.train(tmp_path / "old.txt", path, algorithm=algorithm, **FAST)
    before.most_similar("sat")
    new = wvcli.update(path, tmp_path / "new.txt", tmp_path / "new.safetensors", alpha=0.2, epochs=20)
    lengths = np.linalg.norm(new.matrix, axis=1)
    np.testing.assert_allclose(new.norms, lengths, rtol=1e-5)
    assert np.abs(np.linalg.norm(before["sat"]) / np.linalg.norm(new["sat"]) - 1) > 0.05
    cosines = new.matrix @ new["sat"] / lengths / np.linalg.norm(new["sat"])
    for word, similarity in new.most_similar("sat", topn=5):
        assert similarity == pytest.approx(cosines[new.index(word)], abs=1e-5)


def test_an_update_goes_by_the_models_settings_and_takes_zero_for_a_value(tmp_path: Path, old: Vectors) -> None:
    settings = {"noise_exponent": 0.5, "alpha": 0.05, "window": 3, "fixed_window": True, "negative": 7}
    model = tmp_path / "model.safetensors"
    wvcli.train(tmp_path / "old.txt", model, **FAST, **settings)

    def updated(**changes: Any) -> Vectors:
        return wvcli.update(model, tmp_path / "new.txt", tmp_path / "new.safetensors", overwrite=True, **changes)

    usual = updated()
    assert usual.manifest["settings"].items() >= settings.items()
    for name in ("sample", "min_alpha"):
        zero = updated(**{name: 0})
        assert zero.manifest["settings"] == usual.manifest["settings"] | {name: 0}
        assert not np.array_equal(zero["the"], usual["the"])


def test_the_old_file_stays_unless_forced(tmp_path: Path, old: Vectors) -> None:
    path = tmp_path / "old.safetensors"
    before = path.read_bytes()
    with pytest.raises(UsageError, match="exists"):
        wvcli.update(path, tmp_path / "new.txt")
    assert path.read_bytes() == before
    assert "wombat" in wvcli.update(path, tmp_path / "new.txt", overwrite=True)


def test_what_cannot_be_updated_is_refused_with_the_reason(tmp_path: Path, old: Vectors) -> None:
    wvcli.train(tmp_path / "old.txt", tmp_path / "tree.safetensors", loss="hierarchical", **FAST)
    with pytest.raises(UsageError, match="hierarchical softmax"):
        wvcli.update(tmp_path / "tree.safetensors", tmp_path / "new.txt", tmp_path / "x.safetensors")
    with pytest.raises(UsageError, match="dim"):
        wvcli.update(tmp_path / "old.safetensors", tmp_path / "new.txt", tmp_path / "x.safetensors", dim=3)
    with pytest.raises(InputError, match="no file"):
        wvcli.update(tmp_path / "none.safetensors", tmp_path / "new.txt", tmp_path / "x.safetensors")


@pytest.mark.parametrize("suffix", [".safetensors", ".bin", ".glove", ".vec"])
@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_frozen_vectors_stay_as_they_are_and_others_learn(
    tmp_path: Path, old: Vectors, run: Run, suffix: str, architecture: str
) -> None:
    if suffix != ".safetensors":
        assert run("export", f"old{suffix}", "-m", "old.safetensors").code == 0
    model = wvcli.train(
        tmp_path / "new.txt",
        tmp_path / "frozen.safetensors",
        init=tmp_path / f"old{suffix}",
        freeze=True,
        architecture=architecture,
        epochs=4,
        min_count=1,
        workers=1,
    )
    assert model.dim == 16
    shared = set(old) & set(model)
    assert model.manifest["init"]["matched"] == len(shared) > 3
    for word in shared:
        assert np.array_equal(model[word], old[word])
    assert np.abs(model["wombat"]).max() > 0.05


def test_fine_tuned_vectors_start_where_they_were_and_move(tmp_path: Path, old: Vectors) -> None:
    def trained(**more: Any) -> Vectors:
        path = tmp_path / "tuned.safetensors"
        return wvcli.train(
            tmp_path / "old.txt", path, init=tmp_path / "old.safetensors", overwrite=True, **FAST, **more
        )

    still = trained(alpha=1e-7, min_alpha=0)
    np.testing.assert_allclose(still["cat"], old["cat"], atol=1e-4)
    assert np.abs(trained()["cat"] - old["cat"]).max() > 0.01
    frozen_for_all = trained(freeze_until=4)
    assert np.array_equal(frozen_for_all["cat"], old["cat"])
    assert not np.array_equal(trained(freeze_until=3)["cat"], old["cat"])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"freeze": True}, "`freeze=True` has no effect without `init`"),
        ({"init": "old.safetensors", "dim": 5}, "16"),
        ({"init": "old.safetensors", "algorithm": "fasttext"}, "only with `algorithm=word2vec`"),
        ({"init": "old.safetensors", "freeze_until": 0}, "`freeze_until` must be at least 1"),
    ],
)
def test_what_init_cannot_do_is_refused(tmp_path: Path, old: Vectors, settings: dict[str, Any], said: str) -> None:
    if "init" in settings:
        settings["init"] = tmp_path / settings["init"]
    with pytest.raises(UsageError, match=said):
        wvcli.train(tmp_path / "new.txt", tmp_path / "x.safetensors", **settings)


def test_what_is_left_out_of_the_vectors_to_start_from_is_noted(tmp_path: Path, old: Vectors) -> None:
    (tmp_path / "twice.txt").write_text("cat 1 2\ndog 2 1\ncat 3 4\n")
    notes: list[str] = []
    stages: list[str] = []
    wvcli.train(
        tmp_path / "new.txt", tmp_path / "x.safetensors", init=tmp_path / "twice.txt", epochs=1, min_count=1,
        on_note=notes.append, on_progress=lambda progress: stages.append(progress.stage),
    )  # fmt: skip
    assert any("repeated" in note for note in notes), notes
    assert stages[0] == "opening"


def test_an_update_is_trained_by_the_engine_asked_for(tmp_path: Path, old: Vectors, run: Run) -> None:
    by_default = run("update", "old.safetensors", "new.txt", "-o", "a.safetensors", "--epochs", 1)
    fast = run("update", "old.safetensors", "new.txt", "-o", "b.safetensors", "--epochs", 1, "--engine", "fast")
    assert (by_default.code, fast.code) == (0, 0), fast.err
    assert wvcli.load(tmp_path / "a.safetensors").manifest["engine"] == "gensim"
    assert wvcli.load(tmp_path / "b.safetensors").manifest["engine"] == "fast"
    with pytest.raises(UsageError, match="no engine is called 'slow'"):
        wvcli.update(tmp_path / "old.safetensors", tmp_path / "new.txt", tmp_path / "c.safetensors", engine="slow")


def test_like_repeats_settings_and_tokenizer(tmp_path: Path, old: Vectors) -> None:
    first = wvcli.train(
        tmp_path / "old.txt", tmp_path / "a.safetensors", lowercase=False, tokenizer="whitespace", window=3, **FAST
    )
    second = wvcli.train(tmp_path / "old.txt", tmp_path / "b.safetensors", like=tmp_path / "a.safetensors")
    assert second.manifest["settings"] == first.manifest["settings"]
    assert second.manifest["tokenizer"] == first.manifest["tokenizer"]
    assert second.manifest["checksum"] == first.manifest["checksum"]
    third = wvcli.train(tmp_path / "old.txt", tmp_path / "c.safetensors", like=tmp_path / "a.safetensors", dim=5)
    assert third.manifest["settings"] == first.manifest["settings"] | {"dim": 5}


def test_the_command_a_model_tells_makes_it_again(run: Run, tmp_path: Path) -> None:
    (tmp_path / "my text.txt").write_text(OLD)
    options = ("--dim", 9, "--epochs", 2, "--fixed-window", "--keep-case", "--workers", 1, "--min-length", 2)
    assert run("train", "my text.txt", *options, "-o", "a.safetensors").code == 0
    before = (tmp_path / "a.safetensors").read_bytes()
    command = run("info", "a.safetensors", "--command").out
    assert command.startswith("wvcli train 'my text.txt' -o a.safetensors ")
    import shlex

    assert run(*shlex.split(command)[1:], "--force").code == 0
    assert (tmp_path / "a.safetensors").read_bytes() == before


def test_an_update_with_nothing_to_learn_is_refused(tmp_path: Path, old: Vectors) -> None:
    (tmp_path / "strange.txt").write_text("zyx wvu tsr\n")
    with pytest.raises(InputError, match="none of the 3 tokens"):
        wvcli.update(tmp_path / "old.safetensors", tmp_path / "strange.txt", tmp_path / "x.safetensors")
    assert not (tmp_path / "x.safetensors").exists()


def test_a_capped_vocabulary_keeps_its_words_in_an_update(tmp_path: Path, old: Vectors) -> None:
    small = wvcli.train(tmp_path / "old.txt", tmp_path / "small.safetensors", max_vocab=5, **FAST)
    new = wvcli.update(tmp_path / "small.safetensors", tmp_path / "new.txt", tmp_path / "new.safetensors")
    assert set(new) == set(small)


def test_an_update_of_an_update_knows_both_texts(tmp_path: Path, old: Vectors) -> None:
    first = wvcli.update(tmp_path / "old.safetensors", tmp_path / "new.txt", tmp_path / "a.safetensors", epochs=1)
    second = wvcli.update(tmp_path / "a.safetensors", tmp_path / "old.txt", tmp_path / "b.safetensors", epochs=1)
    assert second.manifest["updated"]["corpus"] == first.manifest["corpus"]
    assert second.manifest["updated"]["updated"]["corpus"] == old.manifest["corpus"]


def test_like_takes_over_only_what_is_not_given(tmp_path: Path, old: Vectors) -> None:
    wvcli.train(
        tmp_path / "old.txt",
        tmp_path / "a.safetensors",
        lowercase=False,
        tokenizer="whitespace",
        min_length=2,
        **FAST,
    )
    like = tmp_path / "a.safetensors"
    model = wvcli.train(tmp_path / "old.txt", tmp_path / "b.safetensors", like=like, tokenizer="auto")
    assert model.manifest["tokenizer"] == {"name": "auto", "lowercase": False, "min_length": 2, "stopwords": []}


def test_records_can_be_updated_from(tmp_path: Path, old: Vectors, run: Run) -> None:
    (tmp_path / "new.jsonl").write_text('{"text": "the wombat and the cat"}\n' * 20)
    result = run("update", "old.safetensors", "new.jsonl", "--field", "text", "-o", "new.safetensors", "-q")
    assert (result.code, result.err) == (0, "")
    assert "wombat" in wvcli.load(tmp_path / "new.safetensors")
