"""How long a map takes, how large its page is, and how many neighbours it keeps.

    python benchmarks/map.py MODEL [--words 10000 50000] [--peer] [--browser]

For each number of words it prints CPU seconds of each part (run it with OPENBLAS_NUM_THREADS=1 for those of one
core), the share of the ten nearest neighbours kept, and the bytes of the page. `--peer` compares the first
number with openTSNE's own defaults on the same vectors: perplexity 30, 250 and 500 iterations, its own
neighbours. `--browser` opens each page in Chromium without a window and prints the seconds until its first
labels are drawn, and the milliseconds from frame to frame while nothing happens, while it zooms and while it is
dragged; 16.7 is 60 frames a second.

With GloVe's first 10,000 words of 50 dimensions, settings of t-SNE were tried: 250 and 500 iterations with
openTSNE's three points of interpolation took 48.6 CPU seconds and kept .423, 100 and 250 iterations 13.3 and .417,
and these with two points 5.7 and .410.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import Any

import wvcli
from wvcli.analysis.mapping import layout, word_map
from wvcli.analysis.mapping.near_words import find_near_words
from wvcli.analysis.mapping.points import Points, words_of
from wvcli.analysis.mapping.writing import write

# Milliseconds from frame to frame, as the browser calls for them, while the map is zoomed in and dragged.
_FRAMES = """async () => {
    const canvas = document.querySelector("canvas[tabindex]");
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const at = (type, x) => canvas.dispatchEvent(
        new PointerEvent(type, { clientX: x, clientY: 400, pointerId: 1, pointerType: "mouse" }));
    canvas.setPointerCapture = () => {};
    const measured = async (does) => {
        const took = [];
        let before = await frame();
        for (let number = 0; number < 120; number++) {
            does(number);
            const now = await frame();
            took.push(now - before);
            before = now;
        }
        return took;
    };
    const wheel = () => canvas.dispatchEvent(new WheelEvent("wheel", { deltaY: -20, clientX: 700, clientY: 400 }));
    const zooming = await measured(wheel);
    at("pointerdown", 600);
    const dragging = await measured((number) => at("pointermove", 600 + 2 * number));
    at("pointerup", 840);
    return { nothing: await measured(() => {}), zooming, dragging };
}"""


def timed(what: str, work: Callable[..., Any], *arguments: Any) -> Any:
    start = process_time()
    made = work(*arguments)
    print(f"    {what:<28} {process_time() - start:6.1f} CPU s", flush=True)
    return made


def peer(points: Points, neighbors: Any) -> None:
    import openTSNE

    places = timed(
        "openTSNE by itself",
        lambda: openTSNE.TSNE(metric="cosine", n_jobs=1, random_state=1).fit(points.units.astype("float64")),
    )
    print(f"    keeps {layout.share_kept(places, neighbors):.3f}")


def opened(path: Path) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        start = perf_counter()
        page.goto(path.as_uri())
        page.wait_for_function("window.wordMap && wordMap.labels().length > 0")
        first = perf_counter() - start
        frames = page.evaluate(_FRAMES)
        browser.close()
    print(f"    in the browser: {first:.2f} s to the first labels; ms of a frame, median and 95th percentile:")
    for what, took in frames.items():
        print(f"        {what:<12} {median(took):6.1f} {quantiles(took, n=20)[-1]:6.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--words", type=int, nargs="+", default=[10_000, 50_000])
    parser.add_argument("--peer", action="store_true")
    parser.add_argument("--browser", action="store_true")
    given = parser.parse_args()
    vectors = wvcli.load(given.model)
    for words in given.words:
        print(f"{words:,} words of {len(vectors):,}, {vectors.dim} dimensions")
        start = process_time()
        points = words_of(vectors, words)
        near = timed("neighbours", find_near_words, points, layout.NEIGHBORS)
        timed("those of the whole model", find_near_words, points, 10, points.others)
        neighbors = near.rows
        places = timed("t-SNE", layout.tsne, points.units, neighbors)
        print(f"    keeps {layout.share_kept(places, neighbors):.3f}")
        print(f"    {process_time() - start:.1f} CPU s so far; now all again, as the command does it")
        one = timed("a whole map", word_map.make_map, points)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "map.html"
            timed("its page", write, [one], path)
            print(f"    {path.stat().st_size:,} bytes")
            if given.browser:
                opened(path)
        if given.peer and words == given.words[0]:
            peer(points, neighbors)


if __name__ == "__main__":
    main()
