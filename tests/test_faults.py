"""The list of faults names each by its field's label, escapes what it is given, and links to the field."""

from flask import Flask, render_template_string

from volunteer.errors import Fault

PAGE = """{% extends "base.html" %}{% from "_macros.html" import error_summary, field, tick with context %}
{% block main %}<h1>t</h1>{{ error_summary(faults) }}{{ field("name", "姓名", faults) }}
{{ field("rows.1.end", "结束", faults) }}{{ tick("sure", "<同意>", faults) }}{% endblock %}"""


def test_each_fault_is_named_by_its_label(app: Flask) -> None:
    faults = [
        Fault("name", "required", "请填写这一项。"),
        Fault("name", "long", "姓名太长。"),
        Fault("rows.1.end", "required", "请填写这一项。"),
        Fault("sure", "required", "<b>"),
        Fault("elsewhere", "x", "别处有误。"),
    ]
    with app.test_request_context("/"):
        page = render_template_string(PAGE, faults=faults)
    assert page.index("<h1>") < page.index('role="alert"') < page.index("<label")
    for link in (
        '<a href="#name">姓名:请填写这一项。</a>',
        '<a href="#name">姓名太长。</a>',
        '<a href="#rows.1.end">第 2 项 · 结束:请填写这一项。</a>',
        '<a href="#sure">&lt;同意&gt;:&lt;b&gt;</a>',
        '<a href="#elsewhere">别处有误。</a>',
    ):
        assert link in page, link
    assert "有 5 处" in page


def test_without_faults_there_is_no_list(app: Flask) -> None:
    with app.test_request_context("/"):
        page = render_template_string(PAGE, faults=[])
    assert 'role="alert"' not in page
    assert "<!-- faults" not in page
