"""docs/committee.md states numbers; each is computed here anew."""

import pytest

from db.queries.committee_later import VISIT_DAYS
from grading.icaht import EARLY_DAYS, LATE_DAYS
from settings import ROOT
from trial.incidence import clopper_pearson
from trial.protocol import Protocol, load_protocol
from trial.stopping import operating_characteristics
from trial.stopping_rules import boundary_of

PAGE = ROOT / "docs" / "committee.md"


@pytest.fixture(scope="module")
def words() -> str:
    return " ".join(PAGE.read_text(encoding="utf-8").split())


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return load_protocol(ROOT / "trial" / "protocol.toml")


def test_how_the_first_rule_behaves(words: str, protocol: Protocol) -> None:
    rule = protocol.stopping[0]
    tolerated, doubled = rule.tolerated_rate, 2 * rule.tolerated_rate
    false, seen = (
        operating_characteristics(boundary_of(rule), rate).stop_probability for rate in (tolerated, doubled)
    )
    assert (
        f"with {rule.n_max} patients the first rule pauses {100 * false:.1f} % of trials whose true rate is "
        f"the tolerated {100 * tolerated:.0f} %, and sees a doubling to {100 * doubled:.0f} % in only "
        f"{100 * seen:.0f} %"
    ) in words


def test_what_three_of_fifteen_says(words: str) -> None:
    assert f"“{clopper_pearson(3, 15).in_words}”" in words


def test_the_windows(words: str, protocol: Protocol) -> None:
    assert f"patients whose day {protocol.monitoring_days} is over" in words
    assert f"early (day {EARLY_DAYS[0]} to {EARLY_DAYS[1]})" in words
    assert f"late (day {LATE_DAYS[0]} to {LATE_DAYS[1]})" in words
    assert "day {} and day {}".format(*VISIT_DAYS) in words
