"""What Tab offers: as the shells' scripts ask for it, and in real shells at a terminal."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import wvcli
from tests.clients import program
from tests.conftest import Run, clean_environment
from tests.terminal import Terminal
from wvcli.formats import registry as formats
from wvcli.models import model_file
from wvcli.text.tokenizers import registry as tokenizers
from wvcli.vectors.vocabulary import Vocabulary
from wvcli.vectors.word_vectors import Vectors

SHELLS = ["bash", "zsh", "fish"]
ODD = [
    *(
        "it's",
        "New York",
        "ns:alpha",
        "url@home",
        "a=b",
        "star*",
        "wh?t",
        "semi;colon",
        "back`tick",
        "köln",
        "кот",
    ),
    *('say"so', "$dollar", "猫猫", "x&y", "(paren)", "b\\slash", "{brace}", "tab\tbed", "-dash", "[/b]", "~tilde"),
]


def model_of(words: list[str], path: Path, like: Path) -> Path:
    """A model file of words in this order, most frequent first."""
    vectors = Vectors(
        Vocabulary.from_words(words),
        np.random.default_rng(1).normal(size=(len(words), 4)).astype(np.float32),
        counts=np.arange(len(words), 0, -1, dtype=np.int64),
    )
    model_file.save(path, model_file.vector_tensors(vectors), wvcli.load(like).manifest)
    return path


@pytest.fixture(scope="module")
def odd_model(word2vec_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return model_of(ODD, tmp_path_factory.mktemp("odd") / "odd.safetensors", word2vec_model)


def asked(shell: str, *words: str) -> dict[str, str]:
    """The environment in which a shell's script asks what may stand in the place of the last of these words."""
    return {
        "_WVCLI_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": "\n".join(["wvcli", *words]),
        "COMP_CWORD": str(len(words)),
        "_TYPER_COMPLETE_ARGS": " ".join(["wvcli", *words]),
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }


def offered(run: Run, shell: str, *words: str, env: dict[str, str] | None = None) -> list[str]:
    result = run(env=asked(shell, *words) | (env or {}))
    assert result.err == ""
    if shell == "zsh":
        listed = re.search(r"offers=\((.*)\); _describe", result.out)
        items = shlex.split(listed[1]) if listed else []
        return [re.split(r"(?<!\\):", item)[0].replace("\\:", ":") for item in items]
    return [line.partition("\t")[0] for line in result.out.splitlines() if line]


@pytest.mark.parametrize("shell", SHELLS)
def test_words_of_the_model_are_offered_the_most_frequent_first(
    run: Run, word2vec_model: Path, shell: str
) -> None:
    found = offered(run, shell, "similar", "-m", str(word2vec_model), "c")
    vocabulary = wvcli.load(word2vec_model).vocabulary
    assert found == [word for word in vocabulary if word.startswith("c")]
    assert len(found) > 2
    assert offered(run, shell, "vector", "c", env={"WVCLI_MODEL": str(word2vec_model)}) == found
    assert offered(run, shell, "similar", "cat", "c", env={"WVCLI_MODEL": str(word2vec_model)}) == found


def test_as_many_words_are_offered_as_a_person_looks_over(run: Run, word2vec_model: Path, tmp_path: Path) -> None:
    words = [f"w{number % 7}{number}" for number in range(500)]
    model_of(words, tmp_path / "many.safetensors", word2vec_model)
    assert offered(run, "bash", "similar", "w") == words[:50]  # the newest model of the folder
    assert offered(run, "bash", "similar", "w3") == [word for word in words if word.startswith("w3")][:50]
    assert offered(run, "bash", "similar", "") == words[:50]
    assert offered(run, "bash", "similar", "-m", "~/many.safetensors", "w31", env={"HOME": str(tmp_path)})


@pytest.mark.parametrize(
    ("shell", "model"),
    [("bash", "none.safetensors"), ("zsh", "damaged.safetensors"), ("fish", "text.txt"), ("bash", ".")],
)
def test_no_model_no_words_and_not_a_word_about_it(
    run: Run, word2vec_model: Path, tmp_path: Path, shell: str, model: str
) -> None:
    (tmp_path / "damaged.safetensors").write_bytes(word2vec_model.read_bytes()[:-50])
    (tmp_path / "text.txt").write_text("cat 1 2\ncow 2 1\n")
    assert offered(run, shell, "similar", "-m", model, "c") == []


@pytest.mark.parametrize("shell", SHELLS)
def test_commands_options_and_choices_are_offered(run: Run, shell: str) -> None:
    assert offered(run, shell, "simi") == ["similar", "similarity"]
    assert "--model" in offered(run, shell, "similar", "--m")
    assert offered(run, shell, "similar", "--format", "js") == ["json", "jsonl"]
    assert offered(run, shell, "similar", "-dim", "c") == []


@pytest.mark.parametrize("shell", SHELLS)
def test_formats_and_tokenizers_are_those_of_the_registries(run: Run, shell: str) -> None:
    assert offered(run, shell, "export", "x", "--to", "") == [each.name for each in formats if each.write]
    names = offered(run, shell, "train", "--tokenizer", "")
    assert [name.removesuffix(":") for name in names] == tokenizers.names()


def test_fish_is_told_by_the_exit_code_whether_there_is_anything(run: Run) -> None:
    for word, code in (("simi", 0), ("zzz", 1)):
        env = asked("fish", word) | {"_TYPER_COMPLETE_FISH_ACTION": "is-args"}
        assert run(env=env).code == code


def test_nothing_heavy_is_imported_to_complete_a_word(word2vec_model: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "wvcli"],
        capture_output=True,
        text=True,
        env=clean_environment() | asked("bash", "similar", "-m", str(word2vec_model), "c"),
    )
    assert "cat" in done.stdout.split()
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "typer" in imported
    assert imported.isdisjoint({"gensim", "scipy", "rich", "regex", "rjieba", "smart_open"})


STARTS = {  # how each shell starts, and what it is told first
    "bash": (["bash", "--norc", "--noprofile", "-i"], "PS1='ready> '; source ./script"),
    "zsh": (["zsh", "-f", "-i"], "PS1='ready> '; autoload -Uz compinit; compinit -u -D; source ./script"),
    "fish": (["fish", "--no-config", "-i"], "function fish_prompt; echo 'ready> '; end; source ./script"),
}


@pytest.fixture(params=["bash", *(pytest.param(name, marks=pytest.mark.client) for name in ("zsh", "fish"))])
def shell(request: pytest.FixtureRequest, tmp_path: Path, odd_model: Path) -> Iterator[tuple[str, Terminal]]:
    """A shell at a terminal, with completion as its users have it; `wvcli` itself only shows how it was called."""
    name, start = request.param, STARTS[request.param]
    shown = tmp_path / "wvcli"
    shown.write_text(
        f'#!/bin/sh\n[ "$_WVCLI_COMPLETE" ] && exec "{sys.executable}" -m wvcli "$@"\n'
        'printf "called"; printf "<%s>" "$@"; echo\n'
    )
    shown.chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "TERM": "xterm" if name == "fish" else "dumb",
        "HOME": str(tmp_path),
        "LC_ALL": "C.UTF-8",
        "WVCLI_MODEL": str(odd_model),
    }
    script = subprocess.run(
        [sys.executable, "-m", "wvcli", "--show-completion", name],
        env=clean_environment() | environment | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    (tmp_path / "script").write_text(script.stdout)
    with Terminal([program(start[0][0]), *start[0][1:]], tmp_path, environment) as terminal:
        terminal.send(f"{start[1]}; echo rea''dy-to-go\n")
        terminal.expect("ready-to-go")
        yield name, terminal


TYPED = {  # what is typed, and the arguments that come of it
    "vec\tcat": ["vector", "cat"],
    "similar it\t": ["similar", "it's"],
    "similar New\t": ["similar", "New York"],
    "similar ns:al\t": ["similar", "ns:alpha"],
    "vector back\tköl\t": ["vector", "back`tick", "köln"],
    "export x --to=glo\t": ["export", "x", "--to=glove"],
}
TYPED_IN_BASH = TYPED | {
    "similar 'it\t": ["similar", "it's"],
    "similar New\\ Y\t": ["similar", "New York"],
    'similar "New Y\t': ["similar", "New York"],
    "similar ns:\t": ["similar", "ns:alpha"],
    "similar url@h\t": ["similar", "url@home"],
    "similar a=\t": ["similar", "a=b"],
    "similar st\twh\t": ["similar", "star*", "wh?t"],
    "vector se\t\\$d\t": ["vector", "semi;colon", "$dollar"],
}


@pytest.mark.slow
def test_a_word_is_completed_as_it_must_be_typed(shell: tuple[str, Terminal]) -> None:
    name, terminal = shell
    for keys, arguments in (TYPED_IN_BASH if name == "bash" else TYPED).items():
        terminal.send(f"wvcli {keys}\n")
        terminal.expect("called" + "".join(f"<{argument}>" for argument in arguments))
