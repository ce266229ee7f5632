"""How a unit ends: what keeps one from being closed, merged or opened again. Pure decisions.

Source: house rule on decisions 5 (the tree is dated, the past does not move); ux.md A5 (in use -> cannot delete).
"""

from volunteer.errors import Worded


class InUse(Worded):
    """Why a unit cannot be closed yet; each says where to go on."""

    UNITS_BELOW = "units-below", "下面还有单位。请先把它们移到别的单位,或把本单位并入另一个单位。"
    MEMBERS = "members", "还有成员。请先把他们转到别的单位,或把本单位并入另一个单位。"
    STATIONS = "stations", "还有归属它的站点。请先给这些站点换归属单位,或把本单位并入另一个单位。"
    TEAMS = "teams", "还有所属的服务队。请先给这些服务队换所属单位,或把本单位并入另一个单位。"
    PAIRINGS = "pairings", "还有它负责的包联。请先在“包联”里结束,或把本单位并入另一个单位。"
    ACTIVITIES = "activities", "还有它主办、尚未开始的活动。请先结束或取消,或把本单位并入另一个单位。"


class EndFault(Worded):
    """Why a unit cannot be closed or merged on that day, or into that unit."""

    IN_FUTURE = "in-future", "日期不能晚于今天,请选择今天或以前的日期。"
    BEFORE_LAST_MOVE = "before-last-move", "撤销日期应晚于该单位最近一次调整的日期,且只能撤销一次。"
    CLOSED = "closed", "这个单位已经撤销,不能再并入别的单位,也不能接收别的单位。"
    UNKNOWN = "unknown", "没有找到接收单位,请重新选择。"
    ITSELF = "itself", "不能并入自己,请选择另一个单位。"
    INTO_ITS_OWN = "into-its-own", "接收单位在本单位下面。请先把接收单位移到别处,再合并。"
    BEFORE_TARGET = "before-unit", "接收单位在这一天还没有设立,请选择更晚的日期。"
    LATER_CHANGES = "later-changes", "这一天之后,本单位下面的单位又有调整。请选择调整之后的日期。"


class ReopenRefusal(Worded):
    """Why a unit stays closed."""

    NOT_CLOSED = "not-closed", "这个单位没有撤销,不需要恢复。"
    NOT_TODAY = "not-today", "只有当天办理的撤销或合并可以恢复。请新增一个单位,再把成员转进去。"
    ABOVE_CLOSED = "above-closed", "它的上级单位也已撤销。请先恢复上级单位。"
    USCC_TAKEN = "uscc-taken", "它的统一社会信用代码已登记在另一个单位名下。请先更正那个单位的代码,再恢复。"
