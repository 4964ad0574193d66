"""Rows of the trial's and the committee's tables that are accepted, and their half-truths."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ON = date(2026, 3, 2)
_DAY = timedelta(days=1)
_HASH = "a" * 64


def good_of_the_trial(unique_id: Callable[[], str]) -> dict[str, dict[str, Any]]:
    """Table -> a row that it accepts, when every table before it in ORDER holds a row with id 1."""
    versioned = {"stable_id": unique_id(), "patient_id": 1, "entered_at": NOW}
    by_user = {"by": 1, "at": NOW}
    return {
        "signature": {
            "subject": "screening",
            "subject_id": 1,
            "meaning": "Eligible",
            "record_hash": unique_id() * 2,
            "signed_by": 1,
            "printed_name": "Dr Li",
            "role": "investigator",
            "signed_at": NOW,
        },
        "screening": versioned
        | {
            "purpose": "enrolment",
            "facts": {},
            "judged_on": ON,
            "verdict": "undecided",
            "protocol_hash": _HASH,
        },
        "response_assessment": versioned | {"scanned_on": ON},
        "ctdna_result": versioned | {"sampled_on": ON},
        "gate_judgement": by_user
        | {"patient_id": 1, "question": "response", "holds": True, "reason": "agreed"},
        "bar_release": by_user | {"patient_id": 1, "reason": "agreed", "worst_crs": 3, "worst_icans": 0},
        "treatment": versioned | {"drug": "tocilizumab", "started_at": NOW},
        "lab_result": versioned | {"analyte": "crp", "taken_at": NOW, "value": 12.5, "unit": "mg/L"},
        "visit": versioned | {"infusion_number": 1, "name": "day_28", "status": "done", "visited_on": ON},
        "follow_up_event": versioned | {"kind": "progression", "occurred_on": ON},
        "adverse_event": versioned | {"term": "Tremor", "grade": 1, "onset_on": ON},
        "sae_report": {
            "event_stable_id": unique_id(),
            "patient_id": 1,
            "version": 1,
            "content": {},
            "content_hash": _HASH,
            "pdf": b"x",
            "pdf_sha256": _HASH,
            "made_at": NOW,
        },
        "sae_notification": {
            "event_stable_id": unique_id(),
            "patient_id": 1,
            "reported_at": NOW,
            "reported_to": "Sponsor",
            "at": NOW,
        },
        "sae_notification_withdrawal": by_user | {"notification_id": 1, "reason": "not sent"},
        "committee_decision": by_user
        | {
            "rule": "toxicity",
            "reading": {},
            "decision": "continue",
            "reason": "reviewed",
            "protocol_hash": _HASH,
        },
        "committee_review": {"user_id": 1, "item": "event", "data_hash": _HASH, "at": NOW},
        "last_look": {"user_id": 1, "at": NOW},
        "review_comment": by_user | {"item": "event", "text": "seen"},
        "ward_question": by_user
        | {"assessment_stable_id": unique_id(), "patient_id": 1, "text": "Which agent?"},
        "ward_question_step": by_user | {"question_id": 1, "kind": "answered", "text": "norepinephrine"},
        "report": {
            "number": 1,
            "cutoff_at": NOW,
            "made_at": NOW,
            "ruleset": "r",
            "program_version": "0.1.0",
            "protocol_hash": _HASH,
            "frozen": b"{}",
            "frozen_sha256": _HASH,
        },
        "report_file": {
            "report_id": 1,
            "part": "open",
            "kind": "pdf",
            "name": "report.pdf",
            "content": b"x",
            "sha256": _HASH,
        },
    }


_SERIOUS = {"is_serious": True, "serious_criteria": "death", "aware_at": NOW}

HALF_TRUTHS_OF_THE_TRIAL: dict[str, list[dict[str, Any]]] = {
    "patient": [{"enrolled_at": None}],
    "infusion": [
        {"number": 2, "total_cells": 1},
        {"number": 2, "ended_at": NOW - _DAY},
    ],
    "signature": [{"record_hash": "x"}, {"meaning": ""}, {"signed_by": None}, {"printed_name": ""}],
    "screening": [
        {},
        {"purpose": "x"},
        {"purpose": "second_infusion", "verdict": "maybe"},
        {"purpose": "second_infusion", "version": 2},
        {"purpose": "second_infusion", "voided": True},
    ],
    "response_assessment": [{}, {"scanned_on": ON + _DAY, "response": "MR"}, {"deauville": 6}],
    "ctdna_result": [
        {},
        {"sampled_on": ON + _DAY, "result": "x"},
        {"sampled_on": ON + _DAY, "result": "positive", "value": 2},
        {"sampled_on": ON + _DAY, "unit": "hGE/mL"},
        {"sampled_on": ON + _DAY, "value": 2, "unit": "hGE/mL"},
        {"sampled_on": ON + _DAY, "result": "not_done", "value": 2, "unit": "hGE/mL"},
        {"sampled_on": ON + _DAY, "result": "positive", "value": -1, "unit": "hGE/mL"},
        {"sampled_on": ON + _DAY, "resulted_on": ON},
    ],
    "gate_judgement": [{"question": "x"}, {"reason": ""}, {"holds": None}],
    "bar_release": [{}, {"worst_crs": 6}, {"worst_crs": 4, "reason": ""}],
    "treatment": [
        {"drug": "aspirin"},
        {"drug": "other"},
        {"dose": 560},
        {"dose_unit": "mg"},
        {"dose": 0, "dose_unit": "mg"},
        {"dose": 1, "dose_unit": "tablets"},
        {"ended_at": NOW - _DAY},
        {"ended_at": NOW, "is_ongoing": True},
        {"every_hours": 0},
    ],
    "lab_result": [
        {},
        {"analyte": "sodium"},
        {"analyte": "ldh", "value": -1},
        {"analyte": "ldh", "unit": None},
        {"analyte": "ldh", "unit": ""},
        {"analyte": "ldh", "lln": 5, "uln": 2},
    ],
    "visit": [
        {},
        {"name": "day_60", "status": "planned"},
        {"name": "day_60", "visited_on": None},
        {"name": "day_60", "status": "missed"},
        {"name": "day_60", "pet_ct": "maybe"},
        {"name": "day_60", "infusion_number": 3},
    ],
    "follow_up_event": [
        {"kind": "x"},
        {"kind": "death"},
        {"kind": "relapse", "ended_at": NOW},
        {"cause": "lymphoma"},
        {"ended_at": NOW},
    ],
    "adverse_event": [
        {"grade": 0},
        {"grade": 6},
        {"term": ""},
        {"ended_on": ON - _DAY},
        {"is_serious": True},
        {"serious_criteria": "death"},
        {"aware_at": NOW},
        _SERIOUS | {"serious_criteria": "bad"},
        {"grade": 5, "outcome": "recovered"},
        {"causality_car_t": "maybe"},
        {"site": "lung"},
        {"is_infection": True, "proof": "guess"},
    ],
    "sae_report": [{"version": 0}, {"content_hash": "x"}],
    "sae_notification": [{"reported_to": ""}, {"reported_at": NOW + _DAY}],
    "sae_notification_withdrawal": [{}, {"notification_id": 99}, {"reason": ""}, {"reason": None}],
    "committee_decision": [{"decision": "ignore"}, {"reason": ""}, {"by": None}],
    "committee_review": [{"item": ""}, {"data_hash": "x"}],
    "last_look": [{}],
    "review_comment": [{"text": ""}, {"by": None}],
    "ward_question": [{"text": ""}, {"assessment_stable_id": "x"}],
    "ward_question_step": [{"kind": "lost"}, {"question_id": 99}],
    "report": [{}, {"number": 0}, {"number": 2, "frozen_sha256": "x"}],
    "report_file": [{}, {"kind": "docx"}, {"kind": "html", "part": "secret"}],
}
"""Table -> rows that it must not take, each one step away from a good one."""

WHOLE_OF_THE_TRIAL: dict[str, dict[str, Any]] = {
    "patient": {"enrolled_at": None, "screened_at": NOW},
    "screening": {"purpose": "second_infusion", "version": 2, "reason": "asked again"},
    "ctdna_result": {
        "sampled_on": ON + _DAY,
        "result": "positive",
        "value": 2,
        "unit": "hGE/mL",
        "resulted_on": ON + _DAY,
    },
    "treatment": {"drug": "other", "drug_name": "rituximab", "dose": 375, "dose_unit": "mg/m2"},
    "lab_result": {"analyte": "ldh", "value": 0, "unit": "U/L", "lln": 120, "uln": 250},
    "visit": {"name": "day_60", "status": "missed", "visited_on": None},
    "follow_up_event": {"kind": "death", "cause": "lymphoma", "ended_at": NOW},
    "adverse_event": _SERIOUS
    | {"grade": 5, "outcome": "fatal", "is_infection": True, "site": "lung", "neutropenic": True},
    "report": {"number": 2},
    "report_file": {"part": "closed"},
}
"""Rows that go in, one step away from a half-truth."""
