"""Settings: what an empty environment gives, and the sentence for each wrong value."""

import os
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from settings import ROOT, SettingsError, is_loopback, load_settings, setting_names

MAIL = {"SMTP_HOST": "mail.hospital.org", "SMTP_FROM": "vigil@hospital.org"}


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*os.environ]:
        if name.upper() in {*setting_names(), "VIGIL_DEMO"}:
            monkeypatch.delenv(name)


def set_all(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def test_an_empty_environment_gives_a_working_site_on_this_machine_alone() -> None:
    settings = load_settings()
    assert settings.data_dir == ROOT / "data"
    assert settings.database_url == f"sqlite:///{ROOT}/data/vigil.db"
    assert settings.protocol_file == ROOT / "trial" / "protocol.toml"
    assert settings.smtp_host is None
    assert settings.mail_dir == ROOT / "data" / "mailbox"
    assert settings.wakeup_path == ROOT / "data" / "worker.wakeup"
    assert (settings.host, settings.port, settings.app_url) == ("127.0.0.1", 8501, "http://127.0.0.1:8501")
    assert settings.zone == ZoneInfo("Asia/Shanghai")
    assert settings.demo is False


def test_the_variables_are_the_ones_the_readme_lists() -> None:
    assert set(setting_names()) == {
        "DATABASE_URL",
        "DATA_DIR",
        "PROTOCOL_FILE",
        "SMTP_HOST",
        "SMTP_PORT",
        "SMTP_USER",
        "SMTP_PASSWORD",
        "SMTP_SECURITY",
        "SMTP_FROM",
        "APP_URL",
        "HOST",
        "PORT",
        "SITE_TIMEZONE",
    }


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, dict.fromkeys(setting_names(), ""))
    assert load_settings().port == 8501


def test_the_database_lies_in_the_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    assert load_settings().database_url == f"sqlite:///{tmp_path}/vigil.db"


def test_relative_paths_start_at_vigils_own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    set_all(monkeypatch, {"DATA_DIR": "data/demo", "DATABASE_URL": "sqlite:///data/other.db"})
    settings = load_settings()
    assert settings.data_dir == ROOT / "data" / "demo"
    assert settings.database_url == f"sqlite:///{ROOT}/data/other.db"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_is_reached_through_psycopg(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv("DATABASE_URL", f"{scheme}://vigil:secret@db/vigil")
    assert load_settings().database_url == "postgresql+psycopg://vigil:secret@db/vigil"


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_mail_port_follows_the_security(
    monkeypatch: pytest.MonkeyPatch, security: str, port: int
) -> None:
    set_all(monkeypatch, {**MAIL, "SMTP_HOST": "localhost", "SMTP_SECURITY": security})
    assert load_settings().smtp_port == port


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"PORT": "abc"}, "PORT must be a whole number from 1 to 65535; it is 'abc'."),
        ({"PORT": "0"}, "PORT must be a whole number from 1 to 65535; it is '0'."),
        ({"PORT": "65536"}, "PORT must be a whole number from 1 to 65535; it is '65536'."),
        ({"SMTP_PORT": "587.5"}, "SMTP_PORT must be a whole number from 1 to 65535; it is '587.5'."),
        ({"SMTP_SECURITY": "ssl"}, "SMTP_SECURITY must be starttls, tls or none; it is 'ssl'."),
        (
            {"SITE_TIMEZONE": "Mars/Base"},
            "SITE_TIMEZONE must be a time zone's name, such as Asia/Shanghai; it is 'Mars/Base'.",
        ),
        (
            {"SITE_TIMEZONE": "../etc/passwd"},
            "SITE_TIMEZONE must be a time zone's name, such as Asia/Shanghai; it is '../etc/passwd'.",
        ),
        (
            {"PROTOCOL_FILE": "/nowhere/protocol.toml"},
            "PROTOCOL_FILE must be the path of an existing file; it is '/nowhere/protocol.toml'.",
        ),
        (
            {"SMTP_FROM": "Vigil <vigil@hospital.org>"},
            "SMTP_FROM must be one e-mail address, such as vigil@hospital.org; "
            "it is 'Vigil <vigil@hospital.org>'.",
        ),
        (
            {"HOST": "127.0.0.1:8501"},
            "HOST must be a host name or an IP address without a port; it is '127.0.0.1:8501'.",
        ),
        (
            {"APP_URL": "vigil.hospital.org"},
            "APP_URL must be the address people open, such as https://vigil.hospital.org; "
            "it is 'vigil.hospital.org'.",
        ),
        (
            {"DATABASE_URL": "mysql://vigil@db/vigil"},
            "DATABASE_URL must be sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME; "
            "it is 'mysql://***@db/vigil'.",
        ),
        (
            {"DATABASE_URL": "sqlite:///:memory:"},
            "DATABASE_URL must be sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME; "
            "it is 'sqlite:///:memory:'.",
        ),
        ({"VIGIL_DEMO": "perhaps"}, "VIGIL_DEMO must be 1 or 0; it is 'perhaps'."),
        (
            {**MAIL, "SMTP_SECURITY": "none"},
            "SMTP_SECURITY must be starttls or tls when the mail server is another machine; "
            "it is none and SMTP_HOST is 'mail.hospital.org'.",
        ),
        ({"SMTP_HOST": "localhost"}, "SMTP_FROM must be set when SMTP_HOST is set; it is empty."),
        ({**MAIL, "SMTP_USER": "vigil"}, "SMTP_PASSWORD must be set when SMTP_USER is set; it is empty."),
        ({**MAIL, "SMTP_PASSWORD": "x"}, "SMTP_USER must be set when SMTP_PASSWORD is set; it is empty."),
        (
            {"HOST": "0.0.0.0"},
            "APP_URL must start with https:// when HOST is not this machine alone; "
            "it is 'http://0.0.0.0:8501' and HOST is '0.0.0.0'.",
        ),
        (
            {"HOST": "0.0.0.0", "APP_URL": "http://vigil.hospital.org"},
            "APP_URL must start with https:// when HOST is not this machine alone; "
            "it is 'http://vigil.hospital.org' and HOST is '0.0.0.0'.",
        ),
    ],
)
def test_a_wrong_value_gets_one_sentence_with_the_variable_the_rule_and_the_value(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], sentence: str
) -> None:
    set_all(monkeypatch, values)
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert str(error.value) == sentence


@pytest.mark.parametrize(
    "values",
    [
        {"DATABASE_URL": "mysql://vigil:s3cr@et@db/vigil"},
        {"DATABASE_URL": "vigil:s3cr@et@db/vigil"},
        {"SMTP_PASSWORD": "s3cr@et"},
        {**MAIL, "SMTP_USER": "vigil", "SMTP_PASSWORD": "s3cr@et", "PORT": "abc"},
    ],
)
def test_no_password_stands_in_an_error(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    set_all(monkeypatch, values)
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert "s3cr" not in str(error.value)
    assert "et@" not in str(error.value)


def test_no_password_stands_in_the_printed_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "SMTP_USER": "vigil",
        "SMTP_PASSWORD": "s3cret",
        "DATABASE_URL": "postgresql://v:s3cret@db/vigil",
    }
    set_all(monkeypatch, {**MAIL, **values})
    settings = load_settings()
    assert settings.smtp_password is not None
    assert settings.smtp_password.get_secret_value() == "s3cret"
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in str(settings)


def test_others_may_reach_it_over_https(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, {"HOST": "0.0.0.0", "APP_URL": "https://vigil.hospital.org/"})
    assert load_settings().app_url == "https://vigil.hospital.org"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.0.1", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.5", False),
        ("localhost.hospital.org", False),
    ],
)
def test_loopback_is_only_what_other_machines_cannot_reach(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_an_ipv6_host_stands_in_brackets_in_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST", "::1")
    assert load_settings().app_url == "http://[::1]:8501"
