"""Characters counted in text and in its words: their difference is what is in no word."""

import unicodedata
from pathlib import Path

import numpy as np
import pytest

import wvcli
from tests.conftest import Run
from wvcli.errors import InputError
from wvcli.text.characters import count_characters, count_in_words, share_in_no_word
from wvcli.text.corpus import Corpus
from wvcli.text.tokenizers import TokenizerSettings

FAST = {"dim": 4, "epochs": 1, "min_count": 1, "workers": 1, "engine": "gensim"}


@pytest.mark.parametrize(
    ("text", "characters"),
    [
        ("", 0),
        ("a cat\tsat.\r\n", 8),
        ("l’été : 😀\n", 7),
        (unicodedata.normalize("NFD", "l’été : 😀\n"), 7),
        ("猫\u3000是\u00a0最。", 4),
        ("Aus\u00adsicht", 8),
    ],
)
def test_white_space_marks_and_soft_hyphens_are_not_counted(text: str, characters: int) -> None:
    assert count_characters(text.encode()) == characters
    assert count_in_words([text], np.array([3])) == 3 * characters


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("the cat, the dog", 1 / 13),
        ("😀 😃 ok", 2 / 4),
        ("don\u2019t re\u00adturn", 0),
        (unicodedata.normalize("NFD", "Việt Nam; tiếng Việt"), 1 / 17),
        ("我喜欢猫。", 1 / 5),
        ("वह हिन्दी बोलता है।", 1 / 16),
    ],
)
def test_what_is_in_no_word_is_the_difference(text: str, share: float) -> None:
    words = TokenizerSettings().tokenize()(text)
    found = count_in_words(words, np.ones(len(words), dtype=np.int64))
    assert share_in_no_word(count_characters(text.encode()), found) == pytest.approx(share)


@pytest.mark.parametrize(("name", "options"), [("a.txt", {}), ("a.csv", {"column": "1"})])
def test_a_corpus_counts_blocks_and_single_texts_alike(tmp_path: Path, name: str, options: dict[str, str]) -> None:
    path = tmp_path / name
    path.write_text("red cat é\nblue dog ran home\n" * 3000)
    by_block, by_text = Corpus([str(path)], **options), Corpus([str(path)], **options)
    list(by_block.blocks())
    list(by_text.texts())
    assert by_block.characters() == by_text.characters() == 3000 * 21
    assert by_block.fingerprint() == by_text.fingerprint()


def test_the_manifest_holds_the_characters_and_a_note_tells_of_many_in_no_word(tmp_path: Path) -> None:
    text = tmp_path / "a.txt"
    text.write_text("ok 😀😀😀 fine 🎉\n" * 20)
    notes: list[str] = []
    model = wvcli.train(text, tmp_path / "a.safetensors", on_note=notes.append, **FAST)
    assert model.manifest["corpus"]["characters"] == 200
    assert model.manifest["corpus"]["characters_in_words"] == 120
    assert any("40% of the characters are in no word" in note and "whitespace" in note for note in notes)

    notes.clear()
    kept = wvcli.train(
        text, tmp_path / "b.safetensors", tokenizer="whitespace", keep_encoded=tmp_path / "kept",
        on_note=notes.append, **FAST,
    )  # fmt: skip
    assert "🎉" in kept
    assert not any("in no word" in note for note in notes)
    again = wvcli.train(tmp_path / "kept", tmp_path / "c.safetensors", **FAST)
    assert again.manifest["corpus"]["characters_in_words"] == again.manifest["corpus"]["characters"] == 200


def test_text_without_words_is_told_what_keeps_it(tmp_path: Path) -> None:
    text = tmp_path / "a.txt"
    text.write_text("😀 🎉\n" * 20)
    with pytest.raises(InputError, match="no words") as caught:
        wvcli.train(text, tmp_path / "a.safetensors", **FAST)
    assert "40 characters" in caught.value.hint
    assert "`tokenizer=whitespace`" in caught.value.hint


def test_text_whose_records_were_all_skipped_is_told_how_many(tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text("id,text\n" + "1,red cat, sat\n" * 20)
    with pytest.raises(InputError, match="no words") as caught:
        wvcli.train(table, tmp_path / "a.safetensors", column="text", skip_bad=True, **FAST)
    assert caught.value.hint == "20 unreadable records were skipped"


def test_the_summary_tells_the_share(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("the kitten, the doggie\n" * 20)
    options = ("--epochs", "1", "--dim", "4", "--min-count", "1")
    assert "380 characters, 5.3% in no word\n" in run("train", "a.txt", *options).err
    filtered = run("train", "a.txt", "--min-length", "4", "-o", "b.safetensors", *options)
    assert "380 characters, 36.8% in no word, or in one left out\n" in filtered.err
