"""How a run was asked for, by the names of the arguments of `train`: read from its checkpoint or its model."""

from collections.abc import Mapping
from typing import Any

_READING = ("encoding", "encoding_errors", "field", "column", "delimiter", "skip_bad")
_SWITCHES = {"lowercase", "phrases"}  # that have an option to turn them off, too

Record = dict[str, Any]


def of_text_and_settings(
    sources: list[str],
    reading: Mapping[str, Any],
    tokenizer: Mapping[str, Any],
    settings: Mapping[str, Any],
    init: Mapping[str, Any] | None,
) -> Record:
    """Return the arguments that decide what is trained.

    Args:
        sources: of the text.
        reading: how it is read, as `TextSettings.to_json` has it.
        tokenizer: as `TokenizerSettings.to_json` has it.
        settings: as `TrainSettings.to_json` has them; None is `auto`.
        init: the `source` of the vectors to start from, `freeze` and `freeze_until`; None where there are none.
    """
    start = init or {}
    return {
        "sources": sources,
        **settings,
        **{name: reading.get(name) for name in _READING},
        "stopwords": reading["stopwords_file"],
        "tokenizer": tokenizer["name"],
        "lowercase": tokenizer["lowercase"],
        "min_length": tokenizer["min_length"],
        "init": start.get("source"),
        "freeze": bool(start.get("freeze") and not start.get("freeze_until")),
        "freeze_until": start.get("freeze_until") or None,
    }


def of_model(manifest: Mapping[str, Any]) -> Record:
    """Return the arguments that train a model, from its manifest."""
    record = of_text_and_settings(
        manifest["corpus"]["sources"],
        manifest["reading"],
        manifest["tokenizer"],
        manifest["settings"],
        manifest.get("init"),
    )
    return record | {"engine": manifest["engine"], "early_stop": manifest["early_stop"]}


def differences(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> list[str]:
    """Return in what two runs differ, a phrase for each argument, among those that `ours` has.

    Several values are the same as a list and as a tuple, and a single one alone or in a list.

    Args:
        theirs: the arguments of a run.
        ours: those of a command that is to continue it.
    """
    return [
        f"{_phrase(name, theirs.get(name))} there, {_phrase(name, value)} here"
        for name, value in ours.items()
        if _values(value) != _values(theirs.get(name))
    ]


def _values(value: Any) -> list[Any]:
    """Return the values of an argument, of which one may be given alone."""
    return list(value) if isinstance(value, list | tuple) else [value]


def _phrase(name: str, value: Any) -> str:
    """Return an argument as errors name it; one that was not given is called so."""
    if name == "sources":
        return f"text from {' '.join(map(str, _values(value)))}"
    if value is None or (value is False and name not in _SWITCHES):
        return f"no `{name}`"
    return f"`{name}={' '.join(map(str, _values(value)))}`"
