"""Who can be entered as, in the demo: their phones, the one password, and the words on the doors.

The phones are those of data/people.json; a test holds the two together.
"""

from dataclasses import dataclass

PASSWORD = "Demo-2026-pass"  # noqa: S105 - the demo's, printed at its start; it serves loopback alone
ADMIN_PHONE, ADMIN_NAME = "13800000001", "演示管理员"


@dataclass(frozen=True, slots=True)
class Part:
    """Somebody to be in the demo: a key for the door, who it is, and what there is to see."""

    key: str
    phone: str
    name: str
    title: str
    about: str


PARTS = (
    Part("volunteer", "13800000101", "陈晓禾", "志愿者", "报名、签到码、我的时长"),
    Part("elder", "13800000102", "王玉珍", "老年志愿者", "74 岁,可以换成大字"),
    Part("parent", "13800000103", "刘文涛", "家长", "也替 15 岁的孩子报名"),
    Part("keeper", "13800000003", "王敏", "站点管理员", "青禾街道:今天的签到、待审核"),
    Part("centre", "13800000002", "李明远", "中心管理员", "全区活动的审核和数据"),
    Part("liaison", "13800000004", "赵雅宁", "单位联络员", "区教育局和所属学校的完成率"),
    Part("auditor", "13800000005", "钱学成", "审计员", "只看数据和记录,姓名打码"),
    Part("admin", ADMIN_PHONE, ADMIN_NAME, "系统管理员", "单位、任务、账号和站点"),
)
