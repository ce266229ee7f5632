"""What is wrong with an application to be registered: everything at once, before anything is written.

Pure rules judge what the applicant typed; this file adds what needs the database: the notice in force, codes sent to
phones, units, areas and code tables. Source: contract, POST /volunteers.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from volunteer.accounts import sign_in
from volunteer.accounts.passwords import hash_password
from volunteer.accounts.rules import password_fault
from volunteer.areas.service import area_exists
from volunteer.database import reading
from volunteer.errors import Fault, InvalidInput
from volunteer.registration import code_tables, links, notices
from volunteer.registration.rules import (
    Identity,
    IdType,
    RegistrationFault,
    Sex,
    check_identity,
    check_name,
    needs_guardian,
)
from volunteer.registration.rules_consents import ConsentKind
from volunteer.registration.statuses import today
from volunteer.units import queries as units

F = RegistrationFault
FAULTS = "faults"


@dataclass(frozen=True, slots=True)
class Guardian:
    """A guardian who agrees; `code_id` is the verified code of the phone, None where only a paper says so.

    `has_proof` is set where the phone was proved a moment before, by a code that is spent.
    """

    name: str
    relation: str
    phone: str | None
    code_id: uuid.UUID | None
    has_proof: bool = False

    @property
    def is_phone_proved(self) -> bool:
        """Whether the guardian has proved the phone."""
        return self.code_id is not None or self.has_proof


@dataclass(frozen=True, slots=True)
class Application:
    """A sound application. `code_id` is the verified code of the phone; `has_proof`: it was proved a moment before."""

    name: str
    identity: Identity
    phone: str | None
    code_id: uuid.UUID | None
    password_hash: str | None
    guardian: Guardian | None
    consent_version: str
    paper_reference: str | None
    relation: str | None
    details: Mapping[str, Any]
    has_proof: bool = False
    paper_consents: tuple[ConsentKind, ...] = ()

    @property
    def is_phone_proved(self) -> bool:
        """Whether the phone is proved: by its own code, or as the same phone of the guardian by the guardian's."""
        same = self.guardian is not None and self.guardian.is_phone_proved and self.guardian.phone == self.phone
        return self.code_id is not None or self.has_proof or (self.phone is not None and same)


DETAILS = ("area_id", "political_status", "skills", "service_categories")


def check(body: Mapping[str, Any], now: dt.datetime) -> Application:
    """Return the application, or raise InvalidInput with every fault, those of the schema included.

    A guardian who is given for an adult is not kept.
    """
    told = Faults(body.get(FAULTS, ()))
    by_paper = "paper_consent_reference" in body
    name = _name(body.get("name"), "name", told)
    identity = _identity(body, now, told)
    _consent(body, told, by_paper=by_paper)
    phone, code_id = _phone(body, now, told, by_paper=by_paper)
    born = identity.birth_date if identity else None
    guardian = guardian_of(body.get("guardian"), born, now, told, by_paper=by_paper)
    unit_id = body.get("unit_id")
    if unit_id is not None and not unit_is_open(unit_id, today(now)):
        told.add(Fault("unit_id", "unknown", "没有找到这个单位,或它已撤销,请重新选择。"))
    told.extend(detail_faults(body))
    if body.get("paper_consents") and not by_paper:
        told.add(Fault("paper_consents", "paper-only", "这些同意只能按签署的纸质同意书登记;有手机的请注册后自己选择。"))
    told.raise_any()
    assert name is not None  # noqa: S101 - without faults both are there
    assert identity is not None  # noqa: S101
    return Application(
        name=name,
        identity=identity,
        phone=phone,
        code_id=code_id,
        password_hash=hash_password(body["password"]) if body.get("password") else None,
        guardian=guardian,
        consent_version=body.get("consent_version") or notices.current_notice().version,
        paper_reference=body.get("paper_consent_reference"),
        relation=body.get("relation"),
        paper_consents=tuple(ConsentKind(kind) for kind in sorted(set(body.get("paper_consents") or ()))),
        details={"unit_id": unit_id} | {key: body.get(key) for key in DETAILS},
    )


def faults_of(body: Mapping[str, Any], now: dt.datetime) -> list[Fault]:
    """Return every fault of an application that may still lack something; nothing is written."""
    try:
        check(body, now)
    except InvalidInput as error:
        return list(error.faults)
    return []


class Faults:
    """Faults so far, one a field: what the schema refused is not judged again."""

    def __init__(self, told: Iterable[Fault]) -> None:
        self._told = list(told)

    def add(self, fault: Fault) -> None:
        """Add a fault, unless its field or the whole it stands in has one already."""
        if not any(fault.field == known.field or fault.field.startswith(known.field + ".") for known in self._told):
            self._told.append(fault)

    def extend(self, faults: Iterable[Fault]) -> None:
        """Add several."""
        for fault in faults:
            self.add(fault)

    def raise_any(self) -> None:
        """Raise InvalidInput if there is a fault."""
        if self._told:
            raise InvalidInput(self._told)


def unit_is_open(unit_id: uuid.UUID, on: dt.date) -> bool:
    """Whether the unit stands in the tree on that day."""
    tree = units.tree_as_of(on).subquery()
    return reading().scalar(sa.select(sa.literal(1)).where(tree.c.id == unit_id)) is not None


def detail_faults(body: Mapping[str, Any]) -> list[Fault]:
    """Return what is wrong with the area and the codes of a person's details, where given."""
    session, faults = reading(), []
    if body.get("area_id") is not None and not area_exists(body["area_id"]):
        faults.append(Fault("area_id", "unknown", "没有找到所在区域,请重新选择。"))
    if body.get("political_status") is not None and body["political_status"] not in code_tables.labels(
        session, "political_status"
    ):
        faults.append(code_tables.unknown_code("political_status"))
    faults += code_tables.unknown_codes(session, "skills", body.get("skills") or (), "skills")
    faults += code_tables.unknown_codes(
        session, "categories", body.get("service_categories") or (), "service_categories"
    )
    return faults


def _name(text: str | None, field: str, told: Faults) -> str | None:
    """Return a name in its one spelling."""
    checked = F.REQUIRED.at(field) if text is None else check_name(text)
    if isinstance(checked, Fault):
        told.add(Fault(field, checked.code, checked.message))
        return None
    return checked


def _identity(body: Mapping[str, Any], now: dt.datetime, told: Faults) -> Identity | None:
    """Return the checked identity."""
    if "id_type" not in body or "id_number" not in body:
        return None
    sex = Sex(body["sex"]) if body.get("sex") else None
    checked = check_identity(IdType(body["id_type"]), body["id_number"], today(now), body.get("birth_date"), sex)
    if isinstance(checked, Identity):
        return checked
    told.extend(checked)
    return None


def _consent(body: Mapping[str, Any], told: Faults, *, by_paper: bool) -> None:
    """Refuse any version of the notice but the one in force; a signed paper may leave it out."""
    version = body.get("consent_version")
    if version != notices.current_notice().version and not (by_paper and version is None):
        told.add(F.CONSENT_REQUIRED.at("consent_version"))


def _phone(
    body: Mapping[str, Any], now: dt.datetime, told: Faults, *, by_paper: bool
) -> tuple[str | None, uuid.UUID | None]:
    """Return the phone and the verified code for `register`, if one was given."""
    if by_paper:
        for field in ("phone", "phone_code", "password"):
            if field in body:
                told.add(Fault(field, "not-with-paper", "凭纸质同意书注册时不填手机号和密码,请去掉这一项。"))
        return None, None
    phone: str | None = body.get("phone")
    if phone is None:
        told.add(F.REQUIRED.at("phone"))
        return None, None
    if body.get("password"):
        told.extend(filter(None, (password_fault(body["password"], phone),)))
    return phone, verified(phone, "register", body.get("phone_code"), now, told, "phone_code")


def verified(
    phone: str, purpose: str, code: str | None, now: dt.datetime, told: Faults, field: str
) -> uuid.UUID | None:
    """Return the id of the code if it is the right one; a wrong one is a fault, none is None."""
    if code is None:
        return None
    code_id = sign_in.verify_code(phone, purpose, code, now)
    if code_id is None:
        told.extend(sign_in.wrong_code(field).faults)
    return code_id


def guardian_of(
    given: Mapping[str, Any] | None,
    born: dt.date | None,
    now: dt.datetime,
    told: Faults,
    *,
    by_paper: bool = False,
    proved: str | None = None,
) -> Guardian | None:
    """Return the guardian of a minor; on paper the phone may be missing, and a phone `proved` before needs no code."""
    if born is None or not needs_guardian(born, today(now)):
        return None
    if given is None:
        told.add(F.GUARDIAN_REQUIRED.at("guardian"))
        return None
    name = _name(given.get("name"), "guardian.name", told)
    relation = _relation(given.get("relation"), told)
    phone, code_id = given.get("phone"), None
    has_proof = phone is not None and phone == proved
    for field in () if by_paper else ("phone",) if has_proof else ("phone", "phone_code"):
        if given.get(field) is None:
            told.add(F.REQUIRED.at(f"guardian.{field}"))
    if phone is not None and not has_proof:
        code_id = verified(phone, "guardian", given.get("phone_code"), now, told, "guardian.phone_code")
    if phone is not None and (has_proof or code_id is not None) and _is_minors_phone(phone, now):
        told.add(Fault("guardian.phone", "guardian-too-young", "监护人须年满 18 周岁,请填写监护人本人的手机号。"))
    return Guardian(name or "", relation or "", phone, code_id, has_proof)


def _relation(text: str | None, told: Faults) -> str | None:
    """Return the code of a relation, given by its code or its word."""
    offered = code_tables.labels(reading(), "relations")
    by_word = {label: code for code, label in offered.items()}
    code = text if text in offered else by_word.get(text or "")
    if code is None:
        told.add(F.REQUIRED.at("guardian.relation") if text is None else code_tables.unknown_code("guardian.relation"))
    return code


def _is_minors_phone(phone: str, now: dt.datetime) -> bool:
    """Whether the account of a phone belongs to a minor: nobody is their own guardian, nor a friend of theirs."""
    session = reading()
    account = sign_in.find_by_phone(session, phone)
    owner = links.self_of(session, account.id) if account else None
    return owner is not None and needs_guardian(owner.birth_date, today(now))
