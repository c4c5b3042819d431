"""The folder that Hugging Face's package datasets saves, a table of words and vectors as Arrow streams.

    state.json           its key `_data_files` names the files of the table, in order
    dataset_info.json    what the columns are, which the files say too
    data-00000-of-00001.arrow, ...

A folder with several tables, called splits, has `dataset_dict.json` and a folder for each; one of several must be
named by itself. See wvcli/formats/_arrow.py for the columns.
"""

import json
from pathlib import Path
from typing import Any

from wvcli.errors import InputError
from wvcli.formats import _arrow
from wvcli.formats._format import Format, Reading
from wvcli.formats._reading import open_input
from wvcli.system.arrow import EXTRA
from wvcli.vectors.word_vectors import Vectors

_STATE, _INFO, _SPLITS = "state.json", "dataset_info.json", "dataset_dict.json"
_USUAL = Reading()


def _facts(path: Path) -> Any:
    """Return what a JSON file says.

    Raises:
        InputError: it is not JSON.
    """
    with open_input(path) as file:
        data = file.read()
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is damaged: it is not JSON") from error


def _table(path: Path) -> Path:
    """Return the folder of the only table.

    Raises:
        InputError: there are several, or none.
    """
    if not (path / _SPLITS).is_file():
        return path
    facts = _facts(path / _SPLITS)
    splits = facts.get("splits") if isinstance(facts, dict) else None
    if not isinstance(splits, list) or not all(_is_name(split) for split in splits):
        raise InputError(f"{path / _SPLITS} is damaged: expected the names of splits")
    if len(splits) != 1:
        folders = ", ".join(str(path / split) for split in splits) or "none"
        raise InputError(f"{path} has {len(splits)} tables", f"name one of its folders: {folders}"[:400])
    return path / str(splits[0])


def _is_name(found: object) -> bool:
    """Whether a JSON value is the name of a file or folder, and no way out of the folder."""
    return isinstance(found, str) and Path(found).name == found and found not in ("", "..")


def _read(path: Path, limit: int | None, reading: Reading = _USUAL) -> Vectors:
    folder = _table(path)
    facts = _facts(folder / _STATE)
    files = facts.get("_data_files") if isinstance(facts, dict) else None
    names = [file.get("filename") for file in files if isinstance(file, dict)] if isinstance(files, list) else []
    if not names or not all(map(_is_name, names)):
        raise InputError(f"{folder / _STATE} is damaged: expected the names of its data files")
    return _arrow.read_files(path, [folder / str(name) for name in names], limit, reading)


def _sniff_folder(path: Path) -> bool:
    return (path / _SPLITS).is_file() or all((path / name).is_file() for name in (_STATE, _INFO))


FORMAT = Format(
    name="datasets",
    suffixes=(),
    keeps=_arrow.KEEPS,
    sniff=lambda head: False,
    sniff_folder=_sniff_folder,
    read=_read,
    read_with=_read,
    choices=_arrow.CHOICES,
    extra=EXTRA,
)
