"""How long what is kept: every table stands here, with a time and its reason, or with why it stays. Pure.

An administrator changes a time within its bounds: law sets the least for logs, the notice the most for places. A test
fails while a table stands nowhere. Source: PIPL 6, 19, 47; Cybersecurity Law 21 (logs of six months); decisions 10, 15.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from volunteer.errors import Worded


@dataclass(frozen=True, slots=True)
class Rule:
    """One time that runs out. `days` unless an administrator has set others within `least` … `most`.

    Attributes:
        what: what goes, in words. since: from when the days count. basis: the law or the rule of the house.
        tables: where it stands.
    """

    key: str
    what: str
    since: str
    basis: str
    days: int
    least: int
    most: int
    tables: tuple[str, ...]

    @property
    def is_fixed(self) -> bool:
        """Whether nobody may change it."""
        return self.least == self.most


RULES: Final = (
    Rule(
        "places",
        "签到的坐标、网络地址和浏览器信息",
        "签到",
        "告知书第二条;个人信息保护法第 19 条",
        30,
        30,
        30,
        ("scan_places",),
    ),
    Rule(
        "sign-in",
        "短信验证码、登录状态",
        "到期",
        "用完即无必要",
        0,
        0,
        0,
        ("phone_codes", "tokens"),
    ),
    Rule(
        "requests",
        "重复提交的凭据",
        "提交",
        "只为防止重复提交",
        2,
        2,
        2,
        ("idempotency_keys",),
    ),
    Rule(
        "limits",
        "防滥用的计数",
        "发生",
        "只为限制次数",
        1,
        1,
        1,
        ("limit_hits",),
    ),
    Rule(
        "jobs",
        "后台任务的记录",
        "完成",
        "只为查看进度",
        30,
        30,
        30,
        ("jobs",),
    ),
    Rule(
        "imports",
        "上传的名单文件",
        "上传或导入完成",
        "导入后不再需要原件",
        7,
        7,
        7,
        ("import_parts",),
    ),
    Rule(
        "refusals",
        "拒绝邀请的标记(不含身份)",
        "拒绝",
        "防止再次被邀请",
        1095,
        1095,
        1095,
        ("refusals",),
    ),
    Rule(
        "messages",
        "站内消息",
        "发出",
        "最少必要;保留供本人查阅",
        365,
        180,
        1095,
        ("outbox_messages",),
    ),
    Rule(
        "sms",
        "短信的发送记录(不含内容和号码)",
        "发出",
        "网络安全法第 21 条",
        180,
        180,
        365,
        ("outbox_messages",),
    ),
    Rule(
        "unproven",
        "一直没有核实身份的注册",
        "注册(提前 14 天告知)",
        "个人信息保护法第 19、47 条",
        90,
        30,
        365,
        ("persons",),
    ),
    Rule(
        "invitations",
        "一直没有答复的邀请",
        "邀请",
        "个人信息保护法第 13、47 条",
        180,
        30,
        365,
        ("invitations",),
    ),
    Rule(
        "contacts",
        "退出者的紧急联系人",
        "退出",
        "退出后不再需要",
        30,
        0,
        180,
        ("persons",),
    ),
    Rule(
        "export-people",
        "谁在哪份导出名单中",
        "导出",
        "供本人查询;个人信息保护法第 51、54 条",
        365,
        180,
        1095,
        ("exported_persons",),
    ),
)
BY_KEY: Final = MappingProxyType({rule.key: rule for rule in RULES})
#: Days before an unproven registration goes at which its person is told.
TOLD_BEFORE: Final = 14

_PERSON = "注册期间保留;注销 7 天后清除身份,只留不能识别本人的编号"
_COUNTS = "过去的统计不变;不含姓名,随注销成为匿名"
_LEDGER = "时长账本环环相扣,不可删改;不含姓名和文字"
_DECISION = "办理记录,注销时清除文字"
_PUBLIC = "单位、区域、站点和活动的资料,不是个人信息"
_LOG = "日志,法律要求至少保留 6 个月;只增不改,不含个人信息"
#: By table: why its rows stay. What names people in it goes with erasure.
KEPT: Final = MappingProxyType(
    {
        "accounts": "登录账号,注销时关闭并清除",
        "activities": _PUBLIC,
        "activity_proposal_steps": _DECISION,
        "activity_proposals": _PUBLIC,
        "anomaly_policies": _PUBLIC,
        "finding_parties": _DECISION,
        "finding_people": _DECISION,
        "finding_statements": _DECISION,
        "findings": _DECISION,
        "spot_check_items": _DECISION,
        "spot_checks": _PUBLIC,
        "area_populations": _PUBLIC,
        "areas": _PUBLIC,
        "attendances": _COUNTS,
        "audit_entries": _LOG,
        "certificates": "证明须可查验;注销时清除内容并作废",
        "code_entries": _PUBLIC,
        "consents": "同意的凭证,须能举证(个人信息保护法第 14、54 条);注销时清除纸质编号",
        "denials": _DECISION,
        "devices": _LOG,
        "exports": _LOG,
        "external_records": _COUNTS,
        "grants": _LOG,
        "hour_decisions": _LOG,
        "hour_request_parties": _DECISION,
        "hour_requests": _DECISION,
        "imports": "导入的结果,不含名单内容",
        "invitations": "答复过的邀请只留日期;没有答复的到期清除",
        "ledger_chains": _LEDGER,
        "ledger_head_chains": _LEDGER,
        "ledger_heads": _LEDGER,
        "ledger_lines": _LEDGER,
        "ledger_verifications": _LEDGER,
        "memberships": _COUNTS,
        "notices": "同意过的告知书须能查阅",
        "officials": "联系领导的公职信息,由管理员维护",
        "pairings": _PUBLIC,
        "paper_sheets": _PUBLIC,
        "person_accounts": _PERSON,
        "person_changes": _DECISION,
        "person_merges": _COUNTS,
        "person_statuses": _COUNTS,
        "persons": _PERSON,
        "qualifications": "本人填写,随时可删;注销时删除",
        "retention_runs": _LOG,
        "retention_settings": _LOG,
        "scan_keys": "验证签到码的密钥,按版本更换",
        "scan_voids": _DECISION,
        "scans": _COUNTS,
        "shifts": _PUBLIC,
        "signups": _COUNTS,
        "site_versions": _PUBLIC,
        "stations": _PUBLIC,
        "talent_times": "本人填写,随时可改;注销时删除",
        "talents": "本人同意加入,随时可退出;退出或注销时删除",
        "team_leaders": _COUNTS,
        "team_members": _COUNTS,
        "team_requests": _DECISION,
        "teams": _PUBLIC,
        "unit_endings": _PUBLIC,
        "unit_placements": _PUBLIC,
        "unit_targets": _PUBLIC,
        "unit_requests": _DECISION,
        "unit_versions": _PUBLIC,
        "units": _PUBLIC,
        "unmask_requests": "未成年人信息的年度审计(未成年人网络保护条例第 37 条);注销时清除文字",
        "unmatched_scans": _COUNTS,
        "zone_areas": _PUBLIC,
        "zones": _PUBLIC,
    }
)


class RetentionFault(Worded):
    """What can be wrong with a time; the value is the permanent code."""

    UNKNOWN = "unknown-rule", "没有这项规则,请刷新页面。"
    FIXED = "fixed", "这一项的期限由法律或告知书规定,不能修改。"
    OUTSIDE = "outside", "超出了允许的范围,请按提示的天数填写。"


def fault_of(key: str, days: int) -> RetentionFault | None:
    """Return what is wrong with setting a rule to so many days; None: nothing."""
    rule = BY_KEY.get(key)
    if rule is None:
        return RetentionFault.UNKNOWN
    if rule.is_fixed:
        return RetentionFault.FIXED
    return None if rule.least <= days <= rule.most else RetentionFault.OUTSIDE
