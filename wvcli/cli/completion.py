"""What may stand next in a command: for the completion of shells, and at the prompt of `wvcli shell`."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import typer

from wvcli.cli import console, lines

_MOST = 100  # of the words or files that could stand next
_WIDTH = 60  # columns of what is told of a command
_NAMES_FILES = re.compile("FILE|FOLDER|SOURCE|MODEL|OLD|NEW")  # in what help calls an argument


@dataclass(frozen=True)
class Completion:
    """What may stand in a line from column `start` on.

    Attributes:
        text: as it is written there, with a blank after it when it is whole.
        name: as it is shown.
        about: what it is, in a few words, or an empty string.
        start: the column.
    """

    text: str
    name: str
    about: str
    start: int


def vocabulary_words(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The words of the model that begin so, most frequent first, each with its count.

    A model that would take long to open has none.
    """
    from wvcli import models

    path, _ = models.resolve(ctx.params.get("model"))
    if not models.opens_at_once(path):
        return []
    vectors = models.load(path)
    rows = vectors.vocabulary.starting_with(incomplete)[:_MOST].tolist()
    words = [(vectors.vocabulary[row], vectors.count(row)) for row in rows]
    return [
        (word, "" if count is None else f"{count:,}") for word, count in words if console.visible(word) == word
    ]


def completions(program: Any, line: str) -> list[Completion]:
    """What may stand at the end of a line of the shell.

    Args:
        program: the commands, as Typer makes them.
        line: what stands before the cursor.
    """
    typed = lines.unfinished(line)
    if typed.words[:1] == ["wvcli"]:
        typed = lines.Unfinished(typed.words[1:], typed.last, typed.start)
    try:
        with console.own_quiet():
            return list(_completions(program, typed))
    except Exception:  # a key that is pressed while typing never fails
        return []


def _completions(program: Any, typed: lines.Unfinished) -> Iterator[Completion]:
    name, last = "", typed.last
    if not typed.words:
        for command in program.commands.values():
            if command.name.startswith(typed.last) and not command.hidden:
                yield Completion(f"{command.name} ", command.name, command.get_short_help_str(_WIDTH), typed.start)
        return
    given = typed.words[1:]
    if last.startswith("--") and "=" in last:
        option, _, last = last.partition("=")
        given, name = [*given, option], f"{option}="
    command = program.commands[typed.words[0]]
    with command.make_context(command.name, given.copy(), resilient_parsing=True) as context:
        for value, about in _values(command, context, given, last):
            end = "" if value.endswith(os.sep) else " "
            yield Completion(name + lines.quoted(value) + end, value, about, typed.start)


def _values(command: Any, context: Any, given: list[str], last: str) -> list[tuple[str, str]]:
    """What may stand for `last` after the words `given` to a command, by Click's rules; each with what it is."""
    parameters = command.get_params(context)
    parameter = next((each for each in parameters if given and _waits(each, given[-1])), None)
    if parameter is None and last.startswith("-") and "--" not in given:
        return [
            pair
            for pair in _plain(command.shell_complete(context, last))
            if pair[0].startswith("--") or last != "-"
        ]
    if parameter is None:
        parameter = next((each for each in parameters if _has_room(each, context)), None)
    if parameter is None:
        return []
    is_path = parameter.type.name in ("path", "file", "directory") or _NAMES_FILES.search(parameter.metavar or "")
    return _plain(parameter.shell_complete(context, last)) or (_files(last) if is_path else [])


def _plain(items: list[Any]) -> list[tuple[str, str]]:
    return [(item.value, item.help or "") for item in items]


def _waits(parameter: Any, before: str) -> bool:
    """Whether an option stands before, without its value."""
    is_option = parameter.param_type_name == "option" and not parameter.is_flag and not parameter.count
    return is_option and before in parameter.opts


def _has_room(parameter: Any, context: Any) -> bool:
    """Whether an argument takes one word more."""
    if parameter.param_type_name != "argument":
        return False
    value = context.params.get(parameter.name)
    is_given = context.get_parameter_source(parameter.name).name == "COMMANDLINE"
    return parameter.nargs == -1 or not is_given or (parameter.nargs > 1 and len(value or ()) < parameter.nargs)


def _files(begun: str) -> list[tuple[str, str]]:
    """Files and folders whose path begins so; hidden ones when their dot is typed."""
    folder, name = os.path.split(begun)
    with os.scandir(os.path.expanduser(folder) or os.curdir) as entries:
        found = [
            os.path.join(folder, entry.name) + (os.sep if entry.is_dir() else "")
            for entry in entries
            if entry.name.startswith(name) and (name.startswith(".") or not entry.name.startswith("."))
        ]
    return [(path, "") for path in sorted(found)[:_MOST] if console.visible(path) == path]
