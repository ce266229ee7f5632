"""The door for what a keeper's page kept: the same scans as one by one, once each; and what may be kept on a device."""

import datetime as dt
import json
import uuid
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.checkin.making import Post, make_post
from tests.conftest import Api
from tests.pages import TOKEN, Browser
from tests.registration.making import Volunteer
from tests.stations.making import make_station
from tests.units.making import PASSWORD, make_account
from volunteer import config


@dataclass
class Tablet:
    """A keeper's page at a station."""

    post: Post
    keeper: Browser

    def sync(self, *events: dict[str, Any], station: str = "", sent: dt.datetime | None = None) -> Any:
        """Send what was kept; return the answer."""
        station = station or self.post.scene.station
        token = TOKEN.search(self.keeper.client.get("/privacy").get_data(as_text=True))
        assert token
        body = {"sent_at": (sent or self.post.clock.now()).isoformat(), "events": list(events)}
        return self.keeper.client.post(f"/station/{station}/sync", json=body, headers={"X-CSRFToken": token[1]})

    def kept(self, who: Volunteer, direction: str = "in", **more: Any) -> dict[str, Any]:
        """Return a scan of now as the page keeps it."""
        at = self.post.clock.now().isoformat()
        return {
            "id": str(uuid.uuid4()),
            "volunteer_code": self.post.code(who),
            "direction": direction,
            "shift_id": None,
            "scanned_at": at,
        } | more


@pytest.fixture
def tablet(api: Api, admin: str) -> Tablet:
    post = make_post(api, admin)
    phone = make_account(api, admin, "station_keeper", station_id=post.scene.station)
    return Tablet(post, Browser(api.app, phone, PASSWORD))


def test_what_was_kept_is_told_as_a_single_scan_is_and_counts_once(tablet: Tablet) -> None:
    shift = tablet.post.shift(-10, 240)
    who, other = tablet.post.volunteer(shift), tablet.post.volunteer(shift)
    scan, wrong = tablet.kept(who), tablet.kept(other, volunteer_code="https://example.org/" + "x" * 200)
    tablet.post.go(120)

    first, again = tablet.sync(scan, wrong), tablet.sync(wrong, scan)

    told = {one["id"]: one for one in first.json["results"]}
    assert told[scan["id"]]["key"] == "ok_in"
    assert told[scan["id"]]["title"] == "签到成功"
    assert "10:00" in told[scan["id"]]["detail"], "judged at the time of the scan, two hours ago (AC15)"
    assert told[wrong["id"]]["key"] == "bad"
    assert [one["key"] for one in again.json["results"]] == ["bad", "ok_in"]
    rows = tablet.post.api("GET", f"/shifts/{shift}/attendances", token=tablet.post.scene.keeper).body["items"]
    assert [len(one["pairs"]) for one in rows] == [1]


def test_a_scan_that_was_sent_at_once_and_again_with_the_rest_is_the_same(tablet: Tablet) -> None:
    shift = tablet.post.shift(-10, 240)
    who = tablet.post.volunteer(shift)
    scan = tablet.kept(who, shift_id=shift, scanned_at="2026-03-02T09:00:00.123Z")
    live = tablet.keeper.post(
        f"/station/{tablet.post.scene.station}/scan",
        expect=None,
        code=scan["volunteer_code"],
        direction="in",
        shift_id=shift,
        scan_id=scan["id"],
        kept_at=scan["scanned_at"],
        part="answer",
    )
    assert live.state == "ok_in"

    assert [one["key"] for one in tablet.sync(scan).json["results"]] == ["ok_in"]
    altered = scan | {"direction": "out"}
    assert [one["key"] for one in tablet.sync(altered).json["results"]] == ["reused"]


def test_old_scans_and_wrong_clocks_wait_for_a_person_and_are_never_refused(tablet: Tablet) -> None:
    shift = tablet.post.shift(-10, 240)
    ahead = dt.timedelta(minutes=9)
    by_that_clock = (tablet.post.clock.now() + ahead).isoformat()
    old, odd = tablet.kept(tablet.post.volunteer(shift)), tablet.kept(tablet.post.volunteer(shift))
    tablet.post.go(60)
    fast = tablet.sync(odd | {"scanned_at": by_that_clock}, sent=tablet.post.clock.now() + ahead).json["results"]
    tablet.post.go(73 * 60)
    late = tablet.sync(old).json["results"]
    assert [one["key"] for one in (*fast, *late)] == ["review", "review"]
    assert "核对" in late[0]["title"]


def test_nobody_sends_to_a_door_that_is_not_theirs_or_without_their_token(tablet: Tablet, api: Api, admin: str) -> None:
    scan = tablet.kept(tablet.post.volunteer(tablet.post.shift(-10, 240)))
    assert tablet.sync(scan, station=make_station(api, admin)).status_code == 404
    bare = tablet.keeper.client.post(f"/station/{tablet.post.scene.station}/sync", json={"events": []})
    assert bare.status_code == 403
    assert tablet.sync(scan | {"scanned_at": "gestern"}).status_code == 422
    assert tablet.sync(*[scan] * 501).status_code == 422
    hello = tablet.keeper.client.get(f"/station/{tablet.post.scene.station}/sync")
    assert hello.headers["Cache-Control"] == "no-store"
    assert set(hello.json) == {"owner", "csrf", "name"}


def test_the_worker_keeps_frames_of_nobody_and_hashed_files_alone(tablet: Tablet, api: Api) -> None:
    """AC19: what is kept, and how the page describes itself to whoever installs it."""
    api.app.extensions["assets"] = {"scan.js": "scan.abc.js", "sw.js": "sw.abc.js", "icon-192.png": "icon-192.a.png"}
    api.app.extensions["assets"] |= {"icon-512.png": "icon-512.a.png", "poster.js": "poster.abc.js"}
    sheet = tablet.keeper.get("/app.webmanifest")
    told = json.loads(sheet.source)
    assert (told["display"], told["scope"], bool(told["name"])) == ("standalone", "/", True)
    assert {one["sizes"] for one in told["icons"]} == {"192x192", "512x512"}
    tablet.keeper.get(told["start_url"])
    mine, nobodys = tablet.keeper.client, api.app.test_client()
    for name in ("scan", "queue", "check"):
        frame = nobodys.get(f"/station/shell/{name}").get_data(as_text=True)
        assert tablet.post.scene.station not in frame
        assert "/login" not in frame
    assert nobodys.get("/station/shell/else").status_code == 404
    assert "没有网络" in tablet.keeper.get("/offline").words
    worker = mine.get("/sw.js")
    assert worker.headers["Cache-Control"] == "no-cache"
    assert worker.mimetype == "text/javascript"
    api.app.extensions["assets"] = {}
    assert "unregister" in mine.get("/sw.js").get_data(as_text=True)


def test_wechat_reads_the_proof_that_the_operator_set(api: Api) -> None:
    """AC27."""
    client = api.app.test_client()
    assert client.get("/MP_verify_aB3.txt").status_code == 404
    before = config.settings()
    config.install(replace(before, wechat_proofs=("aB3",)))
    try:
        found = client.get("/MP_verify_aB3.txt")
        assert (found.get_data(as_text=True), found.mimetype) == ("aB3", "text/plain")
    finally:
        config.install(before)
