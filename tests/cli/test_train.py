"""`wvcli train`, as typed."""

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from threading import Thread
from typing import Any, get_args

import numpy as np
import pytest

import wvcli
from tests.conftest import CLONE, SENTENCES, Run, clean_environment
from wvcli.training import engines, settings
from wvcli.training.settings import TrainSettings

TEXT = "\n".join(SENTENCES * 30) + "\n"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_trains_sums_up_and_names_the_next_command(run: Run, corpus: Path) -> None:
    result = run("train", corpus.name)
    assert (result.code, result.out) == (0, "")
    assert "corpus.safetensors" in result.err
    assert "100%" in result.err
    assert "Next: wvcli similar" in result.err
    asked = result.err.rstrip().rpartition(" ")[2]
    assert run("similar", asked).code == 0


def test_coverage_is_whole_and_in_the_model(run: Run, corpus: Path) -> None:
    run("train", corpus.name, "--min-count", 31, "--epochs", 3)
    facts = json.loads(run("info").out)
    coverage = facts["coverage"]
    assert coverage["tokens_read"] > coverage["tokens_kept"] == coverage["tokens_trained"] > 0
    assert [epoch["tokens_trained"] for epoch in facts["history"]] == [coverage["tokens_kept"]] * 3


def facts_of(run: Run, model: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(run("info", model, "--format", "json").out)
    return facts


@pytest.mark.parametrize("algorithm", ["word2vec", "fasttext"])
def test_a_text_of_one_long_line_is_trained_to_its_end(run: Run, tmp_path: Path, algorithm: str) -> None:
    (tmp_path / "line.txt").write_text(" ".join(f"w{n % 2_000}" for n in range(60_000)) + " last words")
    options = ("--algorithm", algorithm, "--workers", 2, "--dim", 5, "--epochs", 2, "--min-count", 1)
    result = run("train", "line.txt", *options)
    assert result.code == 0
    assert "100%" in result.err
    facts = facts_of(run, "line.safetensors")
    assert facts["coverage"] == {"tokens_read": 60_002, "tokens_kept": 60_002, "tokens_trained": 60_002}
    assert [epoch["tokens_trained"] for epoch in facts["history"]] == [60_002] * 2
    assert {"last", "words"} <= set(wvcli.load(tmp_path / "line.safetensors"))


BLANKS = {
    "ideographic spaces": ("\u3000", "\n"),
    "no-break spaces": ("\u00a0", "\n"),
    "tabs": ("\t", "\n"),
    "carriage returns": (" ", "\r\n"),
    "a mix": ("\u3000\t \u00a0", "\u00a0\r\n"),
}


def test_the_kind_of_blank_and_line_end_makes_no_difference(tmp_path: Path) -> None:
    lines = ["the cat sat on the mat", "猫 喜欢 鱼 and the dog"] * 20

    def trained(name: str, blank: str, end: str) -> tuple[Any, ...]:
        text = tmp_path / f"{name}.txt"
        text.write_bytes("".join(line.replace(" ", blank) + end for line in lines).encode())
        found = wvcli.train(text, output=tmp_path / f"{name}.safetensors", workers=1, dim=5, epochs=1)
        assert found.counts is not None
        coverage = found.manifest["coverage"]
        tokens = [coverage[f"tokens_{what}"] for what in ("read", "kept", "trained")]
        texts = found.manifest["corpus"]["texts"]
        return tokens, texts, list(found), found.counts.tolist(), np.asarray(found.matrix).tolist()

    plain = trained("plain", " ", "\n")
    assert plain[:2] == ([240, 240, 240], 40)
    assert len(plain[2]) == 10
    for name, (blank, end) in BLANKS.items():
        assert trained(name, blank, end) == plain, name


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gz"])
def test_text_from_a_named_pipe_trains_as_from_a_file(
    run: Run, corpus: Path, tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    options = ("--dim", 5, "--epochs", 1, "--workers", 1, "-q")
    assert run("train", corpus.name, *options).code == 0
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_bytes, args=[pack(TEXT.encode())], daemon=True)
    writer.start()
    result = run("train", pipe.name, *options)
    assert (result.code, result.err) == (0, "")
    writer.join(60)
    assert facts_of(run, "pipe.safetensors")["checksum"] == facts_of(run, "corpus.safetensors")["checksum"]


def test_an_existing_model_is_kept_unless_forced(run: Run, corpus: Path) -> None:
    options = ("--dim", 5, "--epochs", 1)
    assert run("train", corpus.name, *options).code == 0
    before = corpus.with_suffix(".safetensors").read_bytes()
    refused = run("train", corpus.name, *options, "--seed", 2)
    assert refused.code == 2
    assert "--force" in refused.err
    assert corpus.with_suffix(".safetensors").read_bytes() == before
    assert run("train", corpus.name, *options, "--seed", 2, "--force").code == 0
    assert corpus.with_suffix(".safetensors").read_bytes() != before


def test_stdin_needs_a_name_for_the_model(run: Run, tmp_path: Path) -> None:
    refused = run("train", "-", stdin=TEXT)
    assert refused.code == 2
    assert "--output FILE.safetensors" in refused.err
    assert run("train", "-", "-o", "from_stdin.safetensors", "--dim", 5, stdin=TEXT).code == 0
    assert "cat" in wvcli.load(tmp_path / "from_stdin.safetensors")


@pytest.mark.parametrize("options", [(), ("--field", "text")])
def test_packed_text_and_records_come_through_a_pipe(run: Run, tmp_path: Path, options: tuple[str, ...]) -> None:
    lines = TEXT.splitlines()
    content = "\n".join(json.dumps({"text": line}) for line in lines) if options else TEXT
    packed = gzip.compress(content.encode())
    quick = ("--dim", 5, "--epochs", 1, "--workers", 1)
    piped = run("train", "-", "-o", "piped.safetensors", *options, *quick, stdin=packed)
    assert piped.code == 0, piped.err
    assert wvcli.load(tmp_path / "piped.safetensors").manifest["corpus"]["texts"] == len(lines)
    cut = run("train", "-", "-o", "cut.safetensors", *options, *quick, stdin=packed[: len(packed) // 2])
    assert cut.code == 3
    assert "standard input is cut off" in cut.err
    assert [file.name for file in tmp_path.iterdir()] == ["piped.safetensors"]


def test_a_glob_of_records_is_read_by_its_field(run: Run, tmp_path: Path) -> None:
    records = [json.dumps({"body": {"text": line}}) + "\n" for line in TEXT.splitlines()]
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.jsonl").write_text("".join(records[:100]), encoding="utf-8")
    (tmp_path / "deep" / "b.jsonl.gz").write_bytes(gzip.compress("".join(records[100:]).encode()))
    (tmp_path / "c.txt").write_text("not meant\n")
    result = run("train", "**/*.jsonl*", "--field", "body.text", "-o", "m.safetensors", "--dim", 5, "--epochs", 1)
    assert result.code == 0, result.err
    model = wvcli.load(tmp_path / "m.safetensors")
    assert model.manifest["corpus"]["texts"] == len(records)
    assert "meant" not in model


@pytest.mark.parametrize("algorithm", ["word2vec", "fasttext"])
@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
@pytest.mark.parametrize("loss", ["negative", "hierarchical"])
def test_every_method_trains(run: Run, corpus: Path, algorithm: str, architecture: str, loss: str) -> None:
    result = run(
        *("train", corpus.name, "--algorithm", algorithm, "--architecture", architecture, "--loss", loss),
        *("--dim", 10, "--epochs", 2, "-q"),
    )
    assert (result.code, result.out, result.err) == (0, "", "")
    settings = json.loads(run("info").out)["settings"]
    assert [settings[name] for name in ("algorithm", "architecture", "loss")] == [algorithm, architecture, loss]


def test_chinese_is_segmented(run: Run, tmp_path: Path) -> None:
    (tmp_path / "zh.txt").write_text("猫是最爱的动物。狗也是动物。\n" * 50, encoding="utf-8")
    assert run("train", "zh.txt", "--dim", 5, "--epochs", 1).code == 0
    assert {"猫", "是", "的", "动物", "狗"} <= set(wvcli.load(tmp_path / "zh.safetensors"))


BAD_INPUTS = {
    "missing": (None, 3, "there is no file corpus.txt"),
    "empty": (b"", 3, "no words in corpus.txt"),
    "blank": (b"\n \n...\n", 3, "no words in corpus.txt"),
    "binary": (b"\x7fELF\0\0\0\1" * 100, 3, "binary data"),
    "utf-16": ("cat and dog".encode("utf-16"), 3, "--encoding utf-16"),
    "latin-1": ("ein\nsüßer\n".encode("latin-1"), 3, "corpus.txt, line 2"),
    "one word": (b"cat cat cat cat", 3, "only one distinct word"),
    "cut off": (b"\x1f\x8b\x08\0\0\0\0\0\0\3", 3, "cut off"),
}


@pytest.mark.parametrize("case", BAD_INPUTS)
def test_bad_input_gets_one_line_and_leaves_nothing(run: Run, tmp_path: Path, case: str) -> None:
    content, code, said = BAD_INPUTS[case]
    if content is not None:
        (tmp_path / "corpus.txt").write_bytes(content)
    before = sorted(tmp_path.iterdir())
    result = run("train", "corpus.txt")
    assert result.code == code
    assert said in result.err
    assert len(result.err.splitlines()) == 1
    assert sorted(tmp_path.iterdir()) == before


def test_a_min_count_that_leaves_nothing_is_told_with_the_counts(run: Run, corpus: Path) -> None:
    result = run("train", corpus.name, "--min-count", 100_000)
    assert result.code == 3
    assert "100000 times" in result.err
    assert "try --min-count 195" in result.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--dim", "0"], "--dim"),
        (["--dim", "many"], "auto"),
        (["--workers", "0"], "--workers"),
        (["--alpha", "-1"], "--alpha"),
        (["--negative", "-1"], "--negative"),
        (["--sample", "-1"], "--sample"),
        (["--window", "0"], "--window"),
        (["--buckets", "5"], "fasttext"),
        (["--loss", "hierarchical", "--negative", "5"], "--loss negative"),
        (["--min-alpha", "0.5"], "--min-alpha 0.5 is above --alpha 0.025"),
        (["--freeze"], "--freeze has no effect without --init"),
        (["--phrase-passes", "2"], "--phrase-passes has no effect without --phrases"),
        (["--checkpoint", "-1"], "--checkpoint must be a number of minutes"),
        (["--tokenizer", "unicod"], "did you mean unicode"),
        (["--tokenizer", "regex:("], "regular expression"),
        (["--encoding", "utf-9"], "utf-9"),
        (["-o", "model.bin"], ".safetensors"),
        (["-o", "no/such/folder.safetensors"], "no folder"),
        (["-dim", "100"], "did you mean --dim?"),
    ],
    ids=" ".join,
)
def test_settings_that_ruin_a_run_are_refused(run: Run, corpus: Path, options: list[str], said: str) -> None:
    result = run("train", corpus.name, *options)
    assert result.code in (1, 2, 3)
    assert said in result.err
    assert len(result.err.splitlines()) == 1
    assert not list(corpus.parent.glob("*.safetensors"))


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that not even root can write")
def test_an_unwritable_folder_is_told_before_training(run: Run, corpus: Path) -> None:
    result = run("train", corpus.name, "-o", "/proc/model.safetensors")
    assert result.code == 1
    assert result.err.startswith("error: cannot write /proc/model.safetensors: ")
    assert len(result.err.splitlines()) == 1


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing_behind(corpus: Path, tmp_path: Path, sent: signal.Signals) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    program = subprocess.Popen(
        [sys.executable, "-m", "wvcli", "train", corpus.name, "--epochs", "100000", "--checkpoint", "0"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        env=clean_environment() | {"TMPDIR": str(temporary)},
    )
    until = time.monotonic() + 60
    while not list(temporary.glob("wvcli-*/*.ids")) and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(1)
    program.send_signal(sent)
    _, err = program.communicate(timeout=60)
    assert program.returncode == 130, err
    assert err.splitlines()[-1] == "error: interrupted; no model was written"
    assert "progress saved" not in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus.txt", "tmp"]
    assert not list(temporary.iterdir())


def test_the_help_shows_the_choices_and_defaults_of_the_settings(run: Run) -> None:
    entries = re.split(r"\n +(?:-\w, )?--(?=[a-z])", run("train", "--help").out)
    helps = {entry.split()[0]: " ".join(entry.split()) for entry in entries}
    choices = {
        "algorithm": ["auto", *get_args(settings.Algorithm)],
        "architecture": ["auto", *get_args(settings.Architecture)],
        "loss": list(get_args(settings.Loss)),
        "unknown-words": ["auto", *get_args(settings.UnknownWords)],
        "phrase-scorer": list(get_args(settings.PhraseScorer)),
        "engine": ["auto", *engines.registry.names()],
    }
    for option, names in choices.items():
        assert sorted(re.findall(r"<(.*?)>", helps[option])[0].split("|")) == sorted(names)
    said_otherwise = {
        "alpha": "0.025, or 0.05 with glove",
        "fixed_window": "",
        "max_vocab": "",
        "phrases": "no-phrases",
        "phrase_threshold": "10, or 0.5 with npmi",
    }
    for field in fields(TrainSettings):
        default = said_otherwise.get(field.name, "auto" if field.default is None else field.default)
        shown = re.findall(r"\[default: (.*?)\]", helps[field.name.replace("_", "-")])
        assert shown == [str(default)] * bool(str(default)), field.name


def test_the_help_of_update_says_that_settings_are_the_models(run: Run) -> None:
    text = " ".join(run("update", "--help").out.split())
    for name in ("epochs", "alpha", "min-alpha", "min-count", "sample", "workers", "seed"):
        assert re.search(rf"--{name} [NX] (?:(?!--[a-z-]+ [NX] ).)*\[default: the model's\]", text), name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cat dog bird\n", "the model learns from 3 tokens of 3 distinct words only"),
        ("12.5 8 12.5 3,000 cat dog\n" * 40, r"67% of the tokens are numbers; .* --column or --field"),
        ('<div class="a1"><span>the cat</span></div><br>\n' * 40, "67% of the tokens are words of markup"),
        (
            "the cat and the dog of the it was to that\n" * 40,
            "82% .* most frequent words of English",
        ),
        ("der Hund und die mit dem auf das ist\n" * 40, "89% .* most frequent words of German"),
    ],
    ids=["small", "numbers", "markup", "English", "German"],
)
def test_a_text_that_cannot_give_a_good_model_is_told(run: Run, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "text.txt").write_text(text)
    quick = ("--dim", 4, "--epochs", 1, "--min-count", 1)
    result = run("train", "text.txt", *quick)
    assert result.code == 0, result.err
    assert re.search(f"^note: {said}", result.err, re.MULTILINE), result.err
    assert "note" not in run("train", "text.txt", *quick, "-q", "-f").err


def test_prose_is_not_warned_of(run: Run, tmp_path: Path) -> None:
    for corpus in ("english", "chinese"):
        (tmp_path / f"{corpus}.txt").write_bytes((CLONE / "sample_corpora" / f"{corpus}.txt").read_bytes())
        result = run("train", f"{corpus}.txt", "--dim", 4, "--epochs", 1)
        assert result.code == 0
        assert "note:" not in result.err


def test_a_format_is_that_of_a_forecast(run: Run, corpus: Path) -> None:
    refused = run("train", corpus.name, "--format", "json")
    assert (refused.code, refused.err) == (2, "error: --format has no effect without --dry-run\n")
    trained = run("train", corpus.name, "--dim", 4, "--epochs", 1, env={"WVCLI_FORMAT": "json"})
    assert (trained.code, trained.out) == (0, "")
    assert json.loads(run("train", corpus.name, "--dry-run", "--epochs", 1, "--format", "jsonl").out)["tokens"]
    assert "--dry-run, the output format" in " ".join(run("train", "--help").out.split())
