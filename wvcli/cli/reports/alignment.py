"""What is known of an alignment of two models."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wvcli.vectors.bilingual import Alignment


def facts(alignment: "Alignment", for_people: bool) -> dict[str, Any]:
    """Return how an alignment was made and how good it is, by the name of each fact; for people in sentences."""
    if not for_people:
        return {"path": str(alignment.path), **alignment.about}
    about = alignment.about
    return {
        "alignment": str(alignment.path),
        "pairs": _pairs(about["seeds"]),
        "learned": f"from {about['learned_from']:,} pairs in the end, after {about['rounds']} rounds",
        "similarity": f"{about['similarity']:.3f} on average between a word and the nearest of the other language",
        "mutual": f"{about['mutual']:.0%} of the frequent words are the nearest of their nearest",
        "held out": _score(about["held_out"]),
    }


def _pairs(seeds: Mapping[str, Any]) -> str:
    parts = []
    if "pairs" in seeds:
        parts.append(
            f"{seeds['pairs']:,} in the dictionary, {seeds['covered']:,} of them in both models "
            f"({seeds['words']:,} words)"
        )
    if "lines" in seeds:
        parts.append(f"{seeds['from_lines']:,} from {seeds['lines']:,} lines of parallel text")
    if "identical" in seeds:
        parts.append(f"{seeds['identical']:,} words spelt alike")
    return "; ".join(parts) or "none; begun from the shapes of both spaces"


def _score(held: Mapping[str, Any] | None) -> str:
    if held is None:
        return "no words; score a dictionary with wvcli evaluate --alignment"
    return (
        f"{held['words']:,} words of the {held['of']}: P@1 {held['p@1']:.3f} "
        f"(95% interval {held['low']:.3f} to {held['high']:.3f}), P@10 {held['p@10']:.3f}"
    )
