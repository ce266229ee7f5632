"""Settings: one frozen object, read once from `VOLUNTEER_*`; an unknown or missing name refuses to start.

Secrets have no default; the demo (`volunteer demo serve`) makes its own. One process serves one installation
(decisions 7), so `settings()` is a plain process-wide value that `install` sets once at start.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from volunteer.sealing import Keyring, parse_keys

SMS_SENDERS = ("none", "demo", "console", "aliyun")
#: These show codes to whoever is near, so they serve this machine alone.
LOOPBACK_SMS = ("demo", "console")
SMS_URL = "https://dysmsapi.aliyuncs.com"
SECRETS = (
    "VOLUNTEER_SECRET_KEY",
    "VOLUNTEER_SEAL_KEYS",
    "VOLUNTEER_INDEX_KEYS",
    "VOLUNTEER_CODE_KEYS",
    "VOLUNTEER_LEDGER_KEYS",
)
OPTIONAL = (
    "VOLUNTEER_DATA_DIR",
    "VOLUNTEER_DATABASE_URL",
    "VOLUNTEER_TIMEZONE",
    "VOLUNTEER_SMS",
    "VOLUNTEER_SMS_KEY_ID",
    "VOLUNTEER_SMS_KEY_SECRET",
    "VOLUNTEER_SMS_SIGN",
    "VOLUNTEER_SMS_TEMPLATES",
    "VOLUNTEER_SMS_URL",
    "VOLUNTEER_INSECURE_COOKIES",
    "VOLUNTEER_TRUSTED_PROXIES",
    "VOLUNTEER_BASE_URL",
    "VOLUNTEER_SITE_NAME",
    "VOLUNTEER_WECHAT_PROOFS",
    "VOLUNTEER_ADMIN_PASSWORD",
    "VOLUNTEER_DEMO",
    "VOLUNTEER_TEST_SEAT_LOCK",
    "VOLUNTEER_TEST_PAUSE_MS",
)


class SettingsError(ValueError):
    """The environment does not describe a service that may start; the message names the variable."""


@dataclass(frozen=True, slots=True)
class SmsAccount:
    """Our account with the SMS provider: key, the sign name of its messages, and the template of each kind."""

    key_id: str
    key_secret: str
    sign: str
    templates: Mapping[str, str]
    url: str


@dataclass(frozen=True, slots=True)
class Settings:
    """All that an operator can set.

    Attributes:
        base_url: the public origin for links in QR codes, without a slash at the end; empty = take it from the request.
        sms_account: our account with the provider; set if and only if `sms` is a provider's name.
        trusted_proxies: how many reverse proxies stand before us; their `X-Forwarded-For` entries are believed.
        wechat_proofs: what WeChat wants to read at `/MP_verify_<it>.txt` before it trusts the domain.
        is_demo: anybody on this machine may enter as one of the demo's people; only with `VOLUNTEER_SMS=demo`.
        seat_lock: only tests turn it off, as the control that shows the race (`VOLUNTEER_TEST_SEAT_LOCK=off`).
        pause_ms: only tests widen the gap between check and write with it (`VOLUNTEER_TEST_PAUSE_MS`).
    """

    database_url: str
    data_dir: Path
    zone: ZoneInfo
    secret_key: str
    keyring: Keyring
    code_keys: Mapping[int, bytes]
    ledger_keys: Mapping[int, bytes]
    sms: str = "none"
    sms_account: SmsAccount | None = None
    insecure_cookies: bool = False
    trusted_proxies: int = 0
    base_url: str = ""
    site_name: str = "志愿服务"
    is_demo: bool = False
    wechat_proofs: tuple[str, ...] = ()
    seat_lock: bool = True
    pause_ms: int = 0


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Build the settings from the environment.

    Raises:
        SettingsError: an unknown `VOLUNTEER_*` name, a missing secret, or a value that cannot be read.
    """
    env = os.environ if environ is None else environ
    _check_names(env)
    data_dir = Path(env.get("VOLUNTEER_DATA_DIR", "var")).absolute()
    url = env.get("VOLUNTEER_DATABASE_URL") or f"sqlite:///{data_dir / 'volunteer.db'}"
    try:
        return Settings(
            database_url=_driver(url),
            data_dir=data_dir,
            zone=ZoneInfo(env.get("VOLUNTEER_TIMEZONE", "Asia/Shanghai")),
            secret_key=env["VOLUNTEER_SECRET_KEY"],
            keyring=Keyring(
                parse_keys(env["VOLUNTEER_SEAL_KEYS"], "VOLUNTEER_SEAL_KEYS"),
                parse_keys(env["VOLUNTEER_INDEX_KEYS"], "VOLUNTEER_INDEX_KEYS"),
            ),
            code_keys=parse_keys(env["VOLUNTEER_CODE_KEYS"], "VOLUNTEER_CODE_KEYS"),
            ledger_keys=parse_keys(env["VOLUNTEER_LEDGER_KEYS"], "VOLUNTEER_LEDGER_KEYS"),
            sms=_sms(env.get("VOLUNTEER_SMS", "none")),
            sms_account=_sms_account(env),
            insecure_cookies=_flag(env, "VOLUNTEER_INSECURE_COOKIES"),
            trusted_proxies=int(env.get("VOLUNTEER_TRUSTED_PROXIES", "0")),
            base_url=env.get("VOLUNTEER_BASE_URL", "").rstrip("/"),
            site_name=env.get("VOLUNTEER_SITE_NAME", "志愿服务"),
            is_demo=_flag(env, "VOLUNTEER_DEMO"),
            wechat_proofs=tuple(filter(None, map(str.strip, env.get("VOLUNTEER_WECHAT_PROOFS", "").split(",")))),
            seat_lock=env.get("VOLUNTEER_TEST_SEAT_LOCK", "on") != "off",
            pause_ms=int(env.get("VOLUNTEER_TEST_PAUSE_MS", "0")),
        )
    except ZoneInfoNotFoundError as error:
        raise SettingsError(f"VOLUNTEER_TIMEZONE: {error}") from error
    except ValueError as error:
        raise SettingsError(str(error)) from error


def _check_names(env: Mapping[str, str]) -> None:
    """Refuse unknown names (a typing error would otherwise be silent) and missing secrets."""
    unknown = sorted(name for name in env if name.startswith("VOLUNTEER_") and name not in SECRETS + OPTIONAL)
    if unknown:
        raise SettingsError("unknown settings: " + ", ".join(unknown))
    missing = [name for name in SECRETS if not env.get(name)]
    if missing:
        raise SettingsError("missing secrets (make them with `volunteer keys generate`): " + ", ".join(missing))
    tested = [name for name in env if name.startswith("VOLUNTEER_TEST_")]
    if tested and env.get("VOLUNTEER_SMS") != "demo":
        raise SettingsError(f"{', '.join(tested)} is for tests: only together with VOLUNTEER_SMS=demo")
    if env.get("VOLUNTEER_DEMO", "0") != "0" and env.get("VOLUNTEER_SMS") != "demo":
        raise SettingsError("VOLUNTEER_DEMO lets anybody in: only together with VOLUNTEER_SMS=demo")


def _driver(url: str) -> str:
    """Name the PostgreSQL driver that we ship: psycopg 3."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _sms(value: str) -> str:
    """Return the sender's name if we have it."""
    if value not in SMS_SENDERS:
        raise SettingsError(f"VOLUNTEER_SMS: {value!r} is none of {', '.join(SMS_SENDERS)}")
    return value


def _sms_account(env: Mapping[str, str]) -> SmsAccount | None:
    """Return the account with the provider: complete where one is chosen, absent where none is."""
    if env.get("VOLUNTEER_SMS") != "aliyun":
        stray = sorted(name for name in env if name.startswith("VOLUNTEER_SMS_"))
        if stray:
            raise SettingsError(f"{', '.join(stray)}: only together with VOLUNTEER_SMS=aliyun")
        return None
    missing = [name for name in ("KEY_ID", "KEY_SECRET", "SIGN", "TEMPLATES") if not env.get(f"VOLUNTEER_SMS_{name}")]
    if missing:
        raise SettingsError("VOLUNTEER_SMS=aliyun needs " + ", ".join(f"VOLUNTEER_SMS_{name}" for name in missing))
    pairs = [pair.partition("=") for pair in env["VOLUNTEER_SMS_TEMPLATES"].split(",")]
    templates = {kind.strip(): code.strip() for kind, _, code in pairs}
    if "phone-code" not in templates or not all(templates.values()):
        raise SettingsError("VOLUNTEER_SMS_TEMPLATES: write kind=code,kind=code, with phone-code among them")
    url = env.get("VOLUNTEER_SMS_URL", SMS_URL).rstrip("/")
    parts = urlsplit(url)
    is_local = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if not (parts.scheme == "https" or (parts.scheme == "http" and is_local)) or not parts.netloc or parts.path:
        raise SettingsError("VOLUNTEER_SMS_URL: write https://host")
    return SmsAccount(
        env["VOLUNTEER_SMS_KEY_ID"],
        env["VOLUNTEER_SMS_KEY_SECRET"],
        env["VOLUNTEER_SMS_SIGN"],
        templates,
        url,
    )


def _flag(env: Mapping[str, str], name: str) -> bool:
    """Read 1 or 0."""
    value = env.get(name, "0")
    if value not in ("0", "1"):
        raise SettingsError(f"{name}: write 1 or 0")
    return value == "1"


_installed: list[Settings] = []


def install(settings: Settings) -> None:
    """Make `settings` those of this process."""
    _installed[:] = [settings]


def settings() -> Settings:
    """Return this process's settings; an app must have been made."""
    return _installed[0]
