"""The dry run: what it says is near the truth, and it writes nothing."""

import gzip
import json
from pathlib import Path

import pytest

import wvcli
from tests.conftest import CLONE, Run
from wvcli.errors import InputError
from wvcli.text import sources
from wvcli.text.settings import TextSettings
from wvcli.training.engines import engine_called
from wvcli.training.forecast import excerpts, forecast
from wvcli.training.request import Request, TokenizerChoice
from wvcli.training.train import plan


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A text of several kinds of sentences, three times as long as what a forecast reads of it."""
    text = (CLONE / "sample_corpora" / "english.txt").read_text(encoding="utf-8")
    path = tmp_path / "corpus.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_small_text_is_read_whole_and_told_exactly(run: Run, corpus: Path) -> None:
    result = run("train", corpus.name, "--epochs", 2, "--dry-run")
    facts = json.loads(result.out)
    assert sorted(path.name for path in corpus.parent.iterdir()) == ["corpus.txt"]
    model = wvcli.train(corpus, corpus.with_suffix(".safetensors"), epochs=2)
    assert facts["is_exact"]
    assert facts["tokens"] == model.manifest["coverage"]["tokens_read"]
    assert facts["words"] == len(model)
    assert facts["settings"] == model.manifest["settings"]
    counts = [model.count(row) or 0 for row in range(len(model))]
    assert facts["vocabulary"]["10"] == sum(count >= 10 for count in counts)
    assert facts["file"] == pytest.approx(corpus.with_suffix(".safetensors").stat().st_size, rel=0.1)


def test_a_sample_tells_the_whole_within_bounds(corpus: Path) -> None:
    request = Request.of(TextSettings((str(corpus),)), TokenizerChoice(), {}, None)
    sampled = forecast(request, engine_called("gensim"), sample_bytes=90_000)
    exact = plan(corpus, engine="gensim", exact=True)
    assert not sampled.is_exact
    assert exact.is_exact
    assert sampled.tokens == pytest.approx(exact.tokens, rel=0.1)
    assert sampled.words == pytest.approx(exact.words, rel=0.25)


def test_a_dry_run_needs_no_output_and_minds_every_choice(run: Run, corpus: Path) -> None:
    assert run("train", corpus.name, "--epochs", 1, "--dim", 5).code == 0
    options = ("--algorithm", "fasttext", "--min-count", 7, "--keep-case")
    result = run("train", corpus.name, "--dry-run", *options)
    assert result.code == 0, result.err
    facts = json.loads(result.out)
    assert facts["settings"]["min_count"] == 7
    assert facts["settings"]["buckets"] >= 10_000
    table = run("train", corpus.name, "--dry-run", "--format", "table").out
    assert "words with --min-count 5" in table
    assert "memory" in table


def test_a_source_that_cannot_be_read_is_our_error(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone.txt")
    for read in (sources.is_packed, lambda file: list(excerpts(file, 1000))):
        with pytest.raises(InputError, match=r"cannot read .*gone.txt: no such file"):
            read(gone)


def test_exact_without_a_dry_run_is_refused(run: Run, corpus: Path) -> None:
    assert run("train", corpus.name, "--exact").code == 2


@pytest.mark.parametrize("name", ["corpus.json", "corpus.json.gz"])
def test_a_single_json_value_is_read_whole(corpus: Path, name: str) -> None:
    lines = corpus.read_text(encoding="utf-8").splitlines()
    data = json.dumps({"items": [{"text": line} for line in lines]}, indent=1).encode()
    path = corpus.with_name(name)
    path.write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    request = Request.of(TextSettings((str(path),), field="items.text"), TokenizerChoice(), {}, None)
    sampled = forecast(request, engine_called("gensim"), sample_bytes=9_000)
    assert sampled.is_exact
    assert sampled.tokens == plan(corpus, engine="gensim", exact=True).tokens
