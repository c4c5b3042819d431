"""Compose the English corpus: scenes of animals, foods, people and towns, told by the patterns."""

from dataclasses import dataclass

from english_animals import ANIMALS
from english_jobs import JOBS
from english_patterns import ANIMAL, FAMILY, FOOD, JOB, KINDS, PLACE, WEATHER
from english_stories import HOME, STORY, SURNAMES
from english_words import FAMILY as RELATIVES
from english_words import FAMILY_DID, FOODS, NAMES, PET_NAMES, TOWNS
from grammar import Deck, Dice, Scene, blocks, compose_lines, phrases

# How many lines of each subject, and how much more often these animals come than the others.
LINES = {
    "animal": 1150,
    "kind": 690,
    "food": 400,
    "job": 400,
    "family": 370,
    "place": 190,
    "weather": 70,
    "story": 170,
    "home": 170,
}
ANIMAL_SHARE = {"cat": 6, "dog": 4, "horse": 2, "kitten": 2, "rabbit": 2}
ANIMAL_SHARE |= {"goat": 2, "badger": 2, "leopard": 2}
JOB_SHARE = {"doctor": 5, "nurse": 3, "teacher": 3}
FOOD_SHARE = {"bread": 4, "rice": 2, "soup": 2}
CHILDREN = "daughter, son, niece, nephew, granddaughter, grandson"
COOKED = (
    "bread, soup, noodles, pancakes, pasta, salad, curry, pie, cake, biscuits, porridge, dumplings, "
    "sandwiches, stew, pizza"
)
GROWN_UP = "mother, father, aunt, uncle, grandmother, grandfather, sister, brother"
HEAVIER = 6.0

WHEN = (
    "yesterday|this morning|on [Monday|Tuesday|Friday|Saturday] morning|just after sunrise|before "
    "lunch|late in the "
    "afternoon|in the evening|last [week|Sunday|night]|one [cold|warm|quiet|windy|rainy] "
    "[morning|evening|day]|after "
    "the rain|at noon|shortly before dark|three days ago|while the bells were ringing|on the first day of "
    "[March|May|"
    "June|October]|at the end of the week"
)
DAY = (
    "yesterday|this morning|last [week|night|month]|on [Monday|Wednesday|Thursday|Sunday]|in the "
    "[evening|afternoon]|"
    "two days ago|at the weekend|in [April|July|September|November]|before breakfast"
)
AFTER = "[a little|an hour|a moment] later|soon afterwards|in the end|by evening|the next day|after a while"
SEASON_FACTS = {
    "spring": "the snow melts, the birds build nests, the cherry trees bloom, lambs are born, the days grow "
    "longer, "
    "the farmers sow their fields",
    "summer": "the days are long, the beaches are full, the strawberries ripen, children swim in the lake, "
    "thunder "
    "follows the heat, the wheat turns yellow",
    "autumn": "the leaves fall, the apples are picked, fog lies in the valley, geese fly south, the "
    "evenings grow "
    "cool, mushrooms come up in the forest",
    "winter": "snow covers the fields, the lake freezes, the nights are long, people light their stoves, "
    "the hedgehog "
    "sleeps, birds come to the feeding table",
}
SEASON_WEATHER = {
    "spring": "mild: opened the windows, rainy: took an umbrella, windy: flew a kite, bright: planted peas",
    "summer": "hot: swam in the lake, dry: watered the garden, sunny: ate ice cream, stormy: closed the windows",
    "autumn": "foggy: drove slowly, wet: put on boots, cool: lit the stove, windy: raked the leaves",
    "winter": "frosty: scraped the ice off the car, snowy: built a snowman, icy: walked slowly, grey: "
    "stayed indoors",
}


@dataclass(frozen=True)
class Animal:
    """One kind of animal; the phrases keep ``{its}`` open."""

    name: str
    plural: str
    kind: str
    weight: float
    looks: list[str]
    at: list[str]
    eats: list[str]
    can: list[str]
    did: list[str]


def read_animals() -> list[Animal]:
    """Return the animals of the table."""
    found: list[Animal] = []
    for head, looks, at, eats, can, did in blocks(ANIMALS):
        name, plural, kind, weight = head.split()
        lists = [phrases(line) for line in (looks, at, eats, can, did)]
        found.append(Animal(name, plural, kind, float(weight), *lists))
    return found


def _own(texts: list[str], owner: str) -> list[str]:
    """Return the phrases with the possessive put in."""
    return [text.replace("{its}", owner) for text in texts]


def _shared(records: list[list[str]], share: dict[str, int]) -> list[list[str]]:
    """Return the records, those with a larger share several times."""
    return [record for record in records for _ in range(share.get(record[0].split()[0], 1))]


class English:
    """The decks the English scenes are dealt from."""

    def __init__(self, dice: Dice) -> None:
        """Read the tables and shuffle the decks."""
        self.dice = dice
        self.animals = read_animals()
        weighted = [animal for animal in self.animals for _ in range(ANIMAL_SHARE.get(animal.name, 1))]
        self.leading = Deck(dice, weighted)
        self.kinds = {kind: Deck(dice, [a for a in self.animals if a.kind == kind]) for kind in KINDS}
        self.foods = Deck(dice, _shared(blocks(FOODS), FOOD_SHARE))
        self.jobs = Deck(dice, _shared(blocks(JOBS), JOB_SHARE))
        self.doctor_did = phrases(blocks(JOBS)[0][-1])
        self.bread_with = phrases(blocks(FOODS)[0][3])
        self.relatives = Deck(dice, phrases(RELATIVES.replace("\n", " ")))
        self.towns = Deck(dice, TOWNS.strip().splitlines())
        self.names = {gender: Deck(dice, phrases(names)) for gender, names in NAMES.items()}

    def scene(self) -> tuple[str, Scene]:
        """Return a new scene and the kind of animal it is about."""
        scene: Scene = {"when": [f"[{WHEN}]"], "day": [f"[{DAY}]"], "after": [f"[{AFTER}]"]}
        kind = self._animals(scene)
        self._people(scene)
        self._foods(scene)
        self._jobs(scene)
        self._towns(scene)
        self._weather(scene)
        return kind, scene

    def _other(self, kind: str, taken: set[str]) -> Animal:
        """Return an animal of the kind that the scene does not hold yet."""
        while (animal := self.kinds[kind].deal()).name in taken:
            pass
        taken.add(animal.name)
        return animal

    def _animals(self, scene: Scene) -> str:
        """Put the animals into the scene: the leading one, two like it, and some of fixed kinds."""
        first = self.leading.deal()
        taken = {first.name}
        second, third = self._other(first.kind, taken), self._other(first.kind, taken)
        for suffix, animal in (("", first), ("2", second), ("3", third)):
            self._animal(scene, suffix, animal)
        for suffix, kind in (
            ("3f", "farm"),
            ("3w", "forest"),
            ("3s", "safari"),
            ("3b", "bird"),
            ("3m", "water"),
            ("3p", "pet"),
        ):
            self._animal(scene, suffix, self._other(kind, taken))
        small, big = sorted(self._comparable(first), key=lambda animal: animal.weight)
        scene["small"], scene["big"] = [small.name], [big.name]
        scene["surname"] = phrases(SURNAMES)
        scene["pet"], scene["pet2"] = ([name] for name in self.dice.shuffled(phrases(PET_NAMES))[:2])
        scene["storm"] = ["storm", "thunderstorm", "hailstorm"]
        return first.kind

    def _comparable(self, first: Animal) -> tuple[Animal, Animal]:
        """Return the animal and another one that is clearly heavier or lighter."""
        while True:
            other = self.dice.pick(self.animals)
            heavier = max(first.weight, other.weight) / min(first.weight, other.weight)
            if heavier >= HEAVIER:
                return first, other

    def _animal(self, scene: Scene, suffix: str, animal: Animal) -> None:
        """Put one animal into the scene."""
        scene["n" + suffix], scene["ns" + suffix] = [animal.name], [animal.plural]
        scene["adj" + suffix] = animal.looks
        scene["at" + suffix] = _own(animal.at, "its")
        scene["eats" + suffix] = animal.eats
        scene["can" + suffix] = _own(animal.can, "its")
        scene["canp" + suffix] = _own(animal.can, "their")
        scene["did" + suffix] = _own(animal.did, "its")

    def _people(self, scene: Scene) -> None:
        """Put three named people and three relatives into the scene."""
        gender = self.dice.pick("fm")
        other = "m" if gender == "f" else "f"
        scene["P"], scene["Q"] = [self.names[gender].deal()], [self.names[other].deal()]
        while (third := self.names[gender].deal()) in scene["P"]:
            pass
        scene["R"] = [third]
        female = gender == "f"
        scene["he"], scene["his"] = (["she"], ["her"]) if female else (["he"], ["his"])
        scene["him"], scene["hers"] = (["her"], ["hers"]) if female else (["him"], ["his"])
        scene["qhe"], scene["qhis"] = (["he"], ["his"]) if female else (["she"], ["her"])
        scene["kina"], scene["kina2"] = ([one] for one in self.dice.shuffled(phrases(GROWN_UP))[:2])
        scene["kinc"] = phrases(CHILDREN)
        barred = {"wife", "husband"}
        for suffix in ("", "2", "3"):
            while (record := self.relatives.deal().split())[0] in barred:
                pass
            barred |= {record[0], "wife", "husband"}
            scene["kin" + suffix] = [record[0]]
            scene["khe" + suffix] = ["she" if record[1] == "f" else "he"]
            scene["khim" + suffix] = ["her" if record[1] == "f" else "him"]
            scene["kdid" + suffix] = phrases(FAMILY_DID[record[2]])

    def _foods(self, scene: Scene) -> None:
        """Put three foods into the scene, and one more that somebody can make."""
        scene["breadwith"] = self.bread_with
        names: set[str] = set()
        for suffix in ("", "2", "3"):
            while (record := self.foods.deal())[0].split()[0] in names:
                pass
            self._food(scene, suffix, record)
            names.update(scene["f" + suffix])
        scene["fc"] = [self.dice.pick([name for name in phrases(COOKED) if name not in names])]
        for suffix in ("", "2", "3"):
            left = [one for one in scene["fwith" + suffix] if one not in names]
            scene["fwith" + suffix] = left or ["tea"]

    def _food(self, scene: Scene, suffix: str, record: list[str]) -> None:
        """Put one food into the scene."""
        name, verb = record[0].split()
        many = verb == "are"
        scene["f" + suffix], scene["is" + suffix] = [name], [verb]
        scene["was" + suffix], scene["make" + suffix] = (
            ["were" if many else "was"],
            ["make" if many else "makes"],
        )
        for slot, line in zip(("fadj", "how", "fwith", "meal0", "from"), record[1:], strict=True):
            scene[slot + suffix] = phrases(line)
        scene["meal" + suffix] = [meal.removeprefix("a ") for meal in scene["meal0" + suffix]]

    def _jobs(self, scene: Scene) -> None:
        """Put three jobs into the scene."""
        scene["ddid"] = self.doctor_did
        taken: set[str] = set()
        for suffix in ("", "2", "3"):
            while (record := self.jobs.deal())[0] in taken:
                pass
            taken.add(record[0])
            name, plural = record[0].split()
            scene["job" + suffix], scene["jobs" + suffix] = [name], [plural]
            for slot, line in zip(("jplace", "jtool", "jdo", "jdid"), record[1:], strict=True):
                scene[slot + suffix] = phrases(line)

    def _towns(self, scene: Scene) -> None:
        """Put two towns of different countries into the scene."""
        town, country, lies, known = phrases(self.towns.deal(), ";")
        while (other := phrases(self.towns.deal(), ";"))[1] == country:
            pass
        scene["town"], scene["country"], scene["lies"] = [town], [country], [lies]
        scene["known"] = phrases(known)
        scene["town2"], scene["country2"] = [other[0]], [other[1]]

    def _weather(self, scene: Scene) -> None:
        """Put a season into the scene."""
        season = self.dice.pick(sorted(SEASON_FACTS))
        weather, doing = phrases(self.dice.pick(phrases(SEASON_WEATHER[season])), ":")
        scene["season2"] = [other for other in sorted(SEASON_FACTS) if other != season]
        scene["hour"] = phrases("two, three, four, half past one, half past three")
        scene["season"], scene["sfact"] = [season], phrases(SEASON_FACTS[season])
        scene["wadj"], scene["wdo"] = [weather], [doing]


def compose(seed: int) -> list[str]:
    """Return the lines of the English corpus."""
    dice = Dice(seed)
    subjects = {"animal": ANIMAL, "food": FOOD, "job": JOB, "family": FAMILY, "place": PLACE}
    subjects |= {"weather": WEATHER, "story": STORY, "home": HOME}
    return compose_lines(dice, English(dice).scene, subjects, KINDS, LINES, "pet")
