"""Password hashing: Argon2id at OWASP's minimum (19 MiB, t=2, p=1; stack.md G30), as much work for unknown phones."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
_NOBODY = _HASHER.hash("nobody has this password")


def hash_password(password: str) -> str:
    """Return the hash to keep."""
    return _HASHER.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Whether `password` is the one that `stored` was made from; None takes the same time and never matches."""
    try:
        _HASHER.verify(stored or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None
