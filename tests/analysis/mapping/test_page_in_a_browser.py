"""The page of a map in a real browser: Chromium, driven by Playwright."""

from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

from tests.against_gensim import vectors_of
from tests.analysis.mapping.conftest import HOSTILE
from tests.clients import package, program
from tests.two_languages import languages
from wvcli.analysis.mapping.languages import words_of_languages
from wvcli.analysis.mapping.pairs import words_of_both
from wvcli.analysis.mapping.points import words_of
from wvcli.analysis.mapping.tables import grouped
from wvcli.analysis.mapping.word_map import WordMap, make_map
from wvcli.analysis.mapping.writing import write
from wvcli.vectors.alignment import orthogonal_map
from wvcli.vectors.bilingual import Alignment, of_maps
from wvcli.vectors.geometry import unit_rows
from wvcli.vectors.word_vectors import Vectors

pytestmark = pytest.mark.client


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, without a window."""
    sync_playwright = package("playwright.sync_api").sync_playwright
    path = program("chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


class Opened:
    """A page of a map that is open, and what it asked for and complained of."""

    def __init__(self, browser: Any, path: Path, word: str = "", **context: Any) -> None:
        settings = {
            "viewport": {"width": 1200, "height": 800},
            "reduced_motion": "reduce",
            "accept_downloads": True,
        }
        self.context = browser.new_context(**settings | context)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri() + (f"#{quote(word)}" if word else ""))
        self.wait_until("() => Boolean(window.wordMap && wordMap.labels().length)")

    def wait_until(self, condition: str) -> None:
        """Wait until a function of the page says so, asked from here: the page evaluates no strings."""
        end = monotonic() + 30
        while not self.page.evaluate(condition):
            assert monotonic() < end, condition
            self.page.wait_for_timeout(20)

    def __enter__(self) -> "Opened":
        return self

    def __exit__(self, *failure: object) -> None:
        complaints = [line for line in self.said if "GPU stall" not in line]  # of a screenshot without a GPU
        self.context.close()
        if not any(failure):
            assert not complaints
            assert all(url.startswith(("file:", "blob:", "data:")) for url in self.asked), self.asked

    def ask(self, expression: str, argument: object = None) -> Any:
        return self.page.evaluate(expression, argument)

    def settled(self) -> None:
        """Wait until the next frame is drawn."""
        self.ask("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    @property
    def selected(self) -> str | None:
        word: str | None = self.ask("wordMap.words[wordMap.state.selected] ?? null")
        return word

    @property
    def picked(self) -> list[str]:
        words: list[str] = self.ask("(wordMap.state.picked ?? []).map((i) => wordMap.words[i])")
        return words

    def position(self, word: str, pane: int = 0) -> tuple[float, float]:
        x, y = self.ask("([word, pane]) => wordMap.position(word, pane)", [word, pane])
        return x, y

    def rows(self) -> list[tuple[str, str]]:
        """The list in the panel: words with the number beside each."""
        found: list[list[str]] = self.ask(
            "[...document.querySelectorAll('#card .row')].map((row) => "
            "[row.querySelector('bdi').textContent, row.querySelector('.number').textContent])"
        )
        return [(word, number) for word, number in found]

    def check_labels(self, pane: int = 0) -> list[dict[str, Any]]:
        """Return the labels on the screen, none of which lies over another."""
        labels: list[dict[str, Any]] = self.ask("(pane) => wordMap.labels(pane)", pane)
        boxes = np.array([[one[side] for side in ("left", "top", "right", "bottom")] for one in labels])
        over = (boxes[:, None, :2] < boxes[None, :, 2:]).all(axis=2)
        over &= (boxes[:, None, 2:] > boxes[None, :, :2]).all(axis=2)
        assert over.sum() == len(labels)  # of each with itself
        return labels


@pytest.fixture(scope="module")
def page(drawn: WordMap, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "map.html"
    write([drawn], path)
    return path


def test_a_word_is_found_with_its_true_neighbours(browser: Any, page: Path, gathered: Vectors) -> None:
    with Opened(browser, page) as opened:
        before = len(opened.check_labels())
        opened.page.keyboard.press("/")
        opened.page.keyboard.type("猫")
        assert opened.page.locator("#found li").all_inner_texts()[0].startswith("猫")
        opened.page.keyboard.press("Enter")
        opened.settled()
        assert opened.selected == "猫"
        found = gathered.most_similar("猫", 10)
        assert [word for word, _ in opened.rows()] == [word for word, _ in found]
        shown = [float(cosine) for _, cosine in opened.rows()]
        assert shown == pytest.approx([cosine for _, cosine in found], abs=0.001)
        assert "occurs 2,920 times" in opened.page.locator("#card").inner_text()
        assert opened.ask("decodeURIComponent(location.hash)") == "#猫"
        labels = opened.check_labels()
        assert "猫" in {one["text"] for one in labels}
        assert before > 20
        opened.page.keyboard.press("Escape")
        assert opened.selected is None
        opened.page.locator("#search").fill("W1")
        assert opened.page.locator("#found li").all_inner_texts()[0].startswith("w10")
        opened.page.locator("#search").fill("nothing such")
        assert "No such word among the 300 shown" in opened.page.locator("#found").inner_text()


def test_a_link_leads_to_a_word_and_hostile_words_are_text(browser: Any, page: Path) -> None:
    for word in (HOSTILE[0], HOSTILE[3]):
        with Opened(browser, page, word) as opened:
            assert opened.selected == word
            assert opened.page.locator("#card b, #card script").count() == 0
            visible = word.replace("\u202e", "\\u202e")
            assert opened.page.locator("#card h2 bdi").inner_text() == visible


def test_a_point_is_pointed_at_and_clicked_and_the_map_zooms(browser: Any, page: Path) -> None:
    with Opened(browser, page) as opened:
        many = {one["text"] for one in opened.check_labels()}
        x, y = opened.position("w50")
        opened.page.mouse.move(x, y)
        opened.settled()
        hovered = opened.ask("wordMap.words[wordMap.state.hovered]")
        assert opened.page.locator("#hint b").inner_text() == hovered
        opened.page.mouse.click(x, y)
        assert opened.selected == hovered
        opened.page.keyboard.press("Escape")
        opened.page.mouse.move(x, y)
        opened.page.mouse.wheel(0, -400)
        opened.wait_until(f"() => wordMap.position('w50')[0] !== {x}")
        assert opened.position("w50") == pytest.approx((x, y), abs=4)  # what is under the mouse stays there
        opened.settled()
        assert {one["text"] for one in opened.check_labels()} - many
        opened.page.keyboard.press("0")
        opened.page.locator("canvas[tabindex]").focus()
        opened.page.keyboard.press("ArrowLeft")
        opened.settled()
        assert opened.position("w50")[0] == pytest.approx(x + 60, abs=2)


@pytest.mark.parametrize("tool", ["box", "lasso"])
def test_words_within_a_box_or_lasso_are_listed_and_downloaded(browser: Any, page: Path, tool: str) -> None:
    with Opened(browser, page) as opened:
        x, y = opened.position("w30")
        corners = [(x - 90, y - 80), (x + 90, y - 80), (x + 90, y + 80), (x - 90, y + 80)]
        opened.page.locator(f"#{tool}").click()
        opened.page.mouse.move(*corners[0])
        opened.page.mouse.down()
        for corner in corners[2:3] if tool == "box" else corners[1:]:
            opened.page.mouse.move(*corner)
        opened.page.mouse.up()
        inside = [
            word
            for word, (left, top) in opened.ask("wordMap.words.map((word) => [word, wordMap.position(word)])")
            if abs(left - x) < 90 and abs(top - y) < 80
        ]
        assert "w30" in inside
        assert len(inside) > 5
        assert opened.picked == inside
        with opened.page.expect_download() as download:
            opened.page.get_by_role("button", name="Download TSV").click()
        heading, *rows = Path(download.value.path()).read_text("utf-8").splitlines()
        assert heading == "word\tcount\tcluster"
        assert [row.split("\t")[0] for row in rows] == [
            word.replace("\t", "\\t").replace("\n", "\\n") for word in inside
        ]


def test_clusters_are_listed_and_colours_switched(browser: Any, gathered: Vectors, tmp_path: Path) -> None:
    groups = {word: f"group {row % 3}" for row, word in enumerate(gathered) if row % 4}
    write(
        [make_map(grouped(words_of(gathered), "kind", groups), method="pca", clusters=10)],
        tmp_path / "map.html",
        color="kind",
    )
    with Opened(browser, tmp_path / "map.html", color_scheme="dark") as opened:
        assert opened.ask("document.documentElement.dataset.theme") == "dark"
        assert [word for word, _ in opened.rows()] == ["group 0", "group 1", "group 2"]
        opened.page.get_by_role("button", name="group 1").click()
        assert opened.picked == [word for word, group in groups.items() if group == "group 1"]
        opened.page.keyboard.press("Escape")
        opened.page.locator("#color").select_option("count")
        assert opened.page.locator("#legend").inner_text().split() == ["10", "3,000"]
        opened.page.locator("#color").select_option("cluster")
        assert len(opened.rows()) == 10
        opened.page.locator("#card .row").first.click()
        assert len(opened.picked) == 30
        opened.page.keyboard.press("d")
        assert opened.ask("document.documentElement.dataset.theme") == "light"


def test_it_works_on_a_phone(browser: Any, page: Path) -> None:
    with Opened(browser, page, viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True) as opened:
        assert opened.ask("document.documentElement.scrollWidth") == 390
        opened.check_labels()
        x, y = opened.position("w40")
        opened.page.touchscreen.tap(x, y)
        opened.settled()
        assert opened.selected is not None
        assert len(opened.rows()) == 10
        opened.page.locator("#search").fill("w299")
        opened.page.locator("#found li").first.tap()
        opened.settled()
        x, y = opened.position("w299")
        assert 0 < x < 390
        assert 60 < y < 800 * 0.54  # above the list, below the field of the search
        for button in opened.page.locator("#tools button:visible").all():
            box = button.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 390


def test_two_models_are_linked(browser: Any, gathered: Vectors, tmp_path: Path) -> None:
    matrix = np.array(gathered.matrix)
    matrix[[40, 41]] = matrix[[41, 40]]
    other = vectors_of(matrix, list(gathered), counts=np.arange(3000, 0, -10))
    pair = words_of_both(gathered, other)
    old = make_map(pair.old, "old", method="pca")
    write([old, make_map(pair.new, "new", method="pca", like=old)], tmp_path / "map.html", moved=pair.moved)
    with Opened(browser, tmp_path / "map.html") as opened:
        assert {word for word, _ in opened.rows()[:2]} == {"w40", "w41"}
        opened.page.locator("#card .row").first.click()
        opened.settled()
        assert opened.selected in ("w40", "w41")
        assert len(opened.rows()) == 20
        for pane in (0, 1):
            assert opened.selected in {one["text"] for one in opened.check_labels(pane)}


@pytest.fixture(scope="module")
def bilingual() -> Alignment:
    """Two languages of 150 words, in which `s3` is a word of both."""
    both = languages(words=150, noise=0.3)
    words = ["s3" if word == "t9" else word for word in both.target]
    target = vectors_of(both.target.matrix, words, counts=both.target.counts)
    rows = [both.target.index(f"t{number}") for number in range(150)]
    turned = orthogonal_map(unit_rows(both.source.matrix), unit_rows(both.target.matrix[rows]))
    return of_maps(both.source, target, turned.astype(np.float32), np.eye(16, dtype=np.float32), {})


def test_two_languages_are_told_apart_on_one_map(browser: Any, bilingual: Alignment, tmp_path: Path) -> None:
    points = words_of_languages(bilingual, ("en", "fr"))
    write([make_map(points, "both", method="pca", clusters=8)], tmp_path / "map.html", color="language")
    with Opened(browser, tmp_path / "map.html") as opened:
        assert opened.page.locator(".pane h2.languages").inner_text().split() == ["en", "fr"]
        assert opened.page.locator(".pane h2 .square").count() == 1
        assert opened.rows()[:2] == [("en", "150"), ("fr", "150")]
        assert len({one["text"] for one in opened.check_labels()}) > 20
        opened.page.locator("#search").fill("s3")
        assert [text.split()[0] for text in opened.page.locator("#found li").all_inner_texts()[:2]] == ["s3", "s3"]
        for link, way, below in (("s3", bilingual, 0), ("fr:s3", bilingual.reversed, 1)):
            opened.page.locator("#search").fill("s3")
            for _ in range(below):
                opened.page.keyboard.press("ArrowDown")
            opened.page.keyboard.press("Enter")
            opened.settled()
            assert opened.ask("decodeURIComponent(location.hash)") == f"#{link}"
            own = [word for word, _ in way.source.in_common_space().most_similar("s3", 5)]
            others = [found.word for found in way.translate("s3", 5)]
            english, french = (own, others) if way is bilingual else (others, own)
            assert [word for word, _ in opened.rows()] == english + french
            assert opened.page.locator("#card .label").all_inner_texts() == ["en", "fr"]
        opened.page.keyboard.press("Escape")
        opened.page.locator("#color").select_option("cluster")
        assert len(opened.rows()) == 8
        opened.page.locator("#color").select_option("language")
        opened.page.get_by_role("button", name="fr 150").click()
        assert set(opened.picked) == set(bilingual.target.vectors)
        with opened.page.expect_download() as download:
            opened.page.get_by_role("button", name="Download TSV").click()
        heading, *rows = Path(download.value.path()).read_text("utf-8").splitlines()
        assert heading == "word\tcount\tcluster\tlanguage"
        assert {row.split("\t")[3] for row in rows} == {"fr"}
    with Opened(browser, tmp_path / "map.html", "fr:s3") as opened:
        assert opened.ask("wordMap.state.selected") == points.labels.index("s3", points.labels.index("s3") + 1)


def test_without_webgl_points_are_drawn_all_the_same(browser: Any, page: Path) -> None:
    with Opened(browser, page) as opened:
        opened.context.add_init_script(
            "const get = HTMLCanvasElement.prototype.getContext;"
            "HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {"
            " return kind === 'webgl2' ? null : get.call(this, kind, ...rest); };"
        )
        opened.page.reload()
        opened.wait_until("() => Boolean(window.wordMap && wordMap.labels().length)")
        colors = opened.ask(
            "() => { const canvas = document.querySelector('.pane canvas'), { width, height } = canvas;"
            " const data = canvas.getContext('2d').getImageData(0, 0, width, height).data; let many = 0;"
            " for (let i = 3; i < data.length; i += 4) if (data[i]) many++; return many; }"
        )
        assert colors > 1000
