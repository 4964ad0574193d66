"""The report of a serious event: what it holds, that it is frozen, and when a new version is made."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest

from actions import context
from actions.episodes import judge_episode
from actions.errors import AlreadyRecorded, ChangedMeanwhile, NotPermitted, Refused
from actions.events import correct_event, record_event, void_event
from actions.sae_reports import NewReport, keep_report, record_notification
from actions.signatures import record_hash
from db.inputs_event import NotificationIn
from db.queries.sae import load_notifications, load_report_pdf, load_reports
from db.queries.sae_facts import SaeFacts, load_sae_facts
from db.session import reading, writing
from reports.sae import altered_sae_reports, is_outdated, make_sae_report
from reports.sae_pdf import render_sae
from tests.actions.conftest import CODE, NOW, SHOCK, Site
from tests.actions.test_events import PNEUMONIA, TREMOR, judged, pneumonia
from tests.reports.opened import open_pdf

NARRATIVE = "Fever and cough on 5 Mar. 患者右下肺炎，给予美罗培南静脉滴注，体温恢复正常。"


def facts_of(stable_id: str) -> SaeFacts:
    with reading() as session:
        facts = load_sae_facts(session, stable_id, context.protocol(), context.settings().zone)
    assert facts is not None
    return facts


def stored(stable_id: str) -> list[Any]:
    with reading() as session:
        return load_reports(session).get(stable_id, [])


def pdf_of(report_id: int) -> bytes:
    with reading() as session:
        return load_report_pdf(session, report_id)


@pytest.fixture
def lung(ill: Site) -> str:
    """A serious infection of the patient."""
    return record_event(pneumonia(causality_car_t="possible"), by=ill.coordinator, now=NOW)


def test_it_holds_the_event_and_what_stands_around_it(ill: Site, lung: str) -> None:
    report_id = make_sae_report(lung, NARRATIVE, by=ill.investigator, now=NOW)
    text = open_pdf(pdf_of(report_id)).text
    for words in (
        "NCT06902012, patient CART-007",
        "Lung infection (CTCAE v5.0)",
        "IV antibiotic, antifungal, or antiviral intervention indicated",
        "Onset 5 Mar 2026",
        "hospitalisation, or a longer one; medically important",
        "The site learned of it 7 Mar 2026 08:00",
        "To be reported by 8 Mar 2026 08:00",
        "Klebsiella pneumoniae",
        "by culture, PCR or antigen",
        "CAR-T cells possible",
        "Lymphodepletion not judged yet",
        "First 2 Mar 2026 10:00",
        "Assessments, 3 Mar 2026 to 12 Mar 2026",
        "CRS: fever",
        "norepinephrine 0.1 ug/kg/min 3 Mar 2026 10:00 3 Mar 2026 13:00",
        "tocilizumab 560 mg 3 Mar 2026 11:00 once",
        "CRP mg/L up to 5 3 Mar 2026 10:00: 85.5 4 Mar 2026 10:00: 12",
        "Fever and cough on 5 Mar.",
    ):
        assert words in text, (words, text)
    assert "患者右下肺炎" in text.replace(" ", "")
    assert "levetiracetam" not in text
    assert "999" not in text


def test_the_bytes_that_were_made_stay_and_their_hashes_hold(ill: Site, lung: str) -> None:
    report_id = make_sae_report(lung, NARRATIVE, by=ill.investigator, now=NOW)
    (report,) = stored(lung)
    pdf = pdf_of(report_id)
    assert (report.id, report.version, report.made_by) == (report_id, 1, ill.investigator.display_name)
    assert report.pdf_sha256 == hashlib.sha256(pdf).hexdigest()
    assert report.content_hash == record_hash(report.content)
    again = render_sae(report.content, version=1, made_by=report.made_by, made_at=report.made_at)
    assert again == pdf
    assert report.content_hash in open_pdf(pdf).text
    told = ill.events("make_sae_report")[-1]["detail"]
    assert (told["pdf_sha256"], told["version"]) == (report.pdf_sha256, 1)


def test_a_later_change_makes_version_2_and_the_first_stays(ill: Site, lung: str) -> None:
    first_id = make_sae_report(lung, NARRATIVE, by=ill.investigator, now=NOW)
    first = pdf_of(first_id)
    assert not is_outdated(facts_of(lung))
    with pytest.raises(AlreadyRecorded, match="Version 1 says all of this already"):
        make_sae_report(lung, NARRATIVE, by=ill.coordinator, now=NOW + timedelta(hours=1))
    correct_event(lung, 1, pneumonia(grade=4), "septic shock", by=ill.investigator, now=NOW)
    assert is_outdated(facts_of(lung))
    second_id = make_sae_report(lung, NARRATIVE, by=ill.investigator, now=NOW)
    assert [report.version for report in stored(lung)] == [1, 2]
    assert pdf_of(first_id) == first
    text = open_pdf(pdf_of(second_id)).text
    assert "It replaces version 1, which is kept as it was." in text
    assert "septic shock" in text
    assert not is_outdated(facts_of(lung))


@pytest.mark.parametrize("change", ["assessment", "narrative"])
def test_an_assessment_or_another_narrative_makes_a_new_version_too(
    ill: Site, lung: str, change: str
) -> None:
    make_sae_report(lung, NARRATIVE, by=ill.investigator, now=NOW)
    if change == "assessment":
        ill.record(70, **SHOCK)
        assert is_outdated(facts_of(lung))
    told = NARRATIVE if change == "assessment" else f"{NARRATIVE} Discharged."
    make_sae_report(lung, told, by=ill.investigator, now=NOW)
    assert [report.version for report in stored(lung)] == [1, 2]


def test_a_derived_episode_is_reported_as_the_assessments_show_it(ill: Site) -> None:
    stable_id = judge_episode(judged(), by=ill.investigator, now=NOW)
    ill.record(30, temperature_c=38.2, vasopressors="norepinephrine;epinephrine")
    text = open_pdf(pdf_of(make_sae_report(stable_id, NARRATIVE, by=ill.investigator, now=NOW))).text
    assert "CRS (ASTCT 2019)" in text
    assert "Judged at grade 3; the assessments show another grade now" in text
    assert "Onset 3 Mar 2026 10:00" in text
    assert "End 4 Mar 2026 02:00" in text


def test_a_report_needs_a_narrative_a_serious_event_and_the_right(ill: Site, lung: str) -> None:
    for blank in (None, "  "):
        with pytest.raises(Refused, match="Tell what happened"):
            make_sae_report(lung, blank, by=ill.investigator, now=NOW)
    with pytest.raises(Refused, match=r"at most 20,000 characters"):
        make_sae_report(lung, "x" * 20_001, by=ill.investigator, now=NOW)
    with pytest.raises(NotPermitted):
        make_sae_report(lung, NARRATIVE, by=ill.nurse, now=NOW)
    void_event(lung, 1, "entered twice", by=ill.investigator, now=NOW)
    for unknown in (lung, "0" * 32):
        with pytest.raises(Refused, match="not recorded as serious"):
            make_sae_report(unknown, NARRATIVE, by=ill.investigator, now=NOW)
    assert stored(lung) == []


def test_what_changed_while_it_was_made_is_not_kept(ill: Site, lung: str) -> None:
    made = NewReport(lung, 1, ill.patients[CODE], 1, {"narrative": NARRATIVE}, b"%PDF")
    keep_report(made, by=ill.investigator, now=NOW)
    with pytest.raises(ChangedMeanwhile, match="A version of this report was made meanwhile"):
        keep_report(made, by=ill.investigator, now=NOW)
    correct_event(lung, 1, pneumonia(grade=4), "septic shock", by=ill.investigator, now=NOW)
    later = NewReport(lung, 1, ill.patients[CODE], 2, {"narrative": NARRATIVE}, b"%PDF")
    with pytest.raises(ChangedMeanwhile, match="The event was changed meanwhile"):
        keep_report(later, by=ill.investigator, now=NOW)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [("pdf", b"%PDF other", "the file"), ("content", '{"narrative": "other"}', "the content")],
)
def test_a_version_changed_past_the_program_is_found(
    ill: Site, lung: str, column: str, value: object, words: str
) -> None:
    make_sae_report(lung, NARRATIVE, by=ill.investigator, now=NOW)
    with reading() as session:
        assert altered_sae_reports(session) == (1, [])
    with writing() as session:
        connection = session.connection()
        connection.exec_driver_sql("DROP TRIGGER guard_sae_report_update")
        connection.exec_driver_sql(f"UPDATE sae_report SET {column} = ?", (value,))
    with reading() as session:
        count, (finding,) = altered_sae_reports(session)
    assert count == 1
    assert finding == f"report of the serious event {lung[:8]}, version 1: {words} is not what was made"


def test_it_is_recorded_with_which_version_the_event_was_reported(ill: Site, lung: str) -> None:
    report_id = make_sae_report(lung, NARRATIVE, by=ill.investigator, now=NOW)
    entry = NotificationIn(reported_at=NOW, reported_to="ethics committee", sae_report_id=report_id)
    record_notification(lung, entry, by=ill.coordinator, now=NOW)
    with reading() as session:
        (notification,) = load_notifications(session)[lung]
    assert notification.report_version == 1


def test_little_is_known_and_the_report_says_so(site: Site) -> None:
    typed = TREMOR | {"term": "Hiccups", "grade": 3} | {key: PNEUMONIA[key] for key in SERIOUS}
    stable_id = record_event(pneumonia(**typed, **dict.fromkeys(INFECTION)), by=site.coordinator, now=NOW)
    text = open_pdf(pdf_of(make_sae_report(stable_id, "Unknown.", by=site.coordinator, now=NOW))).text
    assert "In the words of CTCAE" not in text
    assert "Outcome not recorded" in text
    assert text.count("None is recorded") == 3


SERIOUS = ("is_serious", "serious_criteria", "aware_at")
INFECTION = ("site", "organism", "proof", "neutropenic", "infection_treatment")
