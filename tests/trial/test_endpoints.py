"""The endpoints, patient by patient: which scan counts, what an event or a gap makes of it, and why."""

from datetime import date, timedelta
from typing import Any

import pytest
from lifelines import KaplanMeierFitter

from trial.endpoints import (
    EndpointRow,
    FollowedPatient,
    Status,
    count_month_3_cr,
    count_objective_response,
    endpoint_rows,
    survival_of,
)
from trial.follow_up_facts import DeathCause, FollowUpFact, FollowUpKind
from trial.follow_up_plan import EndpointRules, MissingScan
from trial.second_infusion_facts import Response, Scan

FIRST = date(2026, 1, 1)
SECOND_DAY = 40
RULES = EndpointRules(month_3_day=90, month_3_before=14, month_3_after=14, month_3_missing=MissingScan.NOT_CR)
LEFT_OUT = EndpointRules(
    month_3_day=90, month_3_before=14, month_3_after=14, month_3_missing=MissingScan.NOT_COUNTED
)
EVENTS = {
    "prog": FollowUpKind.PROGRESSION,
    "relapse": FollowUpKind.RELAPSE,
    "therapy": FollowUpKind.NEW_THERAPY,
    "died": FollowUpKind.DEATH,
    "left": FollowUpKind.WITHDRAWAL,
    "lost": FollowUpKind.LOST,
}


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def patient(story: str, code: str = "CART-001", **more: Any) -> FollowedPatient:
    """ "28 PR, 90 CR, 120 prog, 200 died": a scan, a scan not read ("90 ?") or an event of each day."""
    scans, events = [], []
    for word in filter(None, story.split(", ")):
        number, what = word.split()
        on = day(int(number))
        if what in EVENTS:
            cause = DeathCause.LYMPHOMA if what == "died" else None
            events.append(FollowUpFact(EVENTS[what], on, cause))
        else:
            scans.append(Scan(on, None if what == "?" else Response(what)))
    facts = {"infused_on": (FIRST,), "scans": tuple(scans), "events": tuple(events)} | more
    return FollowedPatient(study_code=code, **facts)


def row(
    story: str, on: int = 500, *, rules: EndpointRules = RULES, second: bool = False, **more: Any
) -> EndpointRow:
    infused = (FIRST, day(SECOND_DAY)) if second else (FIRST,)
    (found,) = endpoint_rows(
        [patient(story, infused_on=infused, **more)], rules, day(on), from_infusion=2 if second else 1
    )
    return found


YES, NO, OPEN, OUT = Status.YES, Status.NO, Status.NOT_YET_KNOWN, Status.NOT_COUNTED


@pytest.mark.parametrize(
    ("story", "on", "status", "counted", "why"),
    [
        # The window is day 76 to 104, both included.
        ("75 CR", 500, NO, True, "no PET/CT between 18 Mar 2026 and 15 Apr 2026; counts as not CR"),
        ("76 CR", 500, YES, True, "CR by PET/CT on 18 Mar 2026 (day 76), the nearest to day 90"),
        ("104 CR", 500, YES, True, "(day 104)"),
        ("105 CR", 500, NO, True, "no PET/CT between"),
        # The nearest to day 90; of two equally near the later.
        ("80 CR, 92 PR", 500, NO, True, "PR by PET/CT on 3 Apr 2026 (day 92)"),
        ("86 PR, 97 CR", 500, NO, True, "PR by PET/CT on 28 Mar 2026 (day 86)"),
        ("85 PR, 95 CR", 500, YES, True, "(day 95)"),
        # What can still come.
        ("", 75, OPEN, False, "no PET/CT yet between"),
        ("", 104, OPEN, False, "no PET/CT yet between"),
        ("", 105, NO, True, "no PET/CT between"),
        ("80 CR", 100, YES, False, "so far; a nearer one could still be made until 11 Apr 2026"),
        ("80 CR", 101, YES, True, "the nearest to day 90"),
        ("90 CR", 91, YES, True, "the nearest to day 90"),
        ("76 CR", 104, YES, False, "until 15 Apr 2026"),
        # A scan that is not read.
        ("90 ?", 300, OPEN, False, "the PET/CT of 1 Apr 2026 is not read yet"),
        ("80 CR, 91 ?", 300, OPEN, False, "the PET/CT of 2 Apr 2026 is not read yet"),
        ("91 CR, 80 ?", 300, YES, True, "(day 91)"),
        ("60 ?, 91 CR", 300, YES, True, "(day 91)"),
        # What comes first is not CR.
        ("30 prog", 40, NO, True, "progression on 31 Jan 2026 (day 30), before a CR of day 90 could count"),
        ("30 relapse, 90 CR", 500, NO, True, "relapse on 31 Jan 2026"),
        ("28 PD, 90 CR", 500, NO, True, "PD by PET/CT on 29 Jan 2026 (day 28)"),
        ("30 therapy, 90 CR", 500, NO, True, "new lymphoma therapy on 31 Jan 2026"),
        ("60 died", 500, NO, True, "death of lymphoma on 2 Mar 2026 (day 60)"),
        ("104 died", 500, NO, True, "death of lymphoma"),
        ("77 CR, 90 prog", 500, NO, True, "progression on 1 Apr 2026 (day 90)"),
        ("77 CR, 91 prog", 500, YES, True, "(day 77)"),
        ("93 CR, 93 prog", 500, NO, True, "progression on 4 Apr 2026 (day 93)"),
        ("88 CR, 92 died", 93, YES, True, "(day 88)"),
        ("91 PD", 500, NO, True, "PD by PET/CT on 2 Apr 2026 (day 91)"),
        # Who has left is without a scan.
        ("50 left", 60, NO, True, ": withdrawal on 20 Feb 2026; counts as not CR by the protocol"),
        ("50 lost", 60, NO, True, ": lost to follow-up on 20 Feb 2026"),
        ("77 CR, 80 left", 81, YES, True, "(day 77)"),
        ("105 left", 500, NO, True, "no PET/CT between 18 Mar 2026 and 15 Apr 2026; counts"),
    ],
)
def test_which_scan_counts_for_the_3_month_cr_and_why(
    story: str, on: int, status: Status, counted: bool, why: str
) -> None:
    answer = row(story, on).month_3_cr
    assert (answer.status, answer.counted) == (status, counted)
    assert why in answer.why


def test_a_missing_scan_is_left_out_where_the_protocol_says_so() -> None:
    for story in ("", "50 left"):
        answer = row(story, rules=LEFT_OUT).month_3_cr
        assert (answer.status, answer.counted) == (OUT, False)
        assert answer.why.endswith("not counted by the protocol")
    assert row("60 died", rules=LEFT_OUT).month_3_cr.status is NO


@pytest.mark.parametrize(
    ("story", "best", "status", "counted", "why"),
    [
        ("28 PR, 90 CR, 180 SD", "CR", YES, True, "best response CR, on 1 Apr 2026 (day 90)"),
        ("28 SD", "SD", NO, True, "best response SD"),
        ("28 PD, 90 CR", "PD", NO, True, "best response PD"),
        ("28 PR, 60 prog, 90 CR", "PR", YES, True, "best response PR"),
        ("28 PR, 60 therapy, 60 CR", "PR", YES, True, "best response PR"),
        ("0 CR", None, OPEN, False, "no PET/CT read after the first infusion yet"),
        ("28 ?", None, OPEN, False, "no PET/CT read"),
        ("20 died", None, NO, True, "death of lymphoma on 21 Jan 2026, before any PET/CT was read"),
        ("20 therapy, 28 CR", None, NO, True, "new lymphoma therapy on 21 Jan 2026, before any PET/CT"),
        ("20 left", None, NO, True, "withdrawal on 21 Jan 2026, before any PET/CT was read"),
    ],
)
def test_best_and_objective_response(
    story: str, best: str | None, status: Status, counted: bool, why: str
) -> None:
    found = row(story)
    assert found.best == (best and Response(best))
    assert (found.objective_response.status, found.objective_response.counted) == (status, counted)
    assert why in found.objective_response.why


@pytest.mark.parametrize(
    ("story", "event", "on", "why"),
    [
        ("28 CR, 90 CR", False, 90, "last PET/CT without progression on 1 Apr 2026"),
        ("", False, 0, "no PET/CT read after the first infusion"),
        ("28 ?", False, 0, "no PET/CT read"),
        ("28 PR, 60 prog", True, 60, "progression on 2 Mar 2026"),
        ("28 PR, 60 PD", True, 60, "PD by PET/CT on 2 Mar 2026"),
        ("28 PR, 60 PD, 55 relapse", True, 55, "relapse on 25 Feb 2026"),
        ("28 PR, 60 PD, 60 prog", True, 60, "PD by PET/CT"),
        ("28 PR, 60 PD, 70 died", True, 60, "PD by PET/CT"),
        ("28 CR, 300 died", True, 300, "death of lymphoma on 28 Oct 2026"),
        ("0 died", True, 0, "death of lymphoma on 1 Jan 2026"),
        # A new therapy, withdrawal or loss ends it: what comes later is no event.
        ("28 CR, 60 therapy, 90 prog", False, 28, "29 Jan 2026, before new lymphoma therapy on 2 Mar 2026"),
        ("60 therapy, 90 died", False, 0, "no PET/CT read after the first infusion, before new lymphoma"),
        ("28 CR, 60 left, 90 died", False, 28, "before withdrawal on 2 Mar 2026"),
        ("28 CR, 60 therapy, 60 prog", True, 60, "progression"),
        ("28 CR, 0 left", False, 0, "before withdrawal on 1 Jan 2026"),
    ],
)
def test_progression_free_survival(story: str, event: bool, on: int, why: str) -> None:
    found = row(story).pfs
    assert (found.event, found.day, found.on) == (event, on, day(on))
    assert why in found.why


@pytest.mark.parametrize(
    ("story", "seen", "event", "on", "why"),
    [
        ("28 CR, 300 died", None, True, 300, "death of lymphoma on 28 Oct 2026"),
        ("60 left, 300 died", None, True, 300, "death of lymphoma"),
        ("60 therapy, 300 died", None, True, 300, "death of lymphoma"),
        ("28 CR", 14, False, 28, "last known alive on 29 Jan 2026"),
        ("28 ?", 14, False, 28, "last known alive on 29 Jan 2026"),
        ("28 CR", 200, False, 200, "last known alive on 20 Jul 2026"),
        ("28 CR, 60 lost", 14, False, 60, "on 2 Mar 2026; lost to follow-up on 2 Mar 2026"),
        ("", None, False, 0, "last known alive on 1 Jan 2026"),
    ],
)
def test_overall_survival(story: str, seen: int | None, event: bool, on: int, why: str) -> None:
    found = row(story, seen_on=None if seen is None else day(seen)).os
    assert (found.event, found.day, found.on) == (event, on, day(on))
    assert why in found.why


def test_nothing_after_the_cut_off_is_looked_at_but_who_lived_later_lived_then() -> None:
    found = row("28 PR, 90 CR, 120 PD, 150 died", on=100)
    assert (found.best, found.month_3_cr.status) == (Response.CR, YES)
    assert (found.pfs.event, found.pfs.day) == (False, 90)
    assert (found.os.event, found.os.day) == (False, 100)


def test_the_second_infusion_belongs_to_the_treatment() -> None:
    story = "28 PR, 60 CR, 90 CR, 130 CR"
    from_first = endpoint_rows([patient(story, infused_on=(FIRST, day(40)))], RULES, day(500))[0]
    assert (from_first.month_3_cr.status, from_first.pfs.day, from_first.best) == (YES, 130, Response.CR)


def test_the_set_of_the_second_infusion_knows_only_what_came_after_it() -> None:
    # Day 40 is its day 0, so that day 130 is its day 90.
    found = row("28 PD, 30 therapy, 40 SD, 60 PR, 130 CR", second=True)
    assert (found.infused_on, found.best) == (day(40), Response.CR)
    assert (found.month_3_cr.status, found.pfs.event, found.pfs.day, found.os.day) == (YES, False, 90, 90)
    nothing = row("28 CR", second=True)
    assert nothing.objective_response.why == "no PET/CT read after the second infusion yet"


def test_who_is_not_infused_by_the_cut_off_is_in_no_set() -> None:
    people = [patient("", "CART-001", infused_on=()), patient("", "CART-002", infused_on=(day(10), day(50)))]
    assert endpoint_rows(people, RULES, day(9)) == ()
    assert [one.study_code for one in endpoint_rows(people, RULES, day(10))] == ["CART-002"]
    assert endpoint_rows(people, RULES, day(49), from_infusion=2) == ()


def test_rows_stand_in_the_order_of_infusion() -> None:
    people = [
        patient("", "CART-003", infused_on=(day(5),)),
        patient("", "CART-002", infused_on=(day(9),)),
        patient("", "CART-001", infused_on=(day(5),)),
    ]
    codes = [one.study_code for one in endpoint_rows(people, RULES, day(20))]
    assert codes == ["CART-001", "CART-003", "CART-002"]


def test_the_counts_beside_a_rate_name_who_is_not_counted() -> None:
    people = [
        patient("90 CR", "CART-001"),
        patient("90 PR", "CART-002"),
        patient("80 CR", "CART-003"),
        patient("", "CART-004"),
        patient("50 left", "CART-005"),
    ]
    rows = endpoint_rows(people, LEFT_OUT, day(95))
    count = count_month_3_cr(rows)
    assert (count.rate.events, count.rate.patients) == (1, 2)
    assert count.pending == ("CART-003", "CART-004")
    assert count.early == ("CART-003",)
    assert count.not_counted == ("CART-005",)
    response = count_objective_response(rows)
    assert (response.rate.events, response.rate.patients, response.pending) == (3, 4, ("CART-004",))


def test_nobody_infused_has_no_rate_and_an_empty_curve() -> None:
    rows = endpoint_rows([], RULES, day(100))
    for count in (count_month_3_cr(rows), count_objective_response(rows)):
        assert (count.rate.patients, count.rate.rate, count.pending) == (0, None, ())
    curve = survival_of([one.pfs for one in rows])
    assert (curve.patients, curve.steps, curve.last_day, curve.median.day) == (0, (), None, None)


def test_everybody_censored_has_a_curve_without_a_step() -> None:
    rows = endpoint_rows([patient("28 CR", "A-1"), patient("", "A-2")], RULES, day(100))
    curve = survival_of([one.pfs for one in rows])
    assert (curve.events, curve.steps, curve.censored_on, curve.median.day) == (0, (), (0, 28), None)


def test_a_response_without_a_scan_date_is_refused_with_a_sentence() -> None:
    one = patient("", scans=(Scan(None, Response.CR),))
    with pytest.raises(ValueError, match="CART-001 has a response without a scan date"):
        endpoint_rows([one], RULES, day(100))


def test_a_death_before_the_infusion_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="died on 22 Dec 2025, before the infusion of 1 Jan 2026"):
        row("-10 died")


def test_a_death_without_a_cause_says_that_it_is_still_to_be_recorded() -> None:
    died = FollowUpFact(FollowUpKind.DEATH, day(20))
    assert "its cause still to be recorded" in row("", events=(died,)).os.why


STORIES = (
    "28 PR, 90 CR, 180 CR, 365 CR",
    "28 CR, 90 PD, 200 died",
    "28 PR, 60 prog, 150 died",
    "28 SD, 60 therapy, 100 PD",
    "20 died",
    "28 CR, 90 CR, 120 left",
    "28 CR, 90 CR, 180 PD",
    "90 CR, 250 lost",
    "28 PD, 90 died",
    "28 CR, 90 died",
)


@pytest.mark.parametrize("endpoint", ["pfs", "os"])
def test_the_curve_of_the_rows_is_the_one_that_lifelines_draws(endpoint: str) -> None:
    people = [patient(story, f"C-{n}", seen_on=day(300)) for n, story in enumerate(STORIES)]
    times = [getattr(one, endpoint) for one in endpoint_rows(people, RULES, day(400))]
    ours = survival_of(times)
    theirs = KaplanMeierFitter().fit([one.day for one in times], [one.event for one in times])
    assert len(ours.steps) > 2
    for step in ours.steps:
        assert step.survival == pytest.approx(float(theirs.predict(step.day)))
