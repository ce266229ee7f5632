"""Consents on paper: put down by staff for who has no phone, with where the paper lies, and for nobody else."""

import datetime as dt

from flask import Flask

from tests.conftest import Api
from tests.pages import Browser
from tests.registration.making import CONSENT, add_volunteer, on_paper, resident_id
from tests.reports.making import credit
from tests.reports.test_honour import shown
from tests.units.making import PASSWORD, make_account, make_liaison, make_unit
from volunteer.database import db, metadata


def kinds(api: Api, path: str, token: str) -> dict[str, str | None]:
    """Return which consents hold, by kind."""
    return {one["kind"]: one["given_version"] for one in api("GET", path, token=token, expect=200).body}


def test_staff_put_down_what_was_signed_at_registration_and_later(api: Api, admin: str, app: Flask) -> None:
    unit = make_unit(api, admin)
    desk = make_liaison(api, admin, unit_id=unit)
    signed = {"unit_id": unit, "paper_consents": ["public_names"], "paper_consent_reference": "7-12 张三丰"}
    person = on_paper(api, desk, **signed).body["id"]
    path = f"/volunteers/{person}/consents"
    assert kinds(api, path, desk) == {"public_names": CONSENT, "photos": None, "upstream": None}
    api("POST", f"/volunteers/{person}/confirm", {}, desk, expect=200)
    credit(app, person, unit, dt.date(2026, 3, 20), 60)
    assert shown(api) == [(1, "张三丰", 60)]
    alone = {"paper_consents": ["photos"], "phone": "15033334444", "consent_version": CONSENT}
    body = {"name": "李四", "id_type": "resident_id", "id_number": resident_id()} | alone
    assert api("POST", "/volunteers", body, expect=422).codes == {"paper_consents": "paper-only"}

    away = make_liaison(api, admin, unit_id=make_unit(api, admin))
    later = {"kinds": ["photos", "public_names"], "paper_consent_reference": "8-1"}
    api("POST", path, later, away, expect=404)
    for _ in range(2):
        api("POST", path, later, desk, expect=200)
    assert kinds(api, path, desk) == {"public_names": CONSENT, "photos": CONSENT, "upstream": None}
    table = metadata.tables["consents"]
    with app.app_context():
        rows = db.session.execute(table.select()).mappings().all()
        assert len(rows) == 3, "what held already was put down again"
        assert all(row["paper_reference_sealed"] and row["channel"] == "keeper" for row in rows)
    api("DELETE", f"{path}/public_names", None, away, expect=404)
    api("DELETE", f"{path}/registration", None, desk, expect=404)
    for _ in range(2):
        api("DELETE", f"{path}/public_names", None, desk, expect=200)
    assert shown(api) == []

    other = add_volunteer(api, unit)
    refused = api("POST", f"/volunteers/{other.id}/consents", later, desk, expect=403)
    assert refused.body["code"] == "has-account"
    api("PUT", "/me/consents/photos", {"version": CONSENT}, other.token, expect=200)
    api("DELETE", f"/volunteers/{other.id}/consents/photos", None, desk, expect=200)
    told = api("GET", "/me/messages", token=other.token, expect=200).body["items"]
    assert [one["kind"] for one in told] == ["consent-withdrawn"]


def test_the_same_on_pages(api: Api, admin: str) -> None:
    unit = make_unit(api, admin, name="望江社区")
    desk = Browser(api.app, make_account(api, admin, "unit_liaison", unit_id=unit), PASSWORD)
    paper = {"name": "王秀兰", "id_type": "resident_id", "id_number": resident_id(), "unit_id": unit, "seen": "1"}
    kept = desk.post("/people/new", expect=422, paper_consents="photos", **paper)
    assert kept.faults.keys() == {"paper_consent_reference"}
    assert 'value="photos" checked' in kept.source
    desk.post("/people/new", paper_consents="photos", paper_consent_reference="7-12", **paper)
    person = desk.follow().path.split("/")[2]
    page = f"/people/{person}/consents"
    assert page in desk.get(f"/people/{person}").source
    assert desk.get(page).text.count("未同意") == 2
    assert desk.post(page, expect=422).faults.keys() == {"kinds", "paper_consent_reference", "seen"}
    desk.post(page, kinds="upstream", paper_consent_reference="8-1", seen="1")
    assert desk.follow().text.count("未同意") == 1
    desk.post(f"{page}/photos/withdraw")
    assert desk.follow().text.count("未同意") == 2
    desk.post(f"{page}/registration/withdraw", expect=404)
    Browser(api.app, make_account(api, admin, "auditor"), PASSWORD).get(page, expect=403)
