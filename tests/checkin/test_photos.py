"""A photo of a code read on the server: hard frames, hostile files, a form without scripts; nothing of it is kept."""

import io
import random
import re
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.checkin.making import Post, make_post
from tests.conftest import Api
from tests.pages import Browser
from tests.units.making import make_staff
from tools.bench.decoders import KINDS, scene
from volunteer.checkin.photos import photo_reader
from volunteer.checkin.photos.photos import MOST_BYTES

OURS = "911234567891" + "0" * 13


@pytest.fixture
def post(api: Api, admin: str) -> Post:
    return make_post(api, admin)


def saved(frame: Image.Image, form: str = "JPEG", **more: Any) -> bytes:
    """Return a picture as a file."""
    made = io.BytesIO()
    frame.convert("RGB").save(made, form, **more)
    return made.getvalue()


def drawn(text: str, kind: str = "plain", size: int = 300, seed: int = 7) -> Image.Image:
    """Return a room in which a phone shows a code, spoilt as a camera would."""
    chance = random.Random(seed)  # noqa: S311 - the same frame every time
    return KINDS[kind](scene(text, size, chance), chance)


def bomb(side: int = 30_000) -> bytes:
    """Return a small PNG that says it has so many pixels a side, and holds them."""

    def part(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(bytes(4_000_000))) + part(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", KINDS)
def test_hard_frames_are_read(kind: str) -> None:
    assert photo_reader.texts_in(saved(drawn(OURS, kind), quality=85)) == [OURS]


def test_large_turned_clear_and_other_formats_are_read_and_an_empty_room_is_not() -> None:
    frame = drawn(OURS)
    large = frame.resize((6000, 6000 * frame.height // frame.width))
    clear = frame.convert("L").point(lambda grey: 255 * (grey > 128)).convert("RGBA")
    clear.putalpha(frame.convert("L").point(lambda grey: 255 * (grey < 128)))
    png = io.BytesIO()
    clear.save(png, "PNG")
    for data in (saved(large), saved(frame.rotate(90, expand=True)), saved(frame, "WEBP"), png.getvalue()):
        assert photo_reader.texts_in(data) == [OURS]
    assert photo_reader.texts_in(saved(drawn(""))) == []


def test_the_digits_are_given_and_scanned_as_any_code(post: Post) -> None:
    shift = post.shift(0, 60)
    who, other = post.volunteer(shift), post.volunteer(shift)
    code = post.code(who)

    def sent(data: bytes, token: str, expect: int) -> Any:
        return post.api.upload("/checkins/photos", "IMG_1.jpg", data, token, expect).body

    found = sent(saved(drawn(code, "blur")), post.scene.keeper, 200)
    assert found == {"volunteer_code": code}
    assert post.attendances(shift) == []  # reading checks nobody in
    two = Image.new("L", (1400, 700), 255)
    for x, text in ((0, code), (700, post.code(other))):
        two.paste(drawn(text).convert("L").resize((700, 400)), (x, 100))
    for data, reason in (
        (b"", "empty"),
        (b"hello", "not-a-photo"),
        (b"\0\0\0\x18ftypheic" + bytes(20), "heic"),
        (saved(drawn(code))[:9000], "broken"),
        (saved(drawn("")), "no-code"),
        (saved(drawn("https://example.org/pay")), "foreign-code"),
        (saved(two), "several-codes"),
        (bomb(), "too-many-pixels"),
        (saved(drawn(code)) + bytes(MOST_BYTES), "too-large"),
    ):
        told = sent(data, post.scene.keeper, 422)
        assert (told["code"], told["reason"]) == ("unreadable-photo", reason)
        assert told["detail"].endswith("。")
    assert post.api.upload("/checkins/photos", "x.jpg", b"x", who.token).status == 403
    sent(b"x", post.device, 403)  # a device has its five calls, no more
    again = make_staff(post.api, post.admin, "station_keeper", station_id=post.scene.station)
    for _ in range(30):
        sent(b"", again, 422)
    sent(b"", again, 429)
    sent(b"", post.scene.keeper, 422)


def test_without_scripts_a_form_reads_and_scans_in_one_go(post: Post) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    keeper, path = Browser.of(post.api.app, post.scene.keeper), f"/station/{post.scene.station}/photo"
    assert path in keeper.get(f"/station/{post.scene.station}/scan").links()
    keeper.get(path)
    missing = keeper.post(path, 422, direction="in", file=(io.BytesIO(b""), ""))
    assert list(missing.faults) == ["file"]
    empty = keeper.post(path, 422, direction="out", file=(io.BytesIO(saved(drawn(""))), "a.jpg"))
    assert "没有找到二维码" in empty.faults["file"]
    assert 'value="out" checked' in empty.source
    photo = saved(drawn(post.code(who), "dark"))
    assert keeper.post(path, 201, direction="in", file=(io.BytesIO(photo), "a.jpg")).state == "ok_in"
    told = keeper.post(path, 200, part="code", file=(io.BytesIO(photo), "a.jpg"))
    assert told.source.startswith('{"code":"91')
    told = keeper.post(path, 422, part="code", file=(io.BytesIO(b"x"), "a.jpg"))
    assert "message" in told.source
    assert len(post.attendances(shift)) == 1
    foreign = make_staff(
        post.api, post.admin, "station_keeper", station_id=make_post(post.api, post.admin).scene.station
    )
    Browser.of(post.api.app, foreign).get(path, 404)


def test_a_worker_does_not_load_the_decoder_and_the_reader_none_of_ours() -> None:
    code = "import sys, volunteer.checkin.photos; print('zxingcpp' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    assert not re.search(r"^\s*(?:from|import) volunteer", Path(photo_reader.__file__).read_text(), re.MULTILINE)
