"""The world of hours for each test: stations, keepers, and a stand-in that tells presences."""

import pytest
from flask import Flask

from tests.conftest import Api
from tests.hours.making import Told, World, make_world, tell


@pytest.fixture
def world(api: Api, admin: str) -> World:
    return make_world(api, admin)


@pytest.fixture
def told(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Told:
    """What check-in would tell; replaces its handlers for one test."""
    return tell(app, monkeypatch)
