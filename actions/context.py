"""The settings and the protocol this process runs under, set once at its start."""

from settings import Settings
from trial.protocol import Protocol

_settings: Settings | None = None
_protocol: Protocol | None = None


def configure(settings: Settings, protocol: Protocol) -> None:
    """Set both; the launchers and the tests call this before the first action."""
    global _settings, _protocol
    _settings, _protocol = settings, protocol


def settings() -> Settings:
    """The settings of this process; RuntimeError before `configure`."""
    if _settings is None:
        raise RuntimeError("actions.context.configure() was not called at the start of this process.")
    return _settings


def protocol() -> Protocol:
    """The protocol in force; RuntimeError before `configure`."""
    if _protocol is None:
        raise RuntimeError("actions.context.configure() was not called at the start of this process.")
    return _protocol
