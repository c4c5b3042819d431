"""A text read on a cluster gives the vocabulary, the numbers and the shards of one machine, byte for byte."""

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from tests.conftest import CLONE
from tests.training.clusters.executors import Here
from wvcli.errors import InputError, UsageError
from wvcli.reporting import ignore_progress
from wvcli.text.corpus import Part
from wvcli.text.parts import divide
from wvcli.text.settings import TextSettings
from wvcli.text.tokenizers import TokenizerSettings
from wvcli.tokens import phrases
from wvcli.tokens.encoded_corpus import EncodedCorpus
from wvcli.tokens.kept_text import KeptText
from wvcli.tokens.phrases import PhraseSettings
from wvcli.tokens.provisional_corpus import ProvisionalCorpus
from wvcli.tokens.tokenizing import batches
from wvcli.training import distributed_phrases
from wvcli.training.distributed_reading import ConnectedCluster, read_on
from wvcli.training.work_folder import WorkFolder

CORPORA = CLONE / "sample_corpora"
SHARD_IDS = 2500


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with plain text, Chinese, records, compressed text and Parquet, a hundred kilobytes in all."""
    folder = tmp_path_factory.mktemp("sources")
    english, chinese = (
        (CORPORA / f"{name}.txt").read_text("utf-8").splitlines() for name in ("english", "chinese")
    )
    (folder / "a.txt").write_text("\n".join(english[:300]), "utf-8")
    (folder / "b.txt").write_text("\n".join(chinese[:50]) + "\n", "utf-8")
    records = "".join(json.dumps({"text": line}) + "\n" for line in english[300:400])
    (folder / "c.jsonl").write_text(records, "utf-8")
    (folder / "d.txt.gz").write_bytes(gzip.compress("\n".join(english[400:500]).encode()))
    (folder / "e.txt").write_text("word " * 12_000, "utf-8")
    table = pyarrow.table({"body": english[500:750], "other": ["not read " * 50] * 250})
    parquet.write_table(table, folder / "f.parquet", row_group_size=30)
    return folder


def settings(sources: Path, **tokenizer: Any) -> TextSettings:
    return TextSettings((str(sources),), field="text", column="body", tokenizer=TokenizerSettings(**tokenizer))


def on_one_machine(text: TextSettings, folder: Path, min_count: int, max_vocab: int | None) -> EncodedCorpus:
    read = batches(text.corpus().blocks(), text.tokenizer, 1)
    return ProvisionalCorpus.of_batches(read, folder, shard_ids=SHARD_IDS).trimmed(min_count, max_vocab)


@pytest.mark.parametrize(
    ("min_count", "max_vocab", "tokenizer"),
    [(1, None, {}), (3, None, {"lowercase": False}), (2, 150, {"name": "whitespace", "stopwords": ("the",)})],
    ids=["all words", "min_count", "max_vocab"],
)
def test_the_encoded_text_is_that_of_one_machine(
    sources: Path, tmp_path: Path, min_count: int, max_vocab: int | None, tokenizer: dict[str, Any]
) -> None:
    text = settings(sources, **tokenizer)
    one = on_one_machine(text, tmp_path, min_count, max_vocab)
    work = WorkFolder(str(tmp_path / "work"))
    corpus, record = read_on(
        Here(), work, text, text.corpus(), lambda tokens: 1, ignore_progress, part_bytes=7000, shard_ids=SHARD_IDS
    )
    assert record.parts > 5
    assert corpus.occurring(min_count) >= len(one.words)
    many = corpus.trimmed(min_count, max_vocab)
    assert (many.words, many.counts.tolist()) == (one.words, one.counts.tolist())
    assert many.coverage() == one.coverage()
    assert many.texts == one.texts
    assert many.has_contexts()
    assert many.stored is not None
    assert len(many.stored) == len(one.shards) > 3
    for stored, shard in zip(many.stored, one.shards, strict=True):
        assert work.read(stored.name) == shard.read_bytes()
        assert 4 * stored.ids == shard.stat().st_size


@pytest.mark.parametrize("scorer", ["original", "npmi"])
def test_phrases_are_those_of_one_machine(tmp_path: Path, scorer: str) -> None:
    lines = [
        "the new york times and the new_york_times of new york city",
        "new_york city and new york_city and old york city",
        "a_b c and a b_c and a b c",
        "nothing else",
    ]
    path = tmp_path / "a.txt"
    path.write_text("\n".join([line for number, line in enumerate(lines * 9) if number % 7] + ["_ a_ _ b"]))
    text = TextSettings((str(path),), tokenizer=TokenizerSettings("whitespace"))
    how = PhraseSettings(threshold=0.1, passes=3, scorer=scorer, min_count=3)
    one = ProvisionalCorpus.of_batches(batches(text.corpus().blocks(), text.tokenizer, 1), tmp_path, shard_ids=40)
    known = phrases.join(one, how)
    encoded = one.trimmed(2)
    work = WorkFolder(str(tmp_path / "work"))
    corpus, _ = read_on(
        Here(), work, text, text.corpus(), lambda tokens: 1, ignore_progress, part_bytes=150, shard_ids=40
    )
    assert distributed_phrases.join(corpus, how) == known
    assert all(known)
    assert len(corpus.read) > 5
    many = corpus.trimmed(2)
    assert (many.words, many.counts.tolist()) == (encoded.words, encoded.counts.tolist())
    assert many.coverage() == encoded.coverage()
    assert many.stored is not None
    assert [work.read(shard.name) for shard in many.stored] == [path.read_bytes() for path in encoded.shards]
    assert len(encoded.shards) > 5


def test_text_kept_from_a_cluster_is_text_kept_on_one_machine(sources: Path, tmp_path: Path) -> None:
    text = settings(sources)
    read = batches(text.corpus().blocks(), text.tokenizer, 1)
    (tmp_path / "one").mkdir()
    one = ProvisionalCorpus.of_batches(read, tmp_path / "one", shard_ids=SHARD_IDS)
    work = WorkFolder(str(tmp_path / "work"))
    _, record = read_on(
        Here(),
        work,
        text,
        text.corpus(),
        lambda tokens: 5,
        ignore_progress,
        keep_in=tmp_path / "kept",
        part_bytes=7000,
        shard_ids=SHARD_IDS,
    )
    kept = KeptText.of(tmp_path / "kept")
    assert kept.about["read"]["fingerprint"] == record.fingerprint
    again = kept.provisional_corpus(tmp_path)
    assert (again.words, again.counts.tolist(), again.texts) == (one.words, one.counts.tolist(), one.texts)
    assert [path.name for path in again.shards] == [path.name for path in one.shards]
    assert [path.read_bytes() for path in again.shards] == [path.read_bytes() for path in one.shards]


def test_parquet_is_divided_between_its_row_groups(sources: Path) -> None:
    path = str(sources / "f.parquet")
    text = TextSettings((path,), column="body")
    groups = divide(text.corpus(), part_bytes=7000)
    assert len(groups) > 3
    parts = [part for group in groups for part in group]
    assert [(part.file, part.kind) for part in parts] == [(path, "parquet")] * len(parts)
    assert [part.start for part in parts] == [0, *(part.stop for part in parts[:-1])]
    assert parts[-1].stop == 9  # of thirty rows each, for 250
    assert list(text.corpus().blocks_of_parts(parts)) == list(text.corpus().blocks())
    with pytest.raises(UsageError, match="there is no column 'text'"):
        divide(TextSettings((path,), column="text").corpus(), part_bytes=7000)


def test_an_error_in_a_row_group_names_the_row_of_the_file(tmp_path: Path) -> None:
    rows: list[list[dict[str, Any]]] = [[{"text": f"some words {number}"}] for number in range(20)]
    rows[17] = [{"text": None}, {"text": "more words"}]
    path = tmp_path / "bad.parquet"
    parquet.write_table(pyarrow.table({"a": rows, "n": list(range(20))}), path, row_group_size=4)
    text = TextSettings((str(path),), column=("a.text", "n"))
    with pytest.raises(InputError, match=r"bad\.parquet, row 1: the column 'n' is not text but 0"):
        list(text.corpus().texts())
    last = Part(str(path), 4, 5, "parquet")
    with pytest.raises(InputError, match=r"bad\.parquet, row 17: the column 'n' is not text but 16"):
        list(text.corpus().blocks_of_parts([last]))
    text = TextSettings((str(path),), column="a.text")
    parts = [part for group in divide(text.corpus(), part_bytes=100) for part in group]
    assert len(parts) == 5
    assert list(text.corpus().blocks_of_parts(parts)) == list(text.corpus().blocks())


def test_one_part_has_the_fingerprint_of_one_machine(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("some words\nand more words\n")
    text = TextSettings((str(path),))
    whole = text.corpus()
    for _ in whole.blocks():
        pass
    work = WorkFolder(str(tmp_path / "work"))
    _, record = read_on(Here(), work, text, text.corpus(), lambda tokens: 1, ignore_progress)
    assert record.checksum() == {"sha256": whole.fingerprint()}
    assert record.characters == record.characters_in_words == 21
    _, parts = read_on(Here(), work, text, text.corpus(), lambda tokens: 1, ignore_progress, part_bytes=5)
    assert parts.checksum().keys() == {"sha256_of_parts", "parts"}
    assert parts.characters == 21


def test_an_error_in_a_part_is_that_of_one_machine(tmp_path: Path) -> None:
    path = tmp_path / "bad.txt"
    path.write_bytes(b"good words\n" * 50 + b"bad \xff\n")
    text = TextSettings((str(path),))
    work = WorkFolder(str(tmp_path / "work"))
    with pytest.raises(InputError, match=r"bad\.txt, line 51: byte 0xff") as one:
        list(text.corpus().texts())
    with pytest.raises(InputError) as many:
        read_on(Here(), work, text, text.corpus(), lambda tokens: 1, ignore_progress, part_bytes=100)
    assert (many.value.message, many.value.hint) == (one.value.message, one.value.hint)
    path.write_text("... !!!\n")
    with pytest.raises(InputError, match="there are no words in"):
        read_on(Here(), work, text, text.corpus(), lambda tokens: 1, ignore_progress)


class _Elsewhere(Here):
    """Machines that do not share the work folder."""

    def run(self, task: Any, work: WorkFolder, arguments: Any) -> Any:
        return super().run(task, work.inside("elsewhere"), arguments)


def test_a_work_folder_that_is_not_shared_is_refused(tmp_path: Path) -> None:
    work = WorkFolder(str(tmp_path / "work"))
    ConnectedCluster(Here(), work).require_work_folder()
    with pytest.raises(Exception, match=r"a file that the cluster wrote into .* is not there for this machine"):
        ConnectedCluster(_Elsewhere(), work).require_work_folder()
    (tmp_path / "file").write_text("")
    with pytest.raises(Exception, match=r"cannot write to the work folder .*file"):
        ConnectedCluster(Here(), WorkFolder(str(tmp_path / "file"))).require_work_folder()


def test_a_cluster_cannot_read_what_is_not_there_for_it(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("some words\n")
    source = TextSettings((str(path),)).corpus()
    path.unlink()
    text = TextSettings((str(path),))
    work = WorkFolder(str(tmp_path / "work"))
    with pytest.raises((InputError, UsageError), match=r"a\.txt"):
        read_on(Here(), work, text, source, lambda tokens: 1, ignore_progress)
