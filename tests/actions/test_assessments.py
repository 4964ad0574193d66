"""Recording an assessment: stored once, graded from its moment on, refused with a sentence otherwise."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from actions.assessments import record_assessment, skip_assessment
from actions.errors import AlreadyRecorded, NotPermitted, Refused
from actions.recipients import add_recipient
from db.audit import verify_chain
from db.inputs import RecipientIn, SkipIn
from db.models import Recipient
from db.roles import SYSTEM, Group, Role
from db.session import reading, writing
from tests.actions.conftest import CODE, NOW, SHOCK, Site, at, entry


def test_a_well_patient_is_stored_graded_and_audited(site: Site) -> None:
    saved = site.record(4)
    assert (saved.crs.grade, saved.icans.grade, saved.told, saved.already_saved_at) == (0, 0, 0, None)
    (row,) = site.rows("assessment")
    assert (row["id"], row["stable_id"], row["version"]) == (saved.assessment_id, saved.stable_id, 1)
    assert (row["entered_by"], row["temperature_c"], row["vasopressors"]) == (
        site.nurse.user_id,
        36.8,
        "none",
    )
    assert row["confirmed_by_investigator"]
    days = site.rows("patient_day")
    assert [(day["scale"], day["worst_at_least"], day["settled"], day["assessments"]) for day in days] == [
        ("crs", 0, True, 1),
        ("icans", 0, True, 1),
    ]
    (event,) = site.events("record_assessment")
    assert event["subject_id"] == saved.stable_id
    assert event["detail"]["before"] is None
    assert event["detail"]["after"]["temperature_c"] == 36.8
    with reading() as session:
        assert verify_chain(session).whole


def test_grade_3_tells_the_recipients_in_the_same_transaction(site: Site) -> None:
    saved = site.record(4, **SHOCK)
    assert (saved.crs.grade, saved.told) == (3, 1)
    (delivery,) = site.rows("delivery")
    assert delivery["address"] == "ward@hospital.org"
    assert delivery["message"]


def test_the_same_form_sent_twice_is_stored_once_and_says_when(site: Site) -> None:
    first = site.record(4, token="tap", **SHOCK)
    before = site.everything()
    again = site.record(4, token="tap", now=at(5), **SHOCK)
    assert again.already_saved_at == at(4.1)
    assert (again.stable_id, again.version, again.told) == (first.stable_id, 1, first.told)
    assert (again.crs, again.icans) == (first.crs, first.icans)
    assert site.everything() == before


def test_the_same_values_from_another_form_are_stored_once(site: Site) -> None:
    first = site.record(4)
    again = site.record(4, now=at(5))
    assert (again.assessment_id, again.already_saved_at) == (first.assessment_id, at(4.1))
    assert len(site.rows("assessment")) == 1


@pytest.mark.postgresql_in_soak
def test_the_same_form_with_other_values_is_refused_rather_than_dropped(site: Site) -> None:
    site.record(4, token="tap")
    with pytest.raises(AlreadyRecorded, match=r"already saved at 14:06 with other values"):
        site.record(4, token="tap", temperature_c=39)
    with pytest.raises(AlreadyRecorded, match="with other values"):
        site.record(4, token="tap", code="CART-008")
    assert len(site.rows("assessment")) == 1


def test_another_assessment_of_the_same_moment_is_refused(site: Site) -> None:
    site.record(4)
    with pytest.raises(AlreadyRecorded) as refused:
        site.record(4, temperature_c=39, now=at(5))
    assert refused.value.sentence == "An assessment of 14:00 is already recorded; correct it on its page."
    assert refused.value.problems[0].field == "assessed_at"
    with pytest.raises(AlreadyRecorded, match=r"An assessment of 2 Mar 14:00 is"):
        site.record(4, temperature_c=39, now=at(48))


@pytest.mark.postgresql_in_soak
@pytest.mark.parametrize(
    ("hours", "values", "field", "sentence"),
    [
        (300, {}, "assessed_at", "must not be in the future"),
        (-1, {}, "assessed_at", "must not be before the infusion"),
        (4, {"code": "CART-099"}, "patient_id", "No patient CART-099 is enrolled."),
        (4, {"number": 2}, "assessed_at", "Infusion 2 of CART-007 is not recorded."),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_saved(
    site: Site, hours: float, values: dict[str, Any], field: str, sentence: str
) -> None:
    before = site.everything()
    with pytest.raises(Refused, match=sentence) as refused:
        site.record(hours, now=NOW, **values)
    assert refused.value.problems[0].field == field
    assert site.everything() == before


@pytest.mark.postgresql_in_soak
def test_nothing_is_accepted_after_a_death_nor_a_death_before_what_is_recorded(site: Site) -> None:
    site.record(8)
    with pytest.raises(Refused, match="after this death"):
        site.record(6, death_due_to="other", now=NOW)
    died = site.record(10, death_due_to="crs")
    assert died.crs.grade == 5
    with pytest.raises(Refused, match="nothing comes after it"):
        site.record(12)
    site.record(9, now=NOW)  # observed before the death, entered late
    assert len(site.rows("assessment")) == 3


@pytest.mark.postgresql_in_soak
def test_only_an_investigator_judges_that_signs_are_not_crs(site: Site) -> None:
    with pytest.raises(NotPermitted) as refused:
        site.record(4, crs_judgement="not_crs")
    assert refused.value.problems[0].field == "crs_judgement"
    assert site.record(4, crs_judgement="crs").crs.at_least == 0
    saved = site.record(8, by=site.investigator, crs_judgement="not_crs", temperature_c=39)
    assert saved.crs.grade == 0


@pytest.mark.postgresql_in_soak
def test_a_judgement_from_a_file_is_marked_unconfirmed(site: Site) -> None:
    typed = entry(4, temperature_c=39, crs_judgement="not_crs")
    saved = record_assessment(typed, "file-1", by=SYSTEM, now=at(5), source="file")
    (row,) = site.rows("assessment")
    assert (row["source"], row["confirmed_by_investigator"]) == ("file", False)
    assert any("confirmed" in note for note in saved.crs.notes)


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.COMMITTEE, Role.ADMIN, Role.DISPLAY])
def test_roles_without_entry_cannot_record(sqlite_site: Site, role: Role) -> None:
    before = sqlite_site.everything()
    with pytest.raises(NotPermitted):
        sqlite_site.record(4, by=sqlite_site.people[role])
    assert sqlite_site.everything() == before


def test_a_late_entry_changes_later_grades_and_nothing_earlier(site: Site) -> None:
    early = site.record(4)
    hypotensive = site.record(20, systolic_mmhg=84)
    assert hypotensive.crs.grade == 0  # no fever so far: not CRS by rule
    before = {row["id"]: row for row in site.rows("grade")}
    fever = site.record(12, temperature_c=38.4, now=at(24))
    standing = site.standing_grades()
    assert standing[early.assessment_id, "crs"] == (0, 0)
    assert standing[fever.assessment_id, "crs"] == (1, 1)
    assert standing[hypotensive.assessment_id, "crs"] == (2, 2)
    after = {row["id"]: row for row in site.rows("grade")}
    touched = {row_id for row_id, row in before.items() if after[row_id] != row}
    assert {before[row_id]["assessment_id"] for row_id in touched} == {hypotensive.assessment_id}
    assert {before[row_id]["scale"] for row_id in touched} == {"crs"}
    crs_days = [(day["on_date"].day, day["worst_at_least"]) for day in site.rows("patient_day", scale="crs")]
    assert sorted(crs_days) == [(2, 1), (3, 2)]


@pytest.mark.postgresql_in_soak
def test_the_days_are_the_hospitals(site: Site) -> None:
    site.record(13.9)  # 23:54 in Shanghai
    site.record(14.1)  # 00:06 of the next day
    days = site.rows("patient_day", scale="crs")
    assert [(day["on_date"].isoformat(), day["days_since_infusion"]) for day in days] == [
        ("2026-03-02", 0),
        ("2026-03-03", 1),
    ]


@pytest.mark.postgresql_in_soak
def test_a_day_of_unsettled_zeros_is_not_settled(site: Site) -> None:
    site.record(4, ice_score=None, seizure=None)
    (day,) = site.rows("patient_day", scale="icans")
    assert (day["worst_at_least"], day["settled"]) == (0, False)
    site.record(6)
    (day,) = site.rows("patient_day", scale="icans")
    assert (day["worst_at_least"], day["settled"], day["assessments"]) == (0, True, 2)


def skip(hours: float, **values: Any) -> SkipIn:
    typed = {"patient_id": CODE, "infusion_number": 1, "kind": "ice", "due_at": at(hours), "reason": "asleep"}
    return SkipIn(**{**typed, **values})


@pytest.mark.postgresql_in_soak
def test_a_due_assessment_may_be_said_not_done_once(site: Site) -> None:
    first = skip_assessment(skip(20), by=site.nurse, now=at(20))  # 06:00 in Shanghai
    assert skip_assessment(skip(20), by=site.nurse, now=at(21)) == first
    with pytest.raises(AlreadyRecorded, match=r"Not done at 06:00 is already recorded \(asleep\)"):
        skip_assessment(skip(20, reason="refused"), by=site.nurse, now=at(21))
    (row,) = site.rows("skipped_assessment")
    assert (row["kind"], row["reason"], row["entered_by"]) == ("ice", "asleep", site.nurse.user_id)
    assert len(site.events("skip_assessment")) == 1


@pytest.mark.postgresql_in_soak
def test_an_unexplained_refusal_can_be_answered_again(site: Site) -> None:
    refused, tired = skip(20, reason="refused"), skip(20, reason="refused", explanation="tired of it")
    first = skip_assessment(refused, by=site.nurse, now=at(20))
    assert skip_assessment(refused, by=site.nurse, now=at(20.99)) == first, "a double click, while it counts"
    second = skip_assessment(refused, by=site.nurse, now=at(21))
    third = skip_assessment(tired, by=site.nurse, now=at(21.2))
    assert first < second < third
    assert skip_assessment(tired, by=site.nurse, now=at(30)) == third
    with pytest.raises(AlreadyRecorded, match="already recorded"):
        skip_assessment(refused, by=site.nurse, now=at(30))
    assert [
        (row["reason"], row["explanation"], row["entered_at"]) for row in site.rows("skipped_assessment")
    ] == [
        ("refused", None, at(20)),
        ("refused", None, at(21)),
        ("refused", "tired of it", at(21.2)),
    ]
    before = [event["detail"]["before"] for event in site.events("skip_assessment")]
    assert [one and one["explanation"] for one in before] == [None, None, None]
    assert [one is None for one in before] == [True, False, False]


@pytest.mark.parametrize("reason", ["asleep", "procedure"])
def test_another_reason_may_follow_a_refusal_at_once_and_then_stands(sqlite_site: Site, reason: str) -> None:
    skip_assessment(skip(20, reason="refused"), by=sqlite_site.nurse, now=at(20))
    skip_assessment(skip(20, reason=reason), by=sqlite_site.nurse, now=at(20.2))
    with pytest.raises(AlreadyRecorded):
        skip_assessment(skip(20, reason="refused"), by=sqlite_site.nurse, now=at(22))


@pytest.mark.parametrize(
    ("hours", "values", "sentence"),
    [
        (20.5, {}, "Nothing of this kind is due at 3 Mar 2026 06:30"),
        (44, {}, "can be called off from 4 hours before"),
        (-4, {}, "must not be before the infusion"),
        (20, {"infusion_number": 2}, "Infusion 2 of CART-007 is not recorded"),
    ],
)
def test_what_is_not_due_cannot_be_skipped(
    sqlite_site: Site, hours: float, values: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        skip_assessment(skip(hours, **values), by=sqlite_site.nurse, now=at(20))
    assert sqlite_site.rows("skipped_assessment") == []


def test_other_reasons_need_words() -> None:
    found, problems = SkipIn.check(skip(20).model_dump() | {"reason": "other"})
    assert found is None
    assert problems[0].field == "explanation"


@pytest.mark.postgresql_in_soak
def test_a_save_wakes_the_worker_after_the_commit(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[int] = []

    def wake(_settings: object) -> None:
        woken.append(len(site.rows("assessment")))

    monkeypatch.setattr("actions.assessments.wake_worker", wake)
    site.record(4, now=at(4) + timedelta(minutes=1))
    assert woken == [1]


@pytest.mark.postgresql_in_soak
def test_an_alert_raised_before_there_was_a_recipient_is_told_to_the_first(site: Site) -> None:
    with writing() as session:
        session.connection().execute(update(Recipient).values(valid_to=at(1)))
    assert site.record(4, **SHOCK).told == 0
    first = RecipientIn(name="PI", address="pi@hospital.org", group=Group.PI)
    add_recipient(first, by=site.coordinator, now=at(5))
    mail, of_the_bar = site.rows("delivery")
    assert {(one["address"], one["state"]) for one in (mail, of_the_bar)} == {("pi@hospital.org", "pending")}
    assert b"CART-007 has grade 3 CRS" in mail["message"]
    assert b"second infusion barred" in of_the_bar["message"]
    second = RecipientIn(name="Deputy", address="deputy@hospital.org", group=Group.DEPUTY)
    add_recipient(second, by=site.coordinator, now=at(6))
    assert len(site.rows("delivery")) == 2, "they have been told"
