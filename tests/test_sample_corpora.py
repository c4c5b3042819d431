"""The sample corpora: composed by their program, and good enough to show what word vectors are."""

import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import wvcli
from tests.conftest import CLONE, SampleModel

FOLDER = CLONE / "sample_corpora"
ANIMALS = {
    "english": "dog puppy kitten rabbit hamster parrot canary tortoise goldfish fox squirrel hedgehog mouse "
    "duck goose hen pony horse donkey goat sheep pig cow turtle otter cats dogs kittens puppies rabbits",
    "chinese": "狗 小狗 小猫 兔子 鹦鹉 乌龟 金鱼 仓鼠 松鼠 刺猬 狐狸 鸭子 鹅 公鸡 母鸡 马 驴 山羊 绵羊 猪 牛 奶牛",
}


def test_the_files_are_what_the_program_composes(tmp_path: Path) -> None:
    copied = shutil.copytree(FOLDER, tmp_path / "copied", ignore=shutil.ignore_patterns("*.txt", "*.tsv"))
    subprocess.run([sys.executable, "compose.py"], cwd=copied, check=True, capture_output=True)
    for name in ("english.txt", "chinese.txt", "reviews.tsv"):
        assert (copied / name).read_bytes() == (FOLDER / name).read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 3))
@pytest.mark.parametrize(("name", "word"), [("english", "cat"), ("chinese", "猫")])
def test_the_neighbours_of_a_cat_are_animals_first(
    tmp_path: Path, sample_model: SampleModel, name: str, word: str, seed: int
) -> None:
    if seed == 1:  # the default
        model = wvcli.load(sample_model(f"sample_corpora/{name}.txt"))
    else:
        model = wvcli.train(FOLDER / f"{name}.txt", tmp_path / "model.safetensors", seed=seed)
    assert model.manifest["settings"]["seed"] == seed
    nearest = [near for near, _ in model.most_similar(word, topn=5)]
    assert set(nearest) <= set(ANIMALS[name].split()), nearest


def test_no_sentence_is_said_often() -> None:
    for name, end in (("english", ". "), ("chinese", "。")):
        text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
        assert 100_000 < len(text.encode("utf-8")) < 300_000
        sentences = Counter(part for line in text.splitlines() for part in line.split(end) if len(part) > 20)
        assert sum(count for count in sentences.values() if count > 1) < 0.05 * sentences.total()


def test_reviews_are_labelled_and_balanced() -> None:
    rows = [line.split("\t") for line in (FOLDER / "reviews.tsv").read_text(encoding="utf-8").splitlines()]
    assert len(rows) >= 400
    assert len({text for _, text in rows}) == len(rows)
    for is_chinese in (True, False):
        labels = Counter(label for label, text in rows if any(char > "\u4e00" for char in text) == is_chinese)
        assert labels["positive"] == labels["negative"] > 100
