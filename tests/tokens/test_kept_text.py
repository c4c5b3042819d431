"""Text that is read once and kept trains further models as its sources would."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import wvcli
from tests.conftest import CLONE, SENTENCES, Run
from wvcli.errors import InputError, UsageError, WvcliError
from wvcli.tokens import kept_text, shards

FAST: dict[str, Any] = {"dim": 12, "epochs": 2, "workers": 1}


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text("\n".join(SENTENCES * 20) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def kept(tmp_path: Path, text: Path) -> Path:
    wvcli.train(text, tmp_path / "first.safetensors", keep_encoded=tmp_path / "kept", **FAST)
    return tmp_path / "kept"


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"min_count": 30, "dim": 7},
        {"algorithm": "fasttext", "buckets": 100},
        {"phrases": True, "phrase_threshold": 1.0, "phrase_passes": 2},
    ],
)
def test_a_model_from_kept_text_has_the_bytes_of_one_from_its_sources(
    tmp_path: Path, text: Path, kept: Path, settings: dict[str, Any]
) -> None:
    before = {file.name: file.read_bytes() for file in kept.iterdir()}
    text.with_suffix(".bak").write_bytes(text.read_bytes())
    wvcli.train(text, tmp_path / "a.safetensors", **{**FAST, **settings})
    text.unlink()  # nothing is read of it any more
    wvcli.train(kept, tmp_path / "b.safetensors", **{**FAST, **settings})
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    assert {file.name: file.read_bytes() for file in kept.iterdir()} == before


def test_keeping_the_text_does_not_change_the_model(tmp_path: Path, text: Path, kept: Path) -> None:
    wvcli.train(text, tmp_path / "plain.safetensors", **FAST)
    assert (tmp_path / "plain.safetensors").read_bytes() == (tmp_path / "first.safetensors").read_bytes()


def test_from_the_command_line_with_text_from_a_pipe(run: Run, tmp_path: Path) -> None:
    text = (CLONE / "sample_corpora" / "chinese.txt").read_text(encoding="utf-8")
    settings = ["--epochs", "2", "--workers", "1", "-q"]
    assert run("train", "-", "-o", "a.safetensors", "--keep-encoded", "new/kept", *settings, stdin=text).code == 0
    assert run("train", "new/kept", *settings).code == 0
    assert (tmp_path / "kept.safetensors").read_bytes() == (tmp_path / "a.safetensors").read_bytes()
    coverage = json.loads(run("info", "kept.safetensors").out)["coverage"]
    assert coverage["tokens_trained"] == coverage["tokens_kept"] > 10_000


@pytest.mark.parametrize("options", [[], ["--phrases", "--phrase-threshold", "1"], ["--algorithm", "fasttext"]])
def test_a_dry_run_judges_kept_text_by_all_of_it_and_not_by_its_sources(
    run: Run, tmp_path: Path, text: Path, kept: Path, options: list[str]
) -> None:
    text.unlink()
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    done = run("train", "kept", "--dry-run", "--format", "json", *options)
    assert done.code == 0, done.err
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before
    facts = json.loads(done.out)
    assert run("train", "kept", "-o", "model.safetensors", *options).code == 0
    model = wvcli.load(tmp_path / "model.safetensors")
    assert facts["is_exact"]
    assert (facts["tokens"], facts["words"]) == (model.manifest["coverage"]["tokens_read"], len(model))
    assert facts["settings"] == model.manifest["settings"]


def test_a_model_is_updated_from_kept_text(tmp_path: Path, kept: Path) -> None:
    (tmp_path / "more.txt").write_text("the wombat chased the cat\n" * 20)
    wvcli.train(tmp_path / "more.txt", tmp_path / "more.safetensors", **FAST)
    new = wvcli.update(tmp_path / "more.safetensors", kept, tmp_path / "new.safetensors")
    assert {"wombat", "kitchen"} <= set(new)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"tokenizer": "whitespace"}, "in another way"),
        ({"lowercase": False}, "in another way"),
        ({"stopwords": ["the"]}, "in another way"),
        ({"encoding": "latin-1"}, "read already"),
        ({"field": "text"}, "read already"),
        ({"keep_encoded": "again"}, "kept text already"),
    ],
)
def test_what_was_decided_when_it_was_read_cannot_change(
    tmp_path: Path, kept: Path, arguments: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        wvcli.train(kept, tmp_path / "x.safetensors", **FAST, **arguments)
    assert not (tmp_path / "x.safetensors").exists()


def test_kept_text_stands_alone(tmp_path: Path, text: Path, kept: Path) -> None:
    with pytest.raises(UsageError, match="mixed"):
        wvcli.train([kept, text], tmp_path / "x.safetensors")


@pytest.mark.parametrize("taken", ["kept", "text.txt", "."])
def test_no_folder_that_holds_something_is_written_to(tmp_path: Path, text: Path, kept: Path, taken: str) -> None:
    before = sorted(file.name for file in tmp_path.rglob("*"))
    with pytest.raises(UsageError):
        wvcli.train(text, tmp_path / "x.safetensors", keep_encoded=tmp_path / taken, **FAST)
    assert sorted(file.name for file in tmp_path.rglob("*")) == before


@pytest.mark.parametrize("damage", ["cut", "gone", "no JSON", "no counts", "newer"])
def test_damaged_text_is_our_error(tmp_path: Path, kept: Path, damage: str) -> None:
    shard, manifest = kept / "00000.ids", kept / "text.json"
    if damage == "cut":
        shard.write_bytes(shard.read_bytes()[:-4])
    elif damage == "gone":
        shard.unlink()
    elif damage == "no JSON":
        manifest.write_bytes(manifest.read_bytes()[:-10])
    else:
        values = json.loads(manifest.read_text())
        values["format_version"] = values["format_version"] + 1 if damage == "newer" else 1
        del values["texts" if damage == "no counts" else "words"]
        manifest.write_text(json.dumps(values))
    with pytest.raises(InputError, match="kept"):
        wvcli.train(kept, tmp_path / "x.safetensors", **FAST)


def test_what_a_broken_off_reading_left_does_not_hinder(tmp_path: Path, text: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "00000.ids").write_bytes(b"half")
    wvcli.train(text, tmp_path / "a.safetensors", keep_encoded=tmp_path / "kept", **FAST)
    wvcli.train(tmp_path / "kept", tmp_path / "b.safetensors", **FAST)
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


@pytest.mark.parametrize("name", ["00000.ids", "text.json"])
def test_a_flipped_bit_in_kept_text_is_found(tmp_path: Path, kept: Path, name: str) -> None:
    content = bytearray((kept / name).read_bytes())
    place = content.rindex(b'"counts": [') + len(b'"counts": [') if name == "text.json" else len(content) // 8 * 4
    content[place] ^= 1  # a count, or a word, becomes another one
    (kept / name).write_bytes(content)
    with pytest.raises(InputError, match=f"damaged: {name} has a wrong checksum"):
        wvcli.train(kept, tmp_path / "x.safetensors", **FAST)
    assert not (tmp_path / "x.safetensors").exists()


def test_shards_are_read_from_the_folder_alone(kept: Path) -> None:
    values = json.loads((kept / "text.json").read_bytes())
    changed = {name: values[name] for name in values if name not in ("format_version", "checksum")}
    rest = json.dumps(changed | {"shards": ["/dev/zero"], "tokens_read": 0, "texts": 0})[1:].encode()
    checksum = sha256(rest).hexdigest()
    (kept / "text.json").write_bytes(f'{{"format_version": 2, "checksum": "{checksum}", '.encode() + rest)
    with pytest.raises(InputError, match="damaged"):
        kept_text.KeptText.of(kept)


def test_text_kept_under_a_link_is_wholly_of_the_folder_that_it_led_to(tmp_path: Path, kept: Path) -> None:
    link, other = tmp_path / "link", tmp_path / "other"
    link.symlink_to(kept)
    opened = kept_text.KeptText.of(link)
    other.mkdir()
    link.unlink()
    link.symlink_to(other)
    corpus = opened.provisional_corpus(tmp_path)
    assert [path.parent for path in corpus.shards] == [kept] * len(corpus.shards)


def test_two_runs_do_not_keep_their_text_in_one_folder(tmp_path: Path, text: Path) -> None:
    folder = tmp_path / "kept"
    with kept_text.new_folder(folder):
        (folder / "00000.ids").write_bytes(b"of the first run")
        with pytest.raises(UsageError, match="another run is keeping text"):
            wvcli.train(text, tmp_path / "x.safetensors", keep_encoded=folder, **FAST)
        assert (folder / "00000.ids").read_bytes() == b"of the first run"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_told_with_the_folder(tmp_path: Path, text: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "text.json.tmp").symlink_to("/dev/full")
    with pytest.raises(WvcliError, match=r"cannot write to .*folder: no space left"):
        shards.write_manifest(tmp_path / "folder", "text.json", {"shards": []})
