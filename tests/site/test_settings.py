"""The site's settings: saved by an admin, kept by version, told on every page, also while the database is down."""

import datetime as dt
import re
import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import OperationalError

from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.pages import Browser, Page
from tests.units.making import add_staff, make_unit
from volunteer import jobs
from volunteer.clock import SettableClock
from volunteer.config import settings
from volunteer.database import transaction
from volunteer.site import rules, service
from volunteer.web import layout

FORM = {
    "name": "望江区志愿服务平台",
    "issuer": "望江区志愿者协会",
    "organizer": "望江区文明办",
    "helpline": "０５７１-8700 0000",
    "helpline_hours": "工作日 9:00 至 17:00",
    "filing_number": "浙ICP备12345678号-1",
}


@pytest.fixture
def boss(app: Flask, admin: str) -> Browser:
    return Browser(app, ADMIN_PHONE, ADMIN_PASSWORD)


def foot(seen: Page) -> str:
    """Return the foot of a page."""
    found = re.search(r"<footer.*?</footer>", seen.source, re.DOTALL)
    assert found
    return found[0]


def save(boss: Browser, **more: str) -> Page:
    """Save the form as it stands, with changes."""
    seen = boss.get("/manage/site")
    typed = {name: seen.value(name) for name in (*rules.FIELDS, "seen")}
    return boss.post("/manage/site", expect=None, **(typed | more))


def test_a_helpline_is_something_that_can_be_dialled() -> None:
    for text in ("12345", "0571-8700 0000", "+86 571 87000000", "(0571) 87000000", "400-123-4567"):
        assert rules.faults_of({"helpline": rules.mend_helpline(text)}) == [], text
    for text in ("请打电话", "1", "12345 转 2", "-12345"):
        assert [fault.code for fault in rules.faults_of({"helpline": text})] == ["bad-helpline"], text
    assert [fault.code for fault in rules.faults_of({"helpline_hours": "9:00"})] == ["hours-without-helpline"]


def test_until_somebody_sets_them_the_environment_says_the_name(app: Flask, boss: Browser) -> None:
    seen = boss.get("/manage/site")
    assert settings().site_name in seen.title
    assert "还没有修改过" in seen.source
    assert "tel:" not in foot(seen)


def test_what_is_saved_stands_on_every_page_at_once(app: Flask, boss: Browser) -> None:
    assert save(boss, **FORM).status == 303
    seen = Browser(app).get("/")
    assert FORM["name"] in seen.title
    assert '<a href="tel:057187000000">0571-8700 0000</a>' in foot(seen)
    for text in (FORM["helpline_hours"], FORM["organizer"], FORM["filing_number"]):
        assert text in foot(seen)
    assert boss.get("/manage/site").value("helpline") == "0571-8700 0000"


def test_every_saving_is_kept_with_who_and_when(app: Flask, boss: Browser, clock: SettableClock, admin: str) -> None:
    save(boss, **FORM)
    clock.set(clock.now() + dt.timedelta(days=1))
    save(boss, helpline="12345", organizer="")
    save(boss)
    with app.app_context():
        newest, first = service.history(10)
        assert [(one.field, one.before, one.after) for one in newest.changes] == [
            ("organizer", FORM["organizer"], None),
            ("helpline", "0571-8700 0000", "12345"),
        ]
        assert [one.field for one in first.changes] == list(rules.FIELDS)
        assert newest.at == clock.now()
    text = boss.get("/manage/site").source
    assert "0571-8700 0000 → 12345" in text
    assert "管理员" in text
    statement = "UPDATE site_versions SET name = 'x'"
    with app.app_context(), pytest.raises(sa.exc.DatabaseError), transaction() as session:
        session.execute(sa.text(statement))


def test_all_faults_come_at_once_and_what_was_typed_stays(boss: Browser) -> None:
    seen = save(boss, **(FORM | {"name": "名" * 51, "helpline": "请打电话", "filing_number": "浙" * 61}))
    assert (seen.status, set(seen.faults)) == (422, {"name", "filing_number"})
    assert seen.title.startswith("错误:")
    seen = save(boss, **(FORM | {"helpline": "请打电话"}))
    assert (seen.status, set(seen.faults)) == (422, {"helpline"})
    assert (seen.value("helpline"), seen.value("name")) == ("请打电话", FORM["name"])


def test_two_who_save_at_once_do_not_undo_each_other(app: Flask, boss: Browser) -> None:
    late = boss.get("/manage/site").value("seen")
    save(boss, **FORM)
    seen = boss.post("/manage/site", expect=409, name="别的名称", seen=late)
    assert "别人已修改过" in seen.faults["name"]
    with app.app_context():
        assert service.facts().name == FORM["name"]


def test_only_an_admin_saves(app: Flask, api: Api, boss: Browser, admin: str) -> None:
    unit = make_unit(api, admin)
    liaison = Browser(app, *add_staff(api, admin, "unit_liaison", unit_id=unit))
    seen = liaison.get("/manage/site", expect=403)
    assert re.search(r"只供以下角色使用.\s*管理员", seen.source)
    liaison.post("/manage/site", expect=403, name="我的网站", seen="0")


def test_pages_of_errors_say_whom_to_ask(app: Flask, boss: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "单位联络员" in boss.get("/nowhere", expect=404).source
    save(boss, **FORM)
    assert 'href="tel:057187000000"' in boss.get("/nowhere", expect=404).source.partition("<footer")[0]

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("volunteer.site.service.values", broken)
    seen = boss.get("/manage/site", expect=500)
    trace = re.search(r"错误编号:([0-9a-f]{12})", seen.source)
    assert trace
    assert "您的数据没有丢失" in seen.source
    assert seen.source.count(trace[1]) == 2


def test_a_page_comes_even_if_the_database_does_not_answer(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def down() -> layout.SiteFacts:
        raise OperationalError("SELECT", {}, Exception("down"))

    monkeypatch.setattr(layout, "SITE", [down])
    seen = Browser(app).get("/nowhere", expect=404)
    assert settings().site_name in seen.title


def test_the_frame_asks_once_a_request(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(layout, "SITE", [lambda: asked.append(1) or service.facts()])
    Browser(app).get("/")
    assert len(asked) == 1


def test_the_workers_jobs_and_messages_are_seen_without_anybodys_data(app: Flask, api: Api, boss: Browser) -> None:
    assert "还没有后台任务" in boss.get("/manage/jobs").words
    with app.app_context(), transaction() as session:
        jobs.add(session, "imports.check", uuid.uuid4(), api.now())
    seen = boss.get("/manage/jobs").words
    assert "检查名单文件" in seen
    assert "等待中" in seen
