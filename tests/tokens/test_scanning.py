"""What the compiled loops find is what the tokenizers find, word for word and id for id."""

import gc
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.conftest import CLONE, clean_environment
from tests.tokens.corpora import number_texts
from wvcli.errors import InputError
from wvcli.system import compiling
from wvcli.text.corpus import Corpus
from wvcli.text.tokenizers import Tokenizer, TokenizerSettings
from wvcli.tokens import tokenizing
from wvcli.tokens.batches import Batch, grouped, texts_of
from wvcli.tokens.provisional_corpus import ProvisionalCorpus
from wvcli.tokens.scanning import Scanner, block_of, is_possible
from wvcli.tokens.shards import TEXT_END
from wvcli.tokens.word_numbers import PackedWordNumbers, PackedWords, WordNumbers

TOKENIZERS = [
    TokenizerSettings(),
    TokenizerSettings("unicode", lowercase=False),
    TokenizerSettings("whitespace"),
    TokenizerSettings("whitespace", lowercase=False, min_length=3),
    TokenizerSettings("chinese", stopwords=("The", "it’s", "Été"), min_length=2),
    TokenizerSettings("japanese"),
    TokenizerSettings("korean"),
]
by_tokenizer = pytest.mark.parametrize(
    "tokenizer", TOKENIZERS, ids=[f"{number}-{tokenizer.name}" for number, tokenizer in enumerate(TOKENIZERS)]
)


def test_only_tokenizers_that_say_so_are_scanned() -> None:
    for tokenizer in TOKENIZERS:
        assert is_possible(tokenizer)
    assert not is_possible(TokenizerSettings("regex:a+"))
    own = TokenizerSettings("own")
    own.__dict__["kind"] = Tokenizer("own", "", lambda argument: str.split, spaced=lambda text: text)
    assert not is_possible(own)


SAME_FOLDER = [HealthCheck.function_scoped_fixture]

odd_characters = (
    st.sampled_from(
        "aB9_'-.,\"אב׳״·\u2010’“—…€ \t\r\x0b\x1c\x85\0éÉßſæÆİıΣσẞ\u0301\u00ad\u200d\ufe0f猫カー한,٣½ªK"
    )
    | st.characters(max_codepoint=0x250, exclude_characters="\n")
    | st.characters(exclude_characters="\n")
)
worded = st.sampled_from(
    [
        "don't",
        "The",
        "it’s",
        "well-known",
        "3.14",
        "1,000.",
        "'tis",
        "x_1-a",
        "Été",
        "l’ÉTÉ",
        "猫是动物",
        "한국어",
        'צה"ל',
    ]
)
line = st.lists(st.text(odd_characters, max_size=8) | worded, max_size=8).map(" ".join) | st.text(odd_characters)


def scanned(texts: list[str], tokenizer: TokenizerSettings, **options: int) -> Batch:
    scanner = Scanner(tokenizer, print, **options)
    block = block_of(texts)
    return scanner.batch(block, scanner.unsafe_lines(block))


def words_of(batch: Batch) -> list[list[str]]:
    """The words of each text."""
    texts: list[list[str]] = [[]]
    words = list(batch.words)
    for number in batch.ids.tolist():
        if number == TEXT_END:
            texts.append([])
        else:
            texts[-1].append(words[number])
    assert texts.pop() == []
    return texts


@by_tokenizer
@settings(max_examples=100, deadline=None)
@given(texts=st.lists(line, max_size=12))
@example(texts=["plain text", "and a\u0301 b", "more of it", *["\u0301"] * 30, "the end\u0301"])
@example(texts=["a-1 a-b 1.2 1.a a.1 ½.½ ½,a", "-a a- 'a' a'b", "", "\0", "É\u0301 É É", "mediæval MEDIÆVAL σ"])
def test_scanned_text_has_the_words_that_the_tokenizer_finds(
    tokenizer: TokenizerSettings, texts: list[str]
) -> None:
    tokenize = tokenizer.tokenize()
    batch = scanned(texts, tokenizer)
    expected = list(map(tokenize, texts))
    assert words_of(batch) == expected
    read = [word for words in expected for word in words]
    assert list(batch.words) == list(dict.fromkeys(read))
    assert batch.occurrences().tolist() == [read.count(word) for word in batch.words]


@pytest.mark.parametrize("lowercase", [True, False])
@pytest.mark.parametrize("name", ["auto", "whitespace"])
def test_every_character_is_scanned_as_it_is_split(name: str, lowercase: bool) -> None:
    tokenizer = TokenizerSettings(name, lowercase)
    points = [*range(0x10), *range(0xB, 0xD800), 0xE000, 0xFEFF, 0x10400, 0x1F600, 0x10FFFF]
    characters = [chr(point) for point in points if chr(point) != "\n"]
    texts = [f"a{sign}b A{sign} {sign}B 1{sign}2 {sign}- {sign}'{sign}" for sign in characters if sign < "\u3000"]
    texts += [f'{sign}"{sign} ב"{sign} {sign}"ב {sign}"a' for sign in characters if sign < "\u3000"]
    texts += [f"{sign}A b" for sign in characters[::7]]
    tokenize = tokenizer.tokenize()
    assert words_of(scanned(texts, tokenizer)) == list(map(tokenize, texts))


def test_most_letters_of_european_languages_are_scanned() -> None:
    scanner = Scanner(TokenizerSettings(), print)
    lines = ["l’été à Zürich, c’est «là» – Œuvre", "Żółć gęślą jaźń", "Кошка — любимое животное", "Việt Nam"]
    assert not len(scanner.unsafe_lines(block_of(lines)))
    odd = [*lines, "e\u0301t", *lines, "猫", ""]
    block = block_of(odd)
    assert [str(block[start:stop], "utf-8") for start, stop in scanner.unsafe_lines(block)] == ["e\u0301t", "猫"]


def test_a_line_feed_within_a_text_of_a_record_ends_no_text() -> None:
    assert words_of(scanned(["a\nb", "", "é\n\nc"], TokenizerSettings())) == [["a", "b"], [], ["é", "c"]]


def test_the_table_of_words_grows() -> None:
    words = [f"w{number}" for number in range(3000)]
    assert list(scanned([" ".join(words * 2)], TokenizerSettings(), slots=2).words) == words


@settings(max_examples=50, deadline=None)
@given(
    lists=st.lists(st.lists(st.text(st.characters(exclude_characters="\n"), min_size=1, max_size=3), unique=True))
)
def test_packed_words_are_numbered_as_others(lists: list[list[str]]) -> None:
    plain, packed = WordNumbers(), PackedWordNumbers(lists[0] if lists else [], room=1, at_once=3)
    for words in lists:
        assert packed.number(PackedWords.of(words)).tolist() == plain.number(words).tolist()
        assert len(packed) == len(plain)
    assert packed.words() == plain.words()


pieces = st.sampled_from(
    [
        b"a",
        b"b c",
        b" ",
        b"\n",
        b"\n",
        b"\r\n",
        b"\r\r\n",
        b"\r",
        b"\xef\xbb\xbf",
        "é猫".encode(),
        b"\xff",
        b"\xc3",
        b"\t",
    ]
)


@settings(max_examples=400, deadline=None, suppress_health_check=SAME_FOLDER)
@given(
    content=st.lists(pieces, max_size=40).map(b"".join),
    longest=st.integers(4, 30),
    errors=st.sampled_from(["strict", "replace", "ignore"]),
    skip_bad=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8", "utf-8", "latin-1"]),
)
@example(content=b"\xef\xbb\xbfa\r\r\nb\r", longest=4, errors="strict", skip_bad=False, encoding="utf-8")
@example(content=b"abcdefgh ijk\r\n\nx\xff\ny", longest=5, errors="strict", skip_bad=True, encoding="utf-8")
def test_blocks_are_the_texts_many_at_a_time(
    tmp_path: Path, content: bytes, longest: int, errors: str, skip_bad: bool, encoding: str
) -> None:
    path = tmp_path / "corpus.txt"
    path.write_bytes(content)

    def outcome(read: Callable[[Corpus], list[str]]) -> object:
        corpus = Corpus([str(path), str(path)], encoding, errors, skip_bad=skip_bad, longest_piece=longest)
        try:
            return read(corpus), corpus.fingerprint(), corpus.skipped
        except InputError as error:
            return error.message, error.hint

    def together(corpus: Corpus) -> list[str]:
        items = list(corpus.blocks())
        return [text for item in items for text in texts_of([item] if isinstance(item, str) else item)]

    assert outcome(together) == outcome(lambda corpus: list(corpus.texts()))


def everything(raw: ProvisionalCorpus) -> object:
    return raw.words, raw.counts.tolist(), raw.texts, raw.tokens_read, [path.read_bytes() for path in raw.shards]


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("name", ["english.txt", "chinese.txt"])
def test_a_corpus_is_encoded_as_without_the_loops(tmp_path: Path, name: str, processes: int) -> None:
    source = tmp_path / "corpus.txt"
    sample = (CLONE / "sample_corpora" / name).read_bytes()[:600_000].rpartition(b"\n")[0]
    long = " ".join(f"w{number % 7}" for number in range(25_000))
    source.write_bytes("\r\n".join(["\ufeffÉté", "", long, "e\u0301", "", sample.decode(), "end"]).encode())
    tokenizer = TokenizerSettings(stopwords=("the",))
    plain = Corpus([str(source)], longest_piece=90_000)
    expected = everything(number_texts(map(tokenizer.tokenize(), plain.texts()), tmp_path, shard_ids=30_000))
    corpus = Corpus([str(source)], longest_piece=90_000)
    made = tokenizing.batches(corpus.blocks(), tokenizer, processes, tokenizing.LARGE, group_size=50_000)
    with closing(made) as some:
        assert everything(ProvisionalCorpus.of_batches(some, tmp_path, shard_ids=30_000)) == expected
    assert corpus.fingerprint() == plain.fingerprint()
    groups = grouped(Corpus([str(source)], longest_piece=90_000).blocks(), 50_000)
    again = map(tokenizing.fastest_batch_tokenizer(tokenizer, tokenizing.LARGE), groups)
    assert everything(ProvisionalCorpus.of_batches(again, tmp_path, shard_ids=30_000)) == expected


def test_what_must_be_compiled_is_told_and_what_lies_compiled_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    import numba

    monkeypatch.setattr(compiling, "_PATIENCE", 0.0)
    notes: list[str] = []
    double = numba.njit(lambda number: 2 * number)
    for _ in range(2):
        with compiling.note_if_compiling(notes.append, "compiling"):
            assert double(21) == 42
    assert notes == ["compiling"]


@pytest.mark.parametrize("is_on", [True, False])
def test_garbage_is_looked_for_again_after_an_import(is_on: bool) -> None:
    was_on = gc.isenabled()
    try:
        (gc.enable if is_on else gc.disable)()
        with suppress(ImportError), compiling.gc_paused():
            assert not gc.isenabled()
            raise ImportError
        assert gc.isenabled() is is_on
    finally:
        (gc.enable if was_on else gc.disable)()


@pytest.mark.parametrize("processes", [1, 2])
def test_a_numba_that_does_not_work_is_done_without(tmp_path: Path, processes: int) -> None:
    (tmp_path / "numba.py").write_text("raise ImportError('Numba needs NumPy 1.0 or less')", encoding="utf-8")
    code = f"""
from wvcli.tokens import tokenizing
from wvcli.text.tokenizers import Tokenizer, TokenizerSettings
[batch] = tokenizing.batches([b"Some words\\nsome\\n"], TokenizerSettings(), {processes}, 10**9)
print(*batch.words, *batch.ids.tolist())
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=clean_environment() | {"PYTHONPATH": f"{tmp_path}:{CLONE}"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.stderr, done.stdout.split()) == (
        "",
        ["some", "words", "0", "1", str(TEXT_END), "0", str(TEXT_END)],
    )
