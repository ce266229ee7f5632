"""Text messages: signed, sent once, tried again where that makes sense, wiped when they are over."""

import datetime as dt
import hashlib
import threading
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.activities.making import make_scene, make_shift
from tests.conftest import KEYS, Api, Backend, read_settings
from tests.notifications.provider import KEY_ID, KEY_SECRET, SIGN, Provider
from tests.pages import Browser
from tests.registration.making import add_child, add_volunteer, new_phone
from tests.units.making import PASSWORD, make_account
from volunteer import config
from volunteer.clock import SettableClock
from volunteer.config import SettingsError
from volunteer.database import reading, transaction
from volunteer.notifications import aliyun, outbox, rules, standing
from volunteer.notifications import service as notifications
from volunteer.notifications.models import OutboxMessage
from volunteer.notifications.rules import Outcome, SmsState, Step
from volunteer.notifications.texts import TEXTS, template_of
from volunteer.site import message_pages

NOW = dt.datetime(2026, 3, 22, 2, 0, tzinfo=dt.UTC)
LATE = NOW + dt.timedelta(days=1)
TEMPLATES = "phone-code=SMS_1,phone-code-reset=SMS_2,shift-cancelled=SMS_3,phone-changed=SMS_4"


def minutes(count: int) -> dt.datetime:
    return NOW + dt.timedelta(minutes=count)


def test_the_signature_is_that_of_the_published_example() -> None:
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
    }
    query = aliyun.canonical_query(
        {"RegionId": "cn-shanghai", "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"}
    )
    signed, signature = aliyun.sign("POST", query, headers, b"", "YourAccessKeySecret")
    assert signed == "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version"
    assert signature == "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    assert aliyun.canonical_query({"b": "志 ~*", "a": ""}) == "a=&b=%E5%BF%97%20~%2A"


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (200, "OK", Outcome.SENT),
        (200, "isv.BUSINESS_LIMIT_CONTROL", Outcome.THROTTLED),
        (400, "Throttling.User", Outcome.THROTTLED),
        (429, "", Outcome.THROTTLED),
        (200, "isv.OUT_OF_SERVICE", Outcome.MISSET),
        (404, "InvalidAccessKeyId.NotFound", Outcome.MISSET),
        (400, "SignatureDoesNotMatch", Outcome.MISSET),
        (200, "isv.MOBILE_NUMBER_ILLEGAL", Outcome.REFUSED),
        (200, "isv.TEMPLATE_MISSING_PARAMETERS", Outcome.REFUSED),
        (200, "isp.SYSTEM_ERROR", Outcome.UNSURE),
        (503, "", Outcome.UNSURE),
        (200, "", Outcome.UNSURE),
    ],
)
def test_errors_are_told_apart(status: int, code: str, outcome: Outcome) -> None:
    assert aliyun.classify(status, code) is outcome


@pytest.mark.parametrize(
    ("outcome", "attempts", "ends", "step"),
    [
        (Outcome.SENT, 1, LATE, Step(SmsState.SENT, None)),
        (Outcome.REFUSED, 1, LATE, Step(SmsState.FAILED, None)),
        (Outcome.NOT_TAKEN, 1, LATE, Step(SmsState.WAITING, minutes(1))),
        (Outcome.NOT_TAKEN, 3, LATE, Step(SmsState.WAITING, minutes(30))),
        (Outcome.NOT_TAKEN, 9, LATE, Step(SmsState.WAITING, minutes(360))),
        (Outcome.NOT_TAKEN, rules.MOST_TRIES, LATE, Step(SmsState.FAILED, None)),
        (Outcome.THROTTLED, 1, LATE, Step(SmsState.WAITING, minutes(15))),
        (Outcome.THROTTLED, 1, minutes(5), Step(SmsState.EXPIRED, None)),
        (Outcome.MISSET, 1, LATE, Step(SmsState.WAITING, minutes(30))),
        (Outcome.UNSURE, 1, minutes(5), Step(SmsState.UNSURE, minutes(1))),
    ],
)
def test_what_follows_a_try(outcome: Outcome, attempts: int, ends: dt.datetime, step: Step) -> None:
    assert rules.next_step(outcome, attempts, NOW, ends) == step


def test_words_are_short_and_codes_share_a_template() -> None:
    known = {"phone-code": "A", "phone-code-reset": "B"}
    assert [template_of(kind, known) for kind in ("phone-code-login", "phone-code-reset", "vouched")] == [
        "A",
        "B",
        None,
    ]
    assert len(TEXTS["shift-cancelled"].fill({"what": "很长的名称" * 20, "when": "3月22日"})) < 80
    with pytest.raises(KeyError):
        TEXTS["shift-cancelled"].fill({"what": "护路"})


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"VOLUNTEER_SMS": "aliyun"}, "needs VOLUNTEER_SMS_KEY_ID"),
        ({"VOLUNTEER_SMS": "demo", "VOLUNTEER_SMS_SIGN": "x"}, "only together with VOLUNTEER_SMS=aliyun"),
        ({"VOLUNTEER_SMS_TEMPLATES": "shift-moved=SMS_3"}, "with phone-code among them"),
        ({"VOLUNTEER_SMS_URL": "http://dysmsapi.aliyuncs.com"}, "write https://host"),
    ],
)
def test_an_account_that_is_not_complete_refuses_to_start(more: dict[str, str], said: str) -> None:
    whole = account("https://dysmsapi.aliyuncs.com") if "VOLUNTEER_SMS" not in more else {}
    with pytest.raises(SettingsError, match=said):
        config.read_settings(KEYS | whole | more)


def account(url: str) -> dict[str, str]:
    return {
        "VOLUNTEER_SMS": "aliyun",
        "VOLUNTEER_SMS_KEY_ID": KEY_ID,
        "VOLUNTEER_SMS_KEY_SECRET": KEY_SECRET,
        "VOLUNTEER_SMS_SIGN": SIGN,
        "VOLUNTEER_SMS_TEMPLATES": TEMPLATES,
        "VOLUNTEER_SMS_URL": url,
    }


@pytest.fixture
def provider(app: Flask, backend: Backend) -> Iterator[Provider]:
    """The stand-in, and the app set to send through it."""
    assert backend.settings
    with Provider() as standing:
        more = account(standing.url)
        config.install(read_settings(backend.settings.database_url, backend.settings.data_dir, **more))
        yield standing
        config.install(backend.settings)


def rows(app: Flask, *columns: str) -> list[Any]:
    table = OutboxMessage.__table__
    query = sa.select(*(table.c[name] for name in columns)).where(table.c.channel == "sms").order_by(table.c.id)
    with app.app_context():
        return [tuple(row) if len(columns) > 1 else row[0] for row in reading().execute(query)]


def queue(app: Flask, phone: str, now: dt.datetime) -> None:
    with app.app_context(), transaction() as session:
        notifications.queue(session, phone, "phone-changed", {}, now)


def deliver(app: Flask, now: dt.datetime) -> int:
    with app.app_context():
        return notifications.deliver(now)


def test_a_code_goes_at_once_and_leaves_nothing(app: Flask, api: Api, provider: Provider, caplog: Any) -> None:
    phone = new_phone()
    sent = api("POST", "/auth/phone-codes", {"phone": phone, "purpose": "register"}, expect=202).body
    assert "code" not in sent
    (took,) = provider.took
    assert (took["PhoneNumbers"], took["SignName"], took["TemplateCode"]) == (phone, SIGN, "SMS_1")
    assert rows(app, "state", "to_sealed", "body_sealed", "result") == [("sent", None, None, "OK")]
    for said, status, code in (
        ("isv.BUSINESS_LIMIT_CONTROL", 429, "rate-limited"),
        ("isv.OUT_OF_SERVICE", 503, "unavailable"),
    ):
        provider.say = said
        told = api("POST", "/auth/phone-codes", {"phone": phone, "purpose": "login"}, expect=status).body
        assert told["code"] == code
    assert phone not in caplog.text
    assert provider.refused == []


def test_a_lost_answer_is_asked_for_and_nothing_goes_twice(app: Flask, provider: Provider, monkeypatch: Any) -> None:
    monkeypatch.setattr(aliyun, "TIMEOUT_SECONDS", 0.2)
    for number, way in enumerate(("drop", "hang", "garbage")):
        provider.say = way
        phone, now = new_phone(), NOW + dt.timedelta(hours=number)
        queue(app, phone, now)
        assert deliver(app, now) == 0
        provider.released.set()
        assert rows(app, "state")[-1] == "unsure"
        assert deliver(app, now + dt.timedelta(seconds=30)) == 0, "too early to ask"
        provider.say = "OK"
        assert deliver(app, now + rules.WHEN_UNSURE) == 1
        assert [one["PhoneNumbers"] for one in provider.took].count(phone) == 1
    provider.say = 503
    queue(app, new_phone(), NOW)
    assert deliver(app, NOW + dt.timedelta(hours=9)) == 0
    provider.say = "OK"
    assert deliver(app, NOW + dt.timedelta(hours=9, minutes=1)) == 1, "not taken, so it is sent now"
    assert set(rows(app, "state", "to_sealed", "due_at")) == {("sent", None, None)}


def test_a_process_killed_while_it_sends_loses_nothing(app: Flask, provider: Provider) -> None:
    queue(app, new_phone(), NOW)
    with app.app_context():
        claimed = outbox._claim(NOW, set())
    assert claimed, "and here the process dies"
    assert rows(app, "state") == ["sending"]
    assert deliver(app, NOW + dt.timedelta(minutes=1)) == 0, "it may still be alive"
    assert deliver(app, NOW + rules.LEASE) == 1
    assert (len(provider.took), provider.asked) == (1, ["QuerySendDetails", "SendSms"])
    with app.app_context():
        outbox._settle(claimed[0], outbox.Result(Outcome.REFUSED, "late"), claimed[1], NOW)
    assert rows(app, "state") == ["sent"], "whoever comes back from the dead changes nothing"


def test_two_workers_send_each_message_once(app: Flask, provider: Provider) -> None:
    for _ in range(6):
        queue(app, new_phone(), NOW)
    threads = [threading.Thread(target=deliver, args=(app, NOW)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(provider.took) == len({one["OutId"] for one in provider.took}) == 6


def test_what_is_refused_or_too_old_is_wiped_and_an_outage_is_not_hammered(app: Flask, provider: Provider) -> None:
    queue(app, new_phone(), NOW)
    provider.say = "isv.MOBILE_NUMBER_ILLEGAL"
    deliver(app, NOW)
    provider.say = "isv.OUT_OF_SERVICE"
    for _ in range(3):
        queue(app, new_phone(), NOW)
    asked = len(provider.asked)
    deliver(app, NOW)
    assert len(provider.asked) == asked + 1
    deliver(app, NOW + dt.timedelta(days=4))
    assert rows(app, "state", "to_sealed") == [("failed", None)] + [("expired", None)] * 3
    with app.app_context():
        counts, shown = notifications.standing()
    assert (counts, shown[-1].result) == ({"failed": 1, "expired": 3}, "isv.MOBILE_NUMBER_ILLEGAL")


def test_a_cancelled_shift_reaches_phones_a_childs_reaches_the_guardian(
    app: Flask, api: Api, admin: str, clock: SettableClock, backend: Backend
) -> None:
    who = add_volunteer(api)
    child = add_child(api, who)
    shift = make_shift(api, make_scene(api, admin))
    api("POST", f"/shifts/{shift}/signups", {}, who.token, expect=201)
    api("POST", f"/shifts/{shift}/signups", {"volunteer_id": child.id}, who.token, expect=201)
    with Provider() as provider:
        assert backend.settings
        config.install(read_settings(backend.settings.database_url, backend.settings.data_dir, **account(provider.url)))
        api("POST", f"/shifts/{shift}/cancel", {"reason": "大雨"}, admin, expect=200)
        assert deliver(app, clock.now()) == 2
        config.install(backend.settings)
    assert {(one["PhoneNumbers"], one["TemplateCode"]) for one in provider.took} == {(who.phone, "SMS_3")}
    assert "大雨" not in provider.took[0]["TemplateParam"]


def test_the_console_writes_to_the_log_and_serves_this_machine_alone(app: Flask, backend: Backend, caplog: Any) -> None:
    assert backend.settings
    conf = read_settings(backend.settings.database_url, backend.settings.data_dir, VOLUNTEER_SMS="console")
    config.install(conf)
    caplog.set_level("INFO", "volunteer")
    Api(app)("POST", "/auth/phone-codes", {"phone": "13900000009", "purpose": "reset"}, expect=202)
    assert "13900000009: 您正在重设密码,验证码是" in caplog.text
    config.install(backend.settings)
    assert ZoneInfo("Asia/Shanghai") == conf.zone


@pytest.mark.parametrize(
    ("state", "result", "why"),
    [
        (SmsState.WAITING, None, "not-tried"),
        (SmsState.WAITING, "isv.AMOUNT_NOT_ENOUGH", "misset"),
        (SmsState.WAITING, "isv.DAY_LIMIT_CONTROL", "throttled"),
        (SmsState.WAITING, "no-answer", "no-answer"),
        (SmsState.UNSURE, "nobody-says", "no-answer"),
        (SmsState.FAILED, "isv.MOBILE_NUMBER_ILLEGAL", "refused"),
        (SmsState.FAILED, "no-template", "no-template"),
        (SmsState.SENDING, None, "sending"),
        (SmsState.EXPIRED, "isv.AMOUNT_NOT_ENOUGH", "expired"),
    ],
)
def test_why_a_message_is_not_out(state: SmsState, result: str | None, why: str) -> None:
    assert standing.why(state, result) == why


def test_every_kind_has_words_at_the_desk() -> None:
    assert set(message_pages.KINDS) == set(TEXTS)


def test_administrators_see_what_is_stuck_and_try_it_again(
    app: Flask, api: Api, admin: str, provider: Provider
) -> None:
    boss, phones = Browser.of(app, admin), [new_phone() for _ in range(2)]
    now = api.now()
    provider.say = "isv.AMOUNT_NOT_ENOUGH"
    queue(app, phones[0], now)
    deliver(app, now)
    provider.say = "isv.MOBILE_NUMBER_ILLEGAL"
    queue(app, phones[1], now)
    deliver(app, now)
    page = boss.get("/manage/messages")
    for said in ("150****" + phones[0][-4:], "余额有问题", "isv.AMOUNT_NOT_ENOUGH", "空号", "已清除"):
        assert said in page.text
    assert phones[0] not in page.source
    assert phones[1][-4:] not in page.text, "what is over keeps no number"
    assert "空号" not in boss.get("/manage/messages", state="waiting").text
    provider.say = "OK"
    assert deliver(app, now) == 0
    boss.post("/manage/messages/retry")
    assert "正在重试 1 条" in boss.follow().text
    assert deliver(app, now) == 1
    boss.post("/manage/messages/retry")
    assert "没有需要提前重试" in boss.follow().text
    assert [one["PhoneNumbers"] for one in provider.took] == [phones[0]]
    Browser(app, make_account(api, admin, "auditor"), PASSWORD).get("/manage/messages", expect=403)
