"""Draws a map of a sample corpus and takes the picture of its page, `map.png`, that is in README.

    python docs/map_picture.py [FILE]

It needs the extra `map`, Playwright, and Debian's Chromium.
"""

import io
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "map.png"

_SIZE = {"width": 1280, "height": 760}
_COLORS = 256  # of the picture, so that it is small


def main() -> None:
    """Train a model, map it, open the page, and write what it shows."""
    from PIL import Image
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for line in (
            ["train", ROOT / "sample_corpora" / "english.txt", "-q"],
            ["map", "--title", "English", "-q"],
        ):
            subprocess.run([sys.executable, "-m", "wvcli", *map(str, line)], cwd=folder, check=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            page = browser.new_page(viewport=_SIZE, reduced_motion="reduce")
            page.goto((folder / "english.html").as_uri())
            page.wait_for_function("window.wordMap && wordMap.labels().length > 0")
            shown = page.screenshot()
            browser.close()
    small = Image.open(io.BytesIO(shown)).convert("RGB").quantize(_COLORS, method=Image.Quantize.FASTOCTREE)
    small.save(Path(sys.argv[1]) if sys.argv[1:] else PICTURE, optimize=True)


if __name__ == "__main__":
    main()
