"""Draw the pictures of the sliders of a page in docs/images: ``python -m tests.browser.page_pictures``."""

import base64
import io
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

import bhyt_analysis as bhyt

from ..conftest import ROOT
from . import chromium

WIDTH, MARGIN = 820, 8  # CSS pixels
NAMES = {"vi": ("thanh_truot", "thanh_truot_khu_vuc"), "en": ("sliders", "sliders_zones")}
# The page, what is set, the parts that the picture leaves out.
PICTURES = [
    ("son-duong", "outreach=2&support.near_poor=1", ".money, .wide, .notes, .link, .gone"),
    (
        "mau-01-gia-lap",
        "zone.X00102=I&zone.X00107=I",
        ".controls > :not(:last-child), .how, .how + p, .money, .wide, .gone, .link, .wide + .notes",
    ),
]
BOX = """
const section = document.getElementById("what-if");
section.querySelector(".stamp").style.position = "static";
section.querySelectorAll(arguments[0]).forEach(part => { if (!part.closest(".zones")) part.style.display = "none"; });
dispatchEvent(new Event("resize"));
const box = section.getBoundingClientRect();
return {x: box.x - arguments[1], y: box.y + scrollY, width: box.width + 2 * arguments[1], height: box.height, scale: 1};
"""


def draw(browser, page, query, left_out, path):
    """Write the section of sliders of a page as a picture."""
    browser.get("about:blank")
    browser.get(f"{page.as_uri()}#what-if?{query}")
    clip = browser.execute_script(BOX, left_out, MARGIN)
    options = {"captureBeyondViewport": True, "clip": clip}
    data = base64.b64decode(browser.execute_cdp_cmd("Page.captureScreenshot", options)["data"])
    Image.open(io.BytesIO(data)).convert("RGB").quantize(256).save(path, optimize=True)


def main():
    """Write the pictures of both languages."""
    with TemporaryDirectory() as folder, chromium.started() as browser:
        screen = {"width": WIDTH, "height": 1000, "deviceScaleFactor": 1, "mobile": True}  # without a bar to scroll
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        for lang, names in NAMES.items():
            out = Path(folder) / lang
            bhyt.run_batch(bhyt.load(), out, ["Sơn Dương", "X001"], bhyt.BatchOptions(lang=lang))
            for name, (slug, query, left_out) in zip(names, PICTURES, strict=True):
                path = ROOT / "docs" / "images" / f"{name}.png"
                draw(browser, out / slug / f"{slug}.html", query, left_out, path)


if __name__ == "__main__":
    main()
