"""A small made-up trial for tests of the committee's screens: four patients, counted by hand.

CART-001  two infusions, CRS 3 on day 2 of the second, PR, then progression
CART-002  two infusions, never above CRS 1
CART-003  one infusion, ICANS 3: barred; died of the lymphoma
CART-004  one infusion, four days ago
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert

from db.models import Record
from db.session import writing
from tests.db.rows_trial import good_of_the_trial
from tests.support import made_up

CRS_1 = {**made_up.WELL, "temperature_c": 38.4}
CRS_3 = {**made_up.WELL, "temperature_c": 38.9, "vasopressors": "norepinephrine"}
ICANS_3 = {**made_up.WELL, "ice_score": 1}

_next = iter(range(10**9))


def store(table: str, **values: Any) -> None:
    """One record of the trial, as its table accepts it."""
    row = good_of_the_trial(lambda: f"{0xC0FFEE + next(_next):032x}")[table]
    with writing() as session:
        session.connection().execute(insert(Record.metadata.tables[table]).values(**row | values))


def infused(code: str, *infused_at: datetime) -> tuple[int, list[int]]:
    """A patient with these infusions; the patient's id and those of the infusions."""
    patient_id = made_up.enrol(code, infused_at[0] - timedelta(days=10), sex="F", age_years=61)
    return patient_id, [made_up.infuse(patient_id, place, at) for place, at in enumerate(infused_at, start=1)]


def small_trial(now: datetime) -> dict[str, int]:
    """The four patients; study code -> id."""
    day = timedelta(days=1)
    one, (first, second) = infused("CART-001", now - 120 * day, now - 70 * day)
    made_up.assess(one, first, [(now - 119 * day, CRS_1), (now - 118 * day, made_up.WELL)])
    made_up.assess(one, second, [(now - 68 * day, CRS_3), (now - 66 * day, made_up.WELL)])
    two, (first, second) = infused("CART-002", now - 110 * day, now - 60 * day)
    made_up.assess(two, first, [(now - 108 * day, CRS_1)])
    made_up.assess(two, second, [(now - 58 * day, made_up.WELL)])
    three, (first,) = infused("CART-003", now - 100 * day)
    made_up.assess(three, first, [(now - 97 * day, ICANS_3), (now - 95 * day, made_up.WELL)])
    four, (first,) = infused("CART-004", now - 4 * day)
    made_up.assess(four, first, [(now - 2 * day, CRS_1)])
    store(
        "response_assessment", patient_id=one, scanned_on=(now - 85 * day).date(), response="PR", deauville=4
    )
    store(
        "response_assessment", patient_id=two, scanned_on=(now - 20 * day).date(), response="CR", deauville=2
    )
    store("follow_up_event", patient_id=one, kind="progression", occurred_on=(now - 15 * day).date())
    store(
        "follow_up_event",
        patient_id=three,
        kind="death",
        cause="lymphoma",
        occurred_on=(now - 40 * day).date(),
    )
    store("adverse_event", patient_id=two, term="=Lung infection", grade=3, onset_on=(now - 50 * day).date())
    store("treatment", patient_id=one, drug="tocilizumab", started_at=now - 68 * day)
    return {"CART-001": one, "CART-002": two, "CART-003": three, "CART-004": four}
