"""A Parquet file with a column of words, for arrays that have none: pandas saves the index of a matrix so."""

from pathlib import Path

from wvcli.errors import InputError
from wvcli.formats._reading import open_input
from wvcli.system.arrow import import_arrow, input_errors

_PARQUET = b"PAR1"


def is_table(path: Path) -> bool:
    """Whether a file is Parquet."""
    with open_input(path) as file:
        return file.read(len(_PARQUET)) == _PARQUET


def words_in_table(path: Path, column: str | None) -> list[str]:
    """Return the words of a column, by its name or else the only one of strings.

    Raises:
        InputError: there is no such column, or a word is missing.
        MissingExtraError: pyarrow is not installed.
    """
    arrow = import_arrow("reading Parquet")
    from pyarrow import parquet

    with open_input(path) as file, input_errors(path, arrow):
        table = parquet.ParquetFile(file)
        types = arrow.types
        texts = [field.name for field in table.schema_arrow if _is_text(types, field.type)]
        chosen = column if column in texts else None if column or len(texts) != 1 else texts[0]
        if chosen is None:
            found = ", ".join(f"{field.name} ({field.type})" for field in table.schema_arrow)
            raise InputError(
                f"{path}: expected a column {column or 'of words'}, found {found or 'no columns'}"[:400],
                "choose with `word_column`" if len(texts) > 1 else "",
            )
        words = table.read(columns=[chosen]).column(0).to_pylist()
    if None in words:
        raise InputError(f"{path}, row {words.index(None) + 1}: expected a word")
    return list(words)


def _is_text(types: object, tested: object) -> bool:
    return bool(types.is_string(tested) or types.is_large_string(tested))  # type: ignore[attr-defined]
