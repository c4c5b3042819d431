import subprocess
import sys
from pathlib import Path

import pytest

from wvcli import formats
from wvcli.errors import ExitCode, UsageError, WvcliError
from wvcli.evaluation import tasks
from wvcli.registry import Registry
from wvcli.text import tokenizers
from wvcli.training import clusters, engines

FAMILIES = {
    "format": formats.registry,
    "tokenizer": tokenizers.registry,
    "engine": engines.registry,
    "task": tasks.registry,
    "cluster": clusters.registry,
}


@pytest.fixture
def family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Registry[str]":
    """A family of two members, one of which cannot be imported."""
    package = tmp_path / f"family_of_{tmp_path.name.replace('-', '_')}"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "two_words.py").write_text('THING = "the member"\n')
    (package / "broken.py").write_text('raise RuntimeError("imported without need")\n')
    monkeypatch.syspath_prepend(tmp_path)
    return Registry("thing", package.name)


def test_listing_names_imports_no_member(family: "Registry[str]") -> None:
    assert family.names() == ["broken", "two-words"]
    assert family.get("two-words") == "the member"
    with pytest.raises(RuntimeError, match="imported without need"):
        family.get("broken")


def test_a_misspelt_member_is_refused_with_the_near_name(family: "Registry[str]") -> None:
    with pytest.raises(UsageError) as caught:
        family.get("two-word")
    assert "thing" in caught.value.message
    assert "'two-word'" in caught.value.message
    assert caught.value.hint == "did you mean two-words?"
    assert caught.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize("name", ["", "zzz", "../errors", "two_words", "__init__"])
def test_an_unknown_member_is_refused(family: "Registry[str]", name: str) -> None:
    with pytest.raises(UsageError) as caught:
        family.get(name)
    assert "two-words" in caught.value.hint


@pytest.mark.parametrize(("noun", "registry"), FAMILIES.items())
def test_every_member_is_found_under_its_own_name(noun: str, registry: "Registry[object]") -> None:
    names = registry.names()
    assert names == sorted(names)
    assert [member.name for member in registry] == names  # type: ignore[attr-defined]
    with pytest.raises(WvcliError, match=f"no {noun} is called 'no such'"):
        registry.get("no such")


def test_the_names_of_all_families_are_listed_without_importing_the_packages_behind_them() -> None:
    program = (
        "import sys; from wvcli import formats; from wvcli.evaluation import tasks; "
        "from wvcli.text import tokenizers; from wvcli.training import engines; "
        "names = [f.registry.names() for f in (engines, formats, tasks, tokenizers)]; assert all(names), names; "
        "heavy = {'gensim', 'scipy', 'rjieba', 'sudachipy', 'kiwipiepy', 'icu4py', 'regex', 'rich'}; "
        "heavy = (heavy | {'smart_open', 'safetensors'}) & set(sys.modules); "
        "sys.exit(' '.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
