"""Reading a volunteer's code from a photo, for a page that cannot do it itself: nothing is stored or logged.

The photo is opened by `photo_reader.py` in a process of its own, without our environment, so a hostile file that bursts
it or keeps it busy costs that process and nothing else; only there are the libraries for pictures loaded. What is found
is text that somebody showed: a scan of it is judged as if a scanner had typed it.
Source: ux.md 4.2 (order of fallbacks); stack.md G36 (hostile files).
"""

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from volunteer.access import Actor
from volunteer.checkin.credentials import codes
from volunteer.errors import VolunteerError, Worded
from volunteer.web import limits

READER: Final = Path(__file__).with_name("photo_reader.py")
MOST_BYTES: Final = 8 * 1024 * 1024
MOST_SECONDS: Final = 15


class PhotoFault(Worded):
    """Why no code was read from a photo; the value is the permanent code."""

    EMPTY = "empty", "没有收到照片,请先拍一张。"
    TOO_LARGE = "too-large", "照片超过 8 MB。请把相机的照片尺寸调小再拍,或者输入码上的数字。"
    NOT_A_PHOTO = "not-a-photo", "这个文件不是照片。请用 JPEG、PNG 或 WebP 格式的照片。"
    HEIC = "heic", "读不了这种格式(HEIC)的照片。请在相机设置里选“兼容性最佳”再拍,或者截屏后上传。"
    TOO_MANY_PIXELS = "too-many-pixels", "照片太大,超过 6400 万像素。请把相机的照片尺寸调小再拍。"
    BROKEN = "broken", "照片没有传完整,请再拍一张。"
    TOO_HEAVY = "too-heavy", "这张照片处理不了,请换一张再试。"
    NO_CODE = "no-code", "照片里没有找到二维码。请把手机放正,离码近一些,光线亮一些,再拍一张。"
    FOREIGN_CODE = "foreign-code", "照片里的二维码不是志愿者的码。请志愿者打开“我的码”或出示志愿者卡,再拍一张。"
    SEVERAL_CODES = "several-codes", "照片里有几个人的码。请一次只拍一个人的。"


FAULTS: Final = {str(fault): fault for fault in PhotoFault}


class UnreadablePhoto(VolunteerError):
    """422: no code was read; `reason` is a code of `PhotoFault`, the detail its sentence."""

    status = 422
    code = "unreadable-photo"
    title = "照片里没有读到码"
    detail = PhotoFault.NO_CODE.sentence

    def __init__(self, fault: PhotoFault) -> None:
        super().__init__(fault.sentence, reason=str(fault))
        self.fault = fault


def read_code(actor: Actor, data: bytes, now: dt.datetime) -> str:
    """Return the digits of the one volunteer's code in a photo; whether it is good a scan of it decides.

    Raises:
        UnreadablePhoto: with the reason.
        RateLimited: 30 photos in a minute.
    """
    limits.take("photo", actor.key, now)
    if not data:
        raise UnreadablePhoto(PhotoFault.EMPTY)
    if len(data) > MOST_BYTES:
        raise UnreadablePhoto(PhotoFault.TOO_LARGE)
    told = _answer(data)
    if "fault" in told:
        raise UnreadablePhoto(FAULTS[told["fault"]])
    texts = [str(text) for text in told["texts"]]
    ours = {codes.normalise(text) for text in texts if codes.read(text)}
    if len(ours) > 1:
        raise UnreadablePhoto(PhotoFault.SEVERAL_CODES)
    if not ours:
        raise UnreadablePhoto(PhotoFault.FOREIGN_CODE if texts else PhotoFault.NO_CODE)
    return ours.pop()


def _answer(data: bytes) -> dict[str, Any]:
    """Return what the reader says of a photo."""
    command = [sys.executable, "-I", str(READER)]
    try:
        done = subprocess.run(  # noqa: S603 - our own script, nothing of the caller's in the command
            command, input=data, capture_output=True, timeout=MOST_SECONDS, env={"PYTHONUTF8": "1"}, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise UnreadablePhoto(PhotoFault.TOO_HEAVY) from error
    if done.returncode:  # the system ended it at a limit, or a library gave up
        raise UnreadablePhoto(PhotoFault.TOO_HEAVY)
    told: dict[str, Any] = json.loads(done.stdout)
    return told
