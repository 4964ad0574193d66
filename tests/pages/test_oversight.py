"""The oversight page: what was overridden, corrected, late, missing, and how alerts were answered."""

from datetime import timedelta
from pathlib import Path

import pytest

from clock import utc_now
from db.roles import Role
from tests.support import made_up, made_up_trial
from tests.support.pages import open_page, words_of
from tests.support.people import configured, person

NOW = utc_now()
INFUSED_AT = NOW - timedelta(days=4)


@pytest.fixture
def ward(sqlite_database: str, tmp_path: Path) -> None:
    configured(sqlite_database, tmp_path)
    patient_id, (infusion_id,) = made_up_trial.infused("CART-007", INFUSED_AT)
    at = INFUSED_AT + timedelta(hours=30)
    overridden = {**made_up.WELL, "systolic_mmhg": 84.0, "diastolic_mmhg": 50.0, "hypotension": "no"}
    (_, second) = made_up.assess(
        patient_id,
        infusion_id,
        [
            (at, overridden),
            (at + timedelta(hours=8), {**made_up.WELL, "attributed_elsewhere": "ice;seizure"}),
        ],
        entered_after=timedelta(hours=3),
    )
    made_up.correct(second, NOW - timedelta(hours=1), "wrong line", temperature_c=38.2)
    other, (infusion_id,) = made_up_trial.infused("CART-008", INFUSED_AT)
    made_up.assess(other, infusion_id, [(at, made_up_trial.CRS_3)])
    made_up_trial.store(
        "treatment",
        patient_id=other,
        drug="tocilizumab",
        dose=900,
        dose_unit="mg",
        confirmed=True,
        started_at=NOW - timedelta(hours=2),
    )


def test_each_list_says_what_happened_and_leads_to_the_record(
    ward: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = words_of(open_page(monkeypatch, "committee/oversight.py", person(Role.COMMITTEE)))
    assert "Overrides (3)" in shown
    assert "Hypotension judged not to be present" in shown
    assert "Another cause of ice, seizure" in shown
    assert "Tocilizumab 900 mg confirmed" in shown
    assert "Corrected and withdrawn entries (1)" in shown
    assert "Temperature: 36.8 °C, then 38.2 °C" in shown
    assert "wrong line" in shown
    assert "Late entries (2)" in shown
    assert "late by 3 h" in shown
    assert "Missing assessments (2)" in shown
    assert "CRS 3" in shown
    assert "not acknowledged" in shown


def test_the_address_shows_one_patient_and_an_unknown_one_everybody(
    ward: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = person(Role.COMMITTEE)
    one = words_of(open_page(monkeypatch, "committee/oversight.py", member, {"code": "CART-008"}))
    assert "Overrides (1)" in one
    assert "Corrected and withdrawn entries (0) None." in one
    everybody = words_of(open_page(monkeypatch, "committee/oversight.py", member, {"code": "CART-999"}))
    assert "Overrides (3)" in everybody


def test_an_empty_trial_has_empty_lists(
    sqlite_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(sqlite_database, tmp_path)
    shown = words_of(open_page(monkeypatch, "committee/oversight.py", person(Role.INVESTIGATOR)))
    assert shown.count("(0) None.") == 5
