"""The format of the offline pack: what a scanner may know of a day without a network. Pure: keys and facts are given.

One entry a person, found and opened only by who has the person's pass number, that is: by whoever a code is shown to.
From the pass number (9 digits, ASCII), the pack's salt and its iterations PBKDF2-HMAC-SHA256 makes 32 bytes K;
HMAC-SHA256 under K of ``index``, ``seal`` and ``tag`` makes the entry's index (16 bytes, hex), its AES-256-GCM key and
its tag key. ``sealed`` is base64 of nonce (12) | ciphertext | tag (16), its associated data
``volunteer-pack-1|<station id>|<date>|<index>``.

Opened, an entry is first two bytes for each step of the pack, in order, then JSON padded with spaces. The two bytes are
the beginning of HMAC-SHA256 under the tag key of the whole payload (27 digits) that the person's phone shows in that
step. A scanner so tells a right code from a wrong one, and cannot make one: about 150 million codes share each tag.

Source: decisions.md 13; ADR 0009; peers.md §4.6 (alf.io), T23 (test vectors: ``tests/checkin/pack_vectors.json``).
"""

import base64
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import lru_cache
from hashlib import pbkdf2_hmac
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from volunteer.checkin.credentials import codes
from volunteer.checkin.credentials.codes import CodeKeys

FORMAT = 1
ITERATIONS = 50_000
"""What a slow phone does in a tenth of a second; the pack names the number, so it may grow."""
SALT_BYTES, INDEX_BYTES, NONCE_BYTES, TAG_BYTES = 16, 16, 12, 2
BLOCK = 256
"""Entries are padded to whole blocks, so that their lengths tell no names."""


@dataclass(frozen=True, slots=True)
class Steps:
    """A run of 30-second steps, the first and how many."""

    first: int
    count: int


@dataclass(frozen=True, slots=True)
class EntryKeys:
    """What a pass number makes under a pack's salt."""

    index: str
    seal: bytes = field(repr=False)
    tag: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Holder:
    """A person as the pack knows them. ``pass_no`` and ``serial`` are not in it; ``known`` (JSON) is, sealed."""

    pass_no: str = field(repr=False)
    serial: str
    known: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Frame:
    """What all entries of a pack share; it stands in the pack in clear."""

    station_id: str
    date: str
    salt: bytes
    steps: tuple[Steps, ...]
    iterations: int = ITERATIONS


def steps_of(windows: Sequence[tuple[datetime, datetime]]) -> tuple[Steps, ...]:
    """Return the steps of which codes can be good in these windows of instants, each once, in order.

    A code is good from its step's start for 60 s, so a window begins a step early.
    """
    runs: list[Steps] = []
    for opens_at, closes_at in sorted(windows):
        first, end = codes.step_of(opens_at) - (codes.PERSONAL_STEPS - 1), codes.step_of(closes_at) + 1
        if runs and first <= runs[-1].first + runs[-1].count:
            before = runs.pop()
            first, end = before.first, max(end, before.first + before.count)
        runs.append(Steps(first, end - first))
    return tuple(runs)


@lru_cache(maxsize=4096)
def entry_keys(pass_no: str, salt: bytes, iterations: int) -> EntryKeys:
    """Return what opens a person's entry. Costly on purpose, and remembered: packs of one day are asked for again."""
    key = pbkdf2_hmac("sha256", pass_no.encode("ascii"), salt, iterations, 32)
    index, seal, tag = (hmac.digest(key, word, "sha256") for word in (b"index", b"seal", b"tag"))
    return EntryKeys(index[:INDEX_BYTES].hex(), seal, tag)


def tag_of(tag_key: bytes, payload: str) -> bytes:
    """Return the two bytes by which a scanner knows a payload."""
    return hmac.digest(tag_key, payload.encode("ascii"), "sha256")[:TAG_BYTES]


def entry(frame: Frame, holder: Holder, keys: CodeKeys, zone: tzinfo, nonce: bytes) -> dict[str, str]:
    """Return a person's entry: its index, and sealed what a scanner may know once their code is shown.

    ``nonce`` must be new each time: an entry changes while its key stays.

    Source: decisions.md 13.
    """
    mine = entry_keys(holder.pass_no, frame.salt, frame.iterations)
    cards = {
        str(version): tag_of(
            mine.tag, codes.issue_card(CodeKeys(keys.versions, version), holder.pass_no, holder.serial)
        ).hex()
        for version in sorted(keys.versions)
    }
    said = dict(holder.known) | {"version": keys.current, "cards": cards}
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    text += b" " * (-len(text) % BLOCK)
    tags = _tags(mine.tag, holder.pass_no, keys.versions[keys.current], keys.current, zone, frame.steps)
    sealed = AESGCM(mine.seal).encrypt(nonce, tags + text, _bound(frame, mine.index))
    return {"index": mine.index, "sealed": base64.b64encode(nonce + sealed).decode()}


def opened(frame: Frame, entries: Mapping[str, str], payload: str) -> tuple[dict[str, Any], bytes] | None:
    """Return what the entry of a payload says and its tags, as a scanner opens it; None where there is none.

    ``entries`` is sealed by index.

    Raises:
        cryptography.exceptions.InvalidTag: the entry was changed, or is of another pack.
    """
    mine = entry_keys(payload[2:11], frame.salt, frame.iterations)
    if mine.index not in entries:
        return None
    sealed = base64.b64decode(entries[mine.index])
    plain = AESGCM(mine.seal).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound(frame, mine.index))
    length = TAG_BYTES * sum(run.count for run in frame.steps)
    said: dict[str, Any] = json.loads(plain[length:])
    return said, plain[:length]


def is_tagged(frame: Frame, tags: bytes, payload: str, step: int) -> bool:
    """Return whether the tags say that a payload is the one of a step."""
    place = 0
    for run in frame.steps:
        if run.first <= step < run.first + run.count:
            at = TAG_BYTES * (place + step - run.first)
            mine = entry_keys(payload[2:11], frame.salt, frame.iterations)
            return hmac.compare_digest(tags[at : at + TAG_BYTES], tag_of(mine.tag, payload))
        place += run.count
    return False


@lru_cache(maxsize=4096)
def _tags(tag_key: bytes, pass_no: str, master: bytes, version: int, zone: tzinfo, steps: tuple[Steps, ...]) -> bytes:
    """Return the tags of all steps, remembered as long as keys and shifts stay."""
    keys = CodeKeys({version: master}, version)
    wanted = (step for run in steps for step in range(run.first, run.first + run.count))
    return b"".join(tag_of(tag_key, payload) for payload in codes.payloads_of(keys, pass_no, wanted, zone))


def _bound(frame: Frame, index: str) -> bytes:
    """Return what an entry is bound to: it opens in no other pack, and under no other index."""
    return f"volunteer-pack-{FORMAT}|{frame.station_id}|{frame.date}|{index}".encode()
