"""Settings: what refuses to start (peers.md T43, T44)."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import KEYS
from volunteer import sealing
from volunteer.config import SECRETS, SettingsError, read_settings


def test_t43_there_is_no_default_for_a_secret() -> None:
    for name in SECRETS:
        env = {key: value for key, value in KEYS.items() if key != name}
        with pytest.raises(SettingsError, match=name):
            read_settings(env)


def test_t43_no_key_stands_in_the_source() -> None:
    made = dict(sealing.generate_keys())
    again = dict(sealing.generate_keys())
    assert set(made) == set(SECRETS)
    assert all(made[name] != again[name] for name in made)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("VOLUNTEER_DATABSE_URL", "sqlite:///x", "unknown settings: VOLUNTEER_DATABSE_URL"),
        ("VOLUNTEER_SMS", "carrier-pigeon", "VOLUNTEER_SMS"),
        ("VOLUNTEER_TIMEZONE", "Asia/Atlantis", "VOLUNTEER_TIMEZONE"),
        ("VOLUNTEER_INSECURE_COOKIES", "yes", "VOLUNTEER_INSECURE_COOKIES"),
        ("VOLUNTEER_SEAL_KEYS", "1:" + "A" * 43 + "=", "VOLUNTEER_SEAL_KEYS"),
        ("VOLUNTEER_DEMO", "1", "VOLUNTEER_DEMO lets anybody in: only together with VOLUNTEER_SMS=demo"),
        ("VOLUNTEER_TEST_SEAT_LOCK", "off", "VOLUNTEER_TEST_SEAT_LOCK is for tests"),
    ],
)
def test_what_cannot_be_meant_refuses_to_start(name: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read_settings(KEYS | {name: value})


def test_the_demo_serves_loopback_alone(tmp_path: Path) -> None:
    env = KEYS | {"VOLUNTEER_SMS": "demo", "VOLUNTEER_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "volunteer", "serve", "--host", "0.0.0.0", "--port", "1"]  # noqa: S104 - is refused
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "loopback" in done.stderr


def test_t44_the_first_admin_has_no_default_password(tmp_path: Path) -> None:
    env = KEYS | {"VOLUNTEER_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "volunteer"]
    subprocess.run([*command, "db", "upgrade"], env=env, check=True, capture_output=True)
    create = [*command, "admin", "create", "--phone", "13900000001", "--name", "管理员"]
    none = subprocess.run(create, env=env, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert none.returncode != 0
    weak = subprocess.run(create, env=env | {"VOLUNTEER_ADMIN_PASSWORD": "admin"}, capture_output=True, check=False)
    assert weak.returncode != 0
    right = env | {"VOLUNTEER_ADMIN_PASSWORD": "Another-2026"}
    assert subprocess.run(create, env=right, capture_output=True, check=False).returncode == 0
