"""What is printed: read back as text, as pictures, as a QR code; and the page that the QR code leads to."""

import io
import re

import pytest
import zxingcpp
from flask import Flask
from PIL import Image
from pypdf import PdfReader

from tests.certificates.making import correct, give_minutes, issue, make_shift, sign_up, today
from tests.conftest import ADMIN_PASSWORD, ADMIN_PHONE, Api
from tests.pages import Browser
from tests.registration.making import Volunteer, add_volunteer
from tests.stations.making import make_station
from tests.units.making import make_unit
from volunteer import pdf
from volunteer.certificates import contents, rules
from volunteer.certificates.models import Certificate
from volunteer.certificates.rules import State
from volunteer.clock import SettableClock

MARKUP = '#panic("x") *粗* $x$'


@pytest.fixture
def station(api: Api, admin: str) -> str:
    return make_station(api, admin, name="第一实践站")


@pytest.fixture
def shift(api: Api, admin: str, station: str) -> str:
    return make_shift(api, admin, station, organizer_unit_id=make_unit(api, admin, name="教育局"), title=MARKUP)


@pytest.fixture
def volunteer(api: Api, admin: str, shift: str) -> Volunteer:
    """Somebody with 148 minutes by a make-up."""
    one = add_volunteer(api, name="欧阳慧敏")
    sign_up(api, shift, one)
    give_minutes(api, admin, shift, one, 148)
    return one


def text_of(raw: bytes) -> list[str]:
    """Return the text of each page, without the line breaks and spaces that only lay it out."""
    return [re.sub(r"\s", "", page.extract_text()) for page in PdfReader(io.BytesIO(raw)).pages]


def test_the_paper_says_all_that_the_contract_asks(api: Api, volunteer: Volunteer) -> None:
    made = issue(api, volunteer)
    answer = api("GET", f"/certificates/{made['number']}.pdf", token=volunteer.token, expect=200)
    assert answer.headers["Content-Type"] == "application/pdf"
    (page,) = text_of(answer.raw)
    for said in (
        "志愿服务记录证明",
        "欧阳慧敏",
        volunteer.no,
        made["number"],
        "2026-03-22",
        re.sub(r"\s", "", MARKUP),
        "第一实践站",
        "东路口：路口文明劝导，一岗四人。",
        "2小时28分（补录）",
        "教育局",
        "王站员",
        "共1次",
        "148分钟",
        "出具日期：2026年3月22日",
        "本证明免费出具，可随时查验",
        made["verify_url"],
    ):
        assert said in page, (said, page)


def test_the_same_proof_gives_the_same_bytes(api: Api, volunteer: Volunteer, clock: SettableClock) -> None:
    made = issue(api, volunteer)
    first = api("GET", f"/certificates/{made['number']}.pdf", token=volunteer.token, expect=200).raw
    clock.advance(hours=3)
    assert api("GET", f"/certificates/{made['number']}.pdf", token=volunteer.token, expect=200).raw == first
    assert PdfReader(io.BytesIO(first)).metadata.get("/CreationDate") is None


def test_a_superseded_proof_says_so_on_the_paper(api: Api, admin: str, volunteer: Volunteer) -> None:
    made = issue(api, volunteer)
    correct(api, admin, volunteer, 60)
    (page,) = text_of(api("GET", f"/certificates/{made['number']}.pdf", token=volunteer.token, expect=200).raw)
    assert "不再有效" in page
    assert "148分钟" in page


def test_the_qr_code_on_the_picture_leads_to_the_page(api: Api, volunteer: Volunteer) -> None:
    made = issue(api, volunteer)
    with api.app.app_context():
        from volunteer.database import reading

        row = reading().query(Certificate).filter_by(number=made["number"]).one()
        said = contents.open_content(row)
        assert said
        root = "http://localhost"
        pages = pdf.pictures(
            contents.TEMPLATE, contents.paper(row, said, State.VALID, root), contents.qr_files(row, root)
        )
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(pages[0])))
    assert found.text == made["verify_url"]
    page = api.app.test_client().get(found.text)
    assert page.status_code == 200
    assert "这份证明有效" in page.get_data(as_text=True)


def sheet(rows: int, name: str = "张三") -> dict[str, object]:
    """Return the template's data with many services."""
    service = {
        "date": "2026-03-05",
        "name": MARKUP,
        "place": "人民路与解放路路口东北角",
        "content": "路口文明劝导，一岗四人。",
        "minutes": 61,
        "made_up": False,
        "unit": "教育局",
        "leader": "王站员",
    }
    heading = {
        "number": "2026K7M2Q9XTRA",
        "notice": "",
        "period": "2026年1月1日 至 2026年12月31日",
        "verify_url": "http://localhost/v/2026K7M2Q9XTRA?token=" + "K" * 26,
        "issuer": "志愿服务",
        "issued_on": "2026年3月22日",
    }
    said = {"person": {"name": name, "volunteer_no": "123456789"}, "services": [service] * rows}
    return rules.paper(said, heading)


QR = {"qr.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9z"/></svg>'}


def test_every_page_of_a_long_proof_repeats_the_header() -> None:
    pages = text_of(pdf.render(contents.TEMPLATE, sheet(90), QR))
    assert len(pages) > 2
    assert all("日期活动名称服务地点服务内容服务时长记录单位负责人" in page for page in pages)
    assert f"第2页，共{len(pages)}页" in pages[1]
    assert "91小时30分" in pages[-1]


def test_a_name_is_never_markup() -> None:
    (page,) = text_of(pdf.render(contents.TEMPLATE, sheet(1, f"{MARKUP}]#quit()[䶮㛃"), QR))
    assert re.sub(r"\s", "", f"{MARKUP}]#quit()[䶮㛃") in page


def test_a_warning_of_typst_is_a_fault(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "PREFACE", '#set text(font: "No Such Font")\n' + pdf.PREFACE)
    with pytest.raises(pdf.PdfError, match="no such font"):
        pdf.render(contents.TEMPLATE, sheet(1), QR)
    monkeypatch.setattr(pdf, "PREFACE", "")
    with pytest.raises(pdf.PdfError, match="unknown variable: data"):
        pdf.render(contents.TEMPLATE, sheet(1), QR)


def page_of(api: Api, path: str) -> tuple[int, str]:
    """Return status and text of a page."""
    answer = api.app.test_client().get(path)
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status_code, answer.get_data(as_text=True)


def test_the_page_tells_each_state_in_words(api: Api, admin: str, volunteer: Volunteer) -> None:
    made = issue(api, volunteer)
    path = made["verify_url"].removeprefix("http://localhost")
    status, page = page_of(api, path)
    assert (status, "这份证明有效" in page, "✓" in page) == (200, True, True)
    assert "欧**敏" in page or "欧*" in page
    assert "欧阳慧敏" not in page
    assert "2小时28分" in page

    correct(api, admin, volunteer, 60)
    status, page = page_of(api, path)
    assert (status, "这份证明已过时" in page, "免费" in page) == (200, True, True)
    new = issue(api, volunteer)
    assert new["number"] in page_of(api, path)[1]

    api("POST", f"/certificates/{made['number']}/revoke", {"reason": "记录不实"}, admin, expect=200)
    status, page = page_of(api, path)
    assert (status, "这份证明已被撤销" in page, "✕" in page) == (200, True, True)


def test_an_unknown_proof_gets_the_next_step(api: Api, volunteer: Volunteer) -> None:
    made = issue(api, volunteer)
    for path in ("/v/2026AAAAAAAAAA", f"/v/{made['number']}", f"/v/{made['number']}?token=guess"):
        status, page = page_of(api, path)
        assert (status, "查无此证明" in page, "重新扫描" in page) == (404, True, True)
        assert "欧" not in page


def test_an_issued_proof_keeps_its_issuer_when_the_site_takes_another_name(
    app: Flask, api: Api, admin: str, volunteer: Volunteer
) -> None:
    boss = Browser(app, ADMIN_PHONE, ADMIN_PASSWORD)
    boss.post("/manage/site", issuer="旧志愿者协会", seen="0")
    made = issue(api, volunteer)
    before = api("GET", f"/certificates/{made['number']}.pdf", token=volunteer.token, expect=200).raw
    boss.post("/manage/site", issuer="新志愿者协会", seen="1")
    after = api("GET", f"/certificates/{made['number']}.pdf", token=volunteer.token, expect=200).raw
    assert before == after
    assert "旧志愿者协会" in text_of(after)[0]
    seen = Browser(app).get(f"/v/{made['number']}", token=made["token"])
    assert "旧志愿者协会" in seen.source
    assert issue(api, volunteer, expect=200)["number"] == made["number"]
    newer = issue(api, volunteer, **{"from": today(api, -2)})
    raw = api("GET", f"/certificates/{newer['number']}.pdf", token=volunteer.token, expect=200).raw
    assert "新志愿者协会" in text_of(raw)[0]
