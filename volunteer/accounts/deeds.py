"""The words for what the audit log holds: deeds, what they were done to, and their details. Pure.

A deed without a word here is shown by its code, so that the log never hides one. Source: ux.md A12; `audit.record`.
"""

from collections.abc import Mapping
from typing import Any, Final

DEEDS: Final = {
    "account.create": "新增账号",
    "account.disable": "停用账号",
    "account.enable": "重新启用账号",
    "grant.add": "授权",
    "grant.revoke": "收回角色",
    "sms.retry": "立即重试短信",
    "session.end": "退出其他设备",
    "password.reset": "重设密码",
    "phone.lost": "挂失手机",
    "retention.set": "修改保存期限",
    "family.hand-over": "把账号交给本人",
    "family.guardian-add": "添加监护人",
    "family.stop": "不再代家人办理",
    "family.end": "解除家人代办",
    "change.phone.ask": "申请更换手机号",
    "change.phone.accept": "核对并更换手机号",
    "change.phone.refuse": "不同意更换手机号",
    "change.phone.withdraw": "撤回更换手机号",
    "change.identity.ask": "申请更正身份",
    "change.identity.accept": "核对并更正身份",
    "change.identity.refuse": "不同意更正身份",
    "change.identity.withdraw": "撤回更正身份",
    "site.change": "修改系统设置",
    "code-table.replace": "修改代码表",
    "area.add": "新增区域",
    "area.change": "修改区域",
    "unit.add": "新增单位",
    "unit.change": "修改单位信息",
    "unit.move": "调整上级单位",
    "unit.close": "撤销单位",
    "unit.merge": "并入其他单位",
    "unit.take-in": "接收并入的单位",
    "unit.reopen": "恢复撤销的单位",
    "unit.target": "设置任务数",
    "unit.no-target": "取消任务数",
    "station.add": "新增站点",
    "station.change": "修改站点信息",
    "anomaly.search": "检查异常",
    "anomaly.policy": "修改异常阈值",
    "anomaly.dismissed": "排除异常线索",
    "anomaly.upheld": "认定异常线索",
    "anomaly.ask": "请当事人说明异常线索",
    "anomaly.state": "说明异常线索",
    "spot-check.draw": "抽取抽查样本",
    "spot-check.answer": "核查抽中的记录",
    "spot-check.publish": "公布抽查结果",
    "official.add": "新增包联领导",
    "official.leave": "包联领导离任",
    "zone.add": "新增片区",
    "zone.change": "调整片区范围",
    "pairing.set": "设置包联",
    "pairing.end": "结束包联",
    "team.add": "成立队伍",
    "team.change": "修改队伍",
    "team.dissolve": "解散队伍",
    "team.member-add": "加入队员",
    "team.member-end": "请队员退出",
    "team.leave": "退出队伍",
    "team.leader": "更换队长",
    "team.ask": "申请加入队伍",
    "team.ask-withdrawn": "撤回加入申请",
    "team.accepted": "同意加入队伍",
    "team.refused": "不同意加入队伍",
    "device.add": "添加设备",
    "device.revoke": "停用设备",
    "person.register": "注册志愿者",
    "person.confirm": "核实身份",
    "person.ask": "查询本人是否注册",
    "person.claim": "认领注册",
    "person.change": "修改个人资料",
    "person.transfer": "转移单位",
    "person.leave": "离开单位",
    "person.report-in": "登记双报到",
    "person.report-in-end": "结束双报到",
    "unit-request.ask": "申请更换单位",
    "unit-request.withdraw": "撤回更换单位的申请",
    "unit-request.accept": "同意更换单位的申请",
    "unit-request.refuse": "退回更换单位的申请",
    "person.contest": "提出单位异议",
    "person.unmask": "查看完整个人信息",
    "person.suspended": "暂停志愿者",
    "person.registered": "恢复志愿者",
    "person.take-data": "下载本人数据",
    "unmask.ask": "申请查看未成年人信息",
    "unmask.approve": "批准查看未成年人信息",
    "unmask.refuse": "不批准查看未成年人信息",
    "consent.give": "同意一项",
    "consent.record": "按纸质同意书登记同意",
    "consent.withdraw": "撤回一项同意",
    "notice.draft": "起草告知书",
    "notice.drop": "删除告知书草稿",
    "notice.publish": "发布告知书",
    "person.erasure-asked": "申请注销",
    "person.erasure-taken-back": "撤回注销",
    "person.erase": "注销并清除个人信息",
    "talent.join": "加入人才库",
    "talent.leave": "退出人才库",
    "talent.times": "修改有空的时间",
    "talent.paper": "添加证书",
    "talent.paper-removed": "删除证书",
    "talent.check": "核对证书",
    "person.merge": "合并到另一份记录",
    "person.merged-in": "并入另一份记录",
    "person.call-back": "请本人或监护人回电",
    "people.pass-on": "导出提供给上级平台的名单",
    "people.export": "导出人员名单",
    "person.count": "计入导入的志愿者",
    "import.check": "核对导入文件",
    "import.commit": "导入名单",
    "invitation.claim": "认领邀请",
    "invitation.refuse": "拒绝邀请",
    "invitation.remind": "提醒待确认的人员",
    "registration.deny": "否认注册",
    "registration.erased": "因否认注册立即删除",
    "registration.kept": "核实后保留被否认的注册",
    "card.print": "打印志愿者卡",
    "card.renew": "换发志愿者卡",
    "proposal.writing": "起草或收回活动提议",
    "proposal.proposed": "向站点提议活动",
    "proposal.sent-back": "退回活动提议",
    "proposal.taken-over": "接手活动提议",
    "proposal.dropped": "放弃活动提议",
    "activity.add": "新建活动",
    "activity.change": "修改活动",
    "activity.rewrite": "重写活动",
    "activity.submit": "提交活动",
    "activity.published": "批准活动",
    "activity.rejected": "驳回活动",
    "activity.cancel": "取消活动",
    "activity.finish": "结束活动",
    "shift.add": "新增班次",
    "shift.change": "修改班次",
    "shift.cancel": "取消班次",
    "shift.close-out": "填报班次收尾",
    "signup.approve": "通过报名",
    "signup.reject": "不通过报名",
    "signup.cancel": "取消报名",
    "checkin.roll-call": "按纸质名单签到",
    "scan.void": "作废扫码记录",
    "paper.issue": "启用纸质海报",
    "paper.print": "打印纸质海报",
    "paper.replace": "更换纸质海报",
    "paper.revoke": "停用纸质海报",
    "paper.word": "更换当天口令",
    "certificate.issue": "出具证明",
    "certificate.print": "打印证明",
    "certificate.revoke": "撤销证明",
}
#: Requests about hours: `hours.<kind>.<verb>`.
REQUESTS: Final = {
    "make_up": "补录时长",
    "correction": "更正时长",
    "weak_evidence": "弱凭证时长",
    "late_evidence": "迟到凭证时长",
    "over_capacity": "超名额时长",
    "over_cap": "超上限时长",
    "unmatched": "未配对签退",
}
VERBS: Final = {"ask": "申请", "accept": "通过", "refuse": "不通过"}
DEEDS_OF_HOURS: Final = {
    f"hours.{kind}.{verb}": f"{word}:{VERBS[verb]}" for kind, word in REQUESTS.items() for verb in VERBS
}
#: What took personal data out of the system: lists, cards, proofs.
EXPORTS: Final = ("people.export", "people.pass-on", "card.print", "certificate.print")
SUBJECTS: Final = {
    "account": "账号",
    "activity": "活动",
    "area": "区域",
    "code-table": "代码表",
    "import": "导入文件",
    "notice": "告知书",
    "person": "志愿者",
    "scan": "扫码记录",
    "shift": "班次",
    "signup": "报名",
    "site": "系统",
    "station": "站点",
    "team": "队伍",
    "official": "包联领导",
    "finding": "异常线索",
    "spot-check": "抽查",
    "zone": "片区",
    "pairing": "包联",
    "unit": "单位",
}
DETAILS: Final = {
    "days": "天数",
    "rule": "规则",
    "asks_again": "重新征求同意",
    "as_admin": "以管理员身份",
    "objected": "本人异议",
    "audience_count": "受众人数",
    "beneficiary_count": "受益人数",
    "by_number": "凭证件号码",
    "by_words": "按关键词",
    "code": "编号",
    "count": "数量",
    "fields": "修改项",
    "kind": "类型",
    "into": "另一单位代码",
    "left": "未恢复的人和单位",
    "number": "证明编号",
    "on": "日期",
    "people": "人数",
    "role": "角色",
    "status": "状态",
    "target": "任务数",
    "version": "版本",
    "year": "年份",
}
ROLES: Final = {
    "admin": "管理员",
    "auditor": "审计员",
    "unit_liaison": "单位联络员",
    "station_keeper": "站点管理员",
    "shift_leader": "班次负责人",
}
CONSENTS: Final = {
    "registration": "注册和记录服务",
    "public_names": "公开名单",
    "photos": "照片和录像",
    "upstream": "提供给上级平台",
}
STATUSES: Final = {"registered": "已注册", "unproven": "待核实", "suspended": "已暂停"}
#: Ids that say nothing to people.
UNTOLD: Final = {"device", "request"}


def deed(action: str) -> str:
    """Return the word for a deed, else its code."""
    return DEEDS.get(action) or DEEDS_OF_HOURS.get(action) or action


def subject(kind: str) -> str:
    """Return the word for what a deed was done to, else its code."""
    return SUBJECTS.get(kind, kind)


def details(said: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Return what is told of a deed beside its reason, as word and value."""
    told = (
        (key, value)
        for key, value in (said or {}).items()
        if key not in UNTOLD and value is not None and value is not False
    )
    return [(DETAILS.get(key, key), _value(value)) for key, value in told]


def _value(value: Any) -> str:
    """Return a detail's value in words."""
    if value is True:
        return "是"
    words = ROLES | STATUSES | CONSENTS
    return "、".join(map(str, value)) if isinstance(value, list) else words.get(str(value), str(value))
