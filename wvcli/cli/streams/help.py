"""Help as plain grouped text: the same at a terminal and in a pipe, and drawn without importing Rich."""

import re
import sys
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from wvcli.cli.streams.stderr import name_options, wants_colour
from wvcli.errors import UsageError

_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"
_WIDTH = 100  # columns of help at most


def _heading(text: str) -> str:
    return f"{_BOLD}{text}{_PLAIN}" if wants_colour(sys.stdout.isatty()) else text


class Command(TyperCommand):
    """A command whose help lists its options under the headings they were given."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Name arguments as everywhere, without the braces that Typer has around those that are required."""
        return [re.sub(r"^\{(.*)\}$", r"\1", piece) for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write one section for each heading, in the order of the options."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                is_argument = parameter.param_type_name == "argument"
                default = "Arguments" if is_argument else "Options"
                section = getattr(parameter, "rich_help_panel", None) or default
                sections.setdefault(section, []).append(record)
        for title, records in sections.items():
            with formatter.section(_heading(title)):
                formatter.write_dl(records)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; its errors and notes name its options, where the library names arguments."""
        name_options(
            {
                parameter.name: (max(parameter.opts, key=len), "".join(parameter.secondary_opts[:1]))
                for parameter in self.params
                if parameter.param_type_name == "option" and parameter.name
            }
        )
        return super().invoke(ctx)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse `-dim 100`, which would be read as the short options d, i and m; let some options take several.

        An option whose metavar ends in `...` takes every word up to the next option.
        """
        known = {option for parameter in self.params for option in parameter.opts}
        greedy = {
            option
            for parameter in self.params
            if parameter.param_type_name == "option" and (parameter.metavar or "").endswith("...")
            for option in parameter.opts
        }
        for arg in args:
            if arg == "--":
                break
            name = re.fullmatch(r"-([a-z][a-z-]+)", arg)
            if name and f"--{name[1]}" in known:
                raise UsageError(f"there is no option {arg}", f"write --{name[1]}")
        return super().parse_args(ctx, _repeated(args, greedy) if greedy else args)


def _repeated(args: list[str], greedy: set[str]) -> list[str]:
    """Arguments in which an option with several values is written once for each of them.

    Raises:
        UsageError: such an option has no value.
    """
    written: list[str] = []
    option, values = "", 0  # the option that values belong to, and how many it has
    for place, arg in enumerate([*args, "--"]):
        is_value = not arg.startswith("-") or arg == "-"
        if option and not values and not is_value:
            raise UsageError(
                f"option {option} requires a word", f"write {option}=WORD for a word that begins with -"
            )
        if arg == "--":
            return written + args[place:]
        if is_value:
            written += [option, arg] if option and values else [arg]
            values += 1
        else:
            name, is_given, _ = arg.partition("=")
            option, values = (name, len(is_given)) if name in greedy else ("", 0)
            written.append(arg)
    return written


class Group(TyperGroup):
    """The program, whose help lists its commands under the headings they were given."""

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Write how a command is called, which in the shell begins with the command."""
        if ctx.command_path:
            super().format_usage(ctx, formatter)
        else:
            formatter.write_usage("COMMAND", "[ARGS]...")

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write one section for each heading, in the order of the commands."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                section = getattr(command, "rich_help_panel", None) or "Commands"
                sections.setdefault(section, []).append((name, command.get_short_help_str(_WIDTH)))
        for title, records in sections.items():
            with formatter.section(_heading(title)):
                formatter.write_dl(records)


def program(name: str, help: str, **more: Any) -> typer.Typer:
    """A program with such help, to which commands are added."""
    return typer.Typer(
        name=name,
        cls=Group,
        help=help,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": _WIDTH},
        **more,
    )
