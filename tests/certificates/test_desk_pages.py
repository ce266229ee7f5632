"""Somebody who never touches a phone: registered at the desk, a card, scanned by it, settled, a proof on paper."""

import io
import re
from dataclasses import dataclass

import pytest
from pypdf import PdfReader

from tests.checkin.making import Post, make_post
from tests.conftest import Api
from tests.pages import Browser, Page
from tests.registration.making import CHILD, resident_id
from tests.stations.making import make_station
from tests.units.making import PASSWORD, make_account, make_unit

#: What stands on a sound application at the desk.
PAPER = {"name": "皇甫秀", "id_type": "resident_id", "paper_consent_reference": "档案 7-12", "seen": "1"}


@dataclass
class Office:
    """A station with a keeper at a desk."""

    post: Post
    keeper: Browser

    def register(self, **more: str) -> Page:
        """Send the form of somebody with their paper."""
        return self.keeper.post("/people/new", expect=None, **{**PAPER, "id_number": resident_id(), **more})

    def person(self) -> tuple[str, str]:
        """Register somebody; return the id and the volunteer number."""
        done = self.register()
        found = re.search(r"/people/([0-9a-f-]{36})/registered", done.location)
        assert found, done.words
        number = re.search(r'class="num">(\d{9})<', self.keeper.get(done.location).source)
        assert number
        return found[1], number[1]


@pytest.fixture
def office(api: Api, admin: str) -> Office:
    post = make_post(api, admin)
    phone = make_account(api, admin, "station_keeper", station_id=post.scene.station)
    return Office(post, Browser(api.app, phone, PASSWORD))


def words_of(pdf: bytes) -> str:
    """Return the text of a PDF without blanks."""
    return "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def test_the_whole_story_of_somebody_without_a_phone(office: Office, api: Api) -> None:
    post, keeper = office.post, office.keeper
    shift = post.shift(-10, 180)
    person_id, number = office.person()
    walk_in, scan = f"/station/{post.scene.station}/walk-in", f"/station/{post.scene.station}/scan"

    card = words_of(keeper.get(f"/people/{person_id}/card.pdf").data)
    digits = re.search(r"92\d{25}", card)
    assert "皇甫秀" in card
    assert digits
    assert "皇*秀" in keeper.post(walk_in, expect=200, who=number).words
    keeper.post(walk_in, expect=200, person_id=person_id, shift_id=shift, then="up")
    assert "签到成功" in keeper.post(scan, expect=201, code=digits[0], direction="in").words
    post.go(95)
    left = keeper.post(scan, expect=201, code=digits[0], direction="out").words
    assert "签退成功" in left
    assert "1小时35分钟" in left

    proof = f"/people/{person_id}/certificate"
    waiting = keeper.get(proof).words
    assert "已计入的时长0分钟" in waiting
    assert "待核对的时长1小时35分钟" in waiting
    day = post.at(0).date().isoformat()
    nothing = keeper.post(proof, expect=422, **{"from": day, "to": day})
    assert 'href="#from"' in nothing.source
    (review,) = post.reviews(post.scene.center_keeper)
    api("POST", f"/reviews/{review['id']}/accept", {}, post.scene.center_keeper, expect=200)
    assert "已计入的时长1小时35分钟" in keeper.get(proof).words

    issued = keeper.post(proof, **{"from": day, "to": day})
    link = re.search(r'href="([^"]+\.pdf)"', keeper.get(issued.location).source)
    assert link
    paper = words_of(keeper.get(link[1]).data)
    assert "皇甫秀" in paper
    assert "95分钟" in paper


def test_the_person_counts_at_once(office: Office, api: Api) -> None:
    person_id, _ = office.person()
    seen = api("GET", f"/volunteers/{person_id}", token=office.post.admin, expect=200).body
    assert seen["status"] == "registered"
    assert seen["phone"] is None


def test_all_faults_are_told_at_once_and_what_was_typed_stays(office: Office) -> None:
    shown = office.register(id_number="110101199005010000", paper_consent_reference="", seen="", name="皇甫秀")
    assert shown.status == 422
    for name in ("id_number", "paper_consent_reference", "seen"):
        assert f'href="#{name}"' in shown.source
    assert shown.value("name") == "皇甫秀"
    assert "错误:" in shown.source.split("</title>")[0]


def test_a_minor_needs_a_guardian_who_signed(office: Office) -> None:
    number = resident_id(CHILD)
    asked = office.register(id_number=number)
    assert asked.status == 422
    assert 'href="#guardian"' in asked.source
    fields = {"guardian.name": "皇甫母", "guardian.relation": "mother"}
    assert office.register(id_number=number, **fields).status == 303


def test_a_paper_that_is_known_is_said_and_nobody_is_made_twice(office: Office) -> None:
    number = resident_id()
    assert office.register(id_number=number).status == 303
    again = office.register(id_number=number)
    assert again.status == 409
    assert 'href="#id_number"' in again.source


def test_a_unit_is_found_by_a_part_of_its_name_or_chosen(office: Office, api: Api, admin: str) -> None:
    for name in ("东湖一小", "东湖二小"):
        make_unit(api, admin, name=name)
    several = office.register(unit="东湖")
    assert several.status == 422
    assert 'href="#unit_id"' in several.source
    assert "东湖一小" in several.words
    one = office.register(unit="湖二")
    assert one.status == 303
    nobody = office.register(unit="没有这个单位")
    assert nobody.status == 422
    assert 'href="#unit"' in nobody.source


def test_a_liaison_registers_for_the_own_units_alone(office: Office, api: Api, admin: str) -> None:
    mine, other = make_unit(api, admin, name="区文旅局"), make_unit(api, admin, name="区水务局")
    liaison = Browser(api.app, make_account(api, admin, "unit_liaison", unit_id=mine), PASSWORD)
    listed = liaison.get("/people/new")
    assert "区文旅局" in listed.words
    assert "区水务局" not in listed.words

    def register(unit_id: str) -> Page:
        return liaison.post("/people/new", expect=None, **PAPER, id_number=resident_id(), unit_id=unit_id)

    without = register("")
    assert without.status == 422
    assert 'href="#unit_id"' in without.source
    assert register(other).status == 404
    done = register(mine)
    assert done.status == 303
    assert "card.pdf" not in liaison.get(done.location).source


def test_another_station_sees_neither_card_nor_proof(office: Office, api: Api, admin: str) -> None:
    person_id, _ = office.person()
    phone = make_account(api, admin, "station_keeper", station_id=make_station(api, admin))
    foreign = Browser(api.app, phone, PASSWORD)
    for path in ("registered", "card.pdf", "certificate"):
        foreign.get(f"/people/{person_id}/{path}", expect=404)
    foreign.post(f"/people/{person_id}/certificate", expect=404)


def test_a_proof_of_somebody_else_is_not_printed_under_this_person(office: Office, api: Api) -> None:
    shift = office.post.shift(-10, 180)
    who = office.post.volunteer(shift)
    office.post.scan(who, "in")
    office.post.go(60)
    office.post.scan(who, "out")
    day = office.post.at(0).date().isoformat()
    made = api("POST", "/me/certificates", {"from": day, "to": day}, who.token, expect=201).body["number"]
    office.keeper.get(f"/people/{who.id}/certificates/{made}.pdf")
    other = office.post.volunteer(shift)
    office.keeper.get(f"/people/{other.id}/certificates/{made}.pdf", expect=404)
