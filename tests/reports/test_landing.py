"""The three numbers of the landing page are those of the reports, and are counted again after five minutes."""

from tests.checkin.making import make_post
from tests.conftest import Api
from tests.pages import Browser


def test_the_landing_page_counts_people_hours_and_shifts(api: Api, admin: str) -> None:
    post, landing = make_post(api, admin), Browser(api.app)
    assert "到目前为止" not in landing.get("/").words
    shift_id = post.shift(0, 180)
    who = post.volunteer(shift_id)
    post.volunteer()
    post.go(0)
    post.scan(who, "in", shift_id)
    post.go(125)
    assert post.scan(who, "out", shift_id).status == 201
    shown = landing.get("/").words
    assert "注册志愿者2今年服务小时2今年服务班次1" in shown
    post.volunteer()
    post.go(129)
    assert "注册志愿者2" in landing.get("/").words, "counted again too early"
    post.go(131)
    assert "注册志愿者3" in landing.get("/").words
