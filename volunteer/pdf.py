"""PDF by typst: a template, its data and its pictures in; the bytes of an A4 document out.

What people wrote goes in as JSON, never as markup, so a name that looks like a command stays a name. No fonts but the
two that we ship, no date in the file: the same content gives the same bytes, on every machine. A warning of typst (such
as a missing font) is a fault of ours and raises. Source: stack.md G21, G22.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pylopdf_fonts_zh_cn as fonts

if TYPE_CHECKING:
    import typst

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
PREFACE = (
    '#set document(date: none)\n#set text(font: ("Noto Serif SC", "Noto Sans SC"), lang: "zh", region: "CN")\n'
    '#let data = json("data.json")\n'
)


class PdfError(Exception):
    """The template warned or does not compile: a fault of ours, with what typst says."""


def render(template_name: str, data: Any, files: Mapping[str, bytes] | None = None) -> bytes:
    """Return the PDF of `templates/<template_name>`.

    Args:
        template_name: such as `certificates/certificate.typ`; its source finds `data` already defined.
        data: anything that JSON can hold.
        files: pictures that the template names, such as `{"qr.svg": …}`.

    Raises:
        PdfError: the template does not compile, or compiles with a warning.
    """
    return _compile(template_name, data, files, "pdf")[0]


def pictures(template_name: str, data: Any, files: Mapping[str, bytes] | None = None, ppi: float = 150) -> list[bytes]:
    """Return the pages of the same document as PNG pictures; arguments and errors as in `render`."""
    return _compile(template_name, data, files, "png", ppi)


def _compile(
    template_name: str, data: Any, files: Mapping[str, bytes] | None, kind: Any, ppi: float | None = None
) -> list[bytes]:
    """Return what typst makes of the template, always as a list."""
    import typst  # noqa: PLC0415 - 7 MB of a worker, for who makes a document

    sources = {
        "main.typ": (PREFACE + (TEMPLATES / template_name).read_text("utf-8")).encode(),
        "data.json": json.dumps(data, ensure_ascii=False).encode(),
        **(files or {}),
    }
    compile_sources: Any = typst.compile_with_warnings  # its types leave out sources given as a mapping
    try:
        made, warnings = compile_sources(sources, font_paths=_fonts(), ignore_system_fonts=True, format=kind, ppi=ppi)
    except typst.TypstError as error:
        raise PdfError(f"{template_name}: {error.message} {error.diagnostic}") from error
    if warnings:
        raise PdfError(f"{template_name}: " + "; ".join(warning.message for warning in warnings))
    return made if isinstance(made, list) else [made]


@cache
def _fonts() -> "typst.Fonts":
    """Return our fonts, read once a process (124 ms)."""
    import typst  # noqa: PLC0415 - see above

    folder = str(Path(fonts.serif_path()).parent)
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])
