"""Help as plain grouped text: the same at a terminal and in a pipe, and drawn without importing Rich."""

import re
import sys
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

import typer
from typer._types import TyperChoice
from typer.core import TyperCommand, TyperGroup

from wvcli.cli.streams.stderr import naming_options, wants_colour
from wvcli.errors import UsageError

_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"
_WIDTH = 100  # columns of help at most
_DEFAULT_IN_WORDS = re.compile(r"(?<=default: )\((.*?)\)(?=[;\]])")  # to which Click adds parentheses
_NEAR = 0.75  # similarity of spellings, by difflib, from which a command is proposed for an unknown one


def see_help(ctx: Any) -> str:
    """Return the hint where to read on: the help of a command, or of the shell, where it has no path."""
    path = ctx.command_path if ctx else "wvcli"
    return f"see {path} --help" if path else "help lists the commands"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the name that is spelled nearly the same, or None."""
    return next(iter(get_close_matches(name, list(known), n=1, cutoff=_NEAR)), None)


def _heading(text: str) -> str:
    return f"{_BOLD}{text}{_PLAIN}" if wants_colour(sys.stdout.isatty()) else text


class Choice(TyperChoice[Any]):
    """One of several words, in upper or lower case."""

    def __init__(self, choices: Iterable[Any]) -> None:
        super().__init__(choices, case_sensitive=False)

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the choice that is meant.

        Raises:
            BadParameter: it is none of them.
            UsageError: the same, and the hint says what does here what another tool calls so, or which choice is
                spelled nearly the same.
        """
        try:
            return super().convert(value, param, ctx)
        except typer.BadParameter as problem:
            from wvcli.cli.streams.other_tools import value_like

            option = max(param.opts, key=len) if param else ""
            name = str(value).lower()
            near = nearest(name.replace("_", "-"), self.choices)
            meant = value_like(option, name) or (near and f"{option} {near}")
            if not meant:
                raise
            message = problem.format_message().rstrip(".")
            raise UsageError(message[:1].lower() + message[1:], f"did you mean {meant}?") from None


def _write_examples(epilog: str, formatter: Any) -> None:
    first, _, rest = epilog.partition("\n")
    formatter.write(f"\n{_heading(first)}\n{rest}\n")


class Command(TyperCommand):
    """A command whose help lists its options under their headings, and ends with its epilog as it stands."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for parameter in self.params:
            if isinstance(parameter.type, TyperChoice):
                parameter.type = Choice(parameter.type.choices)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the arguments without the braces that Typer puts around those that are required."""
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
                name, text = record
                sections.setdefault(section, []).append((name, _DEFAULT_IN_WORDS.sub(r"\1", text)))
        for title, records in sections.items():
            with formatter.section(_heading(title)):
                formatter.write_dl(records)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the epilog line by line, since examples are not to be wrapped."""
        if self.epilog:
            _write_examples(self.epilog, formatter)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; its errors and notes name its options where the library names arguments."""
        options = {
            parameter.name: (max(parameter.opts, key=len), "".join(parameter.secondary_opts[:1]))
            for parameter in self.params
            if parameter.param_type_name == "option" and parameter.name
        }
        with naming_options(options):
            return super().invoke(ctx)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments; an option whose metavar ends in `...` takes every word up to the next option.

        A flag that has a metavar may have what follows it joined to it: `--resume=FILE` is `--resume FILE`.

        Raises:
            UsageError: an option is written as another tool has it, such as `-minCount`, which would be read as
                the short options m, i, n and so on; or an option is given twice that takes one value.
        """
        known = {option for each in self.get_params(ctx) for option in (*each.opts, *each.secondary_opts)}
        greedy = {
            option
            for parameter in self.params
            if parameter.param_type_name == "option" and (parameter.metavar or "").endswith("...")
            for option in parameter.opts
        }
        for arg in args:
            if arg == "--":
                break
            option = arg.partition("=")[0]
            if option.startswith("-") and option not in known | {"-"}:
                from wvcli.cli.streams.other_tools import option_like

                if hint := option_like(option, self.name or "", known):
                    raise UsageError(f"unknown option {option}", hint)
        args = _repeated(args, greedy) if greedy else args
        flags = {
            option
            for parameter in self.params
            if getattr(parameter, "is_flag", False) and parameter.metavar
            for option in parameter.opts
        }
        args = _separated(args, flags) if flags else args
        if not ctx.resilient_parsing:  # as it is while a line is completed
            self._refuse_what_is_given_twice(ctx, args)
        return super().parse_args(ctx, args)

    def _refuse_what_is_given_twice(self, ctx: Any, args: list[str]) -> None:
        *_, given = self.make_parser(ctx).parse_args(list(args))
        for parameter in given:
            is_single = parameter.param_type_name == "option" and not parameter.multiple
            if is_single and given.count(parameter) > 1:
                name = max(parameter.opts, key=len)
                raise UsageError(f"option {name} is given twice", "give it once")


def _repeated(args: list[str], greedy: set[str]) -> list[str]:
    """Return the arguments with an option that takes several values written once for each of them.

    `--positive a b -n 5` becomes `--positive a --positive b -n 5`.

    Raises:
        UsageError: such an option has no value.
    """
    written: list[str] = []
    option, has_value = "", False  # the greedy option that values belong to, if any
    for index, arg in enumerate([*args, "--"]):
        is_value = not arg.startswith("-") or arg == "-"
        if option and not has_value and not is_value:
            raise UsageError(
                f"option {option} requires a word", f"write {option}=WORD for a word that begins with -"
            )
        if arg == "--":
            return written + args[index:]
        if is_value:
            written += [option, arg] if option and has_value else [arg]
            has_value = True
        else:
            name, equals, _ = arg.partition("=")
            option = name if name in greedy else ""
            has_value = bool(equals)
            written.append(arg)
    return written


def _separated(args: list[str], flags: set[str]) -> list[str]:
    """Return the arguments with what is joined to one of these flags by `=` as an argument of its own."""
    written: list[str] = []
    for index, arg in enumerate(args):
        if arg == "--":
            return written + args[index:]
        name, equals, value = arg.partition("=")
        written += [name, value] if equals and name in flags else [arg]
    return written


class Group(TyperGroup):
    """The program, whose help lists its commands under the headings they were given."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command named first.

        Raises:
            UsageError: there is no such command; the hint says which one does what another tool calls so, or
                proposes one that is spelled nearly the same.
        """
        name = args[0]
        if self.get_command(ctx, name) or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        from wvcli.cli.streams.other_tools import command_like

        near = nearest(name, self.list_commands(ctx))
        hint = command_like(name) or (f"did you mean {near}?" if near else see_help(ctx))
        if not ctx.command_path:  # in the shell
            hint = hint.replace("wvcli ", "")
        raise UsageError(f"unknown command {name!r}", hint)

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Write how a command is called; in the shell, this begins with the command."""
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


class CommandGroup(Group):
    """A command that has commands of its own; its help ends with examples, as that of a command does."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the epilog line by line."""
        _write_examples(self.epilog or "", formatter)


def program(name: str, help: str, cls: type[Group] = Group, **more: Any) -> typer.Typer:
    """Return a program with such help, to which commands are added."""
    return typer.Typer(
        name=name,
        cls=cls,
        help=help,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": _WIDTH},
        **more,
    )
