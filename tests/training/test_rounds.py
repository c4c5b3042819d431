"""Training in rounds: one replica is one machine, several train on all of the text."""

from pathlib import Path
from typing import Any

import pytest

import wvcli
from tests.conftest import CLONE
from tests.training.clusters.executors import connected_here
from wvcli.errors import InterruptedRunError, UsageError, WvcliError
from wvcli.models import model_file
from wvcli.training import distributed_reading, job
from wvcli.training.distribution import Distribution, round_bytes
from wvcli.training.settings import TrainSettings

QUICK: dict[str, Any] = {"dim": 8, "epochs": 2, "min_count": 3, "workers": 1, "unknown_words": "none"}
HERE: dict[str, Any] = {"cluster": "processes[1]", "work": "work"}


@pytest.fixture(autouse=True)
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working folder with a small text, and a cluster in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(job, "connected", connected_here)
    lines = (CLONE / "sample_corpora" / "english.txt").read_text("utf-8").splitlines()
    Path("text.txt").write_text("\n".join(lines[:200]), "utf-8")


def manifest(path: str) -> dict[str, Any]:
    return model_file.open_model(Path(path)).manifest


@pytest.mark.parametrize(
    "settings",
    [
        {"engine": "fast"},
        pytest.param({"engine": "gensim", "architecture": "cbow", "rounds": 1}, marks=pytest.mark.slow),
        pytest.param(
            {
                "engine": "gensim",
                "algorithm": "fasttext",
                "buckets": 50,
                "loss": "hierarchical",
                "unknown_words": None,
            },
            marks=pytest.mark.slow,
        ),
        pytest.param({"engine": "gensim", "phrases": True}, marks=pytest.mark.slow),
    ],
    ids=["fast", "cbow", "fasttext", "phrases"],
)
def test_one_replica_gives_the_file_of_one_machine(settings: dict[str, Any]) -> None:
    how = {**QUICK, **settings}
    rounds = how.pop("rounds", 3)
    wvcli.train("text.txt", "one", **how)
    wvcli.train("text.txt", "many", **HERE, rounds=rounds, **how)
    assert Path("many.safetensors").read_bytes() == Path("one.safetensors").read_bytes()
    assert not list(Path("work").iterdir())
    assert not Path("many.safetensors.checkpoint").exists()


def test_one_replica_over_many_shards_gives_the_vectors_of_one_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    connected = distributed_reading.ConnectedCluster
    monkeypatch.setattr(
        job,
        "ConnectedCluster",
        lambda executors, work: connected(executors, work, part_bytes=4000, shard_ids=1 << 22),
    )
    notes: list[str] = []
    wvcli.train("text.txt", "one", engine="fast", early_stop=True, **QUICK)
    wvcli.train("text.txt", "many", engine="fast", early_stop=True, on_note=notes.append, **HERE, **QUICK)
    one, many = model_file.open_model(Path("one.safetensors")), model_file.open_model(Path("many.safetensors"))
    assert {name: array.tobytes() for name, array in many.tensors.items()} == {
        name: array.tobytes() for name, array in one.tensors.items()
    }
    assert many.manifest["corpus"].pop("sha256_of_parts") != one.manifest["corpus"].pop("sha256")
    assert many.manifest["corpus"].pop("parts") > 3
    assert many.manifest == one.manifest
    assert any("one replica of the model, as on one machine" in note for note in notes)


def test_several_replicas_train_on_all_of_the_text_in_every_epoch() -> None:
    notes: list[str] = []
    wvcli.train("text.txt", "many", replicas=3, rounds=2, on_note=notes.append, **HERE, **QUICK)
    about = manifest("many.safetensors")
    assert about["cluster"] == {"replicas": 3, "rounds": 2, "combining": "agreement"}
    kept = about["coverage"]["tokens_kept"]
    assert [epoch["tokens_trained"] for epoch in about["history"]] == [kept, kept]
    assert about["history"][1]["loss"] < about["history"][0]["loss"] < 4.16  # six times log 2 is a guess
    assert about["engine"] == "fast"
    assert about["settings"]["alpha"] == pytest.approx(0.025 * 3 ** (1 / 6), abs=1e-6)
    [note] = [note for note in notes if note.startswith("training on")]
    assert "3 replicas of the model, combined by agreement, with a learning rate of 0.030023" in note
    assert "2 rounds an epoch, about" in note


@pytest.mark.slow
@pytest.mark.parametrize(("replicas", "stops"), [(1, (1,)), (2, (0, 3))])
def test_a_run_stopped_after_any_round_goes_on_as_if_it_had_not_been(
    replicas: int, stops: tuple[int, ...]
) -> None:
    how: dict[str, Any] = {**HERE, **QUICK, "engine": "fast", "replicas": replicas, "rounds": 2}
    wvcli.train("text.txt", "whole", **how)
    expected = Path("whole.safetensors").read_bytes()
    for after in stops:
        left = iter([False] * after + [True])
        with pytest.raises(InterruptedRunError, match="progress saved") as stopped:
            wvcli.train("text.txt", "parts", should_stop=lambda left=left: next(left), **how)
        assert stopped.value.checkpoint == Path("parts.safetensors.checkpoint")
        with pytest.raises(UsageError, match=r"`work=.* there, no `work` here"):
            wvcli.train("text.txt", "parts", resume=True, engine="fast", **QUICK)
        wvcli.resume("parts.safetensors.checkpoint")
        assert Path("parts.safetensors").read_bytes() == expected
        Path("parts.safetensors").unlink()
        assert not list(Path("work").iterdir())


@pytest.mark.slow
def test_a_run_whose_work_folder_is_gone_cannot_go_on() -> None:
    left = iter([False, True])
    with pytest.raises(InterruptedRunError):
        wvcli.train(
            "text.txt", "parts", should_stop=lambda: next(left), engine="gensim", rounds=3, **HERE, **QUICK
        )
    [folder] = Path("work").iterdir()
    folder.rename("elsewhere")
    with pytest.raises(WvcliError, match="no longer in the work folder"):
        wvcli.resume("parts.safetensors")


def test_a_run_that_fails_before_its_text_is_read_leaves_nothing() -> None:
    Path("empty.txt").write_text("...")
    with pytest.raises(WvcliError, match="no words"):
        wvcli.train("empty.txt", "empty", **HERE, **QUICK)
    assert not list(Path("work").iterdir())
    assert not Path("empty.safetensors.checkpoint").exists()


@pytest.mark.slow
def test_kept_text_is_trained_on_a_cluster_and_a_clusters_kept_text_anywhere() -> None:
    how = {**QUICK, "engine": "gensim"}
    wvcli.train("text.txt", "one", **how)
    wvcli.train("text.txt", "many", keep_encoded="kept", **HERE, **how)
    wvcli.train("kept", "here", **how)
    wvcli.train("kept", "there", **HERE, **how)
    files = {name: Path(f"{name}.safetensors").read_bytes() for name in ("one", "many", "here", "there")}
    assert len(set(files.values())) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cluster": "spork://host"}, "`cluster=spork://host` is no address of a cluster"),
        ({"cluster": "processes[2]"}, "`cluster` needs `work`"),
        ({"cluster": "local[2]", "work": "s3://key:secret@bucket/a"}, "the address of the work folder holds a"),
        ({"work": "work"}, "`work` has no effect without `cluster`"),
        ({"replicas": 2}, "`replicas` has no effect without `cluster`"),
        ({"rounds": 2}, "`rounds` has no effect without `cluster`"),
        ({**HERE, "replicas": 0}, "`replicas` must be between 1 and 1,024, not 0"),
        ({**HERE, "algorithm": "glove"}, "`algorithm=glove` does not work with `cluster`"),
        ({**HERE, "init": "text.txt"}, "`init` does not work with `cluster`"),
        ({**HERE, "replicas": 2, "architecture": "cbow"}, "`architecture=cbow` does not work with `replicas=2`"),
        ({**HERE, "replicas": 2, "algorithm": "fasttext"}, "`algorithm=fasttext` does not work with `replicas=2`"),
        ({**HERE, "replicas": 2, "loss": "hierarchical"}, "`loss=hierarchical` does not work with `replicas=2`"),
        ({**HERE, "replicas": 2, "engine": "gensim"}, "`engine=gensim` does not work with `replicas=2`"),
    ],
)
def test_what_does_not_work_is_refused_before_anything_is_read(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as refused:
        wvcli.train("text.txt", "never", **arguments)
    assert refused.value.message.startswith(message)
    assert not Path("work").exists()


def test_texts_in_memory_are_refused() -> None:
    with pytest.raises(UsageError, match="texts in memory cannot be read by the machines of a `cluster`"):
        wvcli.train(iter(["some words", "more words"]), "never", **HERE, **QUICK)


SKIPGRAM = TrainSettings(algorithm="word2vec", architecture="skipgram", dim=200, window=5, workers=16)


@pytest.mark.parametrize(
    ("replicas", "tokens", "rounds"),
    [(1, 10_000_000, 1), (1, 10_000_000_000, 2), (8, 1_000_000, 16), (8, 180_000_000_000, 28)],
)
def test_rounds_are_chosen_by_how_long_they_take(replicas: int, tokens: int, rounds: int) -> None:
    distribution = Distribution("local[2]", "/work", replicas)
    assert distribution.rounds_for(SKIPGRAM, tokens, 400_000) == rounds


def test_the_learning_rate_grows_with_the_sixth_root_of_the_replicas_unless_it_is_given() -> None:
    distribution = Distribution("local[2]", "/work", 64)
    assert distribution.with_learning_rate(SKIPGRAM, {}, False).alpha == 0.05
    assert distribution.with_learning_rate(SKIPGRAM, {"alpha": 0.025}, False) == SKIPGRAM
    assert distribution.with_learning_rate(SKIPGRAM, {}, True) == SKIPGRAM


def test_what_is_exchanged_is_what_the_tasks_read_and_write() -> None:
    assert round_bytes(1000, 100, 1) == 2 * 800_000
    assert round_bytes(1000, 100, 4) == (4 * 3 + 2) * 800_000
