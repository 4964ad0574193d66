"""Correcting, moving and withdrawing an assessment: a new version with a reason, courses graded again."""

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest

from actions.assessments import (
    Saved,
    correct_assessment,
    move_assessment,
    record_assessment,
    void_assessment,
)
from actions.errors import AlreadyRecorded, ChangedMeanwhile, NotPermitted, Refused
from db.audit import verify_chain
from db.roles import SYSTEM, Actor, Role
from db.session import reading
from tests.actions.conftest import CODE, OTHER_CODE, SHOCK, Site, add_person, at, entry

WHY = "wrong line filled"


def correct(
    site: Site, saved: Saved, hours: float, *, by: Actor | None = None, later: float = 0.5, **values: Any
) -> Saved:
    return correct_assessment(
        saved.stable_id,
        saved.version,
        entry(hours, **values),
        WHY,
        site.token(),
        by=by or site.investigator,
        now=at(max(hours, 4) + later),
    )


def test_a_correction_is_a_new_version_and_the_old_one_stays(site: Site) -> None:
    first = site.record(4, **SHOCK)
    second = correct(site, first, 4)
    assert (second.version, second.crs.grade, second.stable_id) == (2, 0, first.stable_id)
    old, new = site.rows("assessment")
    assert (old["superseded_at"], old["temperature_c"]) == (at(4.5), 38.9)
    assert (new["supersedes_id"], new["reason"], new["entered_by"]) == (
        old["id"],
        WHY,
        site.investigator.user_id,
    )
    assert {key[0] for key in site.standing_grades()} == {new["id"]}
    (event,) = site.events("correct_assessment")
    assert event["detail"]["reason"] == WHY
    assert (event["detail"]["before"]["temperature_c"], event["detail"]["after"]["temperature_c"]) == (
        38.9,
        36.8,
    )
    with reading() as session:
        assert verify_chain(session).whole


def test_a_corrected_grade_3_is_taken_back(site: Site) -> None:
    first = site.record(4, **SHOCK)
    second = correct(site, first, 4)
    assert second.told == 1
    of_the_grade, of_the_bar = site.rows("alert")
    assert of_the_grade["state"] == of_the_bar["state"] == "retracted"


@pytest.mark.postgresql_in_soak
def test_a_correction_needs_a_reason(site: Site) -> None:
    first = site.record(4)
    before = site.everything()
    for reason in (None, "  ", "x" * 2001):
        with pytest.raises(Refused) as refused:
            correct_assessment(
                first.stable_id, 1, entry(4, temperature_c=39), reason, "t", by=site.investigator, now=at(5)
            )
        assert refused.value.problems[0].field == "reason"
    assert site.everything() == before


def test_the_same_correction_sent_twice_is_stored_once(site: Site) -> None:
    first = site.record(4)
    changed = entry(4, temperature_c=38.5)
    arguments = (first.stable_id, 1, changed, WHY, "tap")
    once = correct_assessment(*arguments, by=site.investigator, now=at(5))
    again = correct_assessment(*arguments, by=site.investigator, now=at(6))
    assert (again.version, again.already_saved_at) == (once.version, at(5))
    assert len(site.rows("assessment")) == 2


@pytest.mark.postgresql_in_soak
def test_a_correction_without_a_difference_is_refused(site: Site) -> None:
    first = site.record(4)
    with pytest.raises(AlreadyRecorded, match="nothing was changed"):
        correct(site, first, 4)
    assert len(site.rows("assessment")) == 1


@pytest.mark.postgresql_in_soak
def test_an_investigator_confirms_a_judgement_of_a_file_by_saving_it_again(site: Site) -> None:
    judged = {**SHOCK, "crs_judgement": "not_crs"}
    first = record_assessment(entry(4, **judged), "file", by=SYSTEM, now=at(5), source="file")
    assert not site.rows("assessment")[0]["confirmed_by_investigator"]
    correct(site, first, 4, later=2, **judged)
    assert site.rows("assessment")[1]["confirmed_by_investigator"]


@pytest.mark.postgresql_in_soak
def test_a_stale_correction_is_refused_with_both_values(site: Site) -> None:
    first = site.record(4)
    correct(site, first, 4, temperature_c=38.5)
    before = site.everything()
    with pytest.raises(ChangedMeanwhile) as refused:
        correct(site, first, 4, temperature_c=37.5, later=1)
    assert refused.value.theirs == {"temperature_c": 38.5}
    assert refused.value.yours == {"temperature_c": 37.5}
    assert refused.value.sentence == (
        "Changed by Investigator Example (investigator) at 14:30. Nothing of yours was saved."
    )
    assert site.everything() == before


@pytest.mark.postgresql_in_soak
def test_a_change_of_time_grades_again_from_the_earlier_moment(site: Site) -> None:
    low = site.record(8, systolic_mmhg=84)
    fever = site.record(12, temperature_c=38.4)
    after = site.record(16, systolic_mmhg=84)
    assert (low.crs.grade, after.crs.grade) == (0, 2)
    earlier = correct(site, fever, 6, temperature_c=38.4, later=12)
    standing = site.standing_grades()
    assert standing[earlier.assessment_id, "crs"] == (1, 1)
    assert standing[low.assessment_id, "crs"] == (2, 2)  # the course is now open before it
    correct(site, earlier, 14, temperature_c=38.4, later=5)
    assert site.standing_grades()[low.assessment_id, "crs"] == (0, 0)


def test_a_correction_to_a_taken_moment_is_refused(site: Site) -> None:
    site.record(4)
    other = site.record(8)
    with pytest.raises(AlreadyRecorded, match="An assessment of 14:00 is already recorded"):
        correct(site, other, 4, later=6)


@pytest.mark.postgresql_in_soak
def test_a_correction_names_the_patient_it_belongs_to(site: Site) -> None:
    first = site.record(4)
    with pytest.raises(Refused, match="Move it to the right patient"):
        correct(site, first, 4, code=OTHER_CODE, temperature_c=39)


def test_an_unknown_assessment_is_refused(sqlite_site: Site) -> None:
    with pytest.raises(Refused, match="not known"):
        void_assessment("0" * 32, 1, WHY, by=sqlite_site.investigator, now=at(5))


class TestWhoMayCorrect:
    def test_a_nurse_corrects_her_own_entry_within_12_hours(self, sqlite_site: Site) -> None:
        first = sqlite_site.record(4, now=at(4))
        assert correct(sqlite_site, first, 4, by=sqlite_site.nurse, later=12, temperature_c=38).version == 2

    def test_not_later_and_a_correction_does_not_prolong_it(self, sqlite_site: Site) -> None:
        first = sqlite_site.record(4, now=at(4))
        second = correct(sqlite_site, first, 4, by=sqlite_site.nurse, later=11, temperature_c=38)
        with pytest.raises(NotPermitted, match="more than 12 hours ago"):
            correct(sqlite_site, second, 4, by=sqlite_site.nurse, later=12.01, temperature_c=39)

    def test_not_the_entry_of_another_nurse(self, sqlite_site: Site) -> None:
        first = sqlite_site.record(4)
        other = add_person(Role.WARD, "other")
        with pytest.raises(NotPermitted, match="made by somebody else"):
            correct(sqlite_site, first, 4, by=other, temperature_c=38)

    def test_not_what_an_investigator_has_corrected(self, sqlite_site: Site) -> None:
        second = correct(sqlite_site, sqlite_site.record(4), 4, temperature_c=38)
        with pytest.raises(NotPermitted):
            correct(sqlite_site, second, 4, by=sqlite_site.nurse, later=1, temperature_c=39)

    def test_a_nurse_cannot_judge_in_a_correction(self, sqlite_site: Site) -> None:
        first = sqlite_site.record(4)
        with pytest.raises(NotPermitted, match="Only an investigator"):
            correct(sqlite_site, first, 4, by=sqlite_site.nurse, crs_judgement="not_crs")

    @pytest.mark.parametrize("role", [Role.COORDINATOR, Role.COMMITTEE, Role.ADMIN, Role.DISPLAY])
    def test_others_may_not(self, sqlite_site: Site, role: Role) -> None:
        first = sqlite_site.record(4)
        before = sqlite_site.everything()
        person = sqlite_site.people[role]
        with pytest.raises(NotPermitted):
            correct(sqlite_site, first, 4, by=person, temperature_c=38)
        with pytest.raises(NotPermitted):
            void_assessment(first.stable_id, 1, WHY, by=person, now=at(5))
        with pytest.raises(NotPermitted):
            move_assessment(first.stable_id, 1, OTHER_CODE, 1, WHY, by=person, now=at(5))
        assert sqlite_site.everything() == before


class TestMove:
    def test_both_courses_and_both_alerts_change_in_one_commit(self, site: Site) -> None:
        low = site.record(8, code=OTHER_CODE, systolic_mmhg=84)
        wrong = site.record(4, **SHOCK)
        moved = move_assessment(wrong.stable_id, 1, OTHER_CODE, 1, "wrong patient", by=site.nurse, now=at(9))
        assert (moved.version, moved.crs.grade, moved.told) == (2, 3, 1)
        here, there = site.infusions[OTHER_CODE], site.infusions[CODE]
        assert site.standing_grades() == {
            (moved.assessment_id, "crs"): (3, 3),
            (moved.assessment_id, "icans"): (0, 0),
            (low.assessment_id, "crs"): (2, 2),
            (low.assessment_id, "icans"): (0, 0),
        }
        alerts = {row["infusion_id"]: row["state"] for row in site.rows("alert")}
        assert alerts == {there: "retracted", here: "open"}
        assert {row["infusion_id"] for row in site.rows("patient_day")} == {here}
        (event,) = site.events("move_assessment")
        assert (event["detail"]["before"]["infusion_id"], event["detail"]["after"]["infusion_id"]) == (
            there,
            here,
        )

    def test_a_file_judgement_stays_unconfirmed_where_it_goes(self, sqlite_site: Site) -> None:
        judged = entry(4, crs_judgement="not_crs")
        first = record_assessment(judged, "file", by=SYSTEM, now=at(5), source="file")
        move_assessment(first.stable_id, 1, OTHER_CODE, 1, WHY, by=sqlite_site.investigator, now=at(6))
        moved = sqlite_site.rows("assessment")[1]
        assert (moved["source"], moved["confirmed_by_investigator"]) == ("file", False)

    @pytest.mark.parametrize(
        ("code", "number", "sentence"),
        [
            (CODE, 1, "already belongs"),
            ("CART-099", 1, "No patient CART-099 is enrolled"),
            (OTHER_CODE, 2, "Infusion 2 of CART-008 is not recorded"),
            ("Li Wei", 1, "."),
        ],
    )
    def test_where_it_cannot_go_it_stays(
        self, sqlite_site: Site, code: str, number: int, sentence: str
    ) -> None:
        first = sqlite_site.record(4)
        before = sqlite_site.everything()
        with pytest.raises(Refused, match=sentence):
            move_assessment(first.stable_id, 1, code, number, WHY, by=sqlite_site.nurse, now=at(5))
        assert sqlite_site.everything() == before

    def test_the_moment_there_must_be_free(self, sqlite_site: Site) -> None:
        first = sqlite_site.record(4)
        sqlite_site.record(4, code=OTHER_CODE)
        with pytest.raises(AlreadyRecorded):
            move_assessment(first.stable_id, 1, OTHER_CODE, 1, WHY, by=sqlite_site.nurse, now=at(5))

    @pytest.mark.postgresql_in_soak
    def test_a_death_moves_too(self, site: Site) -> None:
        died = site.record(4, death_due_to="other")
        move_assessment(died.stable_id, 1, OTHER_CODE, 1, WHY, by=site.nurse, now=at(5))
        site.record(6)
        with pytest.raises(Refused, match="nothing comes after it"):
            site.record(6, code=OTHER_CODE)


class TestVoid:
    def test_a_withdrawn_assessment_counts_for_nothing_and_stays_listed(self, site: Site) -> None:
        first = site.record(4, **SHOCK)
        low = site.record(8, systolic_mmhg=84)
        withdrawn = void_assessment(first.stable_id, 1, WHY, by=site.nurse, now=at(9))
        assert (withdrawn.version, withdrawn.told) == (2, 1)
        assert site.standing_grades() == {
            (low.assessment_id, "crs"): (0, 0),
            (low.assessment_id, "icans"): (0, 0),
        }
        assert [row["status"] for row in site.rows("assessment", stable_id=first.stable_id)] == [
            "recorded",
            "voided",
        ]
        # Without the fever no course is open: the low pressure that stays has no grade any more.
        assert [(row["signal"], row["state"]) for row in site.rows("alert")] == [
            ("grade3", "retracted"),
            ("barred", "retracted"),
            ("support_ungraded", "open"),
        ]
        (event,) = site.events("void_assessment")
        assert (event["detail"]["after"], event["detail"]["reason"]) == (None, WHY)

    def test_the_last_one_of_a_day_takes_the_day_along(self, sqlite_site: Site) -> None:
        first = sqlite_site.record(4)
        void_assessment(first.stable_id, 1, WHY, by=sqlite_site.nurse, now=at(5))
        assert sqlite_site.rows("patient_day") == []

    @pytest.mark.postgresql_in_soak
    def test_its_moment_is_free_again_and_it_cannot_be_changed_any_more(self, site: Site) -> None:
        first = site.record(4)
        void_assessment(first.stable_id, 1, WHY, by=site.nurse, now=at(5))
        assert site.record(4, now=at(6), temperature_c=38).crs.grade == 1
        for version in (1, 2):
            with pytest.raises(ChangedMeanwhile, match="Withdrawn by Ward Example"):
                void_assessment(first.stable_id, version, WHY, by=site.nurse, now=at(7))


def test_two_people_correct_one_entry_at_once_and_the_second_is_shown_both_values(site: Site) -> None:
    first = site.record(4)
    start = Barrier(2)
    outcomes: list[Saved | ChangedMeanwhile] = []

    def attempt(temperature_c: float) -> None:
        start.wait()
        try:
            outcomes.append(correct(site, first, 4, temperature_c=temperature_c))
        except ChangedMeanwhile as refused:
            outcomes.append(refused)

    threads = [Thread(target=attempt, args=(temperature_c,)) for temperature_c in (38.1, 38.2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    saved = [one for one in outcomes if isinstance(one, Saved)]
    refused = [one for one in outcomes if isinstance(one, ChangedMeanwhile)]
    assert (len(saved), len(refused)) == (1, 1)
    stored = site.rows("assessment", superseded_at=None)[0]["temperature_c"]
    assert refused[0].theirs == {"temperature_c": stored}
    assert {refused[0].yours["temperature_c"], stored} == {38.1, 38.2}


def test_two_taps_at_once_store_one_assessment(site: Site) -> None:
    start = Barrier(2)
    outcomes: list[Saved] = []

    def attempt() -> None:
        start.wait()
        outcomes.append(site.record(4, token="tap", now=at(4) + timedelta(minutes=2)))

    threads = [Thread(target=attempt) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(one.already_saved_at is None for one in outcomes) == [False, True]
    assert len(site.rows("assessment")) == 1
