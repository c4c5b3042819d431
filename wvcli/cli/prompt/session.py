"""Run the lines of the shell, with one model kept open between them."""

import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from wvcli.cli.program import COMMANDS
from wvcli.cli.prompt import command_line
from wvcli.cli.prompt.readers import reader
from wvcli.cli.streams import failures, stderr
from wvcli.cli.streams.help import Command, program
from wvcli.errors import ExitCode, InputError, UsageError
from wvcli.system import signals

Register = Callable[[typer.Typer, Iterable[str]], None]


class _NoStdin(io.RawIOBase):
    """Replaces stdin while a line is run, since stdin holds the lines that follow."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> NoReturn:
        raise UsageError("a line of the shell cannot read stdin", "name the words or a file in the line")


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

    Model and format reach the commands as they do outside, by WVCLI_MODEL and WVCLI_FORMAT, to which `-m` and
    `--format` in a line are preferred. A default of the session's own would not do: the variables, if the user
    has set them, would override it.

    Args:
        register: adds the commands of these names to a group.
        header: whether they begin TSV and CSV with a header; None is the habit of the format.
    """

    def __init__(self, register: Register, header: bool | None) -> None:
        self._program = self._commands(register)
        self._defaults = {name: {"header": header} for name in COMMANDS}
        self._prompt = "wvcli> "
        self._is_prompt = sys.stdin.isatty()
        self._is_over = False

    def _commands(self, register: Register) -> Any:
        """Return the commands of the program except the shell, and those of a session."""
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

        vectors = opening.keep(model, stderr.note)
        os.environ[opening.VARIABLE] = str(model)
        self._prompt = f"{stderr.visible(model.stem)}> "
        self._note(f"using {model}: {len(vectors):,} words, {vectors.dim} dimensions")

    def help(
        self,
        command: Annotated[
            str | None,
            typer.Argument(
                metavar="[COMMAND]", help="Command to show.", show_default=False, autocompletion=_command_names
            ),
        ] = None,
    ) -> None:
        """List the commands, or show the options of one."""
        self._call([command, "--help"] if command else ["--help"])

    def exit(self) -> None:
        """Leave the shell, as Ctrl-D and the end of a script do."""
        self._is_over = True

    def _call(self, words: list[str]) -> Any:
        code = self._program.main(words, prog_name="", standalone_mode=False, default_map=self._defaults)
        if code == ExitCode.INTERRUPTED and self._is_prompt:
            stderr.put("\n")  # the terminal shows Ctrl-C without ending the line
        return code

    def answer(self, line: str) -> int:
        """Run the command in a line and return its exit code; its --quiet ends with it."""
        words = command_line.split(line)
        if words[:1] == ["wvcli"]:
            words = words[1:]
        if not words:
            return ExitCode.DONE
        with stderr.restoring_quiet(), _without_stdin():
            return failures.exit_code(lambda: self._call(words))

    def run(self, model: Path | None, format: str) -> int:
        """Answer line after line; report a failure and go on with the next line.

        Args:
            model: the model to keep open; None for the newest in this folder, if there is one.
            format: how the commands write.

        Returns:
            The exit code of the last line that failed, if any did, for a script; for a person 0.
        """
        lines = reader(lambda line: command_line.completions(self._program, line))
        os.environ["WVCLI_FORMAT"] = format
        self._open(model)
        self._note("help lists the commands, Tab completes, Ctrl-D leaves")
        for number in signals.ENDING:
            signals.handle(number, self._end)
        last = 0
        while not self._is_over:
            try:
                for line in lines.read(self._prompt).split("\n"):
                    last = self._answered(line) or last
            except EOFError:
                break
            except KeyboardInterrupt:
                if self._is_over or not self._is_prompt:
                    return ExitCode.INTERRUPTED
        return ExitCode.DONE if self._is_prompt else last

    def _open(self, model: Path | None) -> None:
        from wvcli.models import opening

        try:
            path, is_guessed = opening.resolve(model, self._note, argument="model")
        except InputError as problem:  # a model can still be trained
            self._note(f"{problem.message}; {problem.hint}")
        else:
            if is_guessed and not self._is_prompt:  # at a prompt, `use` says so
                stderr.note(f"using {path}")
            self.use(path)

    def _answered(self, line: str) -> int:
        code = ExitCode.DONE if self._is_over else self.answer(line)
        if code == ExitCode.INTERRUPTED:
            raise KeyboardInterrupt
        return code

    def _end(self, number: int, frame: object) -> None:
        """Leave at a signal to end, instead of reading the next line; another one changes nothing."""
        if not self._is_over:
            self._is_over = True
            raise KeyboardInterrupt
