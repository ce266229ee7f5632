"""The built sheet, and the plain one where nothing was built."""

import json
from pathlib import Path

import pytest
from flask import Flask

from volunteer.web import assets


def test_built_names_carry_a_hash_and_are_kept_for_a_year(app: Flask) -> None:
    app.extensions["assets"] = {"app.css": "app.0123456789ab.css"}
    page = app.test_client().get("/login").get_data(as_text=True)
    assert "/static/dist/app.0123456789ab.css" in page
    assert app.test_client().get("/healthz").json["assets"] == "built"


def test_without_a_build_the_plain_sheet_is_used(app: Flask) -> None:
    app.extensions["assets"] = {}
    client = app.test_client()
    assert "/static/app.css" in client.get("/login").get_data(as_text=True)
    with client.get("/static/app.css") as sheet:
        assert sheet.status_code == 200
        assert "immutable" not in sheet.headers.get("Cache-Control", "")
    assert client.get("/healthz").json["assets"] == "fallback"


def test_the_list_of_built_files_is_read_at_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"app.css": "app.x.css"}))
    monkeypatch.setattr(assets, "DIST", tmp_path)
    app = Flask("one")
    assets.init_app(app)
    assert app.extensions["assets"] == {"app.css": "app.x.css"}
