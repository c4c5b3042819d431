"""How much memory is left is read from where Linux tells it."""

from pathlib import Path

import pytest

from wvcli.system.memory import available_memory

MEMINFO = "MemTotal:       16000000 kB\nMemFree:  1000000 kB\nMemAvailable:    8000000 kB\n"


@pytest.fixture
def groups(tmp_path: Path) -> Path:
    (tmp_path / "meminfo").write_text(MEMINFO)
    return tmp_path / "groups"


def test_it_is_what_the_computer_has_without_a_limit(tmp_path: Path, groups: Path) -> None:
    groups.mkdir()
    (groups / "memory.max").write_text("max\n")
    (groups / "memory.current").write_text("100\n")
    (groups / "memory.stat").write_text("anon 5\n")
    assert available_memory(tmp_path, groups) == 8_000_000 * 1024


@pytest.mark.parametrize(
    ("folder", "limit", "used", "cache"),
    [
        (".", "memory.max", "memory.current", "inactive_file"),
        ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ],
)
def test_a_container_has_what_is_left_of_its_limit(
    tmp_path: Path, groups: Path, folder: str, limit: str, used: str, cache: str
) -> None:
    (groups / folder).mkdir(parents=True)
    (groups / folder / limit).write_text("2000000000\n")
    (groups / folder / used).write_text("1500000000\n")
    (groups / folder / "memory.stat").write_text(f"anon 5\n{cache} 300000000\n")
    assert available_memory(tmp_path, groups) == 800_000_000


def test_where_nothing_is_told_it_is_all_memory_or_unknown(tmp_path: Path) -> None:
    found = available_memory(tmp_path, tmp_path)
    assert found is None or found > 100_000_000
