"""Files with others beside them, and folders, are replaced at one moment: a kill at any time leaves old or new."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.killing import kills
from wvcli.errors import UsageError, WvcliError
from wvcli.system import exchange
from wvcli.system.atomic_files import atomic_write

COMPANIONS = (r"\.(one|two|three)",)
Contents = dict[str, str]


def write(path: Path, contents: Contents, overwrite: bool = True) -> None:
    """Write files; the names are what follows that of the main file."""
    with atomic_write(path, overwrite, companions=COMPANIONS) as aside:
        for ending, text in contents.items():
            aside.with_name(aside.name + ending).write_text(text)


def write_folder(path: Path, contents: Contents, overwrite: bool = True) -> None:
    with atomic_write(path, overwrite, bool) as aside:
        aside.mkdir()
        for name, text in contents.items():
            (aside / name).write_text(text)


def visible(folder: Path) -> Contents:
    """What has a name that is not hidden."""
    return {
        str(file.relative_to(folder)): file.read_text()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and not str(file.relative_to(folder)).startswith(".")
    }


def listing(folder: Path) -> list[str]:
    """Each file, also hidden ones and links that lead nowhere."""
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if not file.is_dir())


OLD = {"": "old", ".one": "old one"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"": "old", ".one": "old one", ".two": "old two"}, {"": "new", ".one": "new one", ".three": "new three"}),
        ({".one": "orphan"}, {"": "new", ".one": "new one", ".two": "new two"}),
    ],
)
def test_a_kill_leaves_all_of_the_old_files_or_all_of_the_new(
    tmp_path: Path, old: Contents, new: Contents
) -> None:
    path = tmp_path / "model"

    def put_old() -> None:
        for file in tmp_path.iterdir():
            file.unlink()
        for ending, text in old.items():
            path.with_name(f"model{ending}").write_text(text)

    def of(main: str | None) -> Contents:
        """What belongs to a main file of this text; where there is none, what was there before."""
        return {f"model{ending}": text for ending, text in (new if main == "new" else old).items()}

    put_old()
    found = set()
    for number in kills(lambda: write(path, new, overwrite="" in old)):
        killed = visible(tmp_path)
        main = killed.get("model")
        assert main in (old.get(""), "new"), number
        assert main is None or of(main).items() <= killed.items(), number
        write(tmp_path / "another", {"": "x"})
        (tmp_path / "another").unlink()
        assert visible(tmp_path) == of(main), number
        assert listing(tmp_path) == sorted(of(main))
        found.add(main)
        put_old()
    assert found == {old.get(""), "new"}
    assert visible(tmp_path) == of("new")
    assert listing(tmp_path) == sorted(of("new"))


@pytest.mark.parametrize("has_exchange", [True, False])
def test_a_kill_leaves_the_old_folder_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_exchange: bool
) -> None:
    if not has_exchange:
        monkeypatch.setattr(exchange, "_exchange", lambda one, other: False)
    path = tmp_path / "folder"
    old, new = {"folder/a": "old", "folder/b": "old"}, {"folder/a": "new", "folder/c": "new"}
    write_folder(path, {"a": "old", "b": "old"})
    found = []
    for number in kills(lambda: write_folder(path, {"a": "new", "c": "new"})):
        killed = visible(tmp_path)
        assert killed in (old, new) or (not has_exchange and killed == {}), number
        write(tmp_path / "another", {"": "x"})
        (tmp_path / "another").unlink()
        settled = visible(tmp_path)
        assert settled == (killed or old)
        assert listing(tmp_path) == sorted(settled)
        found.append(settled)
        write_folder(path, {"a": "old", "b": "old"})
    assert old in found
    assert new in found
    assert visible(tmp_path) == new
    assert listing(tmp_path) == sorted(new)


def refused(number: int) -> Callable[..., Any]:
    def refuse(*arguments: Any, **options: Any) -> Any:
        raise OSError(number, os.strerror(number))

    return refuse


@pytest.mark.parametrize("function", ["symlink", "link"])
@pytest.mark.parametrize("overwrite", [True, False])
def test_where_there_are_no_links_files_are_replaced_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str, overwrite: bool
) -> None:
    path = tmp_path / "model"
    if overwrite:
        write(path, OLD)
    monkeypatch.setattr(os, function, refused(errno.EPERM))
    write(path, {"": "new", ".two": "new two"}, overwrite)
    assert visible(tmp_path) == {"model": "new", "model.two": "new two"}
    assert listing(tmp_path) == ["model", "model.two"]


@pytest.mark.parametrize("function", ["symlink", "link", "replace"])
def test_a_full_disk_leaves_the_old_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str) -> None:
    path = tmp_path / "model"
    write(path, OLD)
    with monkeypatch.context() as patch:
        patch.setattr(os, function, refused(errno.ENOSPC))
        with pytest.raises(WvcliError, match=r"cannot write .*model: no space left"):
            write(path, {"": "new", ".one": "new one"})
    assert visible(tmp_path) == {"model": "old", "model.one": "old one"}
    assert listing(tmp_path) == ["model", "model.one"]


@pytest.mark.parametrize("has_exchange", [True, False])
def test_a_folder_that_cannot_be_replaced_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_exchange: bool
) -> None:
    path = tmp_path / "folder"
    write_folder(path, {"a": "old"})
    rename = os.rename

    def refuse_new(one: Path, other: Path) -> None:
        if other == path and one.suffix == ".tmp":
            raise OSError(errno.EACCES, "Permission denied")
        rename(one, other)

    if has_exchange:
        monkeypatch.setattr(exchange, "_exchange", refused(errno.EBUSY))
    else:
        monkeypatch.setattr(exchange, "_exchange", lambda one, other: False)
        monkeypatch.setattr(os, "rename", refuse_new)
    with pytest.raises(WvcliError, match=r"cannot write .*folder: (permission denied|device or resource busy)"):
        write_folder(path, {"a": "new"})
    assert visible(tmp_path) == {"folder/a": "old"}
    assert listing(tmp_path) == ["folder/a"]


def test_the_message_says_where_a_folder_is_that_cannot_be_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "folder"
    write_folder(path, {"a": "old"})
    rename = os.rename
    monkeypatch.setattr(exchange, "_exchange", lambda one, other: False)

    def refuse_final(one: Path, other: Path) -> None:
        refused(errno.EIO)() if other == path else rename(one, other)

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", refuse_final)
        patch.setattr(os, "replace", refused(errno.EIO))
        with pytest.raises(WvcliError, match="nor put the old one back") as raised:
            write_folder(path, {"a": "new"})
    kept = Path(raised.value.hint.removeprefix("the old one is in "))
    assert visible(kept) == {"folder/a": "old"}
    write(tmp_path / "another", {"": "x"})
    assert visible(kept) == {"folder/a": "old"}


def test_a_name_that_is_taken_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    def write_slowly() -> None:
        with atomic_write(tmp_path / "model", False, companions=COMPANIONS) as aside:
            aside.write_text("new")
            aside.with_name(f"{aside.name}.one").write_text("new one")
            write(tmp_path / "model", OLD, overwrite=False)

    with pytest.raises(UsageError, match="model exists"):
        write_slowly()
    assert visible(tmp_path) == {"model": "old", "model.one": "old one"}
    assert listing(tmp_path) == ["model", "model.one"]


def test_a_companion_elsewhere_is_replaced_by_one_here(tmp_path: Path) -> None:
    far = tmp_path / "far"
    far.write_text("old one")
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "model").write_text("old")
    (folder / "model.one").symlink_to("../far")
    for _ in kills(lambda: write(folder / "model", {"": "new", ".one": "new one"})):
        text = (folder / "model").read_text()
        assert (folder / "model.one").read_text() == f"{text} one"
    assert far.read_text() == "old one"
    assert not (folder / "model.one").is_symlink()
