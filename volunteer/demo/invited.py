"""A roster that a liaison brought in last week: most have not answered, one refused, and the others were reminded."""

from volunteer.access import NOBODY
from volunteer.accounts import sign_in
from volunteer.demo.people import resident_id
from volunteer.demo.story import Story
from volunteer.imports import service as imports
from volunteer.imports.rules_states import Kind
from volunteer.registration import answering, asking, invitees

NAMES = ("顾清和", "苏婉莹", "韩子轩", "唐诗雨", "邓伟明", "曹雪琴")
FIRST_ORDER, FIRST_PHONE = 901, 13900009001
REFUSES = 1


def begin(story: Story) -> None:
    """Note the import, the refusal and the reminder."""
    story.at(story.when(-6, "09:40"), lambda: _bring_in(story))
    story.at(story.when(-5, "20:15"), lambda: _refuse(story))
    story.at(story.when(-3, "10:05"), lambda: _remind(story))


def _bring_in(story: Story) -> None:
    """Let the liaison upload and commit the roster."""
    rows = ["姓名,身份证号,手机号"]
    for index, name in enumerate(NAMES):
        birth = story.today.replace(year=story.today.year - 27 - 3 * index, month=4, day=11 + index)
        rows.append(f"{name},{resident_id(birth, FIRST_ORDER + index)},{FIRST_PHONE + index}")
    liaison, unit_id = story.staff["liaison"], story.ids["unit JYJ"]
    data = "\n".join(rows).encode()
    made = imports.upload(liaison, Kind.VOLUNTEERS, "教育局新入职人员.csv", data, unit_id, story.present)
    imports.commit(liaison, made.id, {}, story.present)


def _refuse(story: Story) -> None:
    """Let one of them prove the phone and refuse."""
    phone = str(FIRST_PHONE + REFUSES)
    code = sign_in.request_code(phone, "register", story.present, "127.0.0.1") or ""
    proof = asking.ask(NOBODY, phone, code, None, story.present)
    (known,) = asking.answer(proof, story.present)
    answering.refuse(NOBODY, known.id, {}, story.present, proof)


def _remind(story: Story) -> None:
    """Let the liaison remind all who have not answered, but for the last of the list."""
    liaison, unit_id = story.staff["liaison"], story.ids["unit JYJ"]
    waiting = invitees.list_invited(liaison, unit_id, invitees.InvitationState.INVITED, len(NAMES), None, story.present)
    invitees.remind(liaison, unit_id, [one.id for one in waiting[1:]], story.present)
