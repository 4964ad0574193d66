"""What a correction does to an alert: one test a row of the table of corrections, with the mail's text.

Entries go through the actions, as from the form, by a nurse and an investigator.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from actions import context
from actions.alerts import acknowledge_alert
from actions.assessments import (
    Saved,
    correct_assessment,
    move_assessment,
    record_assessment,
    void_assessment,
)
from actions.errors import ChangedMeanwhile, Refused
from alerts.reconcile import tell_historical
from alerts.stored import version_to_acknowledge
from db.inputs import AssessmentIn
from db.models import User
from db.roles import SYSTEM, Actor, Role
from db.session import reading, writing
from tests.alerts.conftest import INFUSED_AT, Ward, at
from tests.alerts.lively import as_text, lively_ward, mails_of
from tests.alerts.test_messages import parsed
from tests.support import made_up

pytestmark = pytest.mark.postgresql_in_soak

WHY = "wrong line filled"
WELL = {name: value for name, value in made_up.WELL.items() if value is not None}
CRS_3: Mapping[str, Any] = {"temperature_c": 38.6, "vasopressors": "norepinephrine"}
CRS_4: Mapping[str, Any] = {"temperature_c": 38.6, "vasopressors": "norepinephrine;epinephrine"}
CRS_2: Mapping[str, Any] = {"temperature_c": 38.6, "iv_fluid_bolus": "yes"}


@dataclass
class Bedside:
    """One patient, and the two people who write."""

    ward: Ward
    nurse: Actor
    tokens: Any = field(default_factory=count)

    def enter(self, hours: float, values: Mapping[str, Any], *, entered: float | None = None) -> Saved:
        """By the nurse, two minutes after it was observed unless told otherwise."""
        now = at(hours + 2 / 60 if entered is None else entered)
        return record_assessment(self.entry(hours, values), self.token(), by=self.nurse, now=now)

    def correct(
        self, saved: Saved, hours: float, values: Mapping[str, Any], now: float, *, by: Actor | None = None
    ) -> Saved:
        """A newer version of what was saved, by the nurse unless told otherwise."""
        return correct_assessment(
            saved.stable_id,
            saved.version,
            self.entry(hours, values),
            WHY,
            self.token(),
            by=by or self.nurse,
            now=at(now),
        )

    def entry(self, hours: float, values: Mapping[str, Any], code: str = "CART-007") -> AssessmentIn:
        place = {"patient_id": code, "infusion_number": 1, "assessed_at": at(hours)}
        return AssessmentIn(**{**WELL, **place, **values})

    def token(self) -> str:
        return f"token-{next(self.tokens)}"

    def states(self) -> list[tuple[str, str, int]]:
        return [(one.signal, one.state, one.level) for one in self.ward.alerts()]


@pytest.fixture
def bedside(database: str, tmp_path: Path) -> Bedside:
    """On each engine."""
    ward = lively_ward(database, tmp_path)
    with writing() as session:
        user = User(username="nurse.ma", display_name="Ma", role="ward", created_at=INFUSED_AT)
        session.add(user)
        session.flush()
        nurse = Actor(user.id, user.username, user.display_name, Role.WARD)
    return Bedside(ward, nurse)


def test_3_to_2_before_the_mail_left_is_one_mail_that_tells_both(bedside: Bedside) -> None:
    saved = bedside.enter(24, CRS_3)
    bedside.correct(saved, 24, CRS_2, 24.05)
    assert bedside.states() == [("grade3", "retracted", 3)]
    assert bedside.ward.kinds() == ["opening", "retraction"]
    assert len(bedside.ward.deliveries()) == 3  # one a person
    assert mails_of(bedside.ward) == [
        """\
P2 withdrawn: grade 3 CRS (A-0001)

Withdrawn: CART-007 did not have grade 3 CRS, 1 day after the
first infusion.

Was: grade 3. Temperature 38.6 °C; norepinephrine (one
vasopressor).
Is: grade 2. Temperature 38.6 °C; fluid bolus for low blood
pressure without a vasopressor.
Observed: 3 March 2024, 10:00 (UTC+08:00).
Corrected: entered 10:02, corrected 10:03 by the ward. The reason
stands with the entry.

Open the alert:
https://vigil.hospital.org/alerts?a=1

Nothing has to be acknowledged.
"""
    ]


def test_3_to_2_after_the_mail_left_is_taken_back_in_the_same_thread(bedside: Bedside) -> None:
    saved = bedside.enter(24, CRS_3)
    bedside.ward.mark_sent()
    bedside.correct(saved, 24, CRS_2, 24.5, by=bedside.ward.investigator)
    assert bedside.states() == [("grade3", "retracted", 3)]
    first, back = bedside.ward.deliveries()[::3]
    assert back.message is not None
    assert parsed(back.message)["In-Reply-To"] == f"<{first.uid}@hospital.org>"
    assert mails_of(bedside.ward)[1] == (
        """\
P2 withdrawn: grade 3 CRS (A-0001)

Withdrawn: CART-007 did not have grade 3 CRS, 1 day after the
first infusion.

Was: grade 3. Temperature 38.6 °C; norepinephrine (one
vasopressor).
Is: grade 2. Temperature 38.6 °C; fluid bolus for low blood
pressure without a vasopressor.
Observed: 3 March 2024, 10:00 (UTC+08:00).
Corrected: entered 10:02, corrected 10:30 by an investigator. The
reason stands with the entry.

Open the alert:
https://vigil.hospital.org/alerts?a=1

Nothing has to be acknowledged.
"""
    )


def test_when_another_entry_keeps_it_at_3_there_is_an_amendment_only(bedside: Bedside) -> None:
    worst = bedside.enter(24, CRS_4)
    bedside.enter(28, CRS_3)
    bedside.ward.mark_sent()
    bedside.correct(worst, 24, CRS_3, 28.5)
    assert bedside.states() == [("grade3", "open", 3)]
    assert bedside.ward.kinds()[-1] == "amendment"
    assert mails_of(bedside.ward)[-1] == (
        """\
P3 corrected: grade 3 CRS (A-0001)

Corrected: CART-007 still has grade 3 CRS, 1 day after the first
infusion.

Was: grade 4. Temperature 38.6 °C; norepinephrine and epinephrine
(more than one vasopressor).
Is: grade 3. Temperature 38.6 °C; norepinephrine (one
vasopressor).
Observed: 3 March 2024, 10:00 (UTC+08:00).
Corrected: entered 10:02, corrected 14:30 by the ward. The reason
stands with the entry.

Open the alert:
https://vigil.hospital.org/alerts?a=1

Nothing has to be acknowledged.
"""
    )


def test_3_to_4_is_told_at_once_and_an_acknowledgement_of_3_no_longer_covers_it(bedside: Bedside) -> None:
    saved = bedside.enter(24, CRS_3)
    bedside.ward.mark_sent()
    with reading() as session:
        seen = version_to_acknowledge(session, 1)
    acknowledge_alert(1, 3, seen, "seen_at_bedside", by=bedside.ward.investigator, now=at(24.1))
    bedside.correct(saved, 24, CRS_4, 24.25)
    assert bedside.states() == [("grade3", "open", 4)]
    with pytest.raises(Refused, match="it is now grade 4, and you saw grade 3"):
        acknowledge_alert(1, 3, seen, "seen_at_bedside", by=bedside.ward.investigator, now=at(24.3))
    assert mails_of(bedside.ward)[1] == (
        """\
P1 grade 4 CRS (A-0001)

Patient CART-007 has grade 4 CRS, 1 day after the first infusion.

Why: Temperature 38.6 °C; norepinephrine and epinephrine (more
than one vasopressor).
Also now: ICANS grade 0.
Observed: 3 March 2024, 10:00 (UTC+08:00). Entered 10:15.

Open the alert and acknowledge:
https://vigil.hospital.org/alerts?a=1

Told now: ward on duty, treating investigator and principal
investigator. If nobody acknowledges, principal investigator and
deputy investigator are told at 10:20.
"""
    )


def test_a_wrong_patient_is_taken_back_there_and_told_here_in_one_commit(bedside: Bedside) -> None:
    made_up.infuse(made_up.enrol("CART-008", at(0)), 1, at(0))
    saved = bedside.enter(24, CRS_3)
    bedside.ward.mark_sent()
    move_assessment(
        saved.stable_id, saved.version, "CART-008", 1, "wrong patient chosen", by=bedside.nurse, now=at(24.25)
    )
    assert bedside.states() == [("grade3", "retracted", 3), ("grade3", "open", 3)]
    back, opening = bedside.ward.notices()[1:]
    assert back.created_at == opening.created_at == at(24.25)
    assert mails_of(bedside.ward)[1:] == [
        """\
P2 withdrawn: grade 3 CRS (A-0001)

Withdrawn: CART-007 did not have grade 3 CRS, 1 day after the
first infusion.

Was: grade 3. Temperature 38.6 °C; norepinephrine (one
vasopressor).
Is: moved; the entry belonged to another patient or infusion.
Observed: 3 March 2024, 10:00 (UTC+08:00).
Corrected: entered 10:02, corrected 10:15 by the ward. The reason
stands with the entry.

Open the alert:
https://vigil.hospital.org/alerts?a=1

Nothing has to be acknowledged.
""",
        """\
P2 grade 3 CRS (A-0002)

Patient CART-008 has grade 3 CRS, 1 day after the first infusion.

Why: Temperature 38.6 °C; norepinephrine (one vasopressor).
Also now: ICANS grade 0.
Observed: 3 March 2024, 10:00 (UTC+08:00). Entered 10:15.

Open the alert and acknowledge:
https://vigil.hospital.org/alerts?a=2

Told now: ward on duty, treating investigator and principal
investigator. If nobody acknowledges, principal investigator and
deputy investigator are told at 10:30.
""",
    ]


def test_a_withdrawn_entry_is_as_a_correction_to_no_value(bedside: Bedside) -> None:
    saved = bedside.enter(24, CRS_3)
    bedside.ward.mark_sent()
    with pytest.raises(Refused, match="Say why the entry is withdrawn"):
        void_assessment(saved.stable_id, saved.version, " ", by=bedside.nurse, now=at(24.25))
    void_assessment(saved.stable_id, saved.version, "wrong day", by=bedside.nurse, now=at(24.25))
    assert bedside.states() == [("grade3", "retracted", 3)]
    assert mails_of(bedside.ward)[1] == (
        """\
P2 withdrawn: grade 3 CRS (A-0001)

Withdrawn: CART-007 did not have grade 3 CRS, 1 day after the
first infusion.

Was: grade 3. Temperature 38.6 °C; norepinephrine (one
vasopressor).
Is: withdrawn; the entry does not count.
Observed: 3 March 2024, 10:00 (UTC+08:00).
Corrected: entered 10:02, corrected 10:15 by the ward. The reason
stands with the entry.

Open the alert:
https://vigil.hospital.org/alerts?a=1

Nothing has to be acknowledged.
"""
    )


def test_a_back_dated_entry_says_when_it_was_observed_and_entered(bedside: Bedside) -> None:
    bedside.enter(24, CRS_3, entered=30.5)
    assert bedside.states() == [("grade3", "open", 3)]
    assert mails_of(bedside.ward) == [
        """\
P2 grade 3 CRS (A-0001)

Patient CART-007 has grade 3 CRS, 1 day after the first infusion.

Why: Temperature 38.6 °C; norepinephrine (one vasopressor).
Also now: ICANS grade 0.
Late entry: observed 3 March 2024, 10:00 (UTC+08:00), entered
16:30.

Open the alert and acknowledge:
https://vigil.hospital.org/alerts?a=1

Told now: ward on duty, treating investigator and principal
investigator. If nobody acknowledges, principal investigator and
deputy investigator are told at 16:45.
"""
    ]


def test_a_back_dated_entry_that_is_already_over_is_one_notice(bedside: Bedside) -> None:
    bedside.enter(36, {})
    bedside.enter(40, {})
    bedside.enter(24, CRS_3, entered=41)
    assert bedside.states() == [("grade3", "closed", 3)]
    assert bedside.ward.kinds() == ["late"]
    assert mails_of(bedside.ward) == [
        """\
P3 late entry, over: grade 3 CRS (A-0001)

Patient CART-007 had grade 3 CRS, 1 day after the first infusion.
It is over.

Why: Temperature 38.6 °C; norepinephrine (one vasopressor).
Also now: ICANS grade 0.
Late entry: observed 3 March 2024, 10:00 (UTC+08:00), entered 4
March 2024, 03:00.

Open the alert:
https://vigil.hospital.org/alerts?a=1

Nothing has to be acknowledged.
"""
    ]


def test_imported_history_is_one_digest(bedside: Bedside) -> None:
    ward = bedside.ward
    ward.assess(24, historical=True, **CRS_3)
    ward.assess(28, historical=True, ice_score=2, **CRS_4)
    assert ward.deliveries() == []
    with writing() as session:
        # The import tells of grades; the bar that follows from them is stored beside them.
        ids = [int(one.id or 0) for one in ward.alerts() if one.signal == "grade3"]
        tell_historical(
            session, ids, now=at(30), by=SYSTEM, settings=ward.settings, protocol=context.protocol()
        )
    assert {one.historical for one in ward.alerts()} == {True}
    assert mails_of(ward) == [
        """\
P4 imported history: 2 episodes of grade 3 or more

Imported history holds 2 episodes of grade 3 or more.

Infusions: 1.
Alerts: stored as historical; none of them was sent as a mail of
its own.

Open the alerts:
https://vigil.hospital.org/alerts

Nothing has to be acknowledged.
"""
    ]


def test_of_two_people_who_correct_at_once_the_second_is_shown_both_values(bedside: Bedside) -> None:
    saved = bedside.enter(24, CRS_3)
    bedside.ward.mark_sent()
    bedside.correct(saved, 24, CRS_2, 24.25)
    told = len(bedside.ward.deliveries())
    with pytest.raises(ChangedMeanwhile) as refused:
        bedside.correct(saved, 24, CRS_4, 24.3, by=bedside.ward.investigator)
    assert refused.value.theirs["vasopressors"] == "none"
    assert refused.value.yours["vasopressors"] == "norepinephrine;epinephrine"
    assert "Changed by Ma (ward) at 10:15." in str(refused.value)
    assert len(bedside.ward.deliveries()) == told
    assert bedside.states() == [("grade3", "retracted", 3)]


SUPPORT: Mapping[str, Any] = {"vasopressors": "norepinephrine"}
RISEN: Mapping[str, Any] = {"temperature_c": 38.9, "systolic_mmhg": 84.0}


def withdrawn_support(bedside: Bedside) -> None:
    saved = bedside.enter(24, SUPPORT)
    bedside.ward.mark_sent()
    bedside.correct(saved, 24, {}, 24.25)


def graded_support(bedside: Bedside) -> None:
    saved = bedside.enter(24, SUPPORT)
    bedside.ward.mark_sent()
    bedside.correct(saved, 24, CRS_3, 24.25)


def support_by_another_entry(bedside: Bedside) -> None:
    first = bedside.enter(24, SUPPORT)
    bedside.enter(28, SUPPORT)
    bedside.ward.mark_sent()
    bedside.correct(first, 24, {}, 28.25)


def withdrawn_rise(bedside: Bedside) -> None:
    bedside.enter(20, {})
    saved = bedside.enter(24, RISEN)
    bedside.ward.mark_sent()
    bedside.correct(saved, 24, {"temperature_c": 38.9}, 24.25)


def no_rise_after_all(bedside: Bedside) -> None:
    first = bedside.enter(20, {})
    bedside.enter(24, RISEN)
    bedside.ward.mark_sent()
    bedside.correct(first, 20, {"temperature_c": 38.2}, 24.25)


@pytest.mark.parametrize(
    ("happens", "kind", "text"),
    [
        (
            withdrawn_support,
            "retraction",
            """\
P2 withdrawn: support without a CRS grade (A-0001)

Withdrawn: CART-007 did not have support without a CRS grade, 1
day after the first infusion.

Was: norepinephrine without a CRS grade.
Is: no support. CRS grade 0.
Observed: 3 March 2024, 10:00 (UTC+08:00).
Corrected: entered 10:02, corrected 10:15 by the ward. The reason
stands with the entry.

Open the alert:
https://vigil.hospital.org/alerts?a=1

Nothing has to be acknowledged.
""",
        ),
        (
            graded_support,
            "retraction",
            """\
P2 withdrawn, now grade 3 CRS: support without a CRS grade (A-0001)

Withdrawn: the support of CART-007 has a grade now, grade 3 CRS,
1 day after the first infusion.

Was: norepinephrine without a CRS grade.
Is: norepinephrine. CRS grade 3.
Observed: 3 March 2024, 10:00 (UTC+08:00).
Corrected: entered 10:02, corrected 10:15 by the ward. The reason
stands with the entry.

Open the alert:
https://vigil.hospital.org/alerts?a=1

Nothing has to be acknowledged.
""",
        ),
        (
            support_by_another_entry,
            "amendment",
            """\
P3 corrected: support without a CRS grade (A-0001)

Corrected: CART-007 still has support without a CRS grade, 1 day
after the first infusion.

Was: norepinephrine without a CRS grade.
Is: no support. CRS grade 0.
Observed: 3 March 2024, 10:00 (UTC+08:00).
Corrected: entered 10:02, corrected 14:15 by the ward. The reason
stands with the entry.

Open the alert:
https://vigil.hospital.org/alerts?a=1

Nothing has to be acknowledged.
""",
        ),
        (
            withdrawn_rise,
            "retraction",
            """\
P2 withdrawn: rise to grade 2 CRS (A-0001)

Withdrawn: CART-007 did not have a rise to grade 2 CRS, 1 day
after the first infusion.

Was: grade 2. Temperature 38.9 °C; systolic 84 mmHg without a
vasopressor.
Is: grade 1. Temperature 38.9 °C; no hypotension (systolic 118
mmHg); no hypoxia (room air, SpO2 97 %).
Observed: 3 March 2024, 10:00 (UTC+08:00).
Corrected: entered 10:02, corrected 10:15 by the ward. The reason
stands with the entry.

Open the alert:
https://vigil.hospital.org/alerts?a=1

Nothing has to be acknowledged.
""",
        ),
        (
            no_rise_after_all,
            "retraction",
            """\
P2 withdrawn: rise to grade 2 CRS (A-0001)

Withdrawn: CART-007 did not have a rise to grade 2 CRS, 1 day
after the first infusion.

Was: grade 2. Temperature 38.9 °C; systolic 84 mmHg without a
vasopressor.
Is: grade 2. Temperature 38.9 °C; systolic 84 mmHg without a
vasopressor. It is no rise by two any more.
Observed: 3 March 2024, 10:00 (UTC+08:00).
Entered: 10:02. An earlier entry was changed 10:15 by the ward.

Open the alert:
https://vigil.hospital.org/alerts?a=1

Nothing has to be acknowledged.
""",
        ),
    ],
)
def test_the_other_signals_are_corrected_in_the_same_words(
    bedside: Bedside, happens: Callable[[Bedside], None], kind: str, text: str
) -> None:
    happens(bedside)
    (notice,) = [one for one in bedside.ward.notices() if one.kind == kind]
    message = next(one.message for one in bedside.ward.deliveries() if one.notice_id == notice.id)
    assert message is not None
    assert as_text(message) == text
