"""Texts that a Python program has in memory: strings, or lists of tokens, one after the other."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from wvcli.errors import UsageError
from wvcli.text.lines import BadRecord, Line
from wvcli.text.records import value_texts

TOKEN = r"regex:[^\n]+"  # the tokenizer that finds tokens with line feeds between


@dataclass(frozen=True)
class TextsInMemory:
    """Texts, which can be read once.

    Attributes:
        values: strings, or lists of tokens; None for a missing text.
        are_tokens: whether the first that is not missing is a list.
    """

    values: Iterator[Any]
    are_tokens: bool

    def lines(self, fields: Sequence[str]) -> Iterator[Line | BadRecord]:
        """Yield each text with its number, from 1; the tokens of a list have line feeds between.

        Args:
            fields: where in a dictionary the text is; none at all where the texts are no dictionaries.
        """
        return value_texts(self.values, fields)


def names_or_texts(sources: Any) -> tuple[str, ...] | TextsInMemory:
    """Return the names of the files that sources are, or else the texts that they are.

    A string, a path, and a list, tuple or iterator of paths are names, and so is a list or tuple of strings. Every
    other iterable is texts: a column of pandas or Polars, an array, an iterator of strings, a list of lists.

    Raises:
        UsageError: they are a table, or neither names nor texts.
    """
    if isinstance(sources, str | os.PathLike):
        return (os.fspath(sources),)
    if hasattr(sources, "columns"):
        raise UsageError("a table has more than one column", "give the one with the text: table['text']")
    if not isinstance(sources, Iterable):
        raise UsageError(f"sources are files or texts, not of the type {type(sources).__name__}")
    if isinstance(sources, list | tuple) and all(isinstance(each, str | os.PathLike) for each in sources):
        return tuple(map(os.fspath, sources))
    values = iter(sources)
    begun = []
    for value in values:
        begun.append(value)
        if _plain(value) is not None:
            break
    if begun and isinstance(begun[-1], os.PathLike):
        return tuple(map(os.fspath, chain(begun, values)))
    are_tokens = bool(begun) and isinstance(_plain(begun[-1]), list)
    return TextsInMemory(map(_plain, chain(begun, values)), are_tokens)


def _plain(value: Any) -> Any:
    """Return a value with lists in place of arrays and tuples, and None in place of what is missing."""
    if isinstance(value, str | list | dict):
        return value
    if value is None or type(value).__name__ == "NAType" or (isinstance(value, float) and value != value):
        return None
    for method in ("tolist", "to_list"):  # of NumPy and pandas, and of Polars
        if hasattr(value, method):
            return getattr(value, method)()
    return list(value) if isinstance(value, tuple) else value
