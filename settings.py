"""Vigil's settings, read from the environment and from nowhere else.

A wrong value ends a command with one sentence: the variable, the rule, the value (never a password).
"""

import ipaddress
import os
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent

SmtpSecurity = Literal["starttls", "tls", "none"]
_SMTP_PORTS: dict[SmtpSecurity, int] = {"starttls": 587, "tls": 465, "none": 25}
_OWN_SENTENCE = "whole_sentence"


class SettingsError(Exception):
    """A setting that cannot be used; its text is the sentence to show to a person."""


class Settings(BaseSettings):
    """What a site sets through environment variables; each field's description is its rule.

    An empty variable counts as not set. Relative paths start at Vigil's own folder, so that a command
    run by cron opens the same database as the one run by hand.
    """

    model_config = SettingsConfigDict(
        env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True, validate_default=True
    )

    data_dir: Path = Field(Path("data"), description="must be the path of a folder")
    database_url: str = Field(
        default_factory=lambda data: f"sqlite:///{data['data_dir'] / 'vigil.db'}",
        repr=False,  # it may hold a password
        description="must be sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME",
    )
    protocol_file: Path = Field(
        Path("trial/protocol.toml"), description="must be the path of an existing file"
    )
    smtp_host: str | None = Field(None, description="must be the name or address of the mail server")
    smtp_security: SmtpSecurity = Field("starttls", description="must be starttls, tls or none")
    smtp_port: int = Field(
        default_factory=lambda data: _SMTP_PORTS[data["smtp_security"]],
        ge=1,
        le=65535,
        description="must be a whole number from 1 to 65535",
    )
    smtp_user: str | None = Field(None, description="must be the name to sign in to the mail server with")
    smtp_password: SecretStr | None = Field(None, description="must be the password of SMTP_USER")
    smtp_from: str = Field(
        "vigil@localhost", description="must be one e-mail address, such as vigil@hospital.org"
    )
    host: str = Field("127.0.0.1", description="must be a host name or an IP address without a port")
    port: int = Field(8501, ge=1, le=65535, description="must be a whole number from 1 to 65535")
    app_url: str = Field(
        default_factory=lambda data: f"http://{_in_url(data['host'])}:{data['port']}",
        description="must be the address people open, such as https://vigil.hospital.org",
    )
    site_timezone: str = Field(
        "Asia/Shanghai", description="must be a time zone's name, such as Asia/Shanghai"
    )
    demo: bool = Field(False, validation_alias="VIGIL_DEMO", description="must be 1 or 0")

    @property
    def mail_dir(self) -> Path:
        """The maildir that takes every mail when no SMTP_HOST is set."""
        return self.data_dir / "mailbox"

    @property
    def wakeup_path(self) -> Path:
        """The file touched after a commit, to wake the worker."""
        return self.data_dir / "worker.wakeup"

    @property
    def zone(self) -> ZoneInfo:
        """The hospital's time zone."""
        return ZoneInfo(self.site_timezone)

    @field_validator("data_dir", "protocol_file")
    @classmethod
    def _from_own_folder(cls, path: Path) -> Path:
        return ROOT / path.expanduser()

    @field_validator("protocol_file")
    @classmethod
    def _is_a_file(cls, path: Path) -> Path:
        # The file that ships with Vigil is checked where it is read: its absence is not a wrong setting.
        if path != ROOT / "trial/protocol.toml" and not path.is_file():
            raise ValueError("no such file")
        return path

    @field_validator("database_url")
    @classmethod
    def _names_a_known_engine(cls, url: str) -> str:
        scheme, separator, rest = url.partition("://")
        if scheme in ("postgres", "postgresql", "postgresql+psycopg") and rest:
            return f"postgresql+psycopg://{rest}"
        if scheme == "sqlite" and separator and rest.startswith("/") and rest not in ("/", "/:memory:"):
            return f"sqlite:///{ROOT / rest[1:]}"
        raise ValueError("unknown engine")

    @field_validator("smtp_from")
    @classmethod
    def _is_one_address(cls, address: str) -> str:
        name, at, domain = address.partition("@")
        if not (name and at and domain) or any(sign in address for sign in " ,;<>\r\n") or "@" in domain:
            raise ValueError("not one address")
        return address

    @field_validator("host", "smtp_host")
    @classmethod
    def _is_a_bare_host(cls, host: str | None) -> str | None:
        if host is not None and (any(sign in host for sign in "/ @") or not _is_host(host)):
            raise ValueError("not a bare host")
        return host

    @field_validator("app_url")
    @classmethod
    def _is_a_web_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("not a web address")
        return urlunsplit(parts).rstrip("/")

    @field_validator("site_timezone")
    @classmethod
    def _is_a_known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (LookupError, ValueError, OSError) as reason:
            raise ValueError("unknown time zone") from reason
        return name

    @model_validator(mode="after")
    def _mail_is_not_sent_in_the_clear(self) -> Self:
        if self.smtp_security == "none" and self.smtp_host is not None and not is_loopback(self.smtp_host):
            raise _sentence(
                "SMTP_SECURITY must be starttls or tls when the mail server is another machine; "
                f"it is none and SMTP_HOST is {self.smtp_host!r}."
            )
        if self.smtp_password is not None and self.smtp_user is None:
            raise _sentence("SMTP_USER must be set when SMTP_PASSWORD is set; it is empty.")
        if self.smtp_user is not None and self.smtp_password is None:
            raise _sentence("SMTP_PASSWORD must be set when SMTP_USER is set; it is empty.")
        if self.smtp_host is not None and "smtp_from" not in self.model_fields_set:
            raise _sentence("SMTP_FROM must be set when SMTP_HOST is set; it is empty.")
        return self

    @model_validator(mode="after")
    def _others_reach_it_only_over_https(self) -> Self:
        if not is_loopback(self.host) and not self.app_url.startswith("https://"):
            raise _sentence(
                "APP_URL must start with https:// when HOST is not this machine alone; "
                f"it is {self.app_url!r} and HOST is {self.host!r}."
            )
        return self


def load_settings() -> Settings:
    """The settings of this process.

    Raises SettingsError with one sentence that names the variable, the rule and the value.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError(_explain(error)) from None


def setting_names() -> list[str]:
    """The environment variables a site may set, as README lists them."""
    return [name.upper() for name in Settings.model_fields if name != "demo"]


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _explain(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    if first["type"] == _OWN_SENTENCE:
        return str(first["msg"])
    field = str(first["loc"][0])
    name = field.upper()
    rule = Settings.model_fields["demo" if name == "VIGIL_DEMO" else field].description
    return f"{name} {rule}; it is {_shown(name)}."


def _shown(name: str) -> str:
    value = _environment_value(name)
    if name == "SMTP_PASSWORD":
        return "not shown here"
    if name == "DATABASE_URL" and "@" in value:
        # Only what stands before the credentials and after them; a password may itself hold an @.
        scheme, separator, rest = value.partition("://")
        value = f"{scheme}{separator}***@{rest.rpartition('@')[2]}" if separator else "***"
    return repr(value)


def _environment_value(name: str) -> str:
    for key, value in os.environ.items():
        if key.upper() == name:
            return value
    return ""


def _sentence(text: str) -> PydanticCustomError:
    # Braces would be read as placeholders, so the text goes in as a value.
    context: dict[str, Any] = {"text": text}
    return PydanticCustomError(_OWN_SENTENCE, "{text}", context)


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_host(host: str) -> bool:
    if ":" not in host:
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
