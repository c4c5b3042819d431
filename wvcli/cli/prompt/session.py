"""What the shell remembers between its lines, and how it answers one."""

import io
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from wvcli.cli.program import COMMANDS
from wvcli.cli.prompt import command_line
from wvcli.cli.prompt.readers import Script, reader
from wvcli.cli.streams import failures, stderr
from wvcli.cli.streams.help import Command, program
from wvcli.errors import ExitCode, InputError, UsageError

Register = Callable[[typer.Typer, Iterable[str]], None]


class _NoStdin(io.RawIOBase):
    """Stands for stdin while a line is answered, since stdin holds the lines that follow."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> NoReturn:
        raise UsageError("a line of the shell has no stdin to read", "write the words or a file into the line")


@contextmanager
def _without_stdin() -> Iterator[None]:
    before = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BufferedReader(_NoStdin()))
    try:
        yield
    finally:
        sys.stdin = before


def _command_names(ctx: typer.Context) -> list[str]:
    group: Any = ctx.find_root().command
    return list(group.commands)


class Session:
    """All commands, with one model kept open.

    Model and format reach the commands as they do outside, by the environment, which gives way to `-m` and
    `--format` in a line.

    Args:
        register: adds the commands of these names to a group.
        model: the model to keep open; None for the newest in this folder, if there is one.
        format: how the commands write.
        header: whether they begin TSV and CSV with a header.
    """

    def __init__(self, register: Register, model: Path | None, format: str, header: bool) -> None:
        from wvcli.models import opening

        self._program = self._commands(register)
        self._defaults = {name: {"header": header} for name in COMMANDS}
        self._reader = reader(lambda line: command_line.completions(self._program, line))
        self._is_prompt = not isinstance(self._reader, Script)
        self._prompt = "wvcli> "
        self._is_over = False
        os.environ["WVCLI_FORMAT"] = format
        try:
            path, _ = opening.resolve(model)
        except InputError as problem:  # a model can still be trained
            self._note(f"{problem.message}; {problem.hint}")
        else:
            self.use(path)
        self._note("help lists the commands, Tab completes, Ctrl-D leaves")

    def _commands(self, register: Register) -> Any:
        """The commands of the program but for the shell, and those of a session."""
        group = program("", "The commands of wvcli, with the model kept open.", add_completion=False)
        register(group, (name for name in COMMANDS if name != "shell"))
        own: dict[str, Callable[..., None]] = {
            "use": self.use,
            "help": self.help,
            "exit": self.exit,
            "quit": self.exit,
        }
        for name, function in own.items():
            group.command(name, cls=Command, rich_help_panel="Shell", hidden=name == "quit")(function)
        return typer.main.get_command(group)

    def _note(self, text: str) -> None:
        if self._is_prompt:
            stderr.note(text)

    def use(
        self, model: Annotated[Path, typer.Argument(metavar="MODEL", help="Model file.", show_default=False)]
    ) -> None:
        """Keep another model open."""
        from wvcli.models import opening

        vectors = opening.keep(model)
        os.environ[opening.VARIABLE] = str(model)
        self._prompt = f"{stderr.visible(model.stem)}> "
        self._note(f"using {model}: {len(vectors):,} words, {vectors.dim} dimensions")

    def help(
        self,
        command: Annotated[
            str | None,
            typer.Argument(
                metavar="[COMMAND]", help="A command.", show_default=False, autocompletion=_command_names
            ),
        ] = None,
    ) -> None:
        """What the commands are, or the options of one."""
        self._call([command, "--help"] if command else ["--help"])

    def exit(self) -> None:
        """Leave, as the end of the script and Ctrl-D do."""
        self._is_over = True

    def _call(self, words: list[str]) -> Any:
        code = self._program.main(words, prog_name="", standalone_mode=False, default_map=self._defaults)
        if code == ExitCode.INTERRUPTED and self._is_prompt:
            stderr.put("\n")  # what the terminal shows of Ctrl-C ends no line
        return code

    def answer(self, line: str) -> int:
        """Run the command in a line and return its exit code; what it sets, it sets for itself only."""
        words = command_line.split(line)
        if words[:1] == ["wvcli"]:
            words = words[1:]
        if not words:
            return ExitCode.DONE
        with stderr.restoring_quiet(), _without_stdin():
            return failures.exit_code(lambda: self._call(words))

    def run(self) -> int:
        """Answer line after line; a failure is told and the next line is read.

        Returns:
            The exit code of the last line that failed, if any did, for a script; for a person 0.
        """
        for name in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._end)
        last = 0
        while not self._is_over:
            try:
                for line in self._reader.read(self._prompt).split("\n"):
                    last = self._answered(line) or last
            except EOFError:
                break
            except KeyboardInterrupt:
                if self._is_over or not self._is_prompt:
                    return ExitCode.INTERRUPTED
        return ExitCode.DONE if self._is_prompt else last

    def _answered(self, line: str) -> int:
        code = ExitCode.DONE if self._is_over else self.answer(line)
        if code == ExitCode.INTERRUPTED:
            raise KeyboardInterrupt
        return code

    def _end(self, number: int, frame: object) -> NoReturn:
        """At the signal to end, leave instead of reading the next line."""
        self._is_over = True
        raise KeyboardInterrupt
