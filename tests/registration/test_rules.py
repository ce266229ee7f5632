"""Identity, ages, names, masks, statuses and numbers of volunteers. Every identity number here is computed."""

import datetime as dt
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from volunteer.errors import Fault
from volunteer.registration.rules import (
    COUNTED,
    STATUS_MOVES,
    GuardianRelation,
    Identity,
    IdType,
    PersonStatus,
    RegistrationFault,
    Sex,
    age_on,
    check_identity,
    check_name,
    is_possible_birth_date,
    mask_name,
    may_become,
    must_seal_name,
    needs_guardian,
    reaches_age_on,
    volunteer_number,
)

TODAY = dt.date(2026, 5, 20)
BORN = dt.date(1990, 1, 2)
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def with_check(body: str) -> str:
    """Return 17 digits with the check character of GB 11643, computed here by its table and not by the library."""
    return body + "10X98765432"[sum(int(c) * w for c, w in zip(body, WEIGHTS, strict=True)) % 11]


def resident(birth: str = "19900102", order: str = "001", area: str = "110101") -> str:
    return with_check(area + birth + order)


def ending_in_x() -> str:
    return next(number for order in range(1000) if (number := resident(order=f"{order:03d}")).endswith("X"))


def wrong_check(number: str) -> str:
    return number[:-1] + ("0" if number[-1] != "0" else "1")


def faults(result: Identity | tuple[Fault, ...]) -> set[tuple[str, str]]:
    assert isinstance(result, tuple)
    assert result
    assert all(fault.message for fault in result)
    return {(fault.field, fault.code) for fault in result}


@given(st.dates(dt.date(1900, 1, 1), TODAY), st.integers(0, 999))
def test_a_resident_number_tells_birth_date_and_sex(birth: dt.date, order: int) -> None:
    number = resident(birth.strftime("%Y%m%d"), f"{order:03d}")
    expected = Sex.MALE if order % 2 else Sex.FEMALE
    assert check_identity(IdType.RESIDENT_ID, number, TODAY) == Identity(IdType.RESIDENT_ID, number, birth, expected)


@given(st.integers(0, 999), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(order: int, place: int, by: int) -> None:
    number = resident(order=f"{order:03d}")
    typed = number[:place] + str((int(number[place]) + by) % 10) + number[place + 1 :]
    assert faults(check_identity(IdType.RESIDENT_ID, typed, TODAY)) == {("id_number", "checksum")}


def test_a_resident_number_in_all_spellings() -> None:
    number = ending_in_x()
    wide = "".join(chr(ord(c) + 0xFEE0) for c in number)
    for typed in (
        number.lower(),
        wide,
        f" {number[:6]} {number[6:14]}\u3000{number[14:]}\n",
        f"{number[:6]}-{number[6:]}",
    ):
        found = check_identity(IdType.RESIDENT_ID, typed, TODAY)
        assert isinstance(found, Identity)
        assert found.number == number


@pytest.mark.parametrize("area", ["999999", "000000", "110103", "810000", "830000"])
def test_the_place_of_birth_is_not_judged(area: str) -> None:
    assert isinstance(check_identity(IdType.RESIDENT_ID, resident(area=area), TODAY), Identity)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (wrong_check(resident()), "checksum"),
        (resident()[:17] + "Z", "checksum"),
        (resident()[:17], "bad-format"),
        (resident() + "0", "bad-format"),
        ("110101900102001", "bad-format"),  # 15 places, out of use since 2013
        ("1.10101199001E+17", "bad-format"),  # what a spreadsheet leaves of one
        ("", "bad-format"),
        ("٣" * 17 + "1", "bad-format"),
        (resident()[:5] + "A" + resident()[6:], "bad-format"),
        (resident("19900230"), "bad-birth-date"),
        (resident("19901301"), "bad-birth-date"),
        (resident("00000101"), "bad-birth-date"),
        (resident("20260521"), "bad-birth-date"),
        (resident("99991231"), "bad-birth-date"),
        (resident("18960519"), "bad-birth-date"),
    ],
)
def test_bad_resident_numbers(number: str, code: str) -> None:
    assert faults(check_identity(IdType.RESIDENT_ID, number, TODAY)) == {("id_number", code)}


@pytest.mark.parametrize("birth", ["20260520", "18960520"])
def test_the_newest_and_the_oldest_born(birth: str) -> None:
    assert isinstance(check_identity(IdType.RESIDENT_ID, resident(birth), TODAY), Identity)


def test_what_is_given_beside_a_resident_number_is_ignored() -> None:
    found = check_identity(IdType.RESIDENT_ID, resident(), TODAY, dt.date(2030, 1, 1), Sex.FEMALE)
    assert isinstance(found, Identity)
    assert (found.birth_date, found.sex) == (BORN, Sex.MALE)


@pytest.mark.parametrize(
    ("id_type", "number", "kept"),
    [
        (IdType.PASSPORT, "e 1234-5678", "E12345678"),
        (IdType.PASSPORT, "12345", "12345"),
        (IdType.PASSPORT, "A" * 19 + "1", "A" * 19 + "1"),
        (IdType.HK_MACAO_PERMIT, "h12345678", "H12345678"),
        (IdType.HK_MACAO_PERMIT, "M1234567801", "M1234567801"),
        (IdType.TAIWAN_PERMIT, "12345678", "12345678"),
        (IdType.TAIWAN_PERMIT, "0012345601(B)", "0012345601B"),
        (IdType.FOREIGN_PERMANENT_RESIDENT, "xyz110190010201", "XYZ110190010201"),
        (IdType.FOREIGN_PERMANENT_RESIDENT, with_check("91199919900102001"), with_check("91199919900102001")),
    ],
)
def test_other_papers(id_type: IdType, number: str, kept: str) -> None:
    assert check_identity(id_type, number, TODAY, BORN, Sex.MALE) == Identity(id_type, kept, BORN, Sex.MALE)


@pytest.mark.parametrize(
    ("id_type", "number"),
    [
        (IdType.PASSPORT, "1234"),
        (IdType.PASSPORT, "A" * 20 + "1"),
        (IdType.PASSPORT, "ABCDEFG"),
        (IdType.PASSPORT, "E1234567号"),
        (IdType.HK_MACAO_PERMIT, "A12345678"),
        (IdType.HK_MACAO_PERMIT, "H1234567"),
        (IdType.HK_MACAO_PERMIT, "H123456789"),
        (IdType.TAIWAN_PERMIT, "1234567"),
        (IdType.TAIWAN_PERMIT, "123456789"),
        (IdType.FOREIGN_PERMANENT_RESIDENT, "XY1110190010201"),
        (IdType.FOREIGN_PERMANENT_RESIDENT, with_check("81199919900102001")),
    ],
)
def test_other_papers_of_the_wrong_form(id_type: IdType, number: str) -> None:
    assert faults(check_identity(id_type, number, TODAY, BORN, Sex.MALE)) == {("id_number", "bad-format")}


def test_other_papers_need_birth_date_and_sex_and_all_is_told_at_once() -> None:
    assert faults(check_identity(IdType.PASSPORT, "?", TODAY)) == {
        ("id_number", "bad-format"),
        ("birth_date", "required"),
        ("sex", "required"),
    }
    future = TODAY + dt.timedelta(days=1)
    assert faults(check_identity(IdType.PASSPORT, "E12345678", TODAY, future, Sex.MALE)) == {
        ("birth_date", "bad-birth-date")
    }
    assert faults(check_identity(IdType.PASSPORT, "E12345678", TODAY, BORN)) == {("sex", "required")}


def test_the_new_card_of_a_permanent_resident_is_read() -> None:
    paper, number = IdType.FOREIGN_PERMANENT_RESIDENT, with_check("91199919900102001")
    assert faults(check_identity(paper, wrong_check(number), TODAY, BORN, Sex.MALE)) == {("id_number", "checksum")}
    assert faults(check_identity(paper, number, TODAY, dt.date(1990, 2, 1), Sex.FEMALE)) == {
        ("birth_date", "mismatch"),
        ("sex", "mismatch"),
    }
    assert faults(check_identity(paper, number, TODAY)) == {("birth_date", "required"), ("sex", "required")}


@pytest.mark.parametrize(
    ("birth", "day", "age"),
    [
        (dt.date(2008, 5, 20), dt.date(2026, 5, 19), 17),
        (dt.date(2008, 5, 20), dt.date(2026, 5, 20), 18),
        (dt.date(2008, 5, 20), dt.date(2026, 5, 21), 18),
        (dt.date(2008, 2, 29), dt.date(2026, 2, 28), 17),
        (dt.date(2008, 2, 29), dt.date(2026, 3, 1), 18),
        (dt.date(2008, 2, 29), dt.date(2028, 2, 28), 19),
        (dt.date(2008, 2, 29), dt.date(2028, 2, 29), 20),
        (dt.date(2007, 12, 31), dt.date(2026, 1, 1), 18),
        (dt.date(2008, 1, 1), dt.date(2025, 12, 31), 17),
        (dt.date(2026, 5, 20), dt.date(2026, 5, 20), 0),
        (dt.date(2026, 5, 20), dt.date(2026, 5, 19), -1),
    ],
)
def test_ages(birth: dt.date, day: dt.date, age: int) -> None:
    assert age_on(birth, day) == age
    assert needs_guardian(birth, day) is (age < 18)


@given(st.dates(dt.date(1900, 1, 1), dt.date(2026, 1, 1)), st.integers(0, 120))
def test_an_age_is_reached_on_its_day_and_not_before(birth: dt.date, years: int) -> None:
    day = reaches_age_on(birth, years)
    assert age_on(birth, day) == years
    assert age_on(birth, day - dt.timedelta(days=1)) == years - 1


def test_names_of_people_under_14_are_sealed() -> None:
    assert must_seal_name(dt.date(2012, 5, 21), TODAY)
    assert not must_seal_name(dt.date(2012, 5, 20), TODAY)


def test_possible_birth_dates() -> None:
    assert [is_possible_birth_date(TODAY + dt.timedelta(days=n), TODAY) for n in (0, 1)] == [True, False]
    assert is_possible_birth_date(dt.date(1896, 5, 20), TODAY)
    assert not is_possible_birth_date(dt.date(1896, 5, 19), TODAY)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("王兰", "王兰"),
        (" 王　兰 ", "王兰"),
        ("王  秀 明\n", "王秀明"),
        ("买买提•吐尔逊", "买买提·吐尔逊"),
        ("买买提．吐尔逊", "买买提·吐尔逊"),
        ("买买提.吐尔逊", "买买提·吐尔逊"),
        ("买买提 ・ 吐尔逊", "买买提·吐尔逊"),
        ("Anna  Maria O’Neil", "Anna Maria O'Neil"),
        ("Jean‐Luc", "Jean-Luc"),
        ("ＡＮＮＡ", "ANNA"),
        ("Nguye\u0302\u0303n", "Nguy\u1ec5n"),
        ("䶮㛃𬭊𫖯𠅤𬀩堃", "䶮㛃𬭊𫖯𠅤𬀩堃"),
        ("王\U00031350", "王\U00031350"),  # extension H, newer than the Unicode of Python 3.11
        ("李〇", "李〇"),
        ("葛\U000e0100明", "葛\U000e0100明"),
        ("王\u200b兰", "王兰"),
        ("兰", "兰"),
        ("张" * 50, "张" * 50),
    ],
)
def test_names_have_one_spelling(text: str, name: str) -> None:
    assert check_name(text) == name
    assert check_name(name) == name


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "required"),
        (" 　\n", "required"),
        ("张" * 51, "too-long"),
        ("王2", "bad-name"),
        ("王２", "bad-name"),
        ("王\x00兰", "bad-name"),
        ("王\t兰", "bad-name"),
        ("王\u202e兰", "bad-name"),
        ("\ud800", "bad-name"),
        ("·王", "bad-name"),
        ("-", "bad-name"),
        ("王兰😀", "bad-name"),
        ("=HYPERLINK", "bad-name"),
        ("<b>", "bad-name"),
        ("王䷀", "bad-name"),
        ("\u0301a", "bad-name"),
        ("J. Smith", "bad-name"),
    ],
)
def test_what_is_no_name(text: str, code: str) -> None:
    fault = check_name(text)
    assert isinstance(fault, Fault)
    assert (fault.field, fault.code) == ("name", code)


@given(st.text(max_size=60))
def test_any_text_is_judged_and_a_name_stays_as_it_is(text: str) -> None:
    name = check_name(text)
    if isinstance(name, str):
        assert check_name(name) == name
        assert 1 <= len(name) <= 50
        assert name.encode()


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("", ""),
        ("兰", "*"),
        ("王兰", "王*"),
        ("王秀明", "王*明"),
        ("欧阳秀明", "欧**明"),
        ("买买提·吐尔逊", "买*****逊"),
        ("𬭊𠅤", "𬭊*"),
        ("葛\U000e0100明", "葛\U000e0100*"),
        ("Li", "L*"),
    ],
)
def test_masks(name: str, masked: str) -> None:
    assert mask_name(name) == masked


def test_who_counts_in_rates() -> None:
    assert {PersonStatus.REGISTERED, PersonStatus.SUSPENDED} == COUNTED


MOVES = """invited>unproven invited>registered invited>erased invited>merged unproven>registered unproven>erased
unproven>merged registered>suspended registered>left registered>erased registered>merged suspended>registered
suspended>erased suspended>merged left>registered left>erased left>merged merged>erased"""


def test_the_moves_are_these_and_no_others() -> None:
    assert set(STATUS_MOVES) == set(PersonStatus)
    found = {f"{a}>{b}" for a in PersonStatus for b in PersonStatus if may_become(a, b)}
    assert found == set(MOVES.split())


def test_every_fault_and_relation_has_its_words() -> None:
    assert all(fault.sentence.endswith("。") for fault in RegistrationFault)
    assert all(relation.label for relation in GuardianRelation)
    assert RegistrationFault.GUARDIAN_REQUIRED.at("guardian").code == "guardian-required"


def test_volunteer_numbers_have_nine_digits_and_the_first_is_not_0() -> None:
    numbers = [volunteer_number(random.Random(seed)) for seed in range(2000)]  # noqa: S311 - seeded on purpose
    assert all(len(n) == 9 and n.isdecimal() and n[0] != "0" for n in numbers)
    assert {n[0] for n in numbers} == set("123456789")
    assert volunteer_number(random.SystemRandom()) != volunteer_number(random.SystemRandom())
