"""Folders, and files with others beside them, are put in place as files are."""

import os
from pathlib import Path

import pytest

from wvcli.errors import UsageError, WvcliError
from wvcli.system import atomic_files


def ours(folder: Path) -> bool:
    return (folder / "mark").exists()


def write(path: Path, text: str, overwrite: bool = False) -> None:
    with atomic_files.atomic_write(path, overwrite, ours) as aside:
        (aside / "inner").mkdir(parents=True)
        (aside / "mark").write_text(text)
        (aside / "inner" / "more").write_text(text)


def test_a_folder_is_made_and_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    write(path, "first")
    (path / "stray").touch()
    with pytest.raises(UsageError, match="exists"):
        write(path, "second")
    assert (path / "mark").read_text() == "first"
    write(path, "second", overwrite=True)
    assert sorted(os.listdir(path)) == ["inner", "mark"]
    assert (path / "inner" / "more").read_text() == "second"
    assert os.listdir(tmp_path) == ["folder"]


def test_an_empty_folder_is_filled_and_one_with_other_things_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    write(path, "first")
    (path / "mark").unlink()
    with pytest.raises(UsageError, match="other things"):
        write(path, "second", overwrite=True)
    assert (path / "inner" / "more").read_text() == "first"
    with pytest.raises(UsageError, match="is a folder"), atomic_files.atomic_write(path, True):
        pass


def test_the_folder_one_is_in_and_a_link_to_a_folder_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, link = tmp_path / "folder", tmp_path / "link"
    write(path, "first")
    link.symlink_to(path)
    with pytest.raises(UsageError, match="in use"):
        write(link, "second", overwrite=True)
    monkeypatch.chdir(path)
    with pytest.raises(UsageError, match="in use"):
        write(path, "second", overwrite=True)
    assert (path / "mark").read_text() == "first"


def test_a_failure_leaves_the_old_folder_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    write(path, "first")

    def fail() -> None:
        with atomic_files.atomic_write(path, True, ours) as aside:
            aside.mkdir()
            (aside / "mark").write_text("half")
            aside.with_name(f"{aside.name}.side").write_text("half")
            raise OSError(28, "No space left on device")

    with pytest.raises(WvcliError, match="no space left"):
        fail()
    assert (path / "mark").read_text() == "first"
    assert os.listdir(tmp_path) == ["folder"]


def test_a_file_is_not_replaced_by_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    with pytest.raises(UsageError, match="file is a file, and a folder is to be written"):
        write(tmp_path / "file", "new", True)
    assert (tmp_path / "file").read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_files_beside_the_file_come_with_it(tmp_path: Path, overwrite: bool) -> None:
    path = tmp_path / "model"
    with atomic_files.atomic_write(path, overwrite) as aside:
        aside.write_text("main")
        aside.with_name(f"{aside.name}.numbers.npy").write_text("side")
    assert sorted(os.listdir(tmp_path)) == ["model", "model.numbers.npy"]
    assert (tmp_path / "model.numbers.npy").read_text() == "side"


def test_a_file_that_is_there_is_not_replaced_by_one_beside(tmp_path: Path) -> None:
    (tmp_path / "model.side").write_text("mine")

    def write_beside(overwrite: bool) -> None:
        with atomic_files.atomic_write(tmp_path / "model", overwrite) as aside:
            aside.write_text("main")
            aside.with_name(f"{aside.name}.side").write_text("side")

    with pytest.raises(UsageError, match=r"model\.side exists"):
        write_beside(False)
    assert os.listdir(tmp_path) == ["model.side"]
    write_beside(True)
    assert (tmp_path / "model.side").read_text() == "side"
