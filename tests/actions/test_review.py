"""The committee's review: marks, looks, comments, questions and answers, on both engines."""

from datetime import timedelta

import pytest

from actions.corrections import correct_assessment
from actions.errors import ChangedMeanwhile, NotPermitted, Refused
from actions.review import (
    answer_question,
    ask_ward,
    close_question,
    comment,
    mark_reviewed,
    note_look,
    reopen_question,
)
from db.queries.review import (
    count_open_questions,
    last_look_at,
    load_comments,
    load_items,
    load_questions,
    load_reviews,
)
from db.roles import Actor, Role
from db.session import reading
from tests.actions.conftest import CODE, NOW, SHOCK, Site, entry
from trial.review import Mark, MarkedItem, marked


def member(site: Site) -> Actor:
    return site.people[Role.COMMITTEE]


def seen(site: Site) -> dict[str, MarkedItem]:
    """The items as the member finds them, by key."""
    with reading() as session:
        reviews = load_reviews(session, member(site).user_id or 0)
        look = last_look_at(session, member(site).user_id or 0)
        return {one.item.key: one for one in marked(load_items(session), reviews, look)}


def key_of(site: Site) -> str:
    return f"toxicity:{site.patients[CODE]}:1:crs"


def test_a_grade_3_is_new_then_reviewed_and_asks_again_when_its_data_change(site: Site) -> None:
    saved = site.record(24, **SHOCK)
    found = seen(site)[key_of(site)]
    assert (found.mark, found.item.study_code) == (Mark.NEW, CODE)
    assert found.item.words == "CRS grade 3 after the first infusion"
    mark_reviewed(found.item.key, found.item.data_hash, by=member(site), now=NOW)
    site.record(30)  # a well patient: nothing of the item changes
    assert seen(site)[key_of(site)].mark is Mark.REVIEWED
    worse = entry(24, **(SHOCK | {"oxygen_device": "mechanical_ventilation"}))
    correct_assessment(
        saved.stable_id, 1, worse, "missed", form_token=site.token(), by=site.investigator, now=NOW
    )
    again = seen(site)
    assert again[key_of(site)].mark is Mark.CHANGED
    assert again[f"correction:{saved.stable_id}"].mark is Mark.NEW
    with pytest.raises(ChangedMeanwhile, match="have changed"):
        mark_reviewed(found.item.key, found.item.data_hash, by=member(site), now=NOW)


@pytest.mark.postgresql_in_soak
def test_an_item_whose_entry_was_corrected_away_is_gone(site: Site) -> None:
    saved = site.record(24, **SHOCK)
    found = seen(site)[key_of(site)].item
    well = entry(24)
    correct_assessment(
        saved.stable_id, 1, well, "wrong line", form_token=site.token(), by=site.investigator, now=NOW
    )
    assert key_of(site) not in seen(site)
    with pytest.raises(Refused, match="no longer there"):
        mark_reviewed(found.key, found.data_hash, by=member(site), now=NOW)


@pytest.mark.postgresql_in_soak
def test_what_changed_since_the_last_look_is_by_what_the_page_showed(site: Site) -> None:
    site.record(24, **SHOCK)
    assert seen(site)[key_of(site)].is_since_last_look
    entered_at = seen(site)[key_of(site)].item.changed_at
    note_look(entered_at - timedelta(minutes=1), by=member(site), now=NOW)
    assert seen(site)[key_of(site)].is_since_last_look
    note_look(entered_at, by=member(site), now=NOW)
    assert not seen(site)[key_of(site)].is_since_last_look
    note_look(entered_at - timedelta(days=1), by=member(site), now=NOW)  # an older page says nothing new
    assert not seen(site)[key_of(site)].is_since_last_look
    assert len(site.events("note_look")) == 2


@pytest.mark.postgresql_in_soak
def test_a_comment_changes_no_state(site: Site) -> None:
    site.record(24, **SHOCK)
    before = seen(site)
    comment(key_of(site), "Seen with the ward", by=member(site), now=NOW)
    assert seen(site) == before
    with reading() as session:
        (said,) = load_comments(session)[key_of(site)]
    assert (said.text, said.by) == ("Seen with the ward", member(site).display_name)
    for blank in ("", "  ", None):
        with pytest.raises(Refused, match="Write the comment"):
            comment(key_of(site), blank, by=member(site), now=NOW)


def test_a_question_is_open_answered_closed_and_open_again(site: Site) -> None:
    saved = site.record(24, **SHOCK)
    patient_id = site.patients[CODE]
    question_id = ask_ward(saved.stable_id, "Which dose?", by=member(site), now=NOW)

    def state() -> tuple[str, int]:
        with reading() as session:
            (question,) = load_questions(session, [saved.stable_id])
            return question.state, count_open_questions(session).get(patient_id, 0)

    assert state() == ("open", 1)
    answer_question(question_id, "0.1 ug/kg/min", by=site.nurse, now=NOW)
    assert state() == ("answered", 0)
    reopen_question(question_id, "And for how long?", by=member(site), now=NOW)
    assert state() == ("open", 1)
    answer_question(question_id, "Two hours", by=site.investigator, now=NOW)
    close_question(question_id, by=member(site), now=NOW)
    assert state() == ("closed", 0)
    with pytest.raises(ChangedMeanwhile, match="closed by now"):
        answer_question(question_id, "Late", by=site.nurse, now=NOW)
    with reading() as session:
        (question,) = load_questions(session)
    assert [(step.kind, step.text) for step in question.steps] == [
        ("answered", "0.1 ug/kg/min"),
        ("reopened", "And for how long?"),
        ("answered", "Two hours"),
        ("closed", None),
    ]


@pytest.mark.postgresql_in_soak
def test_words_and_entry_are_asked_for_and_each_role_has_its_part(site: Site) -> None:
    saved = site.record(24, **SHOCK)
    with pytest.raises(Refused, match="Write the question"):
        ask_ward(saved.stable_id, " ", by=member(site), now=NOW)
    with pytest.raises(Refused, match="not known"):
        ask_ward("0" * 32, "Which dose?", by=member(site), now=NOW)
    with pytest.raises(NotPermitted):
        ask_ward(saved.stable_id, "Which dose?", by=site.nurse, now=NOW)
    question_id = ask_ward(saved.stable_id, "Which dose?", by=member(site), now=NOW)
    with pytest.raises(NotPermitted):
        answer_question(question_id, "x", by=member(site), now=NOW)
    with pytest.raises(Refused, match="Write the answer"):
        answer_question(question_id, "", by=site.nurse, now=NOW)
    with pytest.raises(Refused, match="not known"):
        answer_question(question_id + 1, "x", by=site.nurse, now=NOW)
    for person in (site.nurse, site.investigator, site.coordinator):
        with pytest.raises(NotPermitted):
            mark_reviewed(key_of(site), "x", by=person, now=NOW)
