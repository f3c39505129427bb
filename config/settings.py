"""Settings: frozen, typed, read from the environment once. Odd values are refused loudly."""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import time
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MINIMUM_SECRET_LENGTH = 32


class SettingsError(Exception):
    """The environment asks for something that must not start. The text says what to change."""


class Environment(StrEnum):
    """What the process is for; production refuses what the others allow."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"
    TESTING = "testing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting of the system. `config/example.env` documents each variable."""

    environment: Environment
    debug: bool
    demo: bool
    demo_password: str = field(repr=False)
    secret_key: str = field(repr=False)
    home: Path
    host: str
    port: int
    public_url: str
    trusted_proxies: int
    database_url: str = field(repr=False)
    database_owner_url: str = field(repr=False)
    database_pool_size: int
    redis_url: str = field(repr=False)
    mail_server: str
    mail_port: int
    mail_username: str
    mail_password: str = field(repr=False)
    mail_use_tls: bool
    mail_use_ssl: bool
    mail_timeout_seconds: int
    mail_ca_file: str
    mail_sender: str
    institution_name: str
    institution_short_name: str
    clinic_name: str
    clinic_phone: str
    clinic_address: str
    mail_domain: str
    time_zone: ZoneInfo
    country: str
    region: str
    campuses: tuple[str, ...]
    student_id_pattern: str
    staff_id_pattern: str
    brand_colour: str
    accent_colour: str
    idle_minutes_staff: int
    idle_minutes_portal: int
    session_hours: int
    max_open_bookings: int
    max_bookings_per_day: int
    max_bookings_per_week: int
    quiet_from: time
    quiet_until: time
    offer_minutes: int
    no_show_point_days: int
    no_show_points_for_approval: int
    no_show_points_for_horizon: int
    no_show_horizon_days: int
    keys_folder: Path
    backup_folder: Path
    backup_second_folder: str
    backup_s3_bucket: str
    backup_s3_endpoint: str
    backup_s3_region: str
    backup_s3_prefix: str
    backup_s3_key_id: str = field(repr=False)
    backup_s3_secret_key: str = field(repr=False)
    backup_at: time
    backup_scratch_database_url: str = field(repr=False)
    backup_replication_url: str = field(repr=False)
    retention_outpatient_years: int
    retention_finance_years: int
    request_answer_days: int
    personal_copy_days: int
    database_replica_url: str = field(repr=False)
    ping_url: str
    metrics_token: str = field(repr=False)
    alert_escalation_minutes: int
    log_level: str
    # What the environment said, by the names of its variables; a backup carries it (BAK-03).
    given: Mapping[str, str] = field(repr=False, compare=False)

    @property
    def mail_folder(self) -> Path:
        """Where messages land as .eml files when no MAIL_SERVER is given."""
        return self.home / "mail"

    @property
    def owner_url(self) -> str:
        """The account that owns the database: it migrates, restores, and copies (AUD-02)."""
        return self.database_owner_url or self.database_url

    @property
    def has_two_accounts(self) -> bool:
        """Whether the site runs with another account than the owner's."""
        owner = urlsplit(self.owner_url).username
        return owner != urlsplit(self.database_url).username

    @property
    def scratch_url(self) -> str:
        """The account that makes scratch databases, in which backups are proven (BAK-02)."""
        return self.backup_scratch_database_url or self.owner_url

    @property
    def is_production(self) -> bool:
        """True when the process serves real patients."""
        return self.environment is Environment.PRODUCTION


class Reader:
    """Reads one variable at a time and names it when its value is odd."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.given: dict[str, str] = {}

    def text(self, name: str, default: str = "") -> str:
        value = self.environ.get(name, "").strip()
        if value:
            self.given[name] = value
        return value or default

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.text(name, str(default)).lower()
        if value not in {"true", "false", "1", "0", "yes", "no"}:
            raise SettingsError(f"{name} must be true or false, not {value!r}.")
        return value in {"true", "1", "yes"}

    def number(self, name: str, default: int, *, lowest: int = 0, highest: int = 10**6) -> int:
        value = self.text(name, str(default))
        if not re.fullmatch(r"[0-9]{1,7}", value) or not lowest <= int(value) <= highest:
            raise SettingsError(f"{name} must be a whole number from {lowest} to {highest}.")
        return int(value)

    def zone(self, name: str, default: str) -> ZoneInfo:
        value = self.text(name, default)
        try:
            return ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise SettingsError(f"{name} {value!r} is not a known time zone.") from error

    def time_of_day(self, name: str, default: str) -> time:
        value = self.text(name, default)
        if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
            raise SettingsError(f"{name} must be a time of day such as {default}.")
        return time.fromisoformat(value)

    def colour(self, name: str, default: str) -> str:
        value = self.text(name, default)
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
            raise SettingsError(f"{name} must be a colour such as {default}.")
        return value

    def pattern(self, name: str, default: str) -> str:
        value = self.text(name, default)
        try:
            re.compile(value)
        except re.error as error:
            raise SettingsError(f"{name} is not a regular expression: {error}.") from error
        return value

    def level(self, name: str, default: str) -> str:
        value = self.text(name, default).upper()
        if value not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
            raise SettingsError(f"{name} must be DEBUG, INFO, WARNING, ERROR or CRITICAL.")
        return value

    def names(self, name: str, default: str) -> tuple[str, ...]:
        values = tuple(part.strip() for part in self.text(name, default).split(","))
        if not all(values):
            raise SettingsError(f"{name} must be names with commas between them.")
        return values

    def url(self, name: str, default: str, schemes: tuple[str, ...]) -> str:
        value = self.text(name, default)
        if value and value.split(":", 1)[0] not in schemes:
            raise SettingsError(
                f"{name} must start with {' or '.join(s + '://' for s in schemes)}."
            )
        return value


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from environment variables. Raises SettingsError naming the variable."""
    return settings_from(Reader(environ))


def settings_from(read: Reader) -> Settings:
    """Settings from whatever the reader reads; config/reference.py listens to what is asked."""
    environment = read.text("USCPIS_ENV", "development").lower()
    if environment not in set(Environment):
        raise SettingsError("USCPIS_ENV must be development, production or testing.")
    port = read.number("PORT", 8000, lowest=1, highest=65535)
    host = read.text("HOST", "127.0.0.1")
    home = Path(read.text("USCPIS_HOME", "var")).absolute()
    settings = Settings(
        environment=Environment(environment),
        debug=read.flag("DEBUG"),
        demo=read.flag("USCPIS_DEMO"),
        demo_password=read.text("DEMO_PASSWORD"),
        secret_key=read.text("SECRET_KEY"),
        home=home,
        host=host,
        port=port,
        public_url=read.url("PUBLIC_URL", f"http://{host}:{port}", ("http", "https")).rstrip("/"),
        trusted_proxies=read.number("TRUSTED_PROXIES", 0, highest=5),
        database_url=_psycopg_url(read.url("DATABASE_URL", "", _POSTGRES_SCHEMES)),
        database_owner_url=_psycopg_url(read.url("DATABASE_OWNER_URL", "", _POSTGRES_SCHEMES)),
        database_pool_size=read.number("DATABASE_POOL_SIZE", 5, lowest=1, highest=100),
        redis_url=read.url("REDIS_URL", "", ("redis", "rediss", "unix")),
        mail_server=read.text("MAIL_SERVER"),
        mail_port=read.number("MAIL_PORT", 25, lowest=1, highest=65535),
        mail_username=read.text("MAIL_USERNAME"),
        mail_password=read.text("MAIL_PASSWORD"),
        mail_use_tls=read.flag("MAIL_USE_TLS"),
        mail_use_ssl=read.flag("MAIL_USE_SSL"),
        mail_timeout_seconds=read.number("MAIL_TIMEOUT_SECONDS", 10, lowest=1, highest=120),
        mail_ca_file=read.text("MAIL_CA_FILE"),
        mail_sender=read.text("MAIL_SENDER", "clinic@usc.edu.ph"),
        **_institution(read),
        idle_minutes_staff=read.number("IDLE_MINUTES_STAFF", 15, lowest=1, highest=720),
        idle_minutes_portal=read.number("IDLE_MINUTES_PORTAL", 30, lowest=1, highest=720),
        session_hours=read.number("SESSION_HOURS", 12, lowest=1, highest=24),
        max_open_bookings=read.number("MAX_OPEN_BOOKINGS", 3, lowest=1, highest=100),
        max_bookings_per_day=read.number("MAX_BOOKINGS_PER_DAY", 2, lowest=1, highest=100),
        max_bookings_per_week=read.number("MAX_BOOKINGS_PER_WEEK", 4, lowest=1, highest=100),
        **_around_the_visit(read),
        **_copies(read, home),
        **_keeping(read),
        **_watching(read),
        log_level=read.level("LOG_LEVEL", "INFO"),
        given=read.given,
    )
    return _checked(settings)


_POSTGRES_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg2")


def _around_the_visit(read: Reader) -> dict[str, Any]:
    """Quiet hours, offers of freed times, and the points of missed visits."""
    return {
        "quiet_from": read.time_of_day("QUIET_FROM", "21:00"),
        "quiet_until": read.time_of_day("QUIET_UNTIL", "07:00"),
        "offer_minutes": read.number("OFFER_MINUTES", 30, lowest=5, highest=1440),
        "no_show_point_days": read.number("NO_SHOW_POINT_DAYS", 90, lowest=1, highest=730),
        "no_show_points_for_approval": read.number(
            "NO_SHOW_POINTS_FOR_APPROVAL", 2, lowest=1, highest=100
        ),
        "no_show_points_for_horizon": read.number(
            "NO_SHOW_POINTS_FOR_HORIZON", 3, lowest=1, highest=100
        ),
        "no_show_horizon_days": read.number("NO_SHOW_HORIZON_DAYS", 7, lowest=1, highest=365),
    }


def _copies(read: Reader, home: Path) -> dict[str, Any]:
    """Where copies of everything go, and where their keys lie (BAK-01, BAK-03)."""
    return {
        "keys_folder": Path(read.text("KEYS_FOLDER", str(home / "keys"))).absolute(),
        "backup_folder": Path(read.text("BACKUP_FOLDER", str(home / "backups"))).absolute(),
        "backup_second_folder": read.text("BACKUP_SECOND_FOLDER"),
        "backup_s3_bucket": read.text("BACKUP_S3_BUCKET"),
        "backup_s3_endpoint": read.url("BACKUP_S3_ENDPOINT", "", ("http", "https")),
        "backup_s3_region": read.text("BACKUP_S3_REGION"),
        "backup_s3_prefix": read.text("BACKUP_S3_PREFIX").strip("/"),
        "backup_s3_key_id": read.text("BACKUP_S3_KEY_ID"),
        "backup_s3_secret_key": read.text("BACKUP_S3_SECRET_KEY"),
        "backup_at": read.time_of_day("BACKUP_AT", "02:30"),
        "backup_scratch_database_url": _psycopg_url(
            read.url("BACKUP_SCRATCH_DATABASE_URL", "", _POSTGRES_SCHEMES)
        ),
        "backup_replication_url": _psycopg_url(
            read.url("BACKUP_REPLICATION_URL", "", _POSTGRES_SCHEMES)
        ),
    }


def _keeping(read: Reader) -> dict[str, Any]:
    """How long records are kept (RET-01), requests may take and copies lie there (DPA-02)."""
    return {
        "retention_outpatient_years": read.number(
            "RETENTION_OUTPATIENT_YEARS", 7, lowest=7, highest=100
        ),
        "retention_finance_years": read.number(
            "RETENTION_FINANCE_YEARS", 10, lowest=3, highest=100
        ),
        "request_answer_days": read.number("REQUEST_ANSWER_DAYS", 30, lowest=1, highest=365),
        "personal_copy_days": read.number("PERSONAL_COPY_DAYS", 14, lowest=1, highest=90),
    }


def _watching(read: Reader) -> dict[str, Any]:
    """Reports from a copy of the database, and who watches from outside (BAK-04)."""
    return {
        "database_replica_url": _psycopg_url(
            read.url("DATABASE_REPLICA_URL", "", _POSTGRES_SCHEMES)
        ),
        "ping_url": read.url("PING_URL", "", ("http", "https")).rstrip("/"),
        "metrics_token": read.text("METRICS_TOKEN"),
        "alert_escalation_minutes": read.number(
            "ALERT_ESCALATION_MINUTES", 60, lowest=1, highest=10_080
        ),
    }


def _institution(read: Reader) -> dict[str, Any]:
    """What makes the installation the clinic of one university; defaults: San Carlos, Cebu."""
    return {
        "institution_name": read.text("INSTITUTION_NAME", "University of San Carlos"),
        "institution_short_name": read.text("INSTITUTION_SHORT_NAME", "USC"),
        "clinic_name": read.text("CLINIC_NAME", "Health Services Office"),
        "clinic_phone": read.text("CLINIC_PHONE", "+63 32 253 1000"),
        "clinic_address": read.text("CLINIC_ADDRESS", "P. del Rosario Street, Cebu City"),
        "mail_domain": read.text("MAIL_DOMAIN", "usc.edu.ph").lower(),
        "time_zone": read.zone("TIME_ZONE", "Asia/Manila"),
        "country": read.text("HOLIDAY_COUNTRY", "PH"),
        "region": read.text("PHONE_REGION", "PH"),
        "campuses": read.names("CAMPUSES", "Downtown,Talamban"),
        "student_id_pattern": read.pattern("STUDENT_ID_PATTERN", r"\d{8}"),
        "staff_id_pattern": read.pattern("STAFF_ID_PATTERN", r"[A-Za-z]+\d+"),
        "brand_colour": read.colour("BRAND_COLOUR", "#14532d"),
        "accent_colour": read.colour("ACCENT_COLOUR", "#b45309"),
    }


def _psycopg_url(url: str) -> str:
    """The URL with the driver that we install, whichever common spelling it came in."""
    return re.sub(r"^postgres(ql)?(\+psycopg2)?:", "postgresql+psycopg2:", url)


def _checked(settings: Settings) -> Settings:
    """Refuses what would be dangerous in production and completes what is safe elsewhere."""
    if settings.is_production:
        _refuse_unsafe_production(settings)
    if not settings.database_url:
        raise SettingsError("DATABASE_URL is missing. `make run` starts a database by itself.")
    if settings.secret_key:
        return settings
    # Outside production a forgotten key costs only the sessions of the last run.
    return replace(settings, secret_key=secrets.token_urlsafe(48))


def _refuse_unsafe_production(settings: Settings) -> None:
    """AUT-07: no default credentials, no debugger, no guessable key where patients are served."""
    if len(settings.secret_key) < MINIMUM_SECRET_LENGTH:
        raise SettingsError(
            f"Production needs SECRET_KEY with at least {MINIMUM_SECRET_LENGTH} characters."
        )
    if settings.debug:
        raise SettingsError("Production must not run with DEBUG on.")
    if settings.demo or settings.demo_password:
        raise SettingsError(
            "Production must not have demo accounts: unset USCPIS_DEMO, DEMO_PASSWORD."
        )
