"""Classifiers: what they say is the same however it is asked, and their file holds all of it."""

from pathlib import Path

import numpy as np
import pytest

import wvcli
from tests.conftest import CLONE
from wvcli.classification import classifier as classifier_module
from wvcli.classification import ngram_hashes, scoring
from wvcli.classification.classifier import BIAS, Classifier
from wvcli.classification.features import FeatureTable, Words, find_features, tokenized
from wvcli.classification.named_ngrams import KINDS, ngrams_of
from wvcli.classification.settings import ClassifierSettings
from wvcli.errors import InputError, UsageError
from wvcli.text.tokenizers import TokenizerSettings

REVIEWS = CLONE / "sample_corpora" / "reviews.tsv"
ROWS = [line.split("\t") for line in REVIEWS.read_text(encoding="utf-8").splitlines()]
ASKED = [
    "The soup was cold, the soup was late",
    "服务很好，房间 clean 大",
    "",
    "zzz ... !",
    "Ünïcode 汤汤汤 e\u0301té",
]


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    path = tmp_path_factory.mktemp("classifier") / "reviews.safetensors"
    return wvcli.train_classifier([str(REVIEWS)], path)


def test_it_learns_and_says_how_well(classifier: Classifier) -> None:
    held = classifier.manifest["held_out"]
    assert held["how"] == "5 folds"
    assert held["texts"] == 600
    assert held["accuracy"] > 0.95
    assert held["majority"] == 0.5
    assert [label for label, _ in classifier.predict(["the food was cold", "服务很好"])] == [
        "negative",
        "positive",
    ]
    assert {name[0] for name in classifier.names} == {"negative", "positive"}
    assert {"worst"} <= {ngram for label, ngram, *_ in classifier.names if label == "negative"}


def test_python_and_compiled_loops_agree_to_the_last_bit(classifier: Classifier) -> None:
    texts = [text for _, text in ROWS[:60]] + ASKED
    assert classifier.path is not None
    fresh = Classifier.open(classifier.path)
    one_by_one = np.concatenate([fresh.scores([text]) for text in texts])
    assert "_scorer" not in fresh.__dict__
    np.testing.assert_array_equal(one_by_one, classifier.scores(texts * 2)[: len(texts)])


@pytest.mark.parametrize(
    "settings",
    [
        ClassifierSettings(),
        ClassifierSettings(ngrams=4, characters=(1, 3), ideographs=5),
        ClassifierSettings(ngrams=1, characters=None, ideographs=0),
    ],
    ids=["usual", "long", "words"],
)
def test_the_features_of_a_text_are_its_ngrams(settings: ClassifierSettings) -> None:
    texts = [text for _, text in ROWS[:20]] + ASKED
    words = Words.of_batches(tokenized(texts, TokenizerSettings(), 1))
    table = FeatureTable(settings)
    [(numbers, ends)] = list(table.rows(words))
    first = 0
    for text, bounds in enumerate(ends):
        for kind, end in zip(KINDS, bounds, strict=True):
            found = table.hashes[numbers[first:end]].tolist()
            ngrams = [hashed for hashed, *_ in ngrams_of(words.tokens_of(text), settings, kind)]
            assert found == list(dict.fromkeys(ngrams))
            first = end


def test_hashes_of_different_kinds_differ() -> None:
    names = [f"{first}{second}" for first in "abcdefgh" for second in "abcdefgh"]
    hashes = {ngram_hashes.word_hash(name) for name in names}
    hashes |= {hashed for name in names for hashed, _ in ngram_hashes.character_ngrams(name, 2, 2)}
    hashes |= {hashed for name in names for hashed, _ in ngram_hashes.ideograph_ngrams(name, 2)}
    inside = {name for each in names for _, name in ngram_hashes.character_ngrams(each, 2, 2)}
    assert len(hashes) == len(names) + len(inside) + len(names) + 8


def test_rare_features_are_left_out_and_the_others_counted() -> None:
    words = Words.of_batches(tokenized(["a b", "a c", "a a"], TokenizerSettings(), 1))
    features = find_features(words, ClassifierSettings(ngrams=1, characters=None), 2)
    assert features.hashes.tolist() == [ngram_hashes.word_hash("a")]
    assert features.counts.tolist() == [3]
    assert np.diff(np.column_stack([features.rows.starts, features.rows.ends]), axis=1).tolist() == [[1, 0, 0]] * 3


def test_contributions_add_up_to_the_log_odds(classifier: Classifier) -> None:
    for text in ASKED:
        for label in classifier.labels:
            chance = classifier.probabilities([text])[0][classifier.labels.index(label)]
            for by in ("word", "ngram"):
                parts = classifier.contributions(text, label, by)
                assert sum(part.amount for part in parts) == pytest.approx(np.log(chance / (1 - chance)), abs=1e-6)
                assert parts[-1].part == BIAS
    words = [part.part for part in classifier.contributions(ASKED[0])]
    assert words == ["the", "soup", "was", "cold", "the", "soup", "was", "late", BIAS]
    with pytest.raises(InputError, match="no label 'neutral'"):
        classifier.contributions("x", "neutral")


def test_the_file_holds_all_of_it(classifier: Classifier, tmp_path: Path) -> None:
    opened = wvcli.load_classifier(classifier.path)
    assert isinstance(opened, Classifier)
    assert opened.predict(ASKED) == classifier.predict(ASKED)
    assert (opened.settings, opened.tokenizer, opened.names) == (
        classifier.settings, classifier.tokenizer, classifier.names,
    )  # fmt: skip
    assert classifier.path is not None
    opened.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == classifier.path.read_bytes()
    with pytest.raises(UsageError, match="exists"):
        opened.save(tmp_path / "again.safetensors")


def test_the_same_bytes_with_any_number_of_workers(tmp_path: Path) -> None:
    labels = [label + text[0] for label, text in ROWS[:80]]
    texts = [text for _, text in ROWS[:80]]
    for workers in (1, 3):
        wvcli.train_classifier(texts, tmp_path / f"{workers}", labels=labels, workers=workers)
    one, three = ((tmp_path / f"{workers}.safetensors").read_bytes() for workers in (1, 3))
    assert one == three


def test_a_smaller_file(tmp_path: Path) -> None:
    notes: list[str] = []
    path = tmp_path / "small.safetensors"
    small = wvcli.train_classifier([str(REVIEWS)], path, max_size=0.06, on_note=notes.append)
    assert path.stat().st_size <= 60_000
    assert "before" in notes[-1]
    made = small.manifest["made_smaller"]
    assert made["accuracy_after"] >= made["accuracy_before"] - 0.05
    opened = wvcli.load_classifier(path)
    assert opened.predict(ASKED) == small.predict(ASKED)
    with pytest.raises(UsageError, match=r"`max_size=0.001` is too little"):
        wvcli.train_classifier([str(REVIEWS)], max_size=0.001)


def test_several_labels_a_text() -> None:
    texts = ["red cat", "blue cat", "red dog", "blue dog", "cat", "red"] * 5
    labels = [text.split() for text in texts]
    classifier = wvcli.train_classifier(texts, labels=labels)
    assert classifier.is_multilabel
    chances = dict(zip(classifier.labels, classifier.probabilities(["a red dog"])[0], strict=True))
    assert {label for label, chance in chances.items() if chance > 0.5} == {"red", "dog"}
    with pytest.raises(InputError, match="2 labels"):
        wvcli.train_classifier(texts, labels=labels, multilabel=False)


def test_weights_and_balance_change_what_is_likely() -> None:
    texts, labels = ["x y"] * 30 + ["x z"] * 10, ["a"] * 30 + ["b"] * 10
    plain = wvcli.train_classifier(texts, labels=labels, c=1)
    balanced = wvcli.train_classifier(texts, labels=labels, c=1, balance="full")
    weighted = wvcli.train_classifier(texts, labels=labels, c=1, weights=[1.0] * 30 + [3.0] * 10)
    odds = [each.probabilities(["x"])[0][1] for each in (plain, balanced, weighted)]
    assert odds[0] < odds[1]
    assert odds[0] < odds[2]


def test_word_vectors_tell_of_words_that_no_text_had(word2vec_model: Path, tmp_path: Path) -> None:
    texts = ["the cat eats", "a dog sings", "the kitten eats", "the parrot sings"] * 6
    labels = [text.split()[-1] for text in texts]
    classifier = wvcli.train_classifier(
        texts, tmp_path / "v.safetensors", labels=labels, vectors=word2vec_model, characters=None
    )
    assert classifier.vectors is not None
    assert classifier.settings.vector_emphasis in (1, 2)
    opened = wvcli.load_classifier(tmp_path / "v.safetensors")
    assert opened.settings == classifier.settings
    assert opened.predict(texts[:4]) == classifier.predict(texts[:4])
    np.testing.assert_array_equal(classifier.scores(texts * 9)[:24], classifier.scores(texts))


@pytest.mark.parametrize(
    ("texts", "labels", "told"),
    [
        (["x", "y"], ["a", "a"], "all 2 texts have the label 'a'"),
        (["...", " "], ["a", "b"], "there is no text with a word in it"),
        ([], [], "there is no text"),
    ],
)
def test_what_nothing_can_be_learned_from(texts: list[str], labels: list[str], told: str) -> None:
    with pytest.raises(InputError, match=told):
        wvcli.train_classifier(texts, labels=labels)


@pytest.mark.parametrize(
    "wrong",
    [
        {"holdout": 1.5}, {"folds": 1}, {"folds": 2, "holdout": 0.5}, {"c": 0}, {"ngrams": 9},
        {"characters": (3, 2)}, {"smoothing": 0}, {"min_count": 0}, {"balance": "half"}, {"max_size": 0},
    ],
    ids=str,
)  # fmt: skip
def test_a_wrong_setting_is_named(wrong: dict[str, object]) -> None:
    name = next(iter(wrong))
    with pytest.raises(UsageError, match=f"`{name}[`=]|`test`, `holdout` and `folds`"):
        wvcli.train_classifier(["x", "y"], labels=["a", "b"], **wrong)


def test_notes_warn_of_what_makes_it_worse() -> None:
    notes: list[str] = []
    texts = ["x one", "y two", "x one", "x three", "", "y four"] * 2
    wvcli.train_classifier(texts, labels=["a", "b", "b", "a", "a", "c"] * 2, on_note=notes.append)
    told = "\n".join(notes)
    assert "left out 2 texts without a word" in told
    assert "fewer than 5 texts have the label a (4), b (4), c (2)" in told
    assert "another label" in told


def test_a_model_of_word_vectors_is_no_classifier_and_the_other_way_round(
    classifier: Classifier, word2vec_model: Path
) -> None:
    with pytest.raises(InputError, match="is a model of word vectors, not a classifier"):
        wvcli.load_classifier(word2vec_model)
    with pytest.raises(InputError, match="is a classifier, not a model of word vectors"):
        wvcli.load(classifier.path)


def test_few_chinese_texts_are_smoothed_more() -> None:
    chinese = [text for _, text in ROWS if text.isprintable() and not text.isascii()][:40]
    english = [text for _, text in ROWS if text.isascii()][:40]
    found = [wvcli.train_classifier(texts, labels=["a", "b"] * 20, c=1) for texts in (chinese, english)]
    assert [each.settings.smoothing for each in found] == [2.0, 0.5]


def test_scores_do_not_depend_on_what_was_asked_before(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [text for _, text in ROWS[:300]] + ASKED + ["two\nlines", "two lines"]
    assert classifier.path is not None
    together = Classifier.open(classifier.path).scores(texts)
    monkeypatch.setattr(scoring, "_MOST_WORDS", 100)  # so that the words met before are forgotten
    monkeypatch.setattr(classifier_module, "_MOST_AT_ONCE", 40)
    fresh = Classifier.open(classifier.path)
    np.testing.assert_array_equal(fresh.scores(texts), together)
    np.testing.assert_array_equal(fresh.scores(texts[::-1])[::-1], together)
    np.testing.assert_array_equal(together[-1], together[-2])
