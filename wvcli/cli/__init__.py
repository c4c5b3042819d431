"""The command line: the list of commands, and the one place where a failure becomes a line and an exit code."""

import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer

from wvcli import __version__
from wvcli.cli import console, output
from wvcli.cli.help import Command, Group
from wvcli.errors import ExitCode, UsageError, WvcliError
from wvcli.parallel import leave_threads_to_us

EXIT_CODES = (
    "Exit codes: 0 done; 1 failed; 2 wrong usage; 3 model or input missing, damaged or unreadable; "
    "4 a word is not in the vocabulary; 5 an optional extra is not installed; 130 interrupted."
)

app = typer.Typer(
    name="wvcli",
    cls=Group,
    help="Train word vectors with Gensim and ask them questions.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

COMMANDS = {  # in the order of the help, with the heading each stands under
    "train": "Train",
    "update": "Train",
    "vector": "Ask",
    "similar": "Ask",
    "analogy": "Ask",
    "similarity": "Ask",
    "odd-one-out": "Ask",
    "vocab": "Ask",
    "export": "Exchange",
    "formats": "Exchange",
    "info": "Manage",
    "models": "Manage",
    "index": "Manage",
}


def _register(names: Iterable[str]) -> None:
    """Add commands to the program; the command `a-name` is the function `a_name` in `commands/a_name.py`."""
    for name in names:
        module = name.replace("-", "_")
        function = getattr(import_module(f"wvcli.cli.commands.{module}"), module)
        app.command(name, cls=Command, rich_help_panel=COMMANDS[name], epilog=EXIT_CODES)(function)


# A command that is named first is the only one needed, and a query is so quick that the others would show.
_register(sys.argv[1:2] if set(sys.argv[1:2]) & COMMANDS.keys() else COMMANDS)
if COMMANDS.get("".join(sys.argv[1:2])) != "Train":
    leave_threads_to_us()


def _version(value: bool) -> None:
    if value:
        output.line(f"wvcli {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("-V", "--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Train word vectors with Gensim and ask them questions."""


def main() -> NoReturn:
    """Run the command line and leave with its exit code."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _interrupt)
    _prepare_streams()
    code = _run()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    # Everything is closed and written; taking the interpreter down piece by piece would double a query's overhead.
    os._exit(code)


def _prepare_streams() -> None:
    """Words go out as they came in, whatever the locale; a closed stream swallows what is written to it."""
    for name in ("stdin", "stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="surrogateescape")


def _run() -> int:
    try:
        return int(app(prog_name="wvcli", standalone_mode=False) or 0)
    except WvcliError as problem:
        console.error(problem)
        return problem.exit_code
    except typer.TyperException as problem:
        return _usage(problem)
    except output.ReaderGone:
        return ExitCode.DONE
    except (KeyboardInterrupt, typer.Abort):
        return ExitCode.INTERRUPTED
    except OSError as problem:
        output.forget()
        reason = (problem.strerror or str(problem)).lower()
        console.error(WvcliError(f"{problem.filename}: {reason}" if problem.filename else reason))
        return ExitCode.FAILED
    except MemoryError:
        console.error(WvcliError("not enough memory"))
        return ExitCode.FAILED
    except Exception as problem:
        if os.environ.get("WVCLI_TRACEBACK"):
            raise
        what = " ".join(f"{type(problem).__name__}: {problem}".split())
        console.error(WvcliError(f"unexpected: {what}", "set WVCLI_TRACEBACK=1 to see where, and report it"))
        return ExitCode.FAILED


def _usage(problem: typer.TyperException) -> int:
    context = getattr(problem, "ctx", None)
    if context and type(problem).__name__ == "NoArgsIsHelpError":
        output.line(context.get_help())
        return ExitCode.USAGE
    message = " ".join(problem.format_message().split()).rstrip(".")
    command = context.command_path if context else "wvcli"
    console.error(UsageError(message[:1].lower() + message[1:], f"see {command} --help"))
    return ExitCode.USAGE


def _interrupt(number: int, frame: Any) -> NoReturn:
    raise KeyboardInterrupt
