"""Languages with tokenizers of their own, which a note names where `auto` cuts their text."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Run, clean_environment

JAPANESE = "庭で猫が走っています。\n公園で犬が眠りました。\n母は台所でりんごを食べました。\n" * 60
KOREAN = "고양이가 마당에서 잤다.\n강아지가 공원에서 놀았다.\n어머니는 사과를 먹었다.\n" * 60
THAI = "แมวกินข้าว หมากินข้าว\nฉันชอบแมว ฉันชอบหมา\n" * 60
TRADITIONAL = "我們學習機器語言\n我喜歡臺灣的貓\n" * 60
FRENCH = "l'icône d’une page n'est pas ouverte aujourd'hui\n" * 60
ENGLISH = "the cat sat on the mat and the dog lay on the rug\n" * 60
QUICK = ("--epochs", 2, "--dim", 10)


@pytest.mark.parametrize(
    ("tokenizer", "text", "words"),
    [("japanese", JAPANESE, ["猫", "食べ"]), ("korean", KOREAN, ["고양이", "먹다"])],
)
def test_a_model_answers_in_words_that_its_tokenizer_found(
    run: Run, tmp_path: Path, tokenizer: str, text: str, words: list[str]
) -> None:
    (tmp_path / "text.txt").write_text(text, encoding="utf-8")
    trained = run("train", "text.txt", "--tokenizer", tokenizer, *QUICK)
    assert trained.code == 0
    assert "--tokenizer" not in trained.err
    assert json.loads(run("info").out)["tokenizer"]["name"] == tokenizer
    answers = run("similar", *words, "-n", 2)
    assert answers.code == 0
    assert [line.split("\t")[0] for line in answers.out.splitlines()] == [word for word in words for _ in range(2)]


@pytest.mark.parametrize(
    ("text", "options", "named"),
    [
        (JAPANESE, (), ["japanese"]),
        (KOREAN, (), ["korean"]),
        (JAPANESE + KOREAN, (), ["japanese", "korean"]),
        (ENGLISH * 10 + "カメラ 한국어\n", (), []),
        (ENGLISH, (), []),
        (ENGLISH + "d'you hear? c'mon, don't, it's o'clock\n" * 60, (), []),
        (THAI, (), ["icu"]),
        (TRADITIONAL, (), ["icu"]),
        (TRADITIONAL, ("--tokenizer", "chinese"), ["icu"]),
        (FRENCH, (), ["romance"]),
        ("猫 是 最 爱 的 动物\n" * 60, (), []),
        (JAPANESE + KOREAN, ("--tokenizer", "unicode"), []),
    ],
    ids=[
        "Japanese",
        "Korean",
        "both",
        "a few words",
        "English",
        "contractions",
        "Thai",
        "traditional Chinese",
        "cut as Chinese",
        "French",
        "Chinese",
        "not auto",
    ],
)
def test_a_note_names_the_tokenizer_that_cuts_such_text_better(
    run: Run, tmp_path: Path, text: str, options: tuple[str, ...], named: list[str]
) -> None:
    (tmp_path / "text.txt").write_text(text, encoding="utf-8")
    trained = run("train", "text.txt", *options, *QUICK)
    assert trained.code == 0
    advice = [line for line in trained.err.splitlines() if "--tokenizer" in line]
    assert len(advice) == len(named)
    extras = {"japanese": "ja", "korean": "ko", "icu": "icu"}
    for line, name in zip(advice, named, strict=True):
        install = f' (pip install "wvcli[{extras[name]}]")' if name in extras else ""
        assert line.endswith(f"--tokenizer {name}{install}")


@pytest.mark.parametrize(
    ("tokenizer", "package", "extra"),
    [
        ("japanese", "sudachipy", "ja"),
        ("japanese", "sudachidict_small", "ja"),
        ("korean", "kiwipiepy", "ko"),
        ("icu", "icu4py", "icu"),
    ],
)
def test_a_missing_extra_is_named_with_the_line_that_installs_it(
    tmp_path: Path, tokenizer: str, package: str, extra: str
) -> None:
    (tmp_path / "text.txt").write_text(JAPANESE, encoding="utf-8")
    code = f"import sys; sys.modules[{package!r}] = None; from wvcli.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "train", "text.txt", "--tokenizer", tokenizer],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (5, "")
    assert f'pip install "wvcli[{extra}]"' in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["text.txt"]
