"""The offline pack: opened by a code and by nothing else, good for telling codes apart and not for making them.

`pack_vectors.json` is read by the scripts' side too: whoever changes the format changes both.
"""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cryptography.exceptions import InvalidTag

from tests.checkin.making import Post, make_device, make_post, told
from tests.conftest import Api
from tests.pages import Browser
from tests.stations.making import make_station
from volunteer import config
from volunteer.checkin.credentials import codes, packs
from volunteer.checkin.credentials.codes import CodeKeys, CodeKind

ZONE = ZoneInfo("Asia/Shanghai")
VECTORS = json.loads((Path(__file__).parent / "pack_vectors.json").read_text())
KEYS = CodeKeys({3: b"k" * 32, 4: b"n" * 32}, 4)


@pytest.fixture
def post(api: Api, admin: str) -> Post:
    return make_post(api, admin)


def frame_of(pack: dict[str, Any]) -> packs.Frame:
    runs = tuple(packs.Steps(**run) for run in pack["steps"])
    return packs.Frame(pack["station_id"], pack["date"], bytes.fromhex(pack["salt"]), runs, pack["iterations"])


def judged(pack: dict[str, Any], payload: str, at: float) -> str:
    """Judge a payload as a scanner does that has nothing but the pack."""
    frame, entries = frame_of(pack), {one["index"]: one["sealed"] for one in pack["entries"]}
    read, found = codes.read(payload), packs.opened(frame, entries, payload)
    assert read
    if found is None:
        return "unknown"
    said, tags = found
    if read.kind is CodeKind.CARD:
        mine = packs.entry_keys(read.pass_no, frame.salt, frame.iterations).tag
        return "card" if said["cards"].get(str(read.version)) == packs.tag_of(mine, payload).hex() else "wrong"
    step = int(at) // 30
    if read.version != said["version"] or not any(run.first <= step < run.first + run.count for run in frame.steps):
        return "unchecked"
    if any(packs.is_tagged(frame, tags, payload, one) for one in (step, step - 1)):
        return "valid"
    late = any(packs.is_tagged(frame, tags, payload, one) for one in range(step - 60, step - 1))
    return "expired" if late else "wrong"


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_a_scanner_judges_every_vector_as_it_is_written(case):
    assert judged(VECTORS["pack"], case["payload"], case["at"]) == case["verdict"]


def test_the_vectors_are_what_is_sealed():
    frame = frame_of(VECTORS["pack"])
    for number, (pass_no, known) in enumerate(VECTORS["opened"].items()):
        mine = packs.entry_keys(pass_no, frame.salt, frame.iterations)
        assert {"index": mine.index, "seal": mine.seal.hex(), "tag": mine.tag.hex()} == VECTORS["keys"][pass_no]
        held = {name: part for name, part in known.items() if name != "version"}
        made = packs.entry(frame, packs.Holder(pass_no, "17"[number], held), KEYS, ZONE, bytes([number]) * 12)
        assert made == VECTORS["pack"]["entries"][number]


def test_an_entry_opens_in_no_other_pack_and_under_no_other_index():
    pack = VECTORS["pack"]
    (first, second), payload = pack["entries"], VECTORS["cases"][0]["payload"]
    for changed in ({"date": "2026-03-23"}, {"station_id": "0190d5a0-0000-7000-8000-000000000002"}):
        with pytest.raises(InvalidTag):
            packs.opened(frame_of(pack | changed), {first["index"]: first["sealed"]}, payload)
    with pytest.raises(InvalidTag):
        packs.opened(frame_of(pack), {first["index"]: second["sealed"]}, payload)
    assert packs.opened(frame_of(pack | {"salt": "00" * 16}), {first["index"]: first["sealed"]}, payload) is None


def test_a_tag_fits_many_codes_so_nobody_learns_a_code_from_it():
    tag_key = bytes.fromhex(VECTORS["keys"]["912345678"]["tag"])
    wanted = packs.tag_of(tag_key, VECTORS["cases"][0]["payload"])
    fitting = sum(packs.tag_of(tag_key, f"919123456784{code:013d}00") == wanted for code in range(300_000))
    assert 1 <= fitting <= 20  # of 10^13 codes 2^-16 fit: 150 million for one that is right


def test_steps_are_merged_and_begin_where_a_code_of_the_first_instant_may_come_from():
    start = datetime(2026, 3, 22, 8, tzinfo=ZONE)
    hour = timedelta(hours=1)
    first = codes.step_of(start)
    windows = [(start, start + 3 * hour), (start + hour, start + 2 * hour), (start + 5 * hour, start + 6 * hour)]
    assert packs.steps_of(windows) == (packs.Steps(first - 1, 362), packs.Steps(first + 599, 122))
    assert packs.steps_of([]) == ()


def fetch(post: Post, token: str | None = None, query: str = "", known: str = "", expect: int = 200) -> Any:
    headers = {"If-None-Match": known} if known else {}
    path = f"/stations/{post.scene.station}/offline-pack{query}"
    return post.api("GET", path, token=token or post.device, headers=headers, expect=expect)


def test_a_pack_names_nobody_until_a_code_is_shown(post: Post) -> None:
    shift = post.shift(60, 180)
    who, walker = post.volunteer(shift), post.volunteer()
    pack = fetch(post).body
    text = json.dumps(pack, ensure_ascii=False)
    me = post.api("GET", f"/volunteers/{who.id}", token=post.admin, expect=200).body
    payload = post.event(who, "in", shift, 70)["volunteer_code"]
    for secret in (who.phone, who.phone[-4:] + '"', me["volunteer_no"], me["display_name"], who.id, payload[2:11]):
        assert secret not in text
    assert (pack["shifts"][0]["shift_id"], pack["shifts"][0]["expected"]) == (shift, 1)
    frame, entries = frame_of(pack), {one["index"]: one["sealed"] for one in pack["entries"]}
    found = packs.opened(frame, entries, payload)
    assert found
    assert len(entries) == 1
    assert (found[0]["name"], found[0]["flags"]) == (me["display_name"], [])
    (mine,) = found[0]["shifts"]
    assert (mine["shift_id"], mine["presence"], mine["status"]) == (shift, "expected", "confirmed")
    assert who.id not in json.dumps(found[0])
    assert judged(pack, payload, post.at(70).timestamp()) == "valid"
    assert judged(pack, payload, post.at(72).timestamp()) == "expired"
    assert judged(pack, post.card(who), 0) == "card"
    assert judged(pack, post.code(walker), 0) == "unknown"


def test_a_pack_is_named_by_what_is_true_and_made_again_when_that_changes(post: Post) -> None:
    shift = post.shift(0, 120)
    who = post.volunteer(shift)
    first = fetch(post, post.device)
    etag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "no-store"
    same = fetch(post, post.scene.keeper, known=etag, expect=304)
    assert same.headers["ETag"] == etag
    assert fetch(post, known='"of yesterday"').body == first.body
    post.scan(who, "in", shift)
    changed = fetch(post, known=etag)
    assert changed.headers["ETag"] != etag
    (entry,) = changed.body["entries"]
    found = packs.opened(frame_of(changed.body), {entry["index"]: entry["sealed"]}, post.code(who))
    assert found
    assert found[0]["shifts"][0]["presence"] == "in"
    assert (changed.body["shifts"][0]["expected"], changed.body["shifts"][0]["inside"]) == (0, 1)
    post.api("POST", f"/volunteers/{who.id}/suspend", {"reason": "核实中"}, post.admin, 200)
    (entry,) = fetch(post).body["entries"]
    found = packs.opened(frame_of(changed.body), {entry["index"]: entry["sealed"]}, post.code(who))
    assert found
    assert found[0]["flags"] == ["suspended"]


def test_tomorrow_may_be_fetched_today_and_yesterday_never(post: Post) -> None:
    shift = post.shift(24 * 60, 25 * 60)
    who = post.volunteer(shift)
    assert fetch(post).body["entries"] == []
    today, ahead = fetch(post).body, fetch(post, query="?date=2026-03-23").body
    assert (ahead["date"], [one["shift_id"] for one in ahead["shifts"]]) == ("2026-03-23", [shift])
    assert ahead["salt"] != today["salt"]
    for day in ("2026-03-21", "2026-03-30"):
        assert fetch(post, query=f"?date={day}", expect=422).body["errors"][0]["code"] == "out-of-range"
    elsewhere = make_device(post.api, post.admin, make_station(post.api, post.admin))
    fetch(post, elsewhere, expect=404)
    page = Browser.of(post.api.app, post.scene.keeper).get(f"/station/{post.scene.station}/pack", date="2026-03-23")
    assert json.loads(page.data)["salt"] == ahead["salt"]
    post.go(24 * 60 + 5)
    payload = post.code(replace(who, token=post.api.login(who.phone, "Volunteer-2026")))
    assert judged(ahead, payload, post.at(24 * 60 + 5).timestamp()) == "valid"


def test_keys_are_rotated_while_codes_cards_and_packs_are_out(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    shift = post.shift(0, 60)
    who = post.volunteer(shift)
    before, card, old = post.code(who), post.card(who), fetch(post, post.device)
    kept = dict(config.settings().code_keys)
    version = max(kept) + 1
    new = replace(config.settings(), code_keys=kept | {version: b"r" * 32})
    monkeypatch.setattr(config, "_installed", [new])
    assert codes.read(post.code(who)).version == version  # type: ignore[union-attr]
    assert judged(old.body, post.code(who), post.at(0).timestamp()) == "unchecked"
    pack = fetch(post, post.device, known=old.headers["ETag"])
    assert judged(pack.body, post.code(who), post.at(0).timestamp()) == "valid"
    assert judged(pack.body, before, post.at(0).timestamp()) == "unchecked"
    assert judged(pack.body, card, 0) == "card"
    assert told(post.scan(before, "in", shift)) == (201, "checked_in")
    post.go(1)
    assert told(post.scan(card, "out", shift)) == (201, "checked_out")
