"""Read the shell's lines: from a script, or from a person at a prompt with history and completion."""

import os
import sys
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from wvcli.cli.prompt.command_line import Completion
from wvcli.cli.streams import stderr
from wvcli.errors import InputError, install_line

if TYPE_CHECKING:
    import prompt_toolkit as toolkit

_REMEMBERED = 1000  # lines of history
_MENU_ROWS = 6  # kept free below the prompt for completions
Complete = Callable[[str], list[Completion]]


class Reader(ABC):
    """Reads one line after the other."""

    @abstractmethod
    def read(self, prompt: str) -> str:
        """Return the next line, or several lines that were pasted at once.

        Raises:
            EOFError: there is none.
            KeyboardInterrupt: the user abandoned the line.
        """


class Script(Reader):
    """Reads a pipe or a file; shows no prompt."""

    def read(self, prompt: str) -> str:
        """Return the next line of stdin.

        Raises:
            EOFError: there is none.
            InputError: stdin is not text.
        """
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        if "\0" in line:
            raise InputError("the script on stdin is not text", "name a model with -m FILE")
        return line.removeprefix("\ufeff")


class History:
    """The lines typed so far, in a file that only its owner can read; nothing is kept if that fails."""

    def __init__(self) -> None:
        self._path = _state_folder() / "history"
        self._newest = ""

    def lines(self) -> list[str]:
        """Return the last lines of earlier sessions, the newest at the end."""
        with suppress(OSError), open(self._path, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            return [line.rstrip("\n") for line in deque(file, _REMEMBERED)]
        return []

    def add(self, line: str) -> None:
        """Remember a line, unless it is blank or the same as the one before."""
        if not line.strip() or line == self._newest:
            return
        self._newest = line
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            number = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with open(number, "a", encoding="utf-8", errors="surrogateescape", newline="\n") as file:
                file.write(f"{line}\n")


def _state_folder() -> Path:
    """Return the folder where programs keep their state on this platform."""
    if sys.platform in ("win32", "darwin"):
        return Path(typer.get_app_dir("wvcli"))
    return Path(os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")) / "wvcli"


class _Plain(Reader):
    """A prompt of the standard library, with history and completion where Python has readline.

    It serves where prompt_toolkit is not installed, since `shell` is an optional extra, and where only stderr goes
    to a file: prompt_toolkit needs a terminal to draw on.
    """

    def __init__(self, complete: Complete) -> None:
        self._history = History()
        self._complete = complete
        self._found: list[str] = []
        with suppress(ImportError):
            self._set_up()

    def _set_up(self) -> None:
        import readline

        for line in self._history.lines():
            readline.add_history(line)
        readline.set_completer_delims(" \t\n")
        readline.set_completer(self._completion)
        is_libedit = "libedit" in (readline.__doc__ or "")
        readline.parse_and_bind("bind ^I rl_complete" if is_libedit else "tab: complete")

    def _completion(self, text: str, number: int) -> str | None:
        """Return the completion of `text` with this number, as readline asks for them one after the other."""
        import readline

        if number == 0:
            start = readline.get_begidx()
            found = self._complete(readline.get_line_buffer()[: readline.get_endidx()])
            self._found = [each.text[start - each.start :] for each in found]
        return self._found[number] if number < len(self._found) else None

    def read(self, prompt: str) -> str:
        """Return the next line typed."""
        try:
            if sys.stdout.isatty():
                line = input(prompt)
            else:  # where `input` would write the prompt into the data
                stderr.put(prompt if stderr.is_terminal() else "")
                line = input()
        except (EOFError, KeyboardInterrupt):
            stderr.put("\n" if stderr.is_terminal() else "")
            raise
        self._history.add(line)
        return line


class _Editor(Reader):
    """A prompt of prompt_toolkit, which writes to stderr as other shells do."""

    def __init__(self, complete: Complete) -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.output import create_output

        self._session: PromptSession[str] = PromptSession(
            history=_history(),
            completer=_completer(complete),
            complete_while_typing=False,
            key_bindings=_keys(),
            reserve_space_for_menu=_MENU_ROWS,
            output=create_output(sys.stderr),
        )

    def read(self, prompt: str) -> str:
        """Return the next line typed, or lines pasted."""
        style = "bold" if stderr.wants_colour(stderr.is_terminal()) else ""
        return self._session.prompt([(style, prompt)])


def _history() -> "toolkit.history.History":
    from prompt_toolkit import history

    class Remembered(history.History):
        def __init__(self) -> None:
            super().__init__()
            self._file = History()

        def load_history_strings(self) -> Iterator[str]:
            return reversed(self._file.lines())

        def store_string(self, string: str) -> None:
            for line in string.split("\n"):
                self._file.add(line)

    return Remembered()


def _completer(complete: Complete) -> "toolkit.completion.Completer":
    from prompt_toolkit import completion

    class Completer(completion.Completer):
        def get_completions(self, document: Any, complete_event: Any) -> Iterator[completion.Completion]:
            line = document.current_line_before_cursor
            for found in complete(line):
                yield completion.Completion(
                    found.text, found.start - len(line), display=found.name, display_meta=found.about
                )

    return Completer()


def _keys() -> "toolkit.key_binding.KeyBindings":
    """Bind Tab as in other shells: it completes before the next key is read, however fast one types."""
    from prompt_toolkit.completion import CompleteEvent, get_common_complete_suffix
    from prompt_toolkit.key_binding import KeyBindings

    keys = KeyBindings()

    @keys.add("tab")
    def complete(event: Any) -> None:
        buffer = event.current_buffer
        if buffer.complete_state:
            buffer.complete_next()
            return
        found = list(buffer.completer.get_completions(buffer.document, CompleteEvent(completion_requested=True)))
        if len(found) == 1:
            buffer.apply_completion(found[0])
        elif found:
            buffer.insert_text(get_common_complete_suffix(buffer.document, found))
            buffer.start_completion()

    return keys


def reader(complete: Complete) -> Reader:
    """Return a reader of stdin: of a script if it is not a terminal, else the best prompt there is."""
    if not sys.stdin.isatty():
        return Script()
    if not stderr.is_terminal():
        return _Plain(complete)
    try:
        return _Editor(complete)
    except ImportError:
        stderr.note(f"for a better prompt: {install_line('shell')}")
        return _Plain(complete)
