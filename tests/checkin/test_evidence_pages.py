"""Every scan on a page: filters, one scan's evidence in words, and nobody sees another station's."""

from tests.checkin.making import make_post, told
from tests.conftest import Api
from tests.pages import Browser
from tests.stations.making import make_keeper, make_station


def test_all_scans_are_listed_narrowed_and_explained_and_no_foreign_one(api: Api, admin: str) -> None:
    post = make_post(api, admin)
    shift = post.shift(0, 60)
    first, second, third = (post.volunteer(shift) for _ in range(3))
    post.go(5)
    post.scan(first, "in", shift)
    post.scan(post.card(second), "in", shift)
    post.scan("9" * 27, "in", shift)
    offline = post.event(third, "in", shift, 4)
    post.batch([offline | {"scanned_at": post.at(8).isoformat()}], sent=post.at(9))
    keeper = Browser.of(api.app, post.scene.keeper)

    page = keeper.get("/manage/scans")
    assert page.source.count('<th scope="row">') == 4
    assert "无法识别" in page.words
    assert "不是" not in keeper.get("/manage/scans", mark="card").words
    for mark, count in (("card", 1), ("offline", 1), ("geo", 0), ("manual", 0)):
        assert keeper.get("/manage/scans", mark=mark).source.count('<th scope="row">') == count, mark
    for result, count in (("taken", 3), ("refused", 1), ("held", 0), ("voided", 0)):
        assert keeper.get("/manage/scans", result=result).source.count('<th scope="row">') == count, result
    assert "没有符合条件" in keeper.get("/manage/scans", day="2026-03-21").words
    assert "请" in keeper.get("/manage/scans", 422, day="gestern").words
    only = keeper.get("/manage/scans", shift=shift, mark="offline")
    assert first.phone not in only.source

    scan_id = only.source.split("/manage/scans/")[1].split('"')[0]
    shown = keeper.get(f"/manage/scans/{scan_id}")
    for words in (
        "手机上的动态码",
        "断网时扫码",
        "门口平板",
        "快240秒",
        "2026-03-2210:08:00",
        "2026-03-2210:04:00",
        "强凭证",
    ):
        assert words in shown.words, words
    keeper.post(f"/station/{post.scene.station}/scans/{scan_id}/void", expect=303, reason="扫错人了")
    assert "扫错人了" in keeper.get(f"/manage/scans/{scan_id}").words
    assert keeper.get("/manage/scans", result="voided").source.count('<th scope="row">') == 1

    elsewhere = make_station(api, admin)
    foreign_keeper = make_keeper(api, admin, elsewhere)
    foreign = Browser.of(api.app, foreign_keeper)
    assert told(post.scan(first, "in", shift, foreign_keeper)) == (409, "wrong-station")
    assert "没有符合条件" in foreign.get("/manage/scans").words, "a scan for our shift is ours, wherever it was made"
    late = post.event(post.volunteer(), "in", shift, 4) | {"scanned_at": post.at(14).isoformat()}
    assert post.batch([late], sent=post.at(15))[0]["reason"] == "not-signed-up"
    for result, count in (("held", 0), ("refused", 3)):  # held for its clock, and refused: no person has to look
        assert keeper.get("/manage/scans", result=result).source.count('<th scope="row">') == count, result
    foreign.get(f"/manage/scans/{scan_id}", 404)
    foreign.get("/manage/scans", 404, station=post.scene.station)
    foreign.get("/manage/scans", 404, shift=shift)
    assert Browser.of(api.app, admin).get("/manage/scans").source.count('<th scope="row">') == 6
