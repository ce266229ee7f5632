"""Phones: one spelling, one mask."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer.phone import PhoneError, mask_phone, normalize_phone


@pytest.mark.parametrize(
    "text",
    [
        "13900005678",
        "+8613900005678",
        "008613900005678",
        "8613900005678",
        "+86 139 0000 5678",
        "(+86)139-0000-5678",
        "139—0000—5678",
        "１３９００００５６７８",
        "＋８６　139 00005678",
        "\u202a13900005678\u202c",  # as copied from a phone's contacts
        " 13900005678\t\n",
    ],
)
def test_all_spellings_are_one(text: str) -> None:
    assert normalize_phone(text) == "13900005678"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12900005678",
        "10000005678",
        "1390000567",
        "139000056789",
        "23900005678",
        "01012345678",
        "010-12345678",
        "+85290000000",
        "+1 13900005678",
        "861390000567",
        "8686139000056780",
        "13900005678x",
        "1390000567٣",
        "139.0000.5678",
        "139000056 7八",
        "\ud800",
    ],
)
def test_anything_else_is_refused_by_code_and_not_repeated(text: str) -> None:
    with pytest.raises(PhoneError) as caught:
        normalize_phone(text)
    assert caught.value.code == "bad-phone"
    assert isinstance(caught.value, ValueError)
    assert str(caught.value) == PhoneError.sentence


@given(st.integers(13_000_000_000, 19_999_999_999).map(str))
def test_normal_ones_stay_and_masks_hide_four_digits(phone: str) -> None:
    assert normalize_phone(normalize_phone(phone)) == phone
    assert mask_phone(phone) == phone[:3] + "****" + phone[7:]


def test_mask() -> None:
    assert mask_phone("13812345678") == "138****5678"
    assert mask_phone("12345") == "*****"
    assert mask_phone("") == ""
