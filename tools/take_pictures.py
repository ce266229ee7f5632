"""The pictures of README.md, taken anew: beside a `make run`, `.venv/bin/python -m tools.take_pictures`.

Chromium opens the demo as somebody would: by a door of the landing page, at a phone's and a desk's width.
"""

import argparse
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"
PHONE, DESK = {"width": 390, "height": 780}, {"width": 1280, "height": 900}
COLOURS = 64
#: File, the door, the link to follow from the start (none: the start itself), and the width.
PICTURES = (
    ("volunteer-start.png", "志愿者", None, PHONE),
    ("registration-rates.png", "审计员", "注册完成率", DESK),
)


def main() -> None:
    """Take every picture of the demo that runs at `--base`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", default="http://127.0.0.1:8000")
    base = parser.parse_args().base
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, door, link, size in PICTURES:
            take(browser, base, (door, link), size, FOLDER / name)
        browser.close()


def take(browser: Browser, base: str, way: tuple[str, str | None], size: dict[str, int], path: Path) -> None:
    """Go in by a door, follow a link, and leave a picture of what a screen of that size shows."""
    page = browser.new_page(viewport=size, locale="zh-CN", reduced_motion="reduce")  # type: ignore[arg-type]
    page.goto(base)
    door, link = way
    page.get_by_role("button", name=door, exact=True).click()
    page.wait_for_url("**/me")
    if link:
        page.get_by_role("link", name=link, exact=True).first.click()
        page.wait_for_load_state()
    page.screenshot(path=path)
    page.context.close()
    Image.open(path).convert("RGB").quantize(COLOURS).save(path, optimize=True)
    print(f"{path.name}: {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
