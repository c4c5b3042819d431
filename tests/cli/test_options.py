"""Options: what the library's errors call them, and the values they may have."""

import re
from inspect import signature
from pathlib import Path
from typing import Any, get_args

import pytest
import typer

import wvcli
from tests.conftest import Run
from wvcli.analysis.comparison import Measure, compare
from wvcli.analysis.mapping import layout
from wvcli.cli.main import build
from wvcli.cli.program import COMMANDS
from wvcli.cli.streams import other_tools
from wvcli.errors import UsageError
from wvcli.evaluation.evaluate import evaluate
from wvcli.formats import registry as formats
from wvcli.models import index
from wvcli.text.tokenizers import TokenizerSettings
from wvcli.text.tokenizers import registry as tokenizers
from wvcli.training import engines
from wvcli.vectors.neighbors import Method
from wvcli.vectors.selection import Unknown

_GROUP: Any = typer.main.get_command(build([]))


def choices(command: str, parameter: str) -> list[str]:
    """The values that an option may have."""
    [found] = [each for each in _GROUP.commands[command].params if each.name == parameter]
    return list(found.type.choices)


@pytest.mark.parametrize(
    ("command", "parameter", "values"),
    [
        ("analogy", "method", Method),
        ("compare", "by", Measure),
        ("export", "unknown", Unknown),
        ("map", "method", layout.Method),
    ],
)
def test_an_option_offers_the_values_of_the_library(command: str, parameter: str, values: Any) -> None:
    assert choices(command, parameter) == list(get_args(values))


def test_a_word_is_shown_as_it_was_written(run: Run, word2vec_model: Path) -> None:
    result = run("similar", "`topn`", "-m", word2vec_model)
    assert result.code == 4
    assert "`topn`" in result.err
    assert "--topn" not in result.err


def test_a_line_of_the_shell_names_the_options_of_its_own_command(run: Run, word2vec_model: Path) -> None:
    lines = "similar cat --min-similarity nan\nsimilar cat -n 0\nsimilar `topn`\n"
    first, *others = run("shell", "-m", word2vec_model, stdin=lines).err.splitlines()
    assert first == "error: --min-similarity must be a number, not nan"
    assert [("`topn`" in line) for line in others] == [False, True]


@pytest.mark.parametrize(
    ("command", "function", "names"),
    [
        ("evaluate", evaluate, {"restrict_top"}),
        ("compare", compare, {"neighbors", "min_count"}),
        ("index", index.build, {"recall"}),
        ("train", wvcli.train, {"encoding", "encoding_errors", "engine", "early_stop", "freeze", "skip_bad"}),
    ],
)
def test_a_default_is_the_librarys(command: str, function: Any, names: set[str]) -> None:
    ours = {each.name: each.default for each in _GROUP.commands[command].params}
    theirs = signature(function).parameters
    assert {name: ours[name] for name in names} == {name: theirs[name].default for name in names}


def test_the_index_is_as_thorough_as_the_library_allows() -> None:
    [recall] = [each for each in _GROUP.commands["index"].params if each.name == "recall"]
    assert (recall.type.min, recall.type.max) == (index.LEAST_RECALL, index.GREATEST_RECALL)


@pytest.mark.parametrize("command", ["train", "update"])
def test_every_engine_can_be_asked_for(command: str) -> None:
    assert sorted(choices(command, "engine")) == sorted([engines.AUTO, *engines.registry.names()])


def test_help_names_every_tokenizer(run: Run) -> None:
    shown = " ".join(run("train", "--help").out.split())
    documented = (wvcli.train.__doc__ or "", TokenizerSettings.__doc__ or "")
    for name in tokenizers.names():
        assert re.search(rf"--tokenizer NAME [^-]*\b{name}\b", shown), name
        assert all(re.search(rf"`{name}[`:]", text) for text in documented), name


def test_every_number_type_of_a_format_can_be_asked_for() -> None:
    assert set(choices("export", "dtype")) == {dtype for member in formats for dtype in member.dtypes}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_has_help(command: str) -> None:
    for parameter in _GROUP.commands[command].params:
        text = getattr(parameter, "help", "")
        assert text, parameter.name
        assert text.endswith((".", "]")), text


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["train", "a.txt", "--dim", 0], "--dim"),
        (["update", "{model}", "a.txt"], "--force"),
        (["similar", "cat", "-m", "{model}", "--min-similarity", "nan"], "--min-similarity"),
        (["export", "a.unknown", "-m", "{model}"], "--to"),
        (["export", "a.txt", "-m", "{model}"], "--force"),
        (["import", "a.txt", "-o", "{model}"], "--force"),
        (["compare", "{model}", "{model}", "--min-count", 10**6], "--min-count"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_an_error_of_the_library_names_the_option(
    run: Run, word2vec_model: Path, tmp_path: Path, arguments: list[object], option: str
) -> None:
    (tmp_path / "a.txt").write_text("2 2\ncat 1 2\ndog 2 1\n")
    result = run(*(str(argument).format(model=word2vec_model) for argument in arguments))
    assert result.code != 0
    assert option in result.err
    assert "`" not in result.err


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["train", "a.txt", "--dim", 50, "--dim", 100], "--dim"),
        (["train", "a.txt", "--lowercase", "--keep-case"], "--lowercase"),
        (["similar", "cat", "-m", "a.safetensors", "--model=b.safetensors"], "--model"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_an_option_with_one_value_is_given_once(run: Run, arguments: list[object], option: str) -> None:
    result = run(*arguments)
    assert result.code == 2
    assert result.err == f"error: option {option} is given twice; give it once\n"


def test_an_option_with_several_values_is_given_for_each(run: Run, word2vec_model: Path) -> None:
    result = run("similar", "cat", "-m", word2vec_model, "--exclude", "dog", "--exclude", "mouse")
    assert result.code == 0
    assert not {"dog", "mouse"} & {row[1] for row in result.rows}


# --- words of other tools ---


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nn cat", "unknown command 'nn'; use wvcli similar cat"),
        ("most_similar cat", "unknown command 'most_similar'; use wvcli similar cat"),
        ("supervised -input a.txt", "wvcli trains no classifier"),
        ("print-word-vectors a.bin", "use wvcli vector - --format plain"),
        ("convert a.bin b.txt", "use wvcli export"),
        ("skipgram -input a.txt -output a", "use wvcli train corpus.txt --algorithm fasttext"),
        (
            "train -input a.txt",
            "unknown option -input; the text is named without an option: wvcli train corpus.txt",
        ),
        ("train a.txt -output a", "unknown option -output; did you mean --output?"),
        ("train a.txt -dim 100", "unknown option -dim; did you mean --dim?"),
        ("train a.txt -minCount 5", "unknown option -minCount; did you mean --min-count?"),
        ("train a.txt --min_count=5", "unknown option --min_count; did you mean --min-count?"),
        ("train a.txt --vector-size 100", "unknown option --vector-size; did you mean --dim?"),
        ("train a.txt --sg 1", "unknown option --sg; did you mean --architecture skipgram?"),
        ("train a.txt -t 1e-4", "unknown option -t; did you mean --sample?"),
        ("similar cat --topn 5", "unknown option --topn; did you mean -n?"),
        ("import a.bin --limit 5", "unknown option --limit; did you mean -n?"),
        ("similar cat --threshold 0.6", "unknown option --threshold; did you mean --min-similarity?"),
        ("similar cat -input a.txt", "unknown option -i; see wvcli similar --help"),
    ],
)
def test_a_word_of_another_tool_gets_ours(run: Run, line: str, said: str) -> None:
    result = run(*line.split())
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert len(result.err.splitlines()) == 1


def test_the_shell_gives_its_own_words_for_those_of_other_tools(run: Run, word2vec_model: Path) -> None:
    result = run("shell", "-m", word2vec_model, stdin="nn cat\n")
    assert result.err == "error: unknown command 'nn'; use similar cat\n"


@pytest.mark.parametrize("hint", sorted(set(other_tools._COMMANDS.values())))
def test_a_command_named_for_another_tool_is_one(hint: str) -> None:
    words = hint.rpartition("wvcli ")[2].partition(" <")[0].split()
    assert words[0] in [*COMMANDS, "--help", "--version"]
    if words[0] in COMMANDS:
        _GROUP.commands[words[0]].make_context("", words[1:])


def test_an_option_named_for_another_tool_is_one() -> None:
    known = {option for command in _GROUP.commands.values() for each in command.params for option in each.opts}
    named = {option.split()[0] for options in other_tools._OPTIONS.values() for option in options}
    assert {option for option in named if option.startswith("-")} <= known
    assert not [name for name in other_tools._OPTIONS if name != re.sub("[-_]", "", name).lower()]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("train a.txt --algorithm cbow", "did you mean --architecture cbow?"),
        ("train a.txt --algorithm=Skip-Gram", "did you mean --architecture skipgram?"),
        ("train a.txt --architecture FastText", "did you mean --algorithm fasttext?"),
        ("train a.txt --algorithm word2vek", "did you mean --algorithm word2vec?"),
        ("train a.txt --loss hs", "did you mean --loss hierarchical?"),
        ("similar cat --format ndjson", "did you mean --format jsonl?"),
        ("analogy a b c --method 3CosMul", "did you mean --method multiply?"),
    ],
)
def test_a_choice_of_another_tool_gets_ours(line: str, said: str) -> None:
    command, *words = line.split()
    with pytest.raises(UsageError) as refused:
        _GROUP.commands[command].make_context("", words)
    assert refused.value.hint == said
    assert " is not one of " in refused.value.message


def test_a_choice_named_for_another_tool_is_one() -> None:
    known = {
        f"{option} {choice}"
        for command in _GROUP.commands.values()
        for each in command.params
        for option in each.opts
        for choice in getattr(each.type, "choices", ())
    }
    for option, values in other_tools._VALUES.items():
        assert set(values.values()) <= known
        assert not [name for name in values if name != name.lower().replace("_", "-")]
        assert any(meant.startswith(option) for meant in values.values())


def test_choices_may_be_in_upper_case(run: Run, tmp_path: Path) -> None:
    words = ["a.txt", "--algorithm", "GloVe", "--architecture", "CBOW", "--loss", "Negative", "--engine", "FAST"]
    given = _GROUP.commands["train"].make_context("", words).params
    names = ("algorithm", "architecture", "loss", "engine")
    assert [given[name] for name in names] == ["glove", "cbow", "negative", "fast"]
    with pytest.raises(typer.BadParameter, match="'elmo' is not one of"):
        _GROUP.commands["train"].make_context("", ["a.txt", "--algorithm", "elmo"])
    (tmp_path / "in.txt").write_text("2 2\ncat 1 2\ndog 2 1\n")
    assert run("export", "in.txt", "out", "--to", "GloVe", "-q").code == 0
    assert (tmp_path / "out").read_text().startswith("cat 1.0")
    assert TokenizerSettings("Regex:A").name == "regex:A"
    assert TokenizerSettings("Chinese").kind is tokenizers.get("chinese")


# --- the model ---


def test_every_command_that_needs_a_model_takes_it_with_an_option() -> None:
    without = {"train", "tune", "align", "translate", "import", "formats", "models", "classify"}
    for name in set(COMMANDS) - without:
        assert any("--model" in each.opts for each in _GROUP.commands[name].params), name


def test_a_model_is_an_argument_of_what_is_about_it(run: Run, word2vec_model: Path) -> None:
    for command in ("info", "vocab"):
        assert run(command, word2vec_model).out == run(command, "-m", word2vec_model).out
        twice = run(command, word2vec_model, "-m", "other.safetensors")
        assert (twice.code, "named twice" in twice.err) == (2, True)
    assert run("shell", word2vec_model, stdin="vocab -n 1\n").out == run("vocab", word2vec_model, "-n", 1).out


def test_export_converts_one_file_into_another(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("2 2\ncat 1 2\ndog 2 1\n")
    assert run("export", "in.txt", "out.glove.txt").err.endswith("dimensions to out.glove.txt (glove)\n")
    assert (tmp_path / "out.glove.txt").read_text() == "cat 1.0 2.0\ndog 2.0 1.0\n"
    assert run("export", "-m", "in.txt", "again.glove.txt", "-q").code == 0
    result = run("export", "in.txt", "out.vec", "more.vec")
    assert (result.code, result.err) == (2, "error: expected a model and a file to write, got 3 names\n")
    assert "named twice" in run("export", "in.txt", "out.vec", "-m", "out.glove.txt").err


def test_the_first_model_is_named_with_an_option_too(run: Run, word2vec_model: Path, tmp_path: Path) -> None:
    assert (
        run("compare", word2vec_model, word2vec_model, "--summary").out
        == run("compare", "-m", word2vec_model, word2vec_model, "--summary").out
    )
    assert "expected two models, got" in run("compare", word2vec_model).err
    (tmp_path / "more.txt").write_text("the cat and the dog\n" * 20)
    options = ("--epochs", 1, "-q", "-o")
    assert run("update", "-m", word2vec_model, "more.txt", *options, "new").code == 0
    assert run("update", word2vec_model, "more.txt", *options, "same.safetensors").code == 0
    assert {path.name for path in tmp_path.glob("*.safetensors")} == {"new.safetensors", "same.safetensors"}
    assert "expected a model and text" in run("update", word2vec_model).err


@pytest.mark.parametrize("command", ["train a.txt --epochs 1 --dim 4", "import a.vec"])
def test_the_suffix_of_a_model_may_be_left_out(run: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "a.txt").write_text("the cat and the dog\n" * 20)
    (tmp_path / "a.vec").write_text("2 2\ncat 1 2\ndog 2 1\n")
    assert run(*command.split(), "-o", "my").code == 0
    assert (tmp_path / "my.safetensors").is_file()
    assert run(*command.split(), "-o", "my.bin").code == 2
    (tmp_path / "folder").mkdir()
    assert run(*command.split(), "-o", "folder").code == 2
