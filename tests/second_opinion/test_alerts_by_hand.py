"""The second telling of alerts on histories worked out by hand from the specification."""

from typing import Any

import pytest

from tests.second_opinion.alerts_course import LIGHT, NONE, STRONG, support_of
from tests.second_opinion.alerts_told import Alert
from tests.second_opinion.alerts_ward import BLANK, GROUPS, INVESTIGATOR, PaperWard, at

FIRST = {"ward", "treating", "pi"}
EVERYONE = set(GROUPS)
OPENING = ("opening", 0, FIRST)


@pytest.fixture
def ward() -> PaperWard:
    return PaperWard()


def told_last(ward: PaperWard, alert: Alert) -> tuple[str, int, set[str]]:
    return ward.told(alert)[-1]


# --- grade3 and its episodes -----------------------------------------------------------------------------


def test_grade_3_is_told_at_once_to_ward_treating_and_pi(ward: PaperWard) -> None:
    ward.enter(20, crs=3)
    alert = ward.alert()
    assert (alert.place, alert.state, alert.level, alert.urgency) == ((1, "grade3", "crs"), "open", 3, 2)
    assert ward.told(alert) == [OPENING]


def test_each_toxicity_has_an_alert_of_its_own(ward: PaperWard) -> None:
    ward.enter(20, crs=3, icans=4)
    assert {(one.place[2], one.urgency) for one in ward.alerts()} == {("crs", 2), ("icans", 1)}


def test_at_least_3_is_enough(ward: PaperWard) -> None:
    ward.enter(20, crs=(3, 4))
    assert ward.alert().level == 3


def test_two_low_rows_close_it_the_later_12_hours_after(ward: PaperWard) -> None:
    ward.enter(20, crs=3)
    ward.enter(24, crs=1)
    ward.enter(31.9, crs=1)
    assert ward.alert().state == "open"
    ward.enter(32, crs=1)
    alert = ward.alert()
    assert (alert.state, alert.ended, alert.closed_at) == ("closed", "recovered", at(32))
    assert told_last(ward, alert)[0] == "recovery"


def test_one_low_row_closes_nothing(ward: PaperWard) -> None:
    ward.enter(20, crs=3)
    ward.enter(40, crs=1)
    assert ward.alert().state == "open"


def test_an_unsettled_row_neither_closes_nor_interrupts(ward: PaperWard) -> None:
    ward.enter(20, crs=3)
    ward.enter(30, crs=1)
    ward.enter(33, crs=(1, 4))
    assert ward.alert().state == "open"
    ward.enter(34, crs=1)
    assert ward.alert().state == "closed"


def test_an_unconfirmed_not_crs_closes_nothing(ward: PaperWard) -> None:
    ward.enter(20, crs=3)
    ward.enter(33, crs=0, crs_judgement="not_crs", source="file", confirmed_by_investigator=False)
    ward.enter(34, crs=0)
    assert ward.alert().state == "open"


def test_death_ends_it_with_one_last_notice(ward: PaperWard) -> None:
    ward.enter(20, crs=3)
    ward.enter(22, crs=5, death_due_to="crs")
    alert = ward.alert()
    assert (alert.state, alert.ended, alert.level) == ("closed", "death", 5)
    assert [kind for kind, _, _ in ward.told(alert)] == ["opening", "death"]
    assert alert.notices[-1].urgency == 1
    ward.minutes(60, 600, after=22)
    assert len(alert.notices) == 2


def test_a_death_of_another_cause_ends_it_less_urgently(ward: PaperWard) -> None:
    ward.enter(20, crs=3)
    ward.enter(22, crs=2, death_due_to="other")
    assert ward.alert().ended == "death"
    assert ward.alert().notices[-1].urgency == 2


def test_a_death_after_the_second_infusion_ends_what_the_first_left_open(ward: PaperWard) -> None:
    ward.rows["infusion"][1] |= {"patient_id": 1, "number": 2, "infused_at": at(48)}
    ward.enter(20, crs=3)
    ward.enter(60, infusion_id=2, death_due_to="other")
    assert (ward.alert().state, ward.alert().ended) == ("closed", "death")
    assert [kind for kind, _, _ in ward.told(ward.alert())] == ["opening", "death"]


def test_a_death_that_is_the_first_that_is_known_is_told_as_an_opening(ward: PaperWard) -> None:
    ward.enter(22, crs=5, death_due_to="crs")
    assert ward.told(ward.alert()) == [OPENING]


def test_a_relapse_opens_an_acknowledged_alert_again(ward: PaperWard) -> None:
    ward.enter(20, crs=3)
    ward.acknowledge(ward.alert(), 20.5)
    ward.enter(22, crs=1)
    assert ward.alert().state == "recovering"
    ward.enter(26, crs=3)
    assert ward.alert().state == "open"
    assert [kind for kind, _, _ in ward.told(ward.alert())] == ["opening", "again"]


def test_an_alert_that_nobody_took_stays_open_while_it_recovers(ward: PaperWard) -> None:
    ward.enter(20, crs=3)
    ward.enter(20.1, crs=1)
    assert ward.alert().state == "open"


def test_a_new_grade_3_after_recovery_is_a_new_alert(ward: PaperWard) -> None:
    ward.enter(20, crs=3)
    ward.enter(24, crs=1)
    ward.enter(32, crs=1)
    ward.enter(40, crs=3)
    assert [one.state for one in ward.alerts()] == ["closed", "open"]


# --- The corrections table, row by row -------------------------------------------------------------------


def test_3_to_2_before_the_mail_left_is_one_mail(ward: PaperWard) -> None:
    wrong = ward.enter(20, crs=3)
    ward.correct(wrong, 20.01, crs=2)
    alert = ward.alert()
    assert (alert.state, alert.ended) == ("retracted", "corrected")
    assert ward.told(alert) == [("opening", 0, set()), ("retraction", 0, FIRST)]


def test_3_to_2_after_the_mail_left_is_a_retraction_to_everyone_told(ward: PaperWard) -> None:
    wrong = ward.enter(20, crs=3)
    ward.minutes(15, after=20)
    ward.send_everything(ward.alert())
    ward.end_recipient("pi", 20.3)
    ward.correct(wrong, 20.5, crs=2)
    alert = ward.alert()
    assert told_last(ward, alert) == ("retraction", 0, {*FIRST, "deputy"})
    assert alert.notices[-1].urgency == 2
    ward.minutes(60, after=21)
    assert told_last(ward, alert)[0] == "retraction"


def test_others_at_3_make_it_an_amendment(ward: PaperWard) -> None:
    ward.enter(20, crs=3)
    wrong = ward.enter(24, crs=4)
    ward.correct(wrong, 24.1, crs=2)
    alert = ward.alert()
    assert (alert.state, alert.level, alert.urgency) == ("open", 3, 2)
    assert told_last(ward, alert)[0] == "amendment"


def test_3_to_4_is_worse_and_no_acknowledgement_covers_it(ward: PaperWard) -> None:
    ward.enter(20, crs=3)
    ward.acknowledge(ward.alert(), 20.1)
    ward.enter(21, crs=4)
    alert = ward.alert()
    assert (alert.state, alert.level, alert.urgency) == ("open", 4, 1)
    assert told_last(ward, alert) == ("worsened", 0, FIRST)


def test_the_wrong_patient_is_a_retraction_there_and_an_alert_here(ward: PaperWard) -> None:
    wrong = ward.enter(20, crs=3)
    ward.send_everything(ward.alert())
    ward.move(wrong, 20.5, crs=3)
    there, here = ward.alerts()
    assert (there.place[0], there.state, told_last(ward, there)[0]) == (1, "retracted", "retraction")
    assert (here.place[0], here.state, ward.told(here)) == (2, "open", [OPENING])


def test_a_withdrawn_entry_is_corrected_to_no_value(ward: PaperWard) -> None:
    ward.void(ward.enter(20, crs=3), 21)
    assert ward.alert().state == "retracted"


def test_a_late_entry_of_an_episode_that_is_over_is_told_once(ward: PaperWard) -> None:
    ward.enter(24, crs=1)
    ward.enter(36, crs=1)
    ward.enter(20, crs=3, entered=36.5)
    alert = ward.alert()
    assert (alert.state, alert.ended) == ("closed", "recovered")
    assert ward.told(alert) == [("late", 0, FIRST)]
    ward.minutes(60, after=38)
    assert len(alert.notices) == 1


def test_a_late_entry_of_an_episode_that_is_not_over_opens_it(ward: PaperWard) -> None:
    ward.enter(24, crs=1)
    ward.enter(20, crs=3, entered=25)
    assert ward.told(ward.alert()) == [OPENING]


def test_imported_history_is_stored_and_told_by_no_alert_of_its_own(ward: PaperWard) -> None:
    ward.write(20, 30, 3, 0)
    ward.sweep(30, historical=True)
    assert (ward.alert().historical, ward.alert().notices) == (True, [])
    ward.minutes(60, 120, after=31)
    assert ward.alert().notices == []


def test_a_correction_back_to_3_is_a_new_alert(ward: PaperWard) -> None:
    entry = ward.enter(20, crs=3)
    ward.correct(entry, 20.5, crs=2)
    ward.correct(entry, 21, crs=3)
    assert [one.state for one in ward.alerts()] == ["retracted", "open"]


def test_two_episodes_that_grow_together_keep_the_alert_that_shares_most(ward: PaperWard) -> None:
    ward.enter(20, crs=3)
    ward.enter(24, crs=1)
    low = ward.enter(32, crs=1)
    for hours in (40, 41):
        ward.enter(hours, crs=3)
    ward.void(low, 42)
    merged, kept = ward.alerts()
    assert (merged.state, merged.ended) == ("closed", "recovered")
    assert (kept.state, len(kept.members)) == ("open", 3)


# --- Escalation, repeats, acknowledgement, silence -------------------------------------------------------


def test_grade_3_escalates_at_15_30_and_60_minutes(ward: PaperWard) -> None:
    ward.enter(20, crs=3)
    ward.minutes(14, 15, 29, 30, 59, 60, after=20)
    assert ward.told(ward.alert()) == [
        OPENING,
        ("escalation", 1, {"pi", "deputy"}),
        ("escalation", 2, {"committee_chair", "sponsor_safety"}),
        ("escalation", 3, EVERYONE),
    ]
    assert [one.at for one in ward.alert().notices] == [at(20), at(20.25), at(20.5), at(21)]


def test_grade_4_escalates_at_5_10_and_20_minutes(ward: PaperWard) -> None:
    ward.enter(20, crs=4)
    ward.minutes(4, 5, 9, 10, 19, 20, after=20)
    assert [(kind, step) for kind, step, _ in ward.told(ward.alert())] == [
        ("opening", 0),
        ("escalation", 1),
        ("escalation", 2),
        ("escalation", 3),
    ]


def test_steps_passed_at_one_look_are_one_notice_to_all_of_them(ward: PaperWard) -> None:
    ward.enter(20, crs=3)
    ward.minutes(35, after=20)
    people = {"pi", "deputy", "committee_chair", "sponsor_safety"}
    assert told_last(ward, ward.alert()) == ("escalation", 2, people)


def test_a_step_that_holds_nobody_counts_as_told() -> None:
    ward = PaperWard(groups=("ward", "committee_chair"))
    ward.enter(20, crs=3)
    ward.minutes(15, after=20)
    assert ward.told(ward.alert()) == [("opening", 0, {"ward"}), ("escalation", 2, {"committee_chair"})]


def test_an_opening_goes_to_the_first_step_that_holds_somebody() -> None:
    ward = PaperWard(groups=("deputy",))
    ward.enter(20, crs=3)
    assert ward.told(ward.alert()) == [("opening", 1, {"deputy"})]


def test_an_address_that_fails_for_good_makes_the_next_step_run_now(ward: PaperWard) -> None:
    ward.enter(20, crs=3)
    ward.send_everything(ward.alert(), failing=("pi",))
    ward.minutes(1, after=20)
    assert told_last(ward, ward.alert()) == ("escalation", 1, {"pi", "deputy"})
    ward.minutes(2, after=20)
    assert len(ward.alert().notices) == 2


def test_it_repeats_hourly_for_a_day_and_then_every_four_hours(ward: PaperWard) -> None:
    ward.enter(20, crs=3)
    for quarter in range(1, 4 * 34):
        ward.sweep(20 + quarter / 4)
    repeats = [one.at for one in ward.alert().notices if one.kind == "repeat"]
    assert repeats == [at(20 + hours) for hours in (*range(2, 24), 27, 31)]
    assert told_last(ward, ward.alert()) == ("repeat", 3, EVERYONE)


def test_an_acknowledgement_stops_escalation_and_repeats_but_not_news(ward: PaperWard) -> None:
    ward.enter(20, crs=3)
    ward.acknowledge(ward.alert(), 20.1)
    ward.minutes(15, 60, 200, after=20)
    assert ward.told(ward.alert()) == [OPENING]
    ward.enter(24, crs=1)
    ward.enter(33, crs=1)
    assert [kind for kind, _, _ in ward.told(ward.alert())] == ["opening", "recovery"]


@pytest.mark.parametrize(("grade", "hours"), [(3, 12), (4, 4)])
def test_an_acknowledgement_lapses_without_a_newer_entry(ward: PaperWard, grade: int, hours: int) -> None:
    ward.enter(20, crs=grade)
    ward.acknowledge(ward.alert(), 20)
    ward.sweep(20 + hours - 0.1)
    assert ward.alert().state == "acknowledged"
    ward.sweep(20 + hours)
    assert ward.alert().state == "open"
    assert told_last(ward, ward.alert()) == ("lapsed", 0, FIRST)


def test_an_acknowledgement_holds_while_somebody_looks_at_the_patient(ward: PaperWard) -> None:
    ward.enter(20, crs=3)
    ward.acknowledge(ward.alert(), 20)
    ward.enter(24, crs=3)
    ward.sweep(35.9)
    assert ward.alert().state == "acknowledged"
    ward.sweep(36)
    assert told_last(ward, ward.alert())[0] == "lapsed"


def test_silence_holds_escalation_and_repeats_until_it_ends(ward: PaperWard) -> None:
    ward.enter(20, crs=3)
    ward.replay.silenced(ward.alert(), at(22))
    ward.minutes(15, 60, 119, after=20)
    assert ward.told(ward.alert()) == [OPENING]
    ward.minutes(120, after=20)
    assert told_last(ward, ward.alert())[:2] == ("escalation", 3)


def test_grade_4_ends_a_silence(ward: PaperWard) -> None:
    ward.enter(20, crs=3)
    ward.replay.silenced(ward.alert(), at(40))
    ward.enter(21, crs=4)
    ward.minutes(5, after=21)
    assert told_last(ward, ward.alert()) == ("escalation", 1, {"pi", "deputy"})


def test_a_clock_that_steps_back_tells_nothing_twice(ward: PaperWard) -> None:
    ward.enter(20, crs=3)
    ward.minutes(15, 5, -10, 15, after=20)
    assert [kind for kind, _, _ in ward.told(ward.alert())] == ["opening", "escalation"]


def test_a_clock_that_steps_back_ends_nothing_that_stood(ward: PaperWard) -> None:
    ward.enter(20, icans=(0, 4))
    for hours in (28, 27.95, 27.95, 28.02):
        ward.sweep(hours)
    assert [kind for kind, _, _ in ward.told(ward.alert("unsettled"))] == ["opening"]


def test_coming_back_alone_opens_nothing_that_leaving_has_ended(ward: PaperWard) -> None:
    ward.enter(20, **LIGHT_SUPPORT)
    ward.go("home", 21, until=23)
    for hours in (22, 24):
        ward.sweep(hours)
    assert ward.alert("support_ungraded").state == "closed"
    ward.enter(25, **LIGHT_SUPPORT)
    assert told_last(ward, ward.alert("support_ungraded"))[0] == "again"


def test_the_first_recipient_is_told_of_what_nobody_was_told() -> None:
    ward = PaperWard(groups=())
    ward.enter(20, crs=3)
    assert ward.told(ward.alert()) == [("opening", 0, set())]
    ward.add_recipient("pi", 21)
    ward.replay.recipient_added(at(21), ward.rows)
    assert ward.told(ward.alert()) == [("opening", 0, {"pi"})]


# --- rise2 -----------------------------------------------------------------------------------------------


def test_two_grades_more_within_24_hours_is_a_rise(ward: PaperWard) -> None:
    ward.enter(20, crs=0)
    ward.enter(44, crs=2)
    alert = ward.alert("rise2", "crs")
    assert (alert.level, alert.urgency, ward.told(alert)) == (2, 2, [OPENING])


@pytest.mark.parametrize("earlier", [0.1, (0, 4), 1])
def test_it_is_no_rise_over_more_than_24_hours_an_unsettled_grade_or_grade_1(
    ward: PaperWard, earlier: float | tuple[int, int]
) -> None:
    hours, crs = (19.9, 0) if earlier == 0.1 else (20, earlier)
    ward.enter(hours, crs=crs)
    ward.enter(44, crs=2)
    assert ward.alerts("rise2") == []


def test_grade_3_speaks_for_the_rise(ward: PaperWard) -> None:
    ward.enter(20)
    ward.enter(24, crs=3)
    assert ward.alerts("rise2") == []
    ward.enter(30, icans=2)
    ward.enter(34, icans=3)
    rise = ward.alert("rise2", "icans")
    assert (rise.state, rise.ended) == ("closed", "superseded")
    assert ward.told(rise) == [OPENING]


def test_a_rise_ends_with_recovery_and_says_so(ward: PaperWard) -> None:
    ward.enter(20)
    ward.enter(24, crs=2)
    ward.enter(30, crs=1)
    ward.enter(36, crs=1)
    rise = ward.alert("rise2")
    assert (rise.state, rise.ended, told_last(ward, rise)[0]) == ("closed", "recovered", "recovery")


def test_a_rise_expires_after_72_hours_without_a_mail(ward: PaperWard) -> None:
    ward.enter(20)
    ward.enter(24, crs=2)
    rise = ward.alert("rise2")
    ward.acknowledge(rise, 24.1)
    ward.enter(25, crs=1)
    ward.sweep(95.9)
    assert rise.state == "recovering"
    ward.sweep(96)
    assert (rise.state, rise.ended, len(rise.notices)) == ("closed", "expired", 1)


# --- support_ungraded ------------------------------------------------------------------------------------

STRONG_SUPPORT: dict[str, Any] = {"vasopressors": "norepinephrine"}
LIGHT_SUPPORT: dict[str, Any] = {"systolic_mmhg": 80.0}


@pytest.mark.parametrize(
    ("charted", "support"),
    [
        ({"vasopressors": "dobutamine"}, NONE),
        ({"vasopressors": "vasopressin;dobutamine"}, STRONG),
        ({"systolic_mmhg": 89.9}, LIGHT),
        ({"systolic_mmhg": 90.0, "spo2_percent": 90.0, "vasopressors": "none"}, NONE),
        ({"iv_fluid_bolus": "yes"}, LIGHT),
        ({"hypotension": "yes"}, LIGHT),
        ({"hypoxia": "yes"}, LIGHT),
        ({"spo2_percent": 89.0, "oxygen_device": "room_air"}, LIGHT),
        ({"oxygen_device": "nasal_cannula"}, LIGHT),
        ({"oxygen_device": "nasal_cannula", "oxygen_l_per_min": 0.0}, NONE),
        ({"oxygen_device": "nasal_cannula", "oxygen_l_per_min": 6.0}, LIGHT),
        ({"oxygen_device": "nasal_cannula", "oxygen_l_per_min": 6.1}, STRONG),
        ({"oxygen_device": "venturi_mask"}, STRONG),
        ({"oxygen_device": "ecmo"}, STRONG),
        ({"oxygen_device": "blow_by"}, LIGHT),
        ({"oxygen_device": "other"}, LIGHT),
        ({"oxygen_l_per_min": 2.0}, LIGHT),
        ({"oxygen_l_per_min": 0.0}, NONE),
    ],
)
def test_what_counts_as_support(charted: dict[str, Any], support: int) -> None:
    assert support_of(BLANK | charted, home_oxygen=False) == support


def test_oxygen_at_home_is_not_new_but_a_low_saturation_is() -> None:
    assert support_of(BLANK | {"oxygen_device": "cpap"}, home_oxygen=True) == NONE
    assert support_of(BLANK | {"oxygen_device": "cpap", "spo2_percent": 88.0}, home_oxygen=True) == LIGHT


@pytest.mark.parametrize(
    ("charted", "urgency", "groups"),
    [(STRONG_SUPPORT, 2, FIRST), (LIGHT_SUPPORT, 3, {"ward", "treating"})],
)
def test_support_without_a_grade_is_told(
    ward: PaperWard, charted: dict[str, Any], urgency: int, groups: set[str]
) -> None:
    ward.enter(20, **charted)
    alert = ward.alert("support_ungraded")
    assert (alert.level, alert.urgency, ward.told(alert)) == (0, urgency, [("opening", 0, groups)])


def test_an_investigators_cause_closes_it_and_covers_the_same_sign(ward: PaperWard) -> None:
    ward.enter(20, **LIGHT_SUPPORT)
    cause: dict[str, Any] = {"attributed_elsewhere": "hypotension", "entered_by": INVESTIGATOR}
    ward.enter(21, **LIGHT_SUPPORT, **cause)
    assert ward.alert("support_ungraded").ended == "judged"
    ward.enter(22, **LIGHT_SUPPORT)
    assert len(ward.alerts("support_ungraded")) == 1
    ward.enter(23, **STRONG_SUPPORT)
    assert ward.alerts("support_ungraded")[1].urgency == 2


def test_a_nurses_cause_does_not_close_it(ward: PaperWard) -> None:
    ward.enter(20, **LIGHT_SUPPORT)
    ward.enter(21, **LIGHT_SUPPORT, attributed_elsewhere="hypotension")
    assert ward.alert("support_ungraded").state == "open"


def test_a_grade_closes_it_and_so_does_a_sign_that_is_gone(ward: PaperWard) -> None:
    ward.enter(20, **LIGHT_SUPPORT)
    ward.enter(21, crs=1)
    assert ward.alert("support_ungraded").ended == "graded"
    ward.enter(30, **LIGHT_SUPPORT)
    ward.enter(31)
    ward.enter(32, crs=(0, 2))
    ward.enter(33)
    assert ward.alerts("support_ungraded")[1].state == "open"
    ward.enter(34)
    assert [one.ended for one in ward.alerts("support_ungraded")] == ["graded", "gone"]


def test_going_home_ends_it_without_a_mail(ward: PaperWard) -> None:
    ward.enter(20, **LIGHT_SUPPORT)
    ward.go("home", 21)
    ward.sweep(22)
    alert = ward.alert("support_ungraded")
    assert (alert.ended, len(alert.notices)) == ("left", 1)


# --- unsettled and missed --------------------------------------------------------------------------------


def test_unsettled_for_8_hours_is_told_to_ward_and_treating(ward: PaperWard) -> None:
    ward.enter(20, icans=(0, 4))
    ward.sweep(27.9)
    assert ward.alerts("unsettled") == []
    ward.sweep(28)
    assert ward.told(ward.alert("unsettled")) == [("opening", 0, {"ward", "treating"})]
    ward.enter(28.5, icans=1)
    assert (ward.alert("unsettled").state, ward.alert("unsettled").ended) == ("closed", "settled")


def test_unsettled_at_two_due_times_in_a_row_is_told(ward: PaperWard) -> None:
    ward.enter(20, crs=(0, 4))  # due at 06:00, 20 h after an infusion at 10:00
    ward.enter(24, crs=(0, 4))
    assert ward.alert("unsettled").place == (1, "unsettled", "crs")


def test_what_cannot_be_3_is_not_unsettled(ward: PaperWard) -> None:
    ward.enter(20, crs=(0, 2))
    ward.sweep(40)
    assert ward.alerts("unsettled") == []


def of_patient_1(ward: PaperWard, signal: str, slot: str) -> list[Alert]:
    return [one for one in ward.alerts(signal, slot) if one.place[0] == 1]


def test_a_missed_due_time_is_told_to_the_ward_and_four_hours_later_to_investigators(
    ward: PaperWard,
) -> None:
    ward.enter(0, ice_score=10)  # met 10:00; vital signs come next at 14:00
    ward.minutes(0, 1, after=6)
    (alert,) = of_patient_1(ward, "missed", "vital_signs")
    assert ward.told(alert) == [("opening", 0, {"ward"})]
    ward.sweep(10.01)
    ward.sweep(10.1)
    assert told_last(ward, alert) == ("escalation", 1, {"treating", "pi"})
    ward.enter(10.2, ice_score=10)
    assert (alert.state, alert.ended, told_last(ward, alert)[0]) == ("closed", "met", "recovery")


def test_an_explained_skip_is_done_and_an_unexplained_refusal_only_for_an_hour(ward: PaperWard) -> None:
    ward.enter(0, ice_score=10)
    ward.skip("vital_signs", 4, now=5.5, reason="procedure")
    ward.skip("ice", 4, now=5.5, reason="refused")
    ward.sweep(6.1)
    assert of_patient_1(ward, "missed", "ice") == []
    ward.sweep(6.5)
    assert len(of_patient_1(ward, "missed", "ice")) == 1
    assert of_patient_1(ward, "missed", "vital_signs") == []


def test_going_home_ends_what_was_missed_without_a_mail(ward: PaperWard) -> None:
    ward.sweep(6.1)
    ward.go("home", 6.2)
    ward.sweep(6.3)
    alerts = of_patient_1(ward, "missed", "vital_signs")
    assert [(one.ended, len(one.notices)) for one in alerts] == [("left", 1)]


def test_intensive_care_ends_nothing(ward: PaperWard) -> None:
    ward.sweep(6.1)
    ward.go("intensive_care", 6.2)
    ward.sweep(6.3)
    assert [one.state for one in of_patient_1(ward, "missed", "vital_signs")] == ["open"]
