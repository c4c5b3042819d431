"""Turn failures into a line on stderr and an exit code."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import typer

from wvcli.cli.streams import stderr, stdout
from wvcli.cli.streams.help import nearest, see_help
from wvcli.errors import ExitCode, UsageError, WvcliError, reason
from wvcli.system import mapped_files

_PLAIN = {  # what Typer says of values, and what a person says
    "a valid int range": "a whole number",
    "a valid integer range": "a whole number",
    "a valid integer": "a whole number",
    "a valid float range": "a number",
    "a valid float": "a number",
}


def exit_code(run: Callable[[], Any], failed: ExitCode = ExitCode.FAILED) -> int:
    """Run a command, report its failure, if any, and return its exit code.

    Args:
        run: the command, which returns its exit code.
        failed: the exit code of a failure that has none of its own.

    Raises:
        ReaderGone: nobody reads stdout any more.
    """
    try:
        return int(run() or 0)
    except BaseException as problem:
        code = _code_of(problem)
        return failed if code == ExitCode.FAILED else code


def _code_of(problem: BaseException) -> int:
    """Report a failure, and return its exit code."""
    try:
        raise problem
    except stdout.ReaderGone:
        raise
    except SystemExit as left:  # how Typer leaves when nobody reads its help any more
        raise stdout.ReaderGone from left
    except WvcliError as problem:
        stderr.error(problem)
        return problem.exit_code
    except typer.TyperException as problem:
        return _usage(problem)
    except (KeyboardInterrupt, typer.Abort):
        return ExitCode.INTERRUPTED
    except OSError as problem:
        where = "" if stdout.flush_or_discard() else "cannot write to stdout: "
        where = f"{problem.filename}: " if problem.filename else where
        stderr.error(WvcliError(where + reason(problem)))
        return ExitCode.FAILED
    except MemoryError:
        stderr.error(WvcliError("not enough memory"))
        return ExitCode.FAILED
    except Exception as problem:
        return _unexpected(problem)


def _unexpected(problem: Exception) -> int:
    if isinstance(problem, ImportError) and "failed to map segment" in str(problem):
        stderr.error(WvcliError("not enough memory", "raise the limit, ulimit -v"))
        return ExitCode.FAILED
    if os.environ.get("WVCLI_TRACEBACK"):
        raise problem
    what = " ".join(f"{type(problem).__name__}: {problem}".split())
    stderr.error(WvcliError(f"unexpected: {what}", "set WVCLI_TRACEBACK=1 to see where, and please report it"))
    return ExitCode.FAILED


def end_at_a_cut_file(path: Path | None) -> NoReturn:
    """Report that a file was overwritten or cut short while it was in use, and end at once.

    Nothing else can be done: this is called while memory is read that is no longer there.
    """
    if stderr.is_terminal():
        stderr.put("\x1b[?25h")  # a progress bar hides the cursor
    stderr.error(mapped_files.overwritten(path))
    os._exit(ExitCode.INPUT)


def _usage(problem: typer.TyperException) -> int:
    context = getattr(problem, "ctx", None)
    if context and type(problem).__name__ == "NoArgsIsHelpError":
        stdout.text(context.get_help())
        return ExitCode.USAGE
    option = getattr(problem, "option_name", None)
    if option and type(problem).__name__ == "NoSuchOption":
        near = nearest(option, getattr(problem, "possibilities", None) or ())
        stderr.error(
            UsageError(f"unknown option {option}", f"did you mean {near}?" if near else see_help(context))
        )
        return ExitCode.USAGE
    message = " ".join(problem.format_message().split()).rstrip(".")
    for theirs, plain in _PLAIN.items():
        message = message.replace(theirs, plain)
    stderr.error(UsageError(message[:1].lower() + message[1:], see_help(context)))
    return ExitCode.USAGE
