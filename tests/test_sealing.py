"""Sealing: only the very value, in its very place, opens; look-ups survive a rotation; weak keys are refused."""

import base64
import re
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from volunteer.sealing import INDEX_BYTES, PURPOSES, KeyFormatError, Keyring, SealError, generate_keys, parse_keys


def key(seed: int) -> bytes:
    return bytes((seed + i) % 256 for i in range(32))


def entry(version: int, material: bytes) -> str:
    return f"{version}:{base64.b64encode(material).decode()}"


OLD = Keyring({1: key(1)}, {1: key(101)})
NEW = Keyring({1: key(1), 2: key(2)}, {1: key(101), 2: key(102)})
ROW = UUID("0198aaaa-bbbb-7ccc-8ddd-eeeeffff0001")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
rows = st.uuids()


@given(texts, rows)
def test_what_was_sealed_opens_in_its_place(text: str, row: UUID) -> None:
    value = NEW.seal(text, "people", "id_number", row)
    assert NEW.open(value, "people", "id_number", row) == text
    assert len(value) == len(text.encode()) + 29


@given(texts, st.data())
def test_one_flipped_bit_never_opens(text: str, data: st.DataObject) -> None:
    value = bytearray(NEW.seal(text, "people", "phone", ROW))
    place = data.draw(st.integers(0, len(value) - 1))
    value[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(SealError):
        NEW.open(bytes(value), "people", "phone", ROW)


@given(texts, st.integers(0, 80))
def test_a_cut_value_never_opens(text: str, kept: int) -> None:
    value = NEW.seal(text, "people", "phone", ROW)
    with pytest.raises(SealError):
        NEW.open(value[: min(kept, len(value) - 1)], "people", "phone", ROW)


@given(rows.filter(lambda row: row != ROW))
def test_another_row_never_opens(row: UUID) -> None:
    with pytest.raises(SealError):
        NEW.open(NEW.seal("13900000000", "people", "phone", ROW), "people", "phone", row)


@pytest.mark.parametrize("place", [("people", "name", ROW), ("accounts", "phone", ROW), ("people", "phone", "1")])
def test_another_place_never_opens(place: tuple[str, str, UUID | str]) -> None:
    with pytest.raises(SealError):
        NEW.open(NEW.seal("13900000000", "people", "phone", ROW), *place)


@pytest.mark.parametrize("place", [("a|b", "c", "1"), ("a", "b|c", "1"), ("a", "b", "c|1"), ("", "b", "1")])
def test_names_cannot_shift_the_borders_of_a_place(place: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError, match="hold no"):
        NEW.seal("x", *place)


def test_a_row_is_the_same_as_uuid_and_as_its_text() -> None:
    assert NEW.open(NEW.seal("x", "t", "c", ROW), "t", "c", str(ROW)) == "x"


def test_the_same_text_is_never_sealed_alike() -> None:
    assert len({NEW.seal("x", "t", "c", ROW) for _ in range(200)}) == 200


def test_rotation_reads_the_old_and_writes_the_new() -> None:
    old = OLD.seal("王兰", "t", "c", ROW)
    assert (old[0], NEW.open(old, "t", "c", ROW), NEW.is_current(old)) == (1, "王兰", False)
    new = NEW.seal("王兰", "t", "c", ROW)
    assert (new[0], NEW.is_current(new), NEW.is_current(b"")) == (2, True, False)
    with pytest.raises(SealError, match="no key of version 2"):
        OLD.open(new, "t", "c", ROW)


def test_an_index_is_found_by_every_key_the_current_one_first() -> None:
    current, before = NEW.blind_indexes("13900000000", "phone")
    assert current == NEW.blind_index("13900000000", "phone")
    assert before == OLD.blind_index("13900000000", "phone")
    assert (current[0], before[0], len(current)) == (2, 1, INDEX_BYTES)


def test_indexes_differ_by_purpose_text_and_key() -> None:
    seen = [
        ring.blind_index(text, purpose)[1:] for ring in (OLD, NEW) for text in ("", "a", "b") for purpose in PURPOSES
    ]
    assert len(set(seen)) == len(seen) == 2 * 3 * len(PURPOSES)


def test_an_index_is_the_same_each_time_and_takes_any_text() -> None:
    assert NEW.blind_index("\ud800", "name") == NEW.blind_index("\ud800", "name")
    with pytest.raises(ValueError, match="none of the purposes"):
        NEW.blind_index("a", "nickname")  # type: ignore[arg-type]


def test_keys_do_not_show() -> None:
    assert repr(NEW) == "Keyring(seal_version=2, index_version=2)"


def test_sealing_and_indexing_do_not_share_a_key() -> None:
    with pytest.raises(KeyFormatError) as caught:
        Keyring({1: key(1)}, {1: key(1)})
    assert caught.value.code == "duplicate-key"


def test_a_keyring_has_keys() -> None:
    with pytest.raises(KeyFormatError, match="no keys"):
        Keyring({}, {1: key(1)})


def test_a_keyring_does_not_follow_later_changes() -> None:
    seal = {1: key(1)}
    ring = Keyring(seal, {1: key(101)})
    seal[2] = key(2)
    assert list(ring.seal_keys) == [1]


def test_generated_keys_are_read_and_used() -> None:
    values = dict(generate_keys())
    assert list(values) == [
        "VOLUNTEER_SEAL_KEYS",
        "VOLUNTEER_INDEX_KEYS",
        "VOLUNTEER_CODE_KEYS",
        "VOLUNTEER_LEDGER_KEYS",
        "VOLUNTEER_SECRET_KEY",
    ]
    assert len(values["VOLUNTEER_SECRET_KEY"]) == 64
    assert all(re.fullmatch(r"[A-Za-z0-9:+/=_-]+", value) for value in values.values())  # fit for a shell, unquoted
    keys = {name: parse_keys(value, name) for name, value in values.items() if name.endswith("_KEYS")}
    ring = Keyring(keys["VOLUNTEER_SEAL_KEYS"], keys["VOLUNTEER_INDEX_KEYS"])
    row = uuid4()
    assert ring.open(ring.seal("x", "t", "c", row), "t", "c", row) == "x"
    assert len(Ed25519PrivateKey.from_private_bytes(keys["VOLUNTEER_LEDGER_KEYS"][1]).sign(b"head")) == 64
    assert len({material for ring_keys in keys.values() for material in ring_keys.values()}) == 4


def test_keys_are_read_with_spaces_and_in_any_order() -> None:
    assert dict(parse_keys(f" {entry(3, key(3))} , {entry(1, key(1))} ", "VOLUNTEER_SEAL_KEYS")) == {
        1: key(1),
        3: key(3),
    }


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "missing"),
        ("  ", "missing"),
        ("abc", "bad-entry"),
        ("x:" + "A" * 43 + "=", "bad-entry"),
        (entry(1, key(1)) + ",", "bad-entry"),
        ("1:not base64!", "bad-base64"),
        ("1:" + "A" * 41, "bad-base64"),
        (entry(1, key(1)).replace(":", ":!"), "bad-base64"),
        (entry(1, key(1)[:31]), "wrong-length"),
        (entry(1, key(1) + b"x"), "wrong-length"),
        (entry(1, bytes(32)), "weak-key"),
        (entry(1, b"\x07" * 32), "weak-key"),
        (entry(0, key(1)), "bad-version"),
        (entry(256, key(1)), "bad-version"),
        (entry(1, key(1)) + "," + entry(1, key(2)), "duplicate-version"),
        (entry(1, key(1)) + "," + entry(2, key(1)), "duplicate-key"),
    ],
)
def test_bad_keys_are_named_by_code_without_showing_them(text: str, code: str) -> None:
    with pytest.raises(KeyFormatError) as caught:
        parse_keys(text, "VOLUNTEER_SEAL_KEYS")
    assert caught.value.code == code
    assert str(caught.value).startswith("VOLUNTEER_SEAL_KEYS: ")
    assert not any(part in str(caught.value) for part in re.findall(r":([A-Za-z0-9+/]{8,})", text))


def test_versions_of_code_keys_are_one_digit() -> None:
    assert list(parse_keys(entry(9, key(1)), "VOLUNTEER_CODE_KEYS")) == [9]
    assert list(parse_keys(entry(255, key(1)), "VOLUNTEER_SEAL_KEYS")) == [255]
    with pytest.raises(KeyFormatError, match="1 to 9"):
        parse_keys(entry(10, key(1)), "VOLUNTEER_CODE_KEYS")
