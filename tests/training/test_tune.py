"""Settings are tried within a budget, scored as the evaluation scores them, and the best model is kept."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wvcli
from tests.conftest import SENTENCES
from wvcli.errors import InputError, InterruptedRunError, UsageError, WvcliError
from wvcli.reporting import Progress
from wvcli.training import loss
from wvcli.training import tune as tuning
from wvcli.training.engines import engine_called
from wvcli.training.forecast import Pace, peak_memory
from wvcli.training.loop import Run
from wvcli.training.trials import BORNE_OUT, Trial
from wvcli.training.tune import Tuning

QUICK: dict[str, Any] = {"dim": 8, "epochs": 2, "workers": 1, "min_count": 1, "engine": "gensim"}
PAIRS = (
    "cat\tdog\t9\nbread\tcheese\t8\ncat\tbread\t1\ndog\tfence\t3\nmouse\tcat\t6\nhorse\tdog\t8\ncake\tbread\t7\n"
)


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(loss, "_EXAMPLES", 100)  # which take longer than training on so short a text
    path = tmp_path / "corpus.txt"
    path.write_text("\n".join(SENTENCES[:7] * 30) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.tsv"
    path.write_text(PAIRS)
    return path


def plain(trials: Any) -> list[dict[str, Any]]:
    """Trials without the times that they took."""
    return [{**replace(trial, seconds=0).__dict__, "resampled": None} for trial in trials]


def test_the_best_of_the_trials_is_kept_and_its_command_makes_the_same_model(
    corpus: Path, pairs: Path, tmp_path: Path
) -> None:
    output = tmp_path / "tuned.safetensors"
    seen: list[tuple[int, bool]] = []
    found = wvcli.tune(
        corpus,
        output,
        sets=pairs,
        trials=4,
        on_trial=lambda trial, best: seen.append((trial.number, best)),
        **QUICK,
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus.txt", "pairs.tsv", "tuned.safetensors"]
    assert (len(found.trials), found.interrupted, found.measure) == (4, False, "spearman")
    assert [trial.number for trial in found.trials] == [number for number, _ in seen] == [1, 2, 3, 4]
    assert found.best is [found.trials[number - 1] for number, is_best in seen if is_best][-1]
    assert found.best.score == max(trial.score or -1 for trial in found.trials)
    assert (found.p_value is None) == (found.best.number == 1)
    for trial in found.trials:
        assert trial.settings == replace(found.trials[0].settings, **trial.changes)
        assert trial.low is not None
        assert trial.score is not None
        assert trial.low <= trial.score <= (trial.high or -1)
    [row] = [row for row in wvcli.evaluate(found.vectors, pairs) if row.measure == "spearman"]
    assert (row.score, row.covered) == (found.best.score, found.best.covered)
    assert found.best.file == output.stat().st_size
    again = wvcli.train(output=tmp_path / "again", **found.arguments)
    assert again.manifest == found.vectors.manifest


def test_the_same_seed_gives_the_same_trials(corpus: Path, pairs: Path, tmp_path: Path) -> None:
    one, two = (
        wvcli.tune(corpus, tmp_path / name, sets=[pairs, pairs], trials=2, seed=7, **QUICK)
        for name in ("one", "two")
    )
    assert plain(one.trials) == plain(two.trials)
    assert list(one.best.scores) == ["pairs", "pairs 2"]
    assert one.vectors.manifest == two.vectors.manifest


def test_without_test_items_the_halves_of_the_text_judge(corpus: Path, tmp_path: Path) -> None:
    subjects: dict[str, None] = {}
    found = wvcli.tune(
        corpus,
        tmp_path / "tuned",
        on_progress=lambda progress: subjects.setdefault(progress.subject),
        trials=3,
        **QUICK,
    )
    assert [dict(trial.changes) for trial in found.trials[:2]] == [{}, {"window": 10}]
    assert "algorithm" not in tuning.OnHalves.searched
    assert found.measure == BORNE_OUT
    assert all(0 < (trial.score or 0) <= 1 and 0 < (trial.loss or 0) < 10 for trial in found.trials)
    assert list(subjects)[:4] == ["", "trial 1a", "trial 1b", "trial 2a"]
    assert list(subjects)[-1] == "best"
    assert found.best.score is not None
    assert found.best.score >= (found.trials[0].score or 0)
    whole = wvcli.train(corpus, tmp_path / "whole", **QUICK, **found.best.changes)
    assert whole.manifest["checksum"] == found.vectors.manifest["checksum"]


def test_a_higher_loss_on_the_other_half_is_not_made_up_for_by_neighbours(corpus: Path) -> None:
    base = Trial(number=1, changes={}, settings=wvcli.TrainSettings(architecture="skipgram"), seconds=1, file=1)
    first = replace(base, score=0.3, loss=2.5)
    better = tuning.OnHalves.is_better
    judge: Any = None
    assert better(judge, replace(base, score=0.31, loss=2.504), first)  # another seed differs as much
    assert not better(judge, replace(base, score=0.4, loss=2.51), first)
    assert not better(judge, replace(base, score=0.3, loss=2.4), first)
    cbow = replace(base.settings, architecture="cbow")
    assert better(judge, replace(base, settings=cbow, score=0.4, loss=2.6), first)


def stops_at(moment: int) -> Callable[[], bool]:
    """What stops once it has been asked so many times."""
    asked = iter(range(1, 10_000))
    return lambda: next(asked) >= moment


@pytest.mark.parametrize("given", [{"sets": True}, {}])
def test_what_is_stopped_keeps_the_best_so_far(
    corpus: Path, pairs: Path, tmp_path: Path, given: dict[str, bool]
) -> None:
    output = tmp_path / "tuned.safetensors"
    sets = [pairs] if given else []
    runs = QUICK["epochs"] * (1 if given else 2)  # asked once in each epoch of so short a text
    found = wvcli.tune(corpus, output, sets=sets, should_stop=stops_at(runs + 1), **QUICK)
    assert (found.interrupted, len(found.trials), found.best.number) == (True, 1, 1)
    assert output.is_file()
    assert wvcli.load(output).manifest == found.vectors.manifest
    with pytest.raises(InterruptedRunError, match="interrupted"):
        wvcli.tune(corpus, tmp_path / "none", sets=sets, should_stop=stops_at(2), **QUICK)
    assert not (tmp_path / "none.safetensors").exists()


def test_what_takes_too_much_memory_is_not_begun(corpus: Path, pairs: Path, tmp_path: Path) -> None:
    how = QUICK | {"window": 5, "architecture": "skipgram"}  # only FastText is left to try
    model = wvcli.train(corpus, tmp_path / "model", **how)
    tokens, engine = model.manifest["coverage"]["tokens_read"], engine_called("gensim")
    assert engine is not None
    settings = wvcli.TrainSettings(**model.manifest["settings"])
    least = peak_memory(settings, engine, len(model), tokens=tokens, distinct_words=len(model))
    found = wvcli.tune(corpus, tmp_path / "tuned", sets=pairs, memory=(least + 10) / 1e9, **how)
    assert (len(found.trials), found.not_begun) == (1, {"memory": 1})
    with pytest.raises(UsageError, match=r"the first trial takes about 0\.1 GB of memory, more than the 0\.0 GB"):
        wvcli.tune(corpus, tmp_path / "none", sets=pairs, memory=0.01, **how)


def at(speed: float) -> Callable[..., Pace]:
    """A machine on which every method trains on so many tokens in a second."""
    return lambda *_: Pace(speed=speed, once=0, each=0)


def test_the_first_trial_has_as_many_epochs_as_there_is_time_for(
    corpus: Path, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pace, "of", at(speed=1_000))  # 2,000 tokens and 60 epochs: two minutes
    notes: list[str] = []
    how = QUICK | {"epochs": None}
    found = wvcli.tune(corpus, tmp_path / "tuned", sets=pairs, minutes=1, trials=1, on_note=notes.append, **how)
    epochs = found.trials[0].settings.epochs
    assert epochs is not None
    assert 20 < epochs < 40
    assert found.epochs_lowered
    assert found.arguments["epochs"] == epochs
    assert any(f"beginning with {epochs}, to keep within `minutes=1`" in note for note in notes)
    with pytest.raises(UsageError, match=r"`minutes=0\.01` is not enough: the first trial takes about \d s"):
        wvcli.tune(corpus, tmp_path / "none", sets=pairs, minutes=0.01, **how)
    with pytest.raises(UsageError, match=r"is not enough: the first trial takes about \d+ s"):
        wvcli.tune(corpus, tmp_path / "none", minutes=1, **how | {"epochs": 60})


def test_a_trial_that_would_not_fit_is_not_begun_and_one_that_runs_over_is_stopped(
    corpus: Path, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = {"now": 0.0}
    monkeypatch.setattr(tuning, "perf_counter", lambda: clock["now"])
    monkeypatch.setattr(Pace, "of", at(speed=100_000))

    def on_progress(progress: Progress) -> None:
        clock["now"] += 0.01 if progress.subject == "trial 1" else 40

    found = wvcli.tune(corpus, tmp_path / "tuned", sets=pairs, minutes=1, on_progress=on_progress, **QUICK)
    assert [trial.score is None for trial in found.trials] == [False, True]
    assert (found.best.number, found.p_value, found.interrupted) == (1, None, False)
    assert found.not_begun["time"] > 3


def test_a_trial_that_fails_is_passed_over(
    corpus: Path, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Run._end_epoch

    def diverging(run: Run, *arguments: Any) -> None:
        if run.settings.window == 10:
            raise WvcliError("training diverged in epoch 1: the loss is 1000")
        whole(run, *arguments)

    monkeypatch.setattr(Run, "_end_epoch", diverging)
    notes: list[str] = []
    found = wvcli.tune(corpus, tmp_path / "tuned", sets=pairs, trials=3, on_note=notes.append, **QUICK)
    assert [trial.score is None for trial in found.trials] == [False, True, False]
    assert "trial 2 failed: training diverged in epoch 1: the loss is 1000" in notes
    assert found.best.number != 2


def test_what_cannot_be_tried_is_refused_before_anything_is_trained(
    corpus: Path, pairs: Path, tmp_path: Path
) -> None:
    output = tmp_path / "tuned.safetensors"
    other = tmp_path / "other.tsv"
    other.write_text("tiger\tlion\t8\nlion\tzebra\t7\ncat\tunheardof\t3\n")
    every = {"window": 5, "architecture": "skipgram", "algorithm": "word2vec"}
    refused: list[tuple[type[WvcliError], str, dict[str, Any]]] = [
        (UsageError, "`minutes` must be a number above 0, not 0", {"minutes": 0}),
        (UsageError, "`memory` must be a number above 0", {"memory": float("nan")}),
        (UsageError, "there is nothing to try", {"sets": pairs, **every}),
        (UsageError, "settings of `algorithm=glove` cannot be found by trying", {"algorithm": "glove"}),
        (InputError, "of the 3 pairs of words of other, none has all its words", {"sets": [pairs, other]}),
        (InputError, "there is no file wordsim", {"sets": "wordsim"}),
        (UsageError, "`dim` must be between", {"dim": 0}),
    ]
    for kind, message, given in refused:
        with pytest.raises(kind, match=message):
            wvcli.tune(corpus, output, **QUICK | given)
    one_line = tmp_path / "line.txt"
    one_line.write_text(" ".join(SENTENCES))
    with pytest.raises(InputError, match="too few lines to be divided into halves"):
        wvcli.tune(one_line, output, **QUICK)
    assert not output.exists()
    output.write_text("mine")
    with pytest.raises(UsageError, match="exists"):
        wvcli.tune(corpus, output, **QUICK)
    assert output.read_text() == "mine"


def test_texts_in_memory_are_read_once(pairs: Path, tmp_path: Path) -> None:
    found: Tuning = wvcli.tune(iter(SENTENCES[:7] * 30), tmp_path / "tuned", sets=pairs, trials=2, **QUICK)
    assert len(found.trials) == 2
    assert found.vectors.manifest["coverage"]["tokens_read"] > 1_000
    assert np.isfinite(found.vectors.matrix).all()
