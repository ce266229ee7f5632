"""What a list of scans may be narrowed to: the names in its address, their words, and what they mean. Pure.

Source: ux.md A8 (flags: geo, shared device, offline, manual).
"""

from collections.abc import Mapping
from typing import Final

from volunteer.checkin.reasons import Flag, Mode

MARKS: Final[Mapping[str, str]] = {
    "geo": "位置较远或没有位置",
    "offline": "断网时扫码",
    "manual": "人工登记",
    "card": "打印的卡",
    "paper": "纸质海报",
    "clock": "上传太晚或设备时间不准",
    "self-scan": "本人或家人的账号扫码",
    "shared-device": "一部手机为多人签到",
    "over-capacity": "超过名额",
}
RESULTS: Final[Mapping[str, str]] = {"taken": "已接受", "refused": "未接受", "held": "等待审核", "voided": "已作废"}
FLAGS: Final[Mapping[str, tuple[Flag, ...]]] = {
    "geo": (Flag.TOO_FAR, Flag.NO_LOCATION),
    "card": (Flag.CARD,),
    "paper": (Flag.PAPER,),
    "clock": (Flag.LATE, Flag.CLOCK_SKEW, Flag.AHEAD),
    "self-scan": (Flag.SELF_SCAN,),
    "shared-device": (Flag.SHARED_DEVICE,),
    "over-capacity": (Flag.OVER_CAPACITY,),
}
MODES: Final[Mapping[str, Mode]] = {"offline": Mode.BATCH, "manual": Mode.ROLL_CALL}
