"""Sealing of personal data: authenticated encryption, blind indexes for look-ups, and the keys for both.

A sealed value is `version (1 byte) | nonce (12) | ciphertext and tag`, AES-256-GCM. Its associated data is
`table|column|row`, so a value that is moved to another row, column or table does not open. A blind index is
`version (1 byte) | HMAC-SHA256 (32)` under keys of their own, apart for each purpose: identity numbers and phones come
from small spaces, so the key is all the protection there is, and it is never in the database.

Nonces are random: under one key at most 2^32 values may be sealed (NIST SP 800-38D, 8.3), far above one city's need.
The highest version is the current one, so keys are rotated by adding a version, restarting, and sealing again.
Source: decisions 9; stack.md G24; peers.md T43 (no keys in source, a start with weak ones is refused).
"""

import base64
import binascii
import hmac
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal, get_args
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

IndexPurpose = Literal[
    "phone", "id_number", "name", "idempotency", "limit", "phone_code", "certificate", "scan", "refusal"
]
PURPOSES: Final[tuple[IndexPurpose, ...]] = get_args(IndexPurpose)

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
INDEX_BYTES: Final = 33
MAX_VERSION: Final = 255
MAX_CODE_VERSION: Final = 9  # one digit of the personal code: decisions 12
_CODE_KEYS: Final = "VOLUNTEER_CODE_KEYS"
_KEY_NAMES: Final = ("VOLUNTEER_SEAL_KEYS", "VOLUNTEER_INDEX_KEYS", _CODE_KEYS, "VOLUNTEER_LEDGER_KEYS")


class SealError(Exception):
    """The value is not what was sealed here: changed, cut, moved, or of a key version that we do not have."""


class KeyFormatError(ValueError):
    """A setting does not hold usable keys. The message names the setting and never shows key material.

    Attributes:
        code: `missing`, `bad-entry`, `bad-version`, `duplicate-version`, `bad-base64`, `wrong-length`, `weak-key` or
            `duplicate-key`.
    """

    def __init__(self, name: str, code: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.code = code


@dataclass(frozen=True)
class Keyring:
    """The keys that seal personal data and find it again, by version. Safe to share between threads.

    Raises:
        KeyFormatError: no key, a version outside 1 to 255, a key of the wrong length or a weak one, or one key used
            twice (`duplicate-key`): sealing and indexing have keys of their own.
    """

    seal_keys: Mapping[int, bytes] = field(repr=False)
    index_keys: Mapping[int, bytes] = field(repr=False)
    seal_version: int = field(init=False)
    index_version: int = field(init=False)
    _ciphers: Mapping[int, AESGCM] = field(init=False, repr=False, compare=False)
    _macs: Mapping[tuple[int, str], hmac.HMAC] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        seal = _checked_keys(self.seal_keys, "VOLUNTEER_SEAL_KEYS")
        index = _checked_keys(self.index_keys, "VOLUNTEER_INDEX_KEYS")
        if set(seal.values()) & set(index.values()):
            raise KeyFormatError("VOLUNTEER_INDEX_KEYS", "duplicate-key", "a key is also among VOLUNTEER_SEAL_KEYS")
        put = object.__setattr__  # the way to fill a frozen dataclass
        put(self, "seal_keys", seal)
        put(self, "index_keys", index)
        put(self, "seal_version", max(seal))
        put(self, "index_version", max(index))
        put(self, "_ciphers", {version: AESGCM(key) for version, key in seal.items()})
        put(self, "_macs", {(v, p): _purpose_mac(key, p) for v, key in index.items() for p in PURPOSES})

    def seal(self, text: str, table: str, column: str, row_id: UUID | str) -> bytes:
        """Return `text` sealed for one place, 29 bytes longer than its UTF-8; twice the same text looks different.

        Raises:
            ValueError: a name of the place holds `|`, or the text cannot be UTF-8 (a lone surrogate).
        """
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._ciphers[self.seal_version].encrypt(nonce, text.encode(), _place(table, column, row_id))
        return bytes((self.seal_version,)) + nonce + sealed

    def open(self, value: bytes, table: str, column: str, row_id: UUID | str) -> str:
        """Return the text that was sealed for exactly this place.

        Raises:
            SealError: the value was changed, cut or moved, or its key version is unknown.
        """
        if len(value) < 1 + NONCE_BYTES + TAG_BYTES:
            raise SealError(f"{table}.{column}: the value is too short")
        cipher = self._ciphers.get(value[0])
        if cipher is None:
            raise SealError(f"{table}.{column}: no key of version {value[0]}")
        nonce, sealed = value[1 : 1 + NONCE_BYTES], value[1 + NONCE_BYTES :]
        try:
            return cipher.decrypt(bytes(nonce), bytes(sealed), _place(table, column, row_id)).decode()
        except (InvalidTag, UnicodeDecodeError) as error:
            raise SealError(f"{table}.{column}: the value is not what was sealed here") from error

    def is_current(self, value: bytes) -> bool:
        """Return whether a sealed value already has the current key version: rotation seals the others again."""
        return value[:1] == bytes((self.seal_version,))

    def blind_index(self, text: str, purpose: IndexPurpose) -> bytes:
        """Return the 33 bytes under which `text` is found, by the current key. Normalise the text first.

        Any text has one, lone surrogates too, so that a search never fails on its words.
        """
        return self._index(self.index_version, text, purpose)

    def blind_indexes(self, text: str, purpose: IndexPurpose) -> list[bytes]:
        """Return the indexes of `text` by every key we have, the current one first: look-ups while keys rotate."""
        return [self._index(version, text, purpose) for version in sorted(self.index_keys, reverse=True)]

    def _index(self, version: int, text: str, purpose: IndexPurpose) -> bytes:
        """Return version and MAC; only known purposes have a MAC, so a misspelt one is a ValueError."""
        base = self._macs.get((version, purpose))
        if base is None:
            raise ValueError(f"{purpose!r} is none of the purposes {', '.join(PURPOSES)}")
        mac = base.copy()
        mac.update(text.encode(errors="surrogatepass"))
        return bytes((version,)) + mac.digest()


def parse_keys(text: str, name: str) -> Mapping[int, bytes]:
    """Read `1:<base64>,2:<base64>` into version → 32 bytes. `name` is the setting, for messages and its top version.

    Raises:
        KeyFormatError: what is wrong with which entry, as a code and in words.
    """
    keys: dict[int, bytes] = {}
    for version, key in _entries(text, name):
        if version in keys:
            raise KeyFormatError(name, "duplicate-version", f"version {version} is there twice")
        keys[version] = key
    return _checked_keys(keys, name)


def generate_keys() -> list[tuple[str, str]]:
    """Return fresh values for every secret setting, as (name, value), fit for `NAME=value` lines.

    `VOLUNTEER_LEDGER_KEYS` holds Ed25519 private key seeds; `VOLUNTEER_SECRET_KEY` is a text of 64 characters.
    """
    keys = [(name, "1:" + base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()) for name in _KEY_NAMES]
    return [*keys, ("VOLUNTEER_SECRET_KEY", secrets.token_urlsafe(48))]


def _entries(text: str, name: str) -> Iterator[tuple[int, bytes]]:
    """Yield version and key of each entry of a setting."""
    if not text.strip():
        raise KeyFormatError(name, "missing", "no keys; make them with `volunteer keys generate`")
    for number, entry in enumerate(text.split(","), start=1):
        match = re.fullmatch(r"([0-9]{1,3}):(.*)", entry.strip())
        if match is None:
            raise KeyFormatError(name, "bad-entry", f"entry {number} is not of the form 1:<base64>")
        try:
            key = base64.b64decode(match[2], validate=True)
        except (binascii.Error, ValueError) as error:
            raise KeyFormatError(name, "bad-base64", f"entry {number} is not base64") from error
        yield int(match[1]), key


def _checked_keys(keys: Mapping[int, bytes], name: str) -> Mapping[int, bytes]:
    """Return a read-only copy of usable keys, or raise KeyFormatError for the first fault."""
    if not keys:
        raise KeyFormatError(name, "missing", "no keys; make them with `volunteer keys generate`")
    top = MAX_CODE_VERSION if name == _CODE_KEYS else MAX_VERSION
    for version, key in keys.items():
        if not 1 <= version <= top:
            raise KeyFormatError(name, "bad-version", f"version {version} is not in 1 to {top}")
        if len(key) != KEY_BYTES:
            raise KeyFormatError(name, "wrong-length", f"key {version} has {len(key)} bytes, not {KEY_BYTES}")
        if len(set(key)) == 1:
            raise KeyFormatError(name, "weak-key", f"key {version} is all zero or one byte repeated")
    if len(set(keys.values())) < len(keys):
        raise KeyFormatError(name, "duplicate-key", "two versions hold the same key")
    return MappingProxyType(dict(keys))


def _purpose_mac(key: bytes, purpose: str) -> hmac.HMAC:
    """Return the MAC that has read the purpose; each index continues a copy of it."""
    return hmac.new(key, b"volunteer/index/" + purpose.encode() + b"\0", "sha256")


def _place(table: str, column: str, row_id: UUID | str) -> bytes:
    """Return the associated data of a place; UUIDs in lower case, as the contract compares them."""
    parts = (table, column, str(row_id))
    if any("|" in part or not part for part in parts):
        raise ValueError("table, column and row are not empty and hold no '|'")
    return "|".join(parts).encode()
