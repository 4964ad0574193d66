"""Protocols for tests of one thing at a time."""

from dataclasses import replace
from functools import cache
from typing import Final

from trial import protocol as protocols
from trial.protocol import Protocol, load_protocol

BARS_NEVER: Final = 6
"""A grade that nothing reaches."""


def of_a_course_alone(protocol: Protocol | None = None) -> Protocol:
    """The protocol without what a grade 3 raises besides its own alert: no bar, no rule that counts it."""
    known = protocol or load_protocol()
    return replace(known, eligibility=replace(known.eligibility, barring_grade=BARS_NEVER), stopping=())


def read_protocols_once() -> None:
    """Let this process check each text of a protocol once: nearly every test begins with the shipped one."""
    protocols.parse_protocol = cache(protocols.parse_protocol)
