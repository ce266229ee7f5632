"""Finds the QR codes in a photo, in a process of its own that has no keys, no database, little memory and little time.

It runs as a script (`photos.read_code` starts it), imports nothing of ours, takes the photo on its standard input and
answers in one line of JSON: `{"texts": [...]}`, or `{"fault": code}` where it is none that can be read. Nothing is
written anywhere. Pixels are counted before any is decoded; what a file says of its size may be a lie, so the limits of
the process are the last net. A photo is looked at small first, for that is quick and the noise is gone, then larger,
then with the contrast spread out.
Source: ux.md 4.2 (order of fallbacks); stack.md G36 (hostile files).
"""

import io
import json
import resource
import sys
from collections.abc import Iterator
from typing import Final

import zxingcpp
from PIL import Image, ImageFilter, ImageOps

MOST_MEMORY: Final = 1024 * 1024 * 1024
MOST_SECONDS: Final = 10
#: More than a phone takes by default; RGBA of so many is 256 MB.
MOST_PIXELS: Final = 64_000_000
LONGEST_SIDE: Final = 20_000
FORMATS: Final = ("JPEG", "PNG", "WEBP")
SIZES: Final = (1000, 1600, 3200)
MOST_TEXTS: Final = 10
MOST_LENGTH: Final = 600
#: Brands of pictures in an ISO container, which cameras of newer phones write: no decoder for them is installed.
CONTAINERS: Final = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif")


class Refused(Exception):
    """The photo cannot be read; the text is a code of `photos.PhotoFault`."""


def texts_in(data: bytes) -> list[str]:
    """Return what the codes in a photo say, each once; nothing where none is found.

    Raises:
        Refused: the reason's code.
    """
    if data[4:8] == b"ftyp" and data[8:12] in CONTAINERS:
        raise Refused("heic")
    for look in _looks(data):
        found = zxingcpp.read_barcodes(look, formats=zxingcpp.barcode_formats_from_str("QRCode"))
        texts = list(dict.fromkeys(one.text[:MOST_LENGTH] for one in found if one.text))
        if texts:
            return texts[:MOST_TEXTS]
    return []


def _looks(data: bytes) -> Iterator[Image.Image]:
    """Yield the photo in grey, ever more costly to look at."""
    for most in SIZES:
        grey = _grey(data, most)
        yield grey
        yield ImageOps.autocontrast(grey.filter(ImageFilter.MedianFilter(3)), cutoff=2)
        if max(grey.size) < most:
            return


def _grey(data: bytes, most: int) -> Image.Image:
    """Return the photo in grey, its longer side at most `most` pixels.

    Raises:
        Refused: `not-a-photo`, `too-many-pixels`, `broken`.
    """
    Image.MAX_IMAGE_PIXELS = None  # counted here, with a reason of our own
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except (OSError, ValueError, SyntaxError) as error:
        raise Refused("not-a-photo") from error
    if image.width * image.height > MOST_PIXELS or max(image.size) > LONGEST_SIDE:
        raise Refused("too-many-pixels")
    try:
        image.draft("L", (most, most))  # a JPEG is decoded at a part of its size at once
        image.thumbnail((most, most))
        flat = image.convert("RGBA") if "A" in image.getbands() or "transparency" in image.info else image
        if flat is not image:
            white = Image.new("RGBA", flat.size, "white")
            white.alpha_composite(flat)
            flat = white
        return flat.convert("L")
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise Refused("broken") from error


def main() -> None:
    """Answer about the photo on standard input."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        told: dict[str, object] = {"texts": texts_in(sys.stdin.buffer.read())}
    except Refused as refusal:
        told = {"fault": str(refusal)}
    except MemoryError:
        told = {"fault": "too-heavy"}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
