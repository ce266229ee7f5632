"""People on pages: finding, seeing masked, deciding; and that nobody reaches the people of another unit."""

import re

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.pages import Browser
from tests.registration.making import Volunteer, add_child, add_unproven, add_volunteer
from tests.stations.making import make_station
from tests.units.making import PASSWORD, make_account, make_unit
from volunteer.audit import AuditEntry
from volunteer.database import reading

NAME, MASKED = "欧阳慕白", "欧**白"


@pytest.fixture
def school(api: Api, admin: str) -> str:
    return make_unit(api, admin, name="第一小学")


@pytest.fixture
def bank(api: Api, admin: str) -> str:
    return make_unit(api, admin, name="城东银行")


@pytest.fixture
def liaison(api: Api, admin: str, school: str) -> Browser:
    """The school's liaison at a browser."""
    return Browser(api.app, make_account(api, admin, "unit_liaison", unit_id=school), PASSWORD)


@pytest.fixture
def boss(api: Api, admin: str) -> Browser:
    """The administrator at a browser."""
    return Browser(api.app, ADMIN_PHONE, ADMIN_PASSWORD)


@pytest.fixture
def teacher(api: Api, school: str) -> Volunteer:
    return add_volunteer(api, school, name=NAME)


def listed(desk: Browser, **fields: str) -> set[str]:
    """Return the ids of the people that a search finds."""
    page = desk.post("/people", expect=200, **fields) if fields else desk.get("/people")
    assert page.status == 200
    return set(re.findall(r'<th scope="row"><a href="/people/([0-9a-f-]{36})', page.source))


def entries(app: Flask, action: str) -> list[AuditEntry]:
    """Return what was put on record."""
    with app.app_context():
        return list(reading().scalars(sa.select(AuditEntry).where(AuditEntry.action == action)))


def test_people_are_found_by_name_number_and_end_of_phone(
    api: Api, school: str, bank: str, boss: Browser, teacher: Volunteer
) -> None:
    clerk, waiting = add_volunteer(api, bank, name="李四"), add_unproven(api, school)
    assert listed(boss) == {teacher.id, clerk.id, waiting.id}
    for q in ("慕白", teacher.no, teacher.phone[-4:]):
        assert listed(boss, q=q) == {teacher.id}
    assert listed(boss, unit_id=school) == {teacher.id, waiting.id}
    assert listed(boss, unit_id=school, status="unproven") == {waiting.id}
    assert "没有符合条件的人" in boss.post("/people", expect=200, q="查无此人").words
    page = boss.post("/people", expect=200, q="慕白")
    assert (NAME in page.source, MASKED in page.source, teacher.phone in page.source) == (False, True, False)
    boss.post("/people", expect=422, status="ghost")


def test_a_search_stands_in_no_address(api: Api, boss: Browser, school: str) -> None:
    for _ in range(51):
        add_unproven(api, school)
    first = boss.get("/people")
    cursor = re.search(r'href="(/people\?cursor=[^"]+)"', first.source)
    assert cursor
    assert len(re.findall('<th scope="row">', boss.get(cursor[1]).source)) == 1
    searched = boss.post("/people", expect=200, q="张三")
    assert 'href="/people?cursor' not in searched.source
    hidden = re.search(r'name="cursor" value="([^"]+)"', searched.source)
    assert hidden
    assert len(re.findall('<th scope="row">', boss.post("/people", expect=200, q="张三", cursor=hidden[1]).source)) == 1


def test_a_person_is_shown_masked_with_history(api: Api, school: str, boss: Browser, teacher: Volunteer) -> None:
    page = boss.get(f"/people/{teacher.id}")
    for said in (MASKED, teacher.no, "第一小学", "已注册", "至今", "0分钟"):
        assert said in page.words
    for hidden in (NAME, teacher.phone, teacher.id_number):
        assert hidden not in page.source


DEEDS = ("", "/suspend", "/contest", "/transfer", "/unmask")


@pytest.mark.parametrize("deed", DEEDS)
def test_nobody_reaches_the_people_of_another_unit(
    api: Api, bank: str, liaison: Browser, teacher: Volunteer, deed: str
) -> None:
    foreign = add_volunteer(api, bank)
    liaison.get(f"/people/{teacher.id}{deed}")
    liaison.get(f"/people/{foreign.id}{deed}", expect=404)
    if deed:
        liaison.post(f"/people/{foreign.id}{deed}", expect=404, reason="核对", fields="phone", unit_id=bank)
    assert foreign.id not in listed(liaison)
    assert listed(liaison, q=foreign.no) == set()
    liaison.post("/people", expect=404, unit_id=bank)
    assert "城东银行" not in liaison.get("/people").source


def test_an_unproven_person_is_confirmed_on_a_page_that_asks(
    api: Api, school: str, bank: str, liaison: Browser
) -> None:
    waiting, foreign = add_unproven(api, school), add_unproven(api, bank)
    shown = liaison.get(f"/people/{waiting.id}")
    assert f'href="/people/{waiting.id}/confirm"' in shown.source
    assert "请对照证件" in liaison.get(f"/people/{waiting.id}/confirm").words
    done = liaison.post(f"/people/{waiting.id}/confirm")
    assert (done.status, done.location) == (303, f"/people/{waiting.id}?done=confirm")
    assert "已核实。" in liaison.get(done.location).words
    liaison.get(f"/people/{waiting.id}/confirm", expect=404)  # nothing waits any more
    liaison.get(f"/people/{foreign.id}/confirm", expect=404)
    liaison.post(f"/people/{foreign.id}/confirm", expect=404)


def test_a_keeper_finds_who_waits_by_the_whole_number_alone(
    api: Api, admin: str, school: str, teacher: Volunteer
) -> None:
    phone = make_account(api, admin, "station_keeper", station_id=make_station(api, admin))
    keeper, waiting = Browser(api.app, phone, PASSWORD), add_unproven(api, school)
    assert "完整志愿者编号" in keeper.get("/people").words
    assert listed(keeper, q=teacher.no) == listed(keeper, q=waiting.no[:8]) == set()
    page = keeper.post("/people", expect=200, q=waiting.no)
    assert f'href="/people/{waiting.id}/confirm"' in page.source
    keeper.get(f"/people/{waiting.id}", expect=404)
    assert keeper.post(f"/people/{waiting.id}/confirm").location == "/people?done=confirm"
    keeper.post("/people.xlsx", expect=403)


def test_suspending_wants_a_reason_and_can_be_lifted(
    app: Flask, api: Api, liaison: Browser, teacher: Volunteer
) -> None:
    refused = liaison.post(f"/people/{teacher.id}/suspend", expect=422, reason="  ")
    assert "<title>错误:" in refused.source
    assert 'href="#reason"' in refused.source
    liaison.post(f"/people/{teacher.id}/suspend", reason="多次缺席")
    assert "已暂停" in liaison.get(f"/people/{teacher.id}").words
    liaison.get(f"/people/{teacher.id}/suspend", expect=409)
    assert [entry.reason for entry in entries(app, "person.suspended")] == ["多次缺席"]
    liaison.post(f"/people/{teacher.id}/restore")
    assert "恢复资格" not in liaison.get(f"/people/{teacher.id}").words


def test_who_does_not_belong_is_sent_away_and_leaves_the_scope(
    api: Api, school: str, liaison: Browser, boss: Browser, teacher: Volunteer
) -> None:
    assert "不再算在第一小学" in liaison.get(f"/people/{teacher.id}/contest").words
    done = liaison.post(f"/people/{teacher.id}/contest", reason="不是本校老师")
    assert done.location == "/people?done=contest"
    assert "已退回" in liaison.get(done.location).words
    liaison.get(f"/people/{teacher.id}", expect=404)
    assert "不属于本单位" not in boss.get(f"/people/{teacher.id}").words
    told = api("GET", "/me/messages", token=teacher.token, expect=200).body["items"]
    assert "不是本校老师" in told[0]["body"]


def test_a_transfer_finds_the_unit_and_judges_the_day(
    api: Api, admin: str, bank: str, liaison: Browser, boss: Browser, teacher: Volunteer
) -> None:
    path = f"/people/{teacher.id}/transfer"
    assert "城东银行" in liaison.get(path, q="银行").words
    assert "没有找到" in liaison.get(path, q="水厂").words
    late = liaison.post(path, expect=422, q="银行", unit_id=bank, on="2026-12-01")
    assert 'href="#on"' in late.source
    assert late.value("on") == "2026-12-01"
    liaison.post(path, expect=422, q="银行", unit_id=bank, on="2026-03-01")
    liaison.post(path, expect=422, q="银行", on="2026-03-22")
    assert liaison.post(path, q="银行", unit_id=bank, on="2026-04-01").location == f"/people/{teacher.id}?done=transfer"
    assert liaison.post(path, q="银行", unit_id=bank, on="2026-03-22").location == "/people?done=transfer"
    assert "城东银行" in boss.get(f"/people/{teacher.id}").words


def test_fields_are_shown_once_for_a_reason_and_on_record(
    app: Flask, api: Api, school: str, liaison: Browser, boss: Browser, teacher: Volunteer
) -> None:
    path = f"/people/{teacher.id}/unmask"
    refused = liaison.post(path, expect=422, reason="", fields=[])
    assert {'href="#reason"' in refused.source, 'href="#fields"' in refused.source} == {True}
    liaison.post(path, expect=422, reason="核对", fields="id_number")
    assert not entries(app, "person.unmask")
    shown = liaison.post(path, expect=200, reason="核对电话", fields=["phone", "name"])
    assert {teacher.phone in shown.source, NAME in shown.source, "no-store" in shown.headers["Cache-Control"]} == {True}
    (entry,) = entries(app, "person.unmask")
    assert (entry.reason, entry.details) == ("核对电话", {"fields": ["name", "phone"]})
    assert teacher.phone not in liaison.get(path).source
    child = add_child(api, teacher, unit_id=school)
    for clerk in (liaison, boss):
        asked = clerk.post(f"/people/{child.id}/unmask", reason="核对", fields="phone")
        assert teacher.phone not in asked.source + clerk.follow().source, "a minor's data needs a second person"


def test_what_was_decided_is_read_by_who_reads_the_log(
    api: Api, admin: str, liaison: Browser, boss: Browser, teacher: Volunteer
) -> None:
    liaison.post(f"/people/{teacher.id}/suspend", reason="多次缺席")
    assert "多次缺席" not in liaison.get(f"/people/{teacher.id}").words
    assert "陈联络多次缺席" in boss.get(f"/people/{teacher.id}").words
    auditor = Browser(api.app, make_account(api, admin, "auditor"), PASSWORD)
    assert "陈**多次缺席" in auditor.get(f"/people/{teacher.id}").words


def test_cards_and_proofs_are_offered_to_who_may_print_them(
    liaison: Browser, boss: Browser, teacher: Volunteer
) -> None:
    for path in (f"/people/{teacher.id}/card.pdf", f"/people/{teacher.id}/certificate"):
        assert f'href="{path}"' in boss.get(f"/people/{teacher.id}").source
        assert f'href="{path}"' not in liaison.get(f"/people/{teacher.id}").source
        boss.get(path)


def test_an_auditor_sees_and_decides_nothing(api: Api, admin: str, teacher: Volunteer) -> None:
    auditor = Browser(api.app, make_account(api, admin, "auditor"), PASSWORD)
    page = auditor.get(f"/people/{teacher.id}")
    assert MASKED in page.words
    assert "您可以这样做" not in page.words
    auditor.post(f"/people/{teacher.id}/suspend", expect=403, reason="核对")
