"""What words and names of files hold reaches a terminal escaped, and a pipe as it is."""

import json
from pathlib import Path

import pytest

from tests.cli.test_main import at_a_terminal
from tests.conftest import Run
from wvcli.cli.streams.stderr import visible

UNSAFE = ["\x1b", "\x07", "\x7f", "\x85", "\x9b", "\u2028", "\u2029", "\u202a", "\u202e", "\u2066", "\u2069"]
EVIL = "e" + "".join(UNSAFE) + "31m"
KEPT = "\u200d\u200e\u0301ש"  # joiner, direction mark, combining sign
NO_COLOUR = {"NO_COLOR": "1", "TERM": "dumb"}


@pytest.fixture
def model(run: Run, tmp_path: Path) -> Path:
    words = {"good": [1, 0], EVIL: [0.9, 0.1], f"k{KEPT}": [0.8, 0.1]}
    lines = [json.dumps({"word": word, "vector": vector}) for word, vector in words.items()]
    (tmp_path / "words.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert run("import", "words.jsonl", "-o", "m.safetensors", "-q").code == 0
    return tmp_path / "m.safetensors"


def is_safe(seen: str) -> bool:
    return not any(char in seen for char in UNSAFE)


@pytest.mark.slow
@pytest.mark.parametrize("format", ["table", "tsv", "csv", "json", "jsonl", "plain"])
@pytest.mark.parametrize("command", [["similar", "good", "-n", "2"], ["vocab"], ["vector", EVIL]])
def test_words_cannot_control_a_terminal(
    run: Run, model: Path, tmp_path: Path, format: str, command: list[str]
) -> None:
    seen = at_a_terminal(*command, "-q", "--format", format, "-m", "m.safetensors", cwd=tmp_path, env=NO_COLOUR)
    assert is_safe(seen), ascii(seen)
    assert "202e" in seen
    piped = run(*command, "--format", format, "-m", "m.safetensors").out
    assert ("\u202e" in piped) == (format != "table")


def test_json_at_a_terminal_says_the_same(model: Path, tmp_path: Path) -> None:
    seen = at_a_terminal(
        "similar", "good", "-n", "2", "-q", "--format", "jsonl", "-m", "m.safetensors", cwd=tmp_path, env=NO_COLOUR
    )
    assert [json.loads(line)["neighbor"] for line in seen.splitlines()] == [EVIL, f"k{KEPT}"]


def test_names_of_files_cannot_control_a_terminal(model: Path, tmp_path: Path) -> None:
    name = EVIL.replace("/", "")
    (tmp_path / f"{name}.txt").write_text("the cat and the dog\n" * 50)
    colour = {"TERM": "xterm-256color"}  # where progress is drawn with escape sequences of our own
    seen = at_a_terminal("export", f"{name}.vec", "-m", "m.safetensors", cwd=tmp_path, env=colour)
    assert "\u202e" not in seen
    assert "\x9b" not in seen
    assert "\\u202e" in seen
    trained = ("train", f"{name}.txt", "--epochs", "1", "--dim", "4", "-f", "-o", f"{name}.safetensors")
    assert is_safe(at_a_terminal(*trained, cwd=tmp_path, env=NO_COLOUR).replace("\r", ""))
    for command in (["info", "--command"], ["info"], ["info", "--format", "json"], ["models"], ["similar", "cat"]):
        seen = at_a_terminal(*command, cwd=tmp_path, env=NO_COLOUR)
        assert is_safe(seen), ascii(seen)


def test_what_belongs_to_words_is_shown_as_it_is() -> None:
    assert visible(KEPT) == KEPT
    assert visible("a b\u00a0c\u3000d") == "a b\u00a0c\u3000d"
    assert visible("a\tb\u2067") == "a\\tb\\u2067"
