"""A few tries of each campaign find no fault; and what is a fault is found."""

import os
from pathlib import Path
from random import Random
from types import ModuleType

import pytest

from tests.campaigns import disk_full, hostile, kills, mutations, replaced, signals
from tests.campaigns.campaign import Campaign, Fault
from tests.campaigns.writing import WRITERS, Stock
from tests.forking import Forking


@pytest.fixture
def campaign(tmp_path: Path, forking: Forking | None) -> Campaign:
    """A short campaign."""
    if forking is None:
        pytest.skip("campaigns fork the program, which only Linux is known to bear")
    return Campaign(4, 1, [], forking, tmp_path, uses_strace=False)


_KINDS = {  # the quickest of each
    disk_full: ["export text"],
    hostile: ["pickle", "npz", "safetensors", "header", "kept text"],
    kills: ["export text"],
    mutations: ["model", "npz", "word2vec"],
    replaced: ["model", "kept text", "program", "in place"],
    signals: ["export text", "formats"],
}
_TRIES = {mutations: 40, hostile: 10, replaced: 43}


@pytest.mark.slow
@pytest.mark.parametrize("program", _KINDS, ids=lambda program: program.__name__.rpartition(".")[2])
def test_a_few_tries_find_no_fault(program: ModuleType, campaign: Campaign) -> None:
    campaign.names, campaign.tries = _KINDS[program], _TRIES.get(program, campaign.tries)
    program.make_tries(campaign)
    assert campaign.tally.faults == []
    assert campaign.tally.seen.total() == campaign.tries


def test_what_is_torn_left_over_or_missing_is_a_fault(campaign: Campaign, tmp_path: Path) -> None:
    stock = Stock(campaign, ["export text"])
    output = tmp_path / "try" / WRITERS["export text"].output
    damages = [
        lambda: os.truncate(output, 1000),
        lambda: output.unlink(),
        lambda: output.with_name(".out.txt.0123abcd.tmp").touch(),
        lambda: None,
    ]

    def attempt(number: int, random: Random, kind: str, folder: Path) -> str:
        old = stock.prepare(kind, folder, True)
        damages[number]()
        stock.check_no_strays(kind, folder, set())
        return stock.found(kind, folder, old)

    campaign.run(attempt, ["export text"])
    told = [line.partition(": ")[2] for line in campaign.tally.faults]
    assert told[0] == "what is left is neither the old nor the new one"
    assert told[1].startswith("nothing is left under the name")
    assert told[2] == "strays are left: ['.out.txt.0123abcd.tmp']"
    assert campaign.tally.table().splitlines()[-1].split() == ["all", "4", "1", "3"]


def test_a_command_that_fails_is_a_fault(campaign: Campaign, tmp_path: Path) -> None:
    with pytest.raises(Fault, match=r"`wvcli info nothing` ended with 3: 'error: there is no file nothing"):
        campaign.check_done(["info", "nothing"], tmp_path)
