"""What a password costs to try in production: OWASP's minimum for Argon2id."""

from argon2 import PasswordHasher, Type

from volunteer.accounts import passwords


def test_production_hashes_at_owasps_minimum_or_above(cheap_passwords: PasswordHasher) -> None:
    assert cheap_passwords.type is Type.ID
    assert (cheap_passwords.time_cost, cheap_passwords.parallelism) >= (2, 1)
    assert cheap_passwords.memory_cost >= 19456


def test_only_the_right_password_matches_and_nobody_has_none() -> None:
    stored = passwords.hash_password("Right-2026")
    assert passwords.matches(stored, "Right-2026")
    assert not passwords.matches(stored, "right-2026")
    assert not passwords.matches(None, "nobody has this password")
    assert not passwords.matches("no hash at all", "x")
