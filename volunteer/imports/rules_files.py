"""Why a file cannot be read at all: one code and one sentence for each reason. Pure.

Source: contract, Imports; stack.md G36; peers.md T39, T40.
"""

from typing import Final

from volunteer.errors import Worded

MOST_BYTES: Final = 20 * 1024 * 1024
MOST_ROWS: Final = 100_000
MOST_COLUMNS: Final = 100


class FileFault(Worded):
    """Why a whole file is refused; the value is the permanent code of the reason."""

    EMPTY = "empty", "文件是空的,请选择填好的名单再上传。"
    TOO_LARGE = "too-large", "文件超过 20 MB,请只保留需要的列,或分成几个文件上传。"
    TOO_MANY_ROWS = "too-many-rows", f"名单超过 {MOST_ROWS} 行,请分成几个文件上传。"
    TOO_WIDE = "too-wide", f"表格超过 {MOST_COLUMNS} 列,请只保留需要的列再上传。"
    NOT_A_SHEET = "not-a-sheet", "这不是 Excel 表格或 CSV 文件,请用 Excel 或 WPS 另存为 XLSX 后上传。"
    WEB_PAGE = "web-page", "这个文件其实是网页,请用 Excel 或 WPS 打开,另存为 XLSX 后上传。"
    ENCRYPTED = "encrypted", "文件设置了打开密码,请取消密码后重新保存再上传。"
    BOMB = "bomb", "文件解压后过大,不像正常的名单,请另存为新的 XLSX 后上传。"
    ENTITIES = "entities", "文件中含有不允许的外部引用,请另存为新的 XLSX 后上传。"
    BROKEN = "broken", "文件已损坏,无法打开,请用 Excel 或 WPS 重新保存后上传。"
    TOO_HEAVY = "too-heavy", "文件内容过于复杂,无法在限定的时间和内存内读完,请把数据复制到新的表格再上传。"
    ENCODING = "encoding", "无法识别文件的文字编码,请另存为 XLSX,或存为 UTF-8 编码的 CSV。"
    NO_HEADER = "no-header", "没有找到表头,请在一行内写明各列的名称,可下载模板对照。"
    REPEATED_HEADER = "repeated-header", "表头中有两列含义相同,请只保留一列。"
    SEVERAL_SHEETS = "several-sheets", "文件中有不止一张带表头的工作表,请只保留要导入的一张。"
    NO_ROWS = "no-rows", "表头下面没有数据,请填好名单再上传。"


REASONS: Final = {str(fault): fault for fault in FileFault}
