"""Several reviews decided at once: each for itself, by one who may, with one reason; sent twice it happens once."""

import re
import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest

from tests.checkin.making import Post, make_post
from tests.conftest import Api
from tests.pages import Browser
from tests.registration.making import Volunteer
from tests.units.making import make_unit
from volunteer import audit
from volunteer.database import reading

CONFIRM = "/decisions/together"


@dataclass
class Waiting:
    """A station where three came with a card and one was entered by its keeper, all for an hour; and another station.

    `cards`, `listed` and `foreign` are ids of reviews.
    """

    post: Post
    people: list[Volunteer]
    shift: str
    cards: list[str]
    listed: str
    foreign: str

    def of(self, state: str) -> list[str]:
        """Return the reviews of the station in a state."""
        path = f"/reviews?state={state}"
        found = self.post.api("GET", path, token=self.post.scene.keeper, expect=200).body["items"]
        return [one["id"] for one in found]

    def deeds(self, batch: str) -> list[tuple[str, str | None]]:
        """Return the deeds and their reasons that the audit log has of a decision."""
        with self.post.api.app.app_context():
            found = audit.list_entries(reading(), audit.Wanted(), 200)
        return [(one.action, one.reason) for one in found if (one.details or {}).get("batch") == batch]


@pytest.fixture
def waiting(api: Api, admin: str) -> Waiting:
    def review_of(post: Post, who: Volunteer) -> str:
        return str(next(one["id"] for one in post.reviews() if one["volunteer"]["id"] == who.id))

    post, elsewhere = make_post(api, admin), make_post(api, admin)
    shift, there = post.shift(0, 60), elsewhere.shift(0, 60)
    people = [post.volunteer(shift) for _ in range(4)]
    stranger = elsewhere.volunteer(there)
    shown = [post.card(who) for who in people[:3]]
    card = elsewhere.card(stranger)
    for minutes, direction in ((0, "in"), (60, "out")):
        post.go(minutes)
        for text in shown:
            post.scan(text, direction, shift)
        elsewhere.scan(card, direction, there)
        listed = {"direction": direction, "volunteer_ids": [people[3].id], "reason": "停电"}
        api("POST", f"/shifts/{shift}/roll-call", listed, post.scene.keeper, 200)
    cards = [review_of(post, who) for who in people[:3]]
    return Waiting(post, people, shift, cards, review_of(post, people[3]), review_of(elsewhere, stranger))


def test_all_of_a_page_is_ticked_looked_at_again_and_accepted_once(waiting: Waiting) -> None:
    post = waiting.post
    keeper = Browser.of(post.api.app, post.scene.keeper)
    queue = keeper.get("/decisions?kind=reviews")
    assert (queue.source.count('name="ids"'), queue.source.count(" checked")) == (3, 0)
    all_ticked = keeper.get(next(link for link in queue.links() if "tick=page" in link))
    assert all_ticked.source.count(" checked") == 3

    none = keeper.get(f"{CONFIRM}?do=accept", 422)
    assert list(none.faults) == ["ids"]
    ids = [*waiting.cards, waiting.listed, waiting.foreign, str(uuid.uuid4())]
    asked = keeper.get(CONFIRM + "?do=accept&mark=card&" + "&".join(f"ids={one}" for one in ids))
    assert "3 人的 3 小时" in asked.text
    assert "记录签到的人不能审核" in asked.text
    assert "2 项不属于您的站点" in asked.text
    assert asked.source.count('name="ids"') == 3
    assert len(waiting.of("open")) == 4

    batch = asked.hidden("batch_id")
    fields = {"do": "accept", "ids": waiting.cards, "batch_id": batch, "reason": "当天在站点见到本人", "mark": "card"}
    done = keeper.post(CONFIRM, **fields)
    assert done.location == f"{CONFIRM}/{batch}?mark=card"
    result = keeper.get(done.location)
    for words in ("已通过 3 项", "3 人,3 小时", "当天在站点见到本人"):
        assert words in result.text, words
    assert [post.hours(who)["minutes_verified"] for who in waiting.people] == [60, 60, 60, 0]
    once = [("hours.weak_evidence.accept", "当天在站点见到本人")] * 3
    assert waiting.deeds(batch) == once
    post.go(70)
    assert keeper.post(CONFIRM, **fields).location == done.location
    assert "已通过 3 项" in keeper.get(done.location).text
    assert waiting.deeds(batch) == once
    keeper.post(CONFIRM, 409, **fields | {"ids": waiting.cards[:1]})
    assert "您现在不能处理" in keeper.get(f"{CONFIRM}?do=refuse&ids={waiting.cards[0]}").text
    Browser.of(post.api.app, post.scene.center_keeper).get(done.location, 404)


def test_a_refusal_gives_each_the_common_reason_and_says_of_each_what_came_of_it(waiting: Waiting) -> None:
    post, api = waiting.post, waiting.post.api
    first, second, third = waiting.cards
    api("POST", f"/reviews/{first}/accept", {}, post.scene.center_keeper, 200)
    api("POST", f"/reviews/{second}/refuse", {"reason": "不在场"}, post.scene.center_keeper, 200)
    batch = str(uuid.uuid4())
    ids = [waiting.listed, first, second, third, waiting.foreign]
    body = {"ids": ids, "decision": "refuse", "reason": "照片里没有本人", "batch_id": batch}
    blank = api("POST", "/reviews/decisions", {**body, "reason": None}, post.scene.keeper)
    assert blank.status == 422
    blank = api("POST", "/reviews/decisions", {"ids": ids, "decision": "refuse"}, post.scene.keeper)
    assert (blank.status, blank.codes) == (422, {"reason": "required"})
    keeper = Browser.of(api.app, post.scene.keeper)
    again = keeper.post(CONFIRM, 422, do="refuse", ids=[third], batch_id=batch)
    assert list(again.faults) == ["reason"]
    assert again.hidden("batch_id") == batch

    post.go(90)
    told = api("POST", "/reviews/decisions", body, post.scene.keeper, 200).body
    assert [(one["id"], one["status"], one["state"], one["already"]) for one in told["results"]] == [
        (waiting.listed, 403, None, False),
        (first, 409, None, False),
        (second, 200, "refused", True),
        (third, 200, "refused", False),
        (waiting.foreign, 404, None, False),
    ]
    assert (told["decided"], told["minutes"], told["people"]) == (1, 60, 1)
    assert waiting.deeds(batch) == [("hours.weak_evidence.refuse", "照片里没有本人")]
    messages = api("GET", "/me/messages", token=waiting.people[2].token).body["items"]
    assert "照片里没有本人" in messages[0]["body"]
    assert api("POST", "/reviews/decisions", body, post.scene.keeper, 200).body == told
    assert api("GET", f"/reviews/decisions/{batch}", token=post.scene.keeper, expect=200).body == told
    assert api("POST", "/reviews/decisions", body | {"reason": "另一个"}, post.scene.keeper, 409).body["code"] == (
        "batch-reused"
    )
    assert api("POST", "/reviews/decisions", body, post.scene.center_keeper).status == 409
    assert api("GET", f"/reviews/decisions/{batch}", token=post.scene.center_keeper).status == 404
    assert waiting.of("open") == [waiting.listed]


def test_the_queue_is_narrowed_by_mark_station_shift_unit_and_age(waiting: Waiting) -> None:
    post = waiting.post
    keeper = Browser.of(post.api.app, post.scene.keeper)

    def rows(**filters: str) -> int:
        page = keeper.get("/decisions", kind="reviews", **filters)
        return len(re.findall(r'href="/decisions/reviews/', page.source))

    above = make_unit(post.api, post.admin)
    unit = make_unit(post.api, post.admin, parent_id=above)
    transfer = {"unit_id": unit, "on": "2026-03-22"}
    post.api("POST", f"/volunteers/{waiting.people[0].id}/transfer", transfer, post.admin, 200)
    assert rows() == 4
    assert (rows(mark="card"), rows(mark="manual"), rows(mark="shared-device")) == (3, 1, 0)
    assert (rows(why="weak_evidence"), rows(why="over_cap")) == (4, 0)
    assert (rows(shift=waiting.shift), rows(shift=str(uuid.uuid4()))) == (4, 0)
    assert (rows(station=post.scene.station), rows(days="3")) == (4, 0)
    assert "换一个条件" in keeper.page.text
    told: list[tuple[dict[str, str], int]] = [
        ({"mark": "card"}, 3),
        ({"mark": "manual", "limit": "1"}, 1),
        ({"kind": "over_cap"}, 0),
        ({"shift_id": waiting.shift, "kind": "weak_evidence"}, 4),
        ({"station_id": post.scene.station, "unit_id": above}, 1),
        ({"asked_before": post.at(-1).isoformat()}, 0),
        ({"asked_before": post.at(70).isoformat(), "mark": "card"}, 3),
    ]
    for asked, count in told:
        path = f"/reviews?{urlencode(asked)}"
        assert len(post.api("GET", path, token=post.scene.keeper, expect=200).body["items"]) == count, asked
    post.api("GET", f"/reviews?station_id={uuid.uuid4()}", token=post.scene.keeper, expect=404)
    assert post.api("GET", "/reviews?mark=nothing&kind=x", token=post.scene.keeper).codes.keys() == {"mark", "kind"}
    post.go(3 * 1440 + 60)
    assert (rows(days="3"), rows(days="7")) == (4, 0)
    assert (rows(unit=unit), rows(unit=above)) == (1, 1)
    assert rows(unit=str(uuid.uuid4())) == 0
    keeper.get("/decisions", 404, kind="reviews", station=str(uuid.uuid4()))
    assert list(keeper.get("/decisions", 422, kind="reviews", mark="nothing", days="4").faults) == ["mark", "days"]
    scans = keeper.get("/manage/scans", day="2026-03-22", mark="card")
    assert any("kind=reviews" in link and "mark=card" in link for link in scans.links())
