"""Every outcome and reason of the contract has a state with words, a next step, and colours that can be read."""

import datetime as dt
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask, render_template_string, url_for
from markupsafe import escape

from tests.conftest import ZONE, read_settings
from volunteer import config
from volunteer.checkin.door.looks import LOOKS, TONES
from volunteer.checkin.door.states import Audience, Shown, failed, shown, stored
from volunteer.checkin.reasons import Flag, Outcome, Reason

SCSS = Path(__file__).resolve().parents[2] / "assets" / "scss" / "_states.scss"
STATION, SHIFT, PERSON = UUID(int=1), UUID(int=2), UUID(int=3)
WORDS = [*Outcome, *Reason]
AT = dt.datetime(2026, 3, 22, 9, 2, tzinfo=ZONE)
CJK = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(autouse=True)
def zone(tmp_path: Path) -> None:
    config.install(read_settings(f"sqlite:///{tmp_path}/none.db", tmp_path))


def answer(word: Outcome | Reason, **more: Any) -> dict[str, Any]:
    """Return an answer of check-in with this outcome, or refused for this reason."""
    outcome = word if isinstance(word, Outcome) else Outcome.REFUSED
    made = {
        "outcome": outcome,
        "direction": "in",
        "shift_id": SHIFT,
        "at": AT,
        "evidence": "strong",
        "flags": [],
        "volunteer": {"id": PERSON, "display_name": "王*兰"},
    }
    return made | ({"reason": word} if isinstance(word, Reason) else {}) | more


def keeper(word: Outcome | Reason, **more: Any) -> Shown:
    """Return what the keeper sees."""
    return shown(answer(word, **more), Audience.KEEPER, place="东湖公园站", station_id=STATION)


@pytest.mark.parametrize("audience", Audience)
@pytest.mark.parametrize("word", WORDS)
def test_every_word_of_the_contract_has_a_state(word: Outcome | Reason, audience: Audience) -> None:
    state = shown(answer(word), audience, station_id=STATION)

    assert state.icon
    assert len(state.icon) == 1
    assert state.role in ("status", "alert")
    for said in (state.title, state.detail, state.next_text, state.next_label):
        assert CJK.search(said), (word, said)
    assert len(state.next_label) <= 10
    assert state.tones
    assert state.buzz


def test_states_are_told_apart_by_their_words() -> None:
    titles = [look.title for look in LOOKS.values()]
    assert len(set(titles)) == len(titles)
    assert len({look.key for look in LOOKS.values()}) == len(LOOKS)


@pytest.mark.parametrize("word", WORDS)
def test_nobody_is_sent_to_a_page_of_the_other_side(word: Outcome | Reason) -> None:
    volunteer = shown(answer(word), Audience.VOLUNTEER, station_id=STATION)
    theirs = ("accounts.", "checkin.", "my_hours.", "activities.", "registration.")

    assert volunteer.next_endpoint.startswith(theirs)
    assert keeper(word).next_endpoint.startswith(("station.", "roster.", "people."))


def test_a_next_step_takes_its_address_from_the_answer() -> None:
    assert keeper(Reason.SUSPENDED).next_params == {"person_id": PERSON}
    assert keeper(Reason.TOO_LATE).next_params == {"station_id": STATION, "shift_id": SHIFT}
    nobody = keeper(Reason.SUSPENDED, volunteer=None)
    assert (nobody.next_endpoint, nobody.next_params) == ("station.today_page", {})
    assert keeper(Reason.NOT_CHECKED_IN).next_params == {"station_id": STATION, "direction": "in"}


def test_the_detail_says_who_when_where_and_how_long() -> None:
    assert keeper(Outcome.CHECKED_IN).detail == "王*兰 9:02 · 东湖公园站"
    assert "2 小时 28 分钟" in keeper(Outcome.CHECKED_OUT, minutes=148, direction="out").detail
    assert "现场报名" in keeper(Outcome.CHECKED_IN, walk_in=True).detail
    assert "上一个班次已同时签退" in keeper(Outcome.CHECKED_IN, closed_attendance_id=SHIFT).detail


def test_who_is_there_already_is_told_since_when() -> None:
    later = {"since": AT, "at": AT + dt.timedelta(minutes=40)}
    assert keeper(Outcome.ALREADY_CHECKED_IN, **later).detail == "王*兰 9:02 已签到,不用再扫。"
    gone = keeper(Outcome.ALREADY_CHECKED_OUT, direction="out", **later)
    assert gone.detail == "王*兰 9:02 已签退,不用再扫。"
    assert keeper(Outcome.ALREADY_CHECKED_IN).detail == "王*兰 不用再扫。"


def test_a_closed_window_is_told_with_its_time_and_direction() -> None:
    opens = AT.replace(hour=9, minute=30)
    early = keeper(Reason.TOO_EARLY, opens_at=opens, closes_at=opens)
    late = keeper(Reason.TOO_LATE, direction="out", opens_at=opens, closes_at=opens - dt.timedelta(days=1))

    assert early.detail.endswith("9:30 开始签到。")
    assert late.title == "签退时间已过"
    assert late.detail.endswith("3 月 21 日 9:30 签退截止。")


def test_the_place_where_somebody_is_still_in_is_named() -> None:
    there = {"shift_id": SHIFT, "station_name": "西城图书馆站"}
    assert "西城图书馆站" in keeper(Reason.OPEN_ELSEWHERE, open=there).detail


def test_weak_evidence_is_said_with_the_success() -> None:
    weak = {"evidence": "weak"}
    assert keeper(Outcome.CHECKED_IN).band == ""
    assert "核对" in keeper(Outcome.CHECKED_IN, **weak, flags=[Flag.CARD]).band
    far = keeper(Outcome.CHECKED_IN, **weak, flags=[Flag.TOO_FAR])
    assert far.key == "flag"
    assert far.kind == "ok"
    assert "位置" in far.band
    assert keeper(Reason.TOO_EARLY, **weak).band == ""


def test_what_was_not_recorded_is_never_green() -> None:
    assert failed("网络断了。", Audience.KEEPER, STATION).kind == "err"
    assert failed("网络断了。", Audience.VOLUNTEER).next_endpoint == "accounts.me_page"
    assert stored(3, STATION).kind == "saved"
    assert "3 条" in stored(3, STATION).detail


STATE = "{% from 'checkin/_state.html' import state with context %}{{ state(shown, 2) }}"


def test_every_state_is_shown_with_its_words_and_a_way_that_is_served(app: Flask) -> None:
    states = [
        shown(answer(word, **more), audience, station_id=STATION)
        for word in WORDS
        for audience in Audience
        for more in ({}, {"direction": "out"}, {"evidence": "weak", "flags": [Flag.TOO_FAR]})
    ]
    states += [failed("网络断了。", audience, STATION) for audience in Audience] + [stored(2, STATION)]
    with app.test_request_context("/"):
        for one in states:
            html = render_template_string(STATE, shown=one)
            assert f'role="{one.role}" data-k="{one.key}"' in html
            for said in (one.icon, one.title, one.detail, one.next_text, one.band):
                assert said in html
            assert one.next_endpoint in app.view_functions, one
            assert f'href="{escape(url_for(one.next_endpoint, **one.next_params))}"' in html
            assert f">{one.next_label}</a>" in html


# Colours


def luminance(colour: str) -> float:
    """Return the relative luminance of `#rgb` or `#rrggbb`. Source: WCAG 2.2, "relative luminance"."""
    digits = colour.lstrip("#")
    digits = digits if len(digits) == 6 else "".join(2 * one for one in digits)
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21. Source: WCAG 2.2, "contrast ratio"."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def colours_of(kind: str) -> tuple[str, str]:
    """Return text and ground of a kind, as the style sheet gives them."""
    ground, text = "", "#fff"
    for selectors, rules in re.findall(r"^([^{]+)\{([^}]*)\}", SCSS.read_text("utf-8"), re.MULTILINE):
        if f".result.{kind}" not in [one.strip() for one in selectors.split(",")]:
            continue
        ground = (re.search(r"background: (#\w+)", rules) or ["", ground])[1]
        text = (re.search(r"(?<!-)\bcolor: (#\w+)", rules) or ["", text])[1]
    return text, ground


@pytest.mark.parametrize("kind", TONES)
def test_every_kind_can_be_read(kind: str) -> None:
    text, ground = colours_of(kind)
    assert ground, f"{kind} has no colour of its own"
    assert contrast(text, ground) >= 4.5


def test_the_measure_of_contrast_measures() -> None:
    assert contrast("#fff", "#000") == pytest.approx(21)
    assert contrast("#fff", "#07c160") < 4.5


def test_every_state_has_a_kind_that_sounds() -> None:
    assert {look.kind for look in LOOKS.values()} <= TONES.keys()


#: The design's table of states (ux.md §5d): icon, role, tones in hertz, vibration in ms, colour of the ground.
DESIGN = {
    "ok_in": ("✓", "status", (880, 1320), (200,), "#0b6b3a"),
    "ok_out": ("✓", "status", (1320, 880), (200,), "#0b6b3a"),
    "dup": ("!", "status", (660, 660), (100, 80, 100), "#7a4a00"),
    "early": ("◷", "status", (440, 440), (100, 80, 100), "#1d4ed8"),
    "late": ("◷", "status", (440, 440), (100, 80, 100), "#1d4ed8"),
    "none": ("?", "alert", (330, 330, 330), (400,), "#6b21a8"),
    "wrong": ("→", "alert", (330, 330, 330), (400,), "#6b21a8"),
    "bad": ("✕", "alert", (220,), (400,), "#b3261e"),
    "off": ("↑", "status", (880,), (100,), "#334155"),
    "flag": ("✓", "status", (880, 1320), (200,), "#0b6b3a"),
    "err": ("!", "alert", (220,), (400,), "#fff"),
}


@pytest.mark.parametrize("key", DESIGN)
def test_a_state_looks_and_sounds_as_designed(key: str) -> None:
    states = [keeper(word) for word in WORDS]
    states += [keeper(Outcome.CHECKED_IN, evidence="weak", flags=[Flag.TOO_FAR])]
    states += [stored(1, STATION), failed("没有网络。", Audience.KEEPER, STATION)]
    one = next(state for state in states if state.key == key)
    icon, role, tones, buzz, ground = DESIGN[key]
    assert (one.icon, one.role, one.tones, one.buzz) == (icon, role, tones, buzz)
    assert colours_of(one.kind)[1].lower() == ground
