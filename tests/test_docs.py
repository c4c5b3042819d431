"""The pages show what happens: their blocks run, their tables name every member of a family, their links hold."""

import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import CLONE, Run, SampleModel, clean_environment
from tests.forking import Forking
from wvcli.errors import ExitCode
from wvcli.text.tokenizers import registry as tokenizers

README = CLONE / "README.md"
PAGES = [README, CLONE / "CONTRIBUTING.md", *sorted((CLONE / "docs").glob("*.md"))]
LINKED = [*PAGES, CLONE / "CHANGELOG.md", CLONE / "sample_corpora" / "README.md"]
TEXT = {page: page.read_text(encoding="utf-8") for page in LINKED}

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# A program of Python that imports a heavy client, and a file for one that only its own library writes.
_CLIENT = re.compile(
    r"^\s*(?:import|from) (?:torch|tensorflow|keras|model2vec|spacy|pandas|polars)\b"
    r"|^\$ .*\.(?:model2vec|pt|spacy)\b",
    re.MULTILINE,
)
# A command that is run once for all pages, and how a page says that its examples use what the command makes.
_TRAINS = re.compile(r"wvcli train (sample_corpora/\w+\.txt) -q")
_USES = re.compile(r"`wvcli train (sample_corpora/\w+\.txt)`")


class Block(NamedTuple):
    """What stands between two fences: `console` shows commands after `$` and their output, `python` a program."""

    kind: str
    text: str

    @property
    def needs_clients(self) -> bool:
        """Whether it needs PyTorch, TensorFlow, Keras, Model2Vec, spaCy, pandas or Polars."""
        return bool(_CLIENT.search(self.text))


def blocks(page: Path) -> list[Block]:
    """The blocks of a page that are run, in order."""
    found = [Block(kind, text) for kind, text in _BLOCK.findall(TEXT[page])]
    return [block for block in found if block.kind in ("console", "python")]


def commands_and_outputs(block: str) -> list[tuple[str, list[str]]]:
    """The commands of a console block, each with the lines shown below it."""
    pairs: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            pairs.append((line[2:], []))
        elif line.strip():
            pairs[-1][1].append(line)
    return pairs


def rows(page: Path, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    section = re.split(rf"^#+ {re.escape(heading)}$", TEXT[page], maxsplit=1, flags=re.MULTILINE)[1]
    table = re.search(r"^\|.*\n\|[-|]+\n((?:\|.*\n)+)", section, re.MULTILINE)
    assert table, f"{page.name} has no table below {heading!r}"
    cells = (re.split(r"(?<!\\)\|", line.strip().strip("|")) for line in table[1].splitlines())
    return [[cell.strip() for cell in row] for row in cells]


def in_backticks(cell: str) -> set[str]:
    """What a cell sets as code."""
    return set(re.findall(r"`([^`]+)`", cell))


@pytest.fixture
def folder(tmp_path: Path, forking: Forking | None) -> Path:
    """A folder as the reader of a page has it: the sample corpora, and `wvcli` on the path."""
    (tmp_path / "sample_corpora").symlink_to(CLONE / "sample_corpora")
    program = tmp_path / "bin" / "wvcli"
    program.parent.mkdir()
    if forking:
        forking.write_program(program)
    else:
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m wvcli "$@"\n')
        program.chmod(0o755)
    (tmp_path / "bin" / "python3").symlink_to(sys.executable)
    return tmp_path


def check_command(command: str, shown: list[str], folder: Path) -> None:
    """Run a command and compare what it prints with what the page shows.

    Of each line shown the first word must come first in a line of the real output, in the same order: numbers
    and the words far down a list differ between processors. Of a note or an error all is compared but its numbers.
    """
    environment = clean_environment() | {"COLUMNS": "80"}
    environment["PATH"] = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    if "|" not in command and ">" not in command:
        environment["WVCLI_FORMAT"] = "table"  # as at a terminal
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        timeout=240,
    )
    fails = any(line.startswith("error:") for line in shown)
    assert (done.returncode != 0) == fails, f"{command}\nends with {done.returncode}\n{done.stdout}"
    real = iter([compared(line) for line in done.stdout.splitlines() if line.strip()])
    for line in shown:
        part = compared(line)
        assert part == "…" or part in real, f"{command}\nshows {line!r}, but prints\n{done.stdout}"


def compared(line: str) -> str:
    """Return what must be the same in a line shown and a line printed."""
    if line.startswith(("note:", "error:")):
        return re.sub(r"\d[\d.,]*", "0", line)
    return line.split()[0]


_ONE_AFTER_ANOTHER = """
import sys
for program in sys.argv[1:]:
    print(program, flush=True)
    exec(compile(program, "<block>", "exec"), {"__name__": "__main__"})
"""


def check_programs(programs: list[str], folder: Path) -> None:
    """Run programs of Python, each with names of its own, in one process: most of the time goes to imports."""
    environment = clean_environment() | {"OMP_NUM_THREADS": "1"}  # more would wait for those of other tests
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _ONE_AFTER_ANOTHER, *programs],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


PARTS = [
    pytest.param(page, clients, id=page.stem + clients * "-clients", marks=[pytest.mark.client] * clients)
    for page in PAGES
    for clients in (False, True)
    if any(block.needs_clients == clients for block in blocks(page))
]


@pytest.mark.parametrize(("page", "clients"), PARTS)
def test_every_block_does_what_it_shows(
    page: Path, clients: bool, folder: Path, sample_model: SampleModel
) -> None:
    """One test a page, since later blocks use models of earlier ones; those that need clients have their own."""
    for corpus in dict.fromkeys(_USES.findall(TEXT[page])):
        shutil.copy(sample_model(corpus), folder)
    chosen = [block for block in blocks(page) if block.needs_clients == clients]
    for kind, following in groupby(chosen, lambda block: block.kind):
        if kind == "python":
            check_programs([block.text for block in following], folder)
            continue
        for block in following:
            for command, shown in commands_and_outputs(block.text):
                if trains := _TRAINS.fullmatch(command):
                    shutil.copy(sample_model(trains[1]), folder)
                else:
                    check_command(command, shown, folder)


def test_the_makefile_keeps_and_removes_what_it_says(folder: Path, sample_model: SampleModel) -> None:
    """Words are missing: the output for which all must be known is removed, the others stay."""
    if not shutil.which("make"):
        pytest.skip("make is not installed")
    [makefile] = [text for kind, text in _BLOCK.findall(TEXT[CLONE / "docs" / "pipelines.md"]) if kind == "make"]
    (folder / "Makefile").write_text(makefile, encoding="utf-8")
    shutil.copy(sample_model("sample_corpora/english.txt"), folder)
    (folder / "terms.txt").write_text("cat\nzzzz\n")
    environment = clean_environment() | {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["make", "--keep-going"], cwd=folder, env=environment, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 2, done.stderr
    assert re.search(r"complete\.csv\W+Error 4", done.stderr)
    assert not (folder / "complete.csv").exists()
    assert (folder / "known.csv").read_text().startswith("word,neighbor,similarity,count\ncat,")
    assert (folder / "reviewed.tsv").read_text().startswith("cat\t")
    assert "skipped 1 of 2 questions" in done.stderr
    assert "'zzzz' is not in the vocabulary" in done.stderr


@pytest.mark.parametrize("page", LINKED, ids=lambda page: page.relative_to(CLONE).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    text = _BLOCK.sub("", TEXT[page])
    for link in re.findall(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"", text):
        target, _, anchor = "".join(link).partition("#")
        if target.startswith("https://"):
            continue
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), f"{page.name}: there is no {target}"
        assert not anchor or anchor in anchors(path), f"{page.name}: {target or page.name} has no #{anchor}"


def anchors(page: Path) -> set[str]:
    """What the headings of a page are called in links to them."""
    text = _BLOCK.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_readme_leads_to_every_page() -> None:
    linked = {target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", TEXT[README])}
    assert {page.relative_to(CLONE).as_posix() for page in LINKED if page != README} <= linked


def test_readme_is_read_in_three_minutes() -> None:
    assert len(TEXT[README].splitlines()) <= 200


def test_every_extra_that_is_named_exists() -> None:
    project = (CLONE / "pyproject.toml").read_text(encoding="utf-8")
    section = project.split("[project.optional-dependencies]")[1].split("\n[")[0]
    extras = set(re.findall(r"^([\w-]+) = ", section, re.MULTILINE))
    named = re.findall(r"\.\[([\w,-]+)\]'", "".join(TEXT.values()))
    assert named
    assert {extra for names in named for extra in names.split(",")} <= extras


def test_every_command_has_its_row(run: Run) -> None:
    commands = re.findall(r"^  ([a-z][a-z-]*)  +[A-Z]", run("--help", env={"COLUMNS": "80"}).out, re.MULTILINE)
    named = {row[0].strip("`").split()[1]: row for row in rows(README, "Commands")}
    assert len(commands) > 10
    assert list(named) == commands
    assert all("docs/" in row[-1] for row in named.values())


def test_every_format_has_its_row(run: Run) -> None:
    formats = {row["format"]: row for row in json.loads(run("formats", "--format", "json").out)}
    page = CLONE / "docs" / "formats.md"
    documented = {row[0].strip("`"): row for row in rows(page, "Table of formats")}
    assert documented.keys() == formats.keys()
    for name, (_, suffixes, reads, writes, keeps, dtypes, extra) in documented.items():
        format = formats[name]
        assert (reads, writes) == tuple("yes" if format[does] else "no" for does in ("reads", "writes")), name
        assert suffixes.replace("`", "") == format["suffixes"], name
        assert dtypes == format["dtypes"], name
        assert extra.strip("`") == format["extra"], name
        abilities = ("spaces", "counts", "subwords", "output layer")
        kept = {ability for ability in abilities if ability in format["keeps"]}
        assert set(filter(None, keeps.split(", "))) == kept, name


def test_the_formats_with_rows_for_padding_are_named(run: Run) -> None:
    formats = json.loads(run("formats", "--format", "json").out)
    described = rows(CLONE / "docs" / "formats.md", "Export options")
    [cell] = [what for option, what in described if "--pad" in option]
    named = {name for name in in_backticks(cell) if not name.startswith("<")}
    assert named == {row["format"] for row in formats if row["special"]}


def test_every_tokenizer_has_its_row() -> None:
    documented = rows(CLONE / "docs" / "training.md", "Words and tokenizers")
    assert {row[0].strip("`").partition(":")[0] for row in documented} == set(tokenizers.names())


def test_every_campaign_has_its_row() -> None:
    programs = (CLONE / "tests" / "campaigns").glob("*.py")
    campaigns = {path.name for path in programs if "\ndef make_tries(" in path.read_text(encoding="utf-8")}
    for heading in ("Campaigns", "Figures"):
        documented = [row[0].strip("`") for row in rows(CLONE / "docs" / "reliability.md", heading)]
        assert sorted(documented) == sorted(campaigns)


def test_the_exit_codes_are_those_of_the_program(run: Run) -> None:
    documented = rows(CLONE / "docs" / "pipelines.md", "Exit codes")
    assert [int(code) for code, _ in documented] == list(ExitCode)
    help = " ".join(run("--help").out.split())
    for code, meaning in documented:
        assert f"{code} {meaning}" in help


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("similar", ["cat", "-m", "MODEL"]),
        ("similar --explain", ["cat", "-n", "1", "--explain", "-m", "MODEL"]),
        ("analogy", ["cat", "dog", "mouse", "-m", "MODEL"]),
        ("similarity", ["cat", "dog", "-m", "MODEL"]),
        ("similarity --explain", ["cat", "dog", "--explain", "-m", "MODEL"]),
        ("odd-one-out", ["cat", "dog", "bread", "-m", "MODEL"]),
        ("vocab", ["-m", "MODEL"]),
        ("evaluate", ["MODEL"]),
        ("compare", ["MODEL", "MODEL", "--min-count", "1"]),
        ("formats", []),
        ("models", ["."]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_columns_are_those_that_come_out(
    command: str, arguments: list[str], run: Run, word2vec_model: Path
) -> None:
    documented = {row[0].strip("`"): row[1] for row in rows(CLONE / "docs" / "pipelines.md", "Columns")}
    given = [str(word2vec_model) if argument == "MODEL" else argument for argument in arguments]
    result = run(command.split()[0], *given, "--format", "tsv", "--header")
    assert result.rows[0] == documented[command].split("`")[1].split(), result.err


@pytest.mark.parametrize("command", ["info", "index"])
def test_the_keys_are_those_that_come_out(command: str, run: Run, word2vec_model: Path, tmp_path: Path) -> None:
    documented = {row[0].strip("`"): row[1] for row in rows(CLONE / "docs" / "pipelines.md", "Columns")}
    model = shutil.copy(word2vec_model, tmp_path / "model.safetensors")
    result = run(command, model, "--format", "json")
    assert list(json.loads(result.out)) == documented[command].split("`")[1].split(), result.err


@pytest.mark.slow
def test_the_picture_shows_what_the_program_prints(tmp_path: Path) -> None:
    """As in the blocks, the first word of each line is compared; the picture asks for nothing from elsewhere."""
    picture = (CLONE / "docs" / "terminal.svg").read_text(encoding="utf-8")
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg\")|url\(|@import|<script|<image", picture)
    command = [sys.executable, str(CLONE / "docs" / "terminal.py"), str(tmp_path / "now.svg")]
    subprocess.run(command, check=True, env=clean_environment(), timeout=240)
    assert first_words(picture) == first_words((tmp_path / "now.svg").read_text(encoding="utf-8"))


def first_words(picture: str) -> list[str]:
    """The first word of each line that a picture shows."""
    lines: dict[str, str] = {}
    for element in xml.etree.ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}text"):
        lines.setdefault(element.attrib["y"], (element.text or "").split()[0])
    return list(lines.values())
