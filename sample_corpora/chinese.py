"""Compose the Chinese corpus: scenes of animals, foods, people and towns, told by the patterns."""

from dataclasses import dataclass

from chinese_animals import ANIMALS
from chinese_patterns import ANIMAL, FAMILY, FOOD, HOME, JOB, KINDS, PLACE, STORY, WEATHER
from chinese_words import FAMILY as RELATIVES
from chinese_words import FAMILY_DID, FOODS, JOBS, NAMES, PET_NAMES, SEASONS, TOWNS
from chinese_words import WEATHER as SEASON_WEATHER
from grammar import Deck, Dice, Scene, blocks, compose_lines, phrases

# How many lines of each subject, and how much more often these animals, jobs and foods come than the others.
LINES = {"animal": 1100, "kind": 600, "food": 420, "job": 400, "family": 380, "place": 200, "weather": 60}
LINES |= {"story": 200, "home": 200}
ANIMAL_SHARE = {"猫": 7, "狗": 5, "小狗": 2, "兔子": 2, "马": 2}
JOB_SHARE = {"医生": 4, "护士": 3, "老师": 3}
FOOD_SHARE = {"面包": 3, "米饭": 2}
COOKED = "面包、面条、饺子、包子、馒头、蛋糕、饼干、稀饭、月饼、油条"
GROWN_UP = "妈妈、爸爸、叔叔、阿姨、奶奶、爷爷、姐姐、哥哥、舅舅、姑姑"
CHILDREN = "儿子、女儿、弟弟、妹妹"
SURNAMES = "王、李、张、刘、陈、杨、赵、周、吴、孙"
SPOTS = "公园、车站、市场、湖边、图书馆、电影院、河边、学校门口、书店"
TRAITS = "可爱、听话、安静、聪明、调皮、胆小"
FAVOURITE = "猫是最爱的动物。"
ANIMALS_OF_A_KIND = 3
HEAVIER = 6.0

WHEN = (
    "昨天|今天早上|星期[一|三|五|六]早上|太阳刚出来的时候|吃午饭以前|下午|傍晚|晚上|上个[星期|月]|有一天[早上|晚上]|"
    "下雨以后|中午|天快黑的时候|三天前|[三|五|九]月的一天|周末|前天[上午|晚上]"
)
DAY = "昨天|今天上午|昨天晚上|上个[星期|月]|星期[二|四|天]|两天前|前几天|周末|[四|六|八|十]月里"

# A deed that starts like this, or is over, needs no 在 before it.
_NO_PROGRESS = tuple("在绕跟从趴跪倒把看等挥排驮追叼一摇躲伸飞站竖大悄")


@dataclass(frozen=True)
class Animal:
    """One kind of animal."""

    name: str
    counter: str
    kind: str
    weight: float
    looks: list[str]
    at: list[str]
    eats: list[str]
    can: list[str]
    did: list[str]


def _words(line: str) -> list[str]:
    """Return the phrases of a line."""
    return phrases(line, "、")


def _deed(phrase: str) -> str:
    """Return what an animal did or was doing."""
    return phrase if "了" in phrase or phrase.startswith(_NO_PROGRESS) else f"在{phrase}"


def read_animals() -> list[Animal]:
    """Return the animals of the table."""
    found: list[Animal] = []
    for head, looks, at, eats, can, did in blocks(ANIMALS):
        name, counter, kind, weight = head.split()
        lists = [_words(line) for line in (looks, at, eats, can)]
        lists.append([_deed(one) for one in _words(did)])
        found.append(Animal(name, counter, kind, float(weight), *lists))
    return found


def _shared(records: list[list[str]], share: dict[str, int]) -> list[list[str]]:
    """Return the records, those with a larger share several times."""
    return [record for record in records for _ in range(share.get(record[0].split()[0], 1))]


class Chinese:
    """The decks the Chinese scenes are dealt from."""

    def __init__(self, dice: Dice) -> None:
        """Read the tables and shuffle the decks."""
        self.dice = dice
        self.animals = read_animals()
        weighted = [animal for animal in self.animals for _ in range(ANIMAL_SHARE.get(animal.name, 1))]
        self.leading = Deck(dice, weighted)
        self.kinds = {kind: Deck(dice, [a for a in self.animals if a.kind == kind]) for kind in KINDS}
        self.foods = Deck(dice, _shared(blocks(FOODS), FOOD_SHARE))
        self.jobs = Deck(dice, _shared(blocks(JOBS), JOB_SHARE))
        self.doctor_did = _words(blocks(JOBS)[0][-1])
        self.relatives = Deck(dice, _words(RELATIVES))
        self.towns = Deck(dice, TOWNS.strip().splitlines())
        self.names = {pronoun: Deck(dice, _words(names)) for pronoun, names in NAMES.items()}

    def scene(self) -> tuple[str, Scene]:
        """Return a new scene and the kind of animal it is about."""
        scene: Scene = {"when": [f"[{WHEN}]"], "day": [f"[{DAY}]"], "ddid": self.doctor_did}
        scene |= {"surname": _words(SURNAMES), "spot": _words(SPOTS), "trait": _words(TRAITS)}
        scene["pet"] = [self.dice.pick(_words(PET_NAMES))]
        kind = self._animals(scene)
        self._people(scene)
        self._foods(scene)
        self._jobs(scene)
        self._towns(scene)
        return kind, scene

    def _animals(self, scene: Scene) -> str:
        """Put the leading animal, two others like it and a comparison into the scene."""
        first = self.leading.deal()
        chosen = [first]
        while len(chosen) < ANIMALS_OF_A_KIND:
            other = self.kinds[first.kind].deal()
            if other not in chosen:
                chosen.append(other)
        for suffix, animal in zip(("", "2", "3"), chosen, strict=True):
            scene["n" + suffix], scene["c" + suffix] = [animal.name], [animal.counter]
            scene["adj" + suffix], scene["at" + suffix] = animal.looks, animal.at
            scene["eats" + suffix], scene["can" + suffix] = animal.eats, animal.can
            scene["did" + suffix] = animal.did
            done = [deed for deed in animal.did if "了" in deed]
            scene["didnew" + suffix] = done or ["习惯了"]
        small, big = sorted((first, self._unlike(first)), key=lambda animal: animal.weight)
        scene["small"], scene["big"] = [small.name], [big.name]
        return first.kind

    def _unlike(self, first: Animal) -> Animal:
        """Return an animal that is clearly heavier or lighter."""
        while True:
            other = self.dice.pick(self.animals)
            if max(first.weight, other.weight) / min(first.weight, other.weight) >= HEAVIER:
                return other

    def _people(self, scene: Scene) -> None:
        """Put two named people and three relatives into the scene."""
        pronoun = self.dice.pick("他她")
        scene["he"], scene["P"] = [pronoun], [self.names[pronoun].deal()]
        scene["Q"] = [self.names["她" if pronoun == "他" else "他"].deal()]
        scene["kina"], scene["kina2"] = ([one] for one in self.dice.shuffled(_words(GROWN_UP))[:2])
        scene["kinc"] = _words(CHILDREN)
        taken: set[str] = set()
        for suffix in ("", "2", "3"):
            while (record := self.relatives.deal().split())[0] in taken:
                pass
            taken.add(record[0])
            scene["kin" + suffix], scene["khe" + suffix] = [record[0]], [record[1]]
            scene["kdid" + suffix] = _words(FAMILY_DID[record[2]])

    def _foods(self, scene: Scene) -> None:
        """Put three foods into the scene."""
        names: set[str] = set()
        for suffix in ("", "2", "3"):
            while (record := self.foods.deal())[0].split()[0] in names:
                pass
            name, portion = record[0].split()
            names.add(name)
            scene["f" + suffix], scene["fu" + suffix] = [name], [portion]
            for slot, line in zip(("fadj", "how", "fwith", "from"), record[1:], strict=True):
                scene[slot + suffix] = _words(line)
        scene["fc"] = [self.dice.pick([name for name in _words(COOKED) if name not in names])]
        for suffix in ("", "2", "3"):
            left = [one for one in scene["fwith" + suffix] if one not in names]
            scene["fwith" + suffix] = left or ["热茶"]

    def _jobs(self, scene: Scene) -> None:
        """Put three jobs into the scene."""
        taken: set[str] = set()
        for suffix in ("", "2", "3"):
            while (record := self.jobs.deal())[0] in taken:
                pass
            taken.add(record[0])
            for slot, line in zip(("job", "jplace", "jtool", "jdo", "jdid"), record, strict=True):
                scene[slot + suffix] = _words(line)

    def _towns(self, scene: Scene) -> None:
        """Put two towns and a season into the scene."""
        town, land, known = self.towns.deal().split("；")
        while (other := self.towns.deal().split("；")[0]) == town:
            pass
        scene["town"], scene["land"], scene["known"], scene["town2"] = [town], [land], _words(known), [other]
        season = self.dice.pick(list(SEASONS))
        weather, doing = self.dice.pick(_words(SEASON_WEATHER[season])).split("：")
        scene["season"], scene["sfact"] = [season], _words(SEASONS[season])
        scene["wadj"], scene["wdo"] = [weather], [doing]


def compose(seed: int) -> list[str]:
    """Return the lines of the Chinese corpus."""
    dice = Dice(seed)
    subjects = {"animal": ANIMAL, "food": FOOD, "job": JOB, "family": FAMILY, "place": PLACE}
    subjects |= {"weather": WEATHER, "story": STORY, "home": HOME}
    lines = compose_lines(dice, Chinese(dice).scene, subjects, KINDS, LINES, "宠物")
    lines.insert(dice.below(len(lines)), FAVOURITE)
    return lines
