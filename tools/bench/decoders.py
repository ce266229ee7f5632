"""Compare decoders of QR codes on hard frames in Chromium: `make bench-decoder`.

Frames are drawn by this script, the same every time: personal codes of 27 digits from far and near, blurred, dark,
pale, noisy, with glare, askew, inverted, and pictures without a code. Each decoder sees every frame with 640 and with
1280 px.
"""

import functools
import http.server
import random
import shutil
import statistics
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import qrcode
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageOps
from playwright.sync_api import sync_playwright

from tools.build_assets import ASSETS, ES, find_node, run

WIDTH, HEIGHT = 1280, 720
SIZES = (110, 140, 180, 240, 320, 420)
EMPTY = 12
COMPARE = "async ([frames, most]) => (await import('/decoders.js')).compare(frames, most)"
LINE = "{:>16} {:>5} px  decoded {:>3}/{}  wrong {}  median {:>6.1f} ms  p95 {:>7.1f} ms  missed: {}"


def main() -> None:
    """Draw, build, serve, compare, print."""
    with tempfile.TemporaryDirectory(prefix="volunteer-decoders-") as name:
        folder = Path(name)
        wanted = draw(folder)
        build(folder)
        with serving(folder) as base, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page()
            page.goto(base + "/index.html")
            for most in (640, 1280):
                frames = [f"/{path}" for path in wanted]
                told = page.evaluate(COMPARE, [frames, most])
                for decoder, found in told.items():
                    print(line(decoder, most, wanted, found))
            browser.close()


def line(decoder: str, most: int, wanted: dict[str, str], found: list[tuple[str, float]]) -> str:
    """Return one line of the table: what was read, what was read wrong, how long it took, which kinds were missed."""
    pairs = list(zip(wanted.items(), found, strict=True))
    there = [(path, text == said) for (path, said), (text, _) in pairs if said]
    wrong = sum(bool(text) and text != said for (_, said), (text, _) in pairs)
    took = [ms for _, ms in found]
    missed: dict[str, int] = {}
    for path, good in there:
        kind = path.split("-")[1]
        missed[kind] = missed.get(kind, 0) + (not good)
    told = ", ".join(f"{kind} {count}" for kind, count in missed.items() if count) or "none"
    p95 = statistics.quantiles(took, n=20)[-1]
    good = sum(good for _, good in there)
    return LINE.format(decoder, most, good, len(there), wrong, statistics.median(took), p95, told)


def draw(folder: Path) -> dict[str, str]:
    """Write the frames; return file -> what stands in it."""
    chance = random.Random(7)  # noqa: S311 - the same frames every time
    wanted: dict[str, str] = {}
    for kind, spoil in KINDS.items():
        for size in SIZES:
            text = "91" + "".join(str(chance.randrange(10)) for _ in range(25))
            save(folder, wanted, kind, spoil(scene(text, size, chance), chance), text)
    for _ in range(EMPTY):
        save(folder, wanted, "empty", scene("", 0, chance), "")
    return wanted


def save(folder: Path, wanted: dict[str, str], kind: str, frame: Image.Image, text: str) -> None:
    """Write one frame as a camera would."""
    name = f"{len(wanted):03}-{kind}-.jpg"
    frame.convert("RGB").save(folder / name, quality=85)
    wanted[name] = text


def scene(text: str, size: int, chance: random.Random) -> Image.Image:
    """Return a room with things in it, and before them a phone that shows a code."""
    frame = Image.new("L", (WIDTH, HEIGHT), 120)
    pen = ImageDraw.Draw(frame)
    for _ in range(60):
        x, y = chance.randrange(WIDTH), chance.randrange(HEIGHT)
        box = (x, y, x + chance.randrange(20, 200), y + chance.randrange(20, 200))
        pen.rectangle(box, fill=chance.randrange(40, 220))
    if text:
        made = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_Q, border=4)
        made.add_data(text)
        code = made.make_image().get_image().convert("L").resize((size, size), Image.Resampling.BILINEAR)
        turned = code.rotate(chance.uniform(-12, 12), expand=True, fillcolor=255)
        frame.paste(turned, (chance.randrange(100, WIDTH - 600), chance.randrange(50, HEIGHT - 560)))
    return frame


def glare(frame: Image.Image, chance: random.Random) -> Image.Image:
    """Return a frame with a lamp in the glass."""
    spot = Image.new("L", frame.size, 0)
    x, y = chance.randrange(200, 800), chance.randrange(50, 400)
    ImageDraw.Draw(spot).ellipse((x, y, x + 180, y + 120), fill=160)
    return ImageChops.add(frame, spot.filter(ImageFilter.GaussianBlur(40)))


def askew(frame: Image.Image, chance: random.Random) -> Image.Image:
    """Return a frame seen from the side."""
    tilt = chance.uniform(0.0002, 0.00045)
    return frame.transform(frame.size, Image.Transform.PERSPECTIVE, (1, 0.15, -40, 0.05, 1.1, -20, tilt, tilt / 2))


def noisy(frame: Image.Image, chance: random.Random) -> Image.Image:
    """Return a frame of a cheap camera in the evening."""
    made = Image.frombytes("L", frame.size, bytes(int(chance.gauss(128, 30)) & 255 for _ in range(WIDTH * HEIGHT)))
    return Image.blend(frame, made, 0.35)


KINDS = {
    "plain": lambda frame, _: frame,
    "blur": lambda frame, _: frame.filter(ImageFilter.GaussianBlur(1.8)),
    "dark": lambda frame, _: ImageEnhance.Brightness(frame).enhance(0.18),
    "pale": lambda frame, _: ImageEnhance.Contrast(frame).enhance(0.22),
    "noise": noisy,
    "glare": glare,
    "askew": askew,
    "inverted": lambda frame, _: ImageOps.invert(frame),
}


def build(folder: Path) -> None:
    """Bundle the decoders beside the frames."""
    node, _npm = find_node()
    esbuild = str(ASSETS / "node_modules" / "esbuild" / "bin" / "esbuild")
    run([node, esbuild, "bench/decoders.js", "--bundle", "--minify", "--format=esm", *ES, f"--outdir={folder}"])
    wasm = ASSETS / "node_modules" / "zxing-wasm" / "dist" / "reader" / "zxing_reader.wasm"
    shutil.copyfile(wasm, folder / wasm.name)
    (folder / "index.html").write_text(
        '<!doctype html><meta charset="utf-8"><title>decoders</title><link rel="icon" href="data:,">'
    )


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine while the block runs; yield its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    main()
