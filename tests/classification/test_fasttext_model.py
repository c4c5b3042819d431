"""Classifiers of fastText answer as the program does."""

import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

import wvcli
from tests.clients import program
from wvcli.classification.fasttext_model import FastTextClassifier
from wvcli.errors import InputError

TEXTS = [
    "good soup",
    "bad soup",
    "unknown words",
    "",
    "good good bad",
    "Ünïcode 汤 soup",
    "good __label__pos soup",
]


def tiny(path: Path, model: int = 3, loss: int = 3) -> Path:
    """Write a file of three words and two labels, without n-grams, of two dimensions."""
    settings = struct.pack("<2i12id", 793712314, 12, 2, 5, 1, 1, 5, 1, loss, model, 0, 0, 0, 100, 1e-4)
    dictionary = struct.pack("<3i2q", 5, 3, 2, 9, -1)
    for name, count, kind in (
        ("</s>", 4, 0),
        ("good", 3, 0),
        ("bad", 2, 0),
        ("__label__pos", 3, 1),
        ("__label__neg", 2, 1),
    ):
        dictionary += name.encode() + b"\0" + struct.pack("<qb", count, kind)
    matrices = b""
    for rows in (((0, 0), (3, 0), (0, 3)), ((1, 0), (0, 1))):
        matrices += b"\0" + struct.pack("<2q", len(rows), 2) + np.array(rows, dtype="<f4").tobytes()
    path.write_bytes(settings + dictionary + matrices)
    return path


def test_a_file_is_read_and_asked(tmp_path: Path) -> None:
    opened = wvcli.load_classifier(tiny(tmp_path / "a.bin"))
    assert isinstance(opened, FastTextClassifier)
    assert opened.labels == ("pos", "neg")
    chances = opened.probabilities(["good good", "bad", "what"])
    hidden = np.array([[2, 0], [0, 1.5], [0, 0]])
    expected = np.exp(hidden) / np.exp(hidden).sum(axis=1, keepdims=True) + 1e-5  # as the program prints them
    np.testing.assert_allclose(chances, expected, rtol=1e-6)
    assert opened.predict(["bad"])[0][0] == "neg"


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    whole = tiny(tmp_path / "a.bin").read_bytes()
    for length in (70, 120, len(whole) - 4):
        (tmp_path / "b.bin").write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"b\.bin is damaged"):
            wvcli.load_classifier(tmp_path / "b.bin")
    with pytest.raises(InputError):
        wvcli.load_classifier(tiny(tmp_path / "c.bin", model=2))


@pytest.mark.client
@pytest.mark.parametrize(
    ("loss", "more"),
    [
        ("softmax", ("-minn", "2", "-maxn", "4", "-wordNgrams", "3", "-bucket", "2000")),
        ("hs", ("-wordNgrams", "2", "-bucket", "2000")),
        ("ova", ()),
        ("ns", ()),
        ("quantised", ("-minn", "2", "-maxn", "3", "-bucket", "2000")),
    ],
)
def test_the_program_says_the_same(tmp_path: Path, loss: str, more: tuple[str, ...]) -> None:
    program("fasttext")
    lines = [f"__label__{'pos' if n % 3 else 'neg'} {'good' if n % 3 else 'bad'} soup 汤{n}" for n in range(300)]
    lines += [f"__label__other word{n % 7} ünï" for n in range(40)]
    (tmp_path / "train.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    name = "softmax" if loss == "quantised" else loss
    command = [
        "fasttext",
        "supervised",
        "-input",
        "train.txt",
        "-output",
        "m",
        "-dim",
        "8",
        "-thread",
        "1",
        "-loss",
        name,
    ]
    subprocess.run([*command, *more, "-epoch", "5"], cwd=tmp_path, check=True, capture_output=True)
    model = "m.bin"
    if loss == "quantised":
        command = ["fasttext", "quantize", "-input", "train.txt", "-output", "m", "-qnorm", "-cutoff", "300"]
        subprocess.run([*command, "-retrain", "-epoch", "1"], cwd=tmp_path, check=True, capture_output=True)
        model = "m.ftz"
    texts = [text for text in TEXTS if text]
    (tmp_path / "ask.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    done = subprocess.run(
        ["fasttext", "predict-prob", model, "ask.txt", "3"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    opened = wvcli.load_classifier(tmp_path / model)
    chances = opened.probabilities(texts)
    for row, line in zip(chances, done.stdout.splitlines(), strict=True):
        words = line.split()
        said = {word: min(1.0, float(chance)) for word, chance in zip(words[::2], words[1::2], strict=True)}
        for label, chance in zip(opened.labels, row, strict=True):
            assert said[f"__label__{label}"] == pytest.approx(chance, rel=0, abs=1e-5)
