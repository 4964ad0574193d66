"""The protocol file: its defaults, and one sentence for each thing wrong with it."""

from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from grading.settings import DEFAULT_SETTINGS
from trial.limits import EligibilityLimits, SaeClock, SecondInfusionLimits
from trial.protocol import PROTOCOL_FILE, Protocol, ProtocolError, load_protocol, parse_protocol
from trial.stopping_settings import RuleEvent, RuleKind, StoppingRule

TEXT = PROTOCOL_FILE.read_text(encoding="utf-8")


def test_the_shipped_file_holds_the_documented_defaults() -> None:
    protocol = load_protocol()
    assert protocol.grading == DEFAULT_SETTINGS
    assert protocol.vital_sign_times == tuple(time(hour) for hour in (2, 6, 10, 14, 18, 22))
    assert protocol.ice_times == (time(6), time(14), time(22))
    assert protocol.ice_at_every_time_from_grade == 2
    assert protocol.slot_tolerance == timedelta(hours=2)
    assert (protocol.monitoring_days, protocol.settled_hours, protocol.patients) == (14, 24, 15)
    assert protocol.registration == "NCT06902012"
    assert protocol.shift_starts == (time(7), time(15), time(23))
    assert protocol.recovery_hours == 12


def test_the_shipped_file_holds_the_trial_s_criteria() -> None:
    protocol = load_protocol()
    assert protocol.planned_cells_per_kg == 2_000_000
    assert protocol.second_infusion == SecondInfusionLimits(
        within_days=60, finding_within=True, infusion_within=True, positive_samples=2
    )
    assert protocol.eligibility == EligibilityLimits(
        age_years_from=18,
        life_expectancy_weeks_above=12,
        ecog_to=2,
        haemoglobin_g_per_l_from=80,
        anc_10e9_per_l_from=1.0,
        platelets_10e9_per_l_from=75,
        measurable_lesions_from=1,
        creatinine_uln_to=2,
        clearance_ml_per_min_from=40,
        lvef_percent_above=50,
        spo2_percent_above=92,
        bilirubin_uln_to=2,
        bilirubin_uln_to_gilbert=5,
        transaminases_uln_to=3,
        transaminases_uln_to_hepatic=5,
        years_since_menses_from=2,
        other_malignancy_years=5,
        stroke_months=6,
        infarction_months=6,
        nyha_class_from=3,
        barring_grade=3,
    )


def test_the_shipped_file_holds_two_stopping_rules_and_the_clock_of_serious_events() -> None:
    protocol = load_protocol()
    common: dict[str, Any] = {
        "infusion": 2,
        "window_days": 30,
        "kind": RuleKind.POCOCK,
        "n_max": 15,
        "version": "1",
    }
    not_yet = "not yet approved: a default of the program"
    assert protocol.stopping == (
        StoppingRule(
            key="grade3_second",
            words="Grade 3 or more CRS or ICANS within 30 days after the second infusion",
            event=RuleEvent.GRADE_3,
            tolerated_rate=0.20,
            alpha=0.10,
            approved_by=not_yet,
            **common,
        ),
        StoppingRule(
            key="death_second",
            words="Death not due to lymphoma within 30 days after the second infusion",
            event=RuleEvent.DEATH,
            tolerated_rate=0.05,
            alpha=0.05,
            approved_by=not_yet,
            **common,
        ),
    )
    assert protocol.sae == SaeClock(clock_hours=24, reminder_hours=(12, 20, 23), overdue_repeat_hours=4)
    assert (protocol.sae_report_days_before, protocol.sae_report_days_after) == (2, 7)


def test_a_rule_may_be_bayesian_and_look_only_now_and_then() -> None:
    changed = TEXT.replace('kind = "pocock"', 'kind = "bayesian"', 1).replace(
        "alpha = 0.10", "certainty = 0.90\nprior = [0.4, 1.6]\nlooks = [5, 10, 15]", 1
    )
    rule = parse_protocol(changed).stopping[0]
    assert (rule.kind, rule.alpha, rule.certainty) == (RuleKind.BAYESIAN, None, 0.90)
    assert (rule.prior, rule.looks) == ((0.4, 1.6), (5, 10, 15))


def test_a_trial_may_have_no_stopping_rule() -> None:
    before, rules = TEXT.split("[[stopping.rules]]", 1)
    after = rules[rules.index("[sae]") :]
    assert parse_protocol(f"{before}[stopping]\nrules = []\n{after}").stopping == ()


@pytest.mark.parametrize(("level", "hours"), [(3, 12), (4, 4), (5, 4)])
def test_an_acknowledgement_holds_shorter_from_grade_4(level: int, hours: int) -> None:
    assert load_protocol().acknowledged_for(level) == timedelta(hours=hours)


def test_the_hash_names_the_text_that_was_read() -> None:
    changed = parse_protocol(TEXT.replace("fever_c = 38.0", "fever_c = 38.3"))
    assert changed.grading.fever_c == 38.3
    assert changed.hash != load_protocol().hash
    assert changed.text != TEXT
    assert isinstance(changed, Protocol)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("\ndays = 14 ", "\nday = 14 ", "the setting monitoring.days is missing. Add it"),
        ("[alerts]", "[alerts]\nrecovery = 3", "the setting alerts.recovery is not known"),
        (
            "fever_c = 38.0",
            "fever_c = 101.0",
            "grading.fever_c is 101.0: input should be less than or equal to 42",
        ),
        ("patients = 15", "patients = true", "the setting trial.patients is True: "),
        ('"02:00", "06:00"', '"06:00", "02:00"', "list each time of day once, earliest first"),
        ('"02:00", "06:00"', '"06:00", "06:00"', "list each time of day once, earliest first"),
        ('"02:00", "06:00"', '"02:00Z", "06:00"', "list each time of day once"),
        ('"02:00", "06:00"', '"2 am", "06:00"', "is '2 am': write times of day as 06:00"),
        ('"02:00", "06:00"', '2, "06:00"', "the setting assessments.vital_sign_times.0 is 2"),
        ('ice_times = ["06:00", "14:00", "22:00"]', "ice_times = []", "assessments.ice_times is []"),
        ('starts = ["07:00"', 'starts = ["16:00"', "the setting shifts.starts is "),
        ("[shifts]", "[shift]", "the setting shifts is missing. Add it"),
        ("[infusions]", "[infusion]", "the setting infusions is missing. Add it"),
        ("ecog_to = 2", "ecog = 2", "the setting eligibility.ecog_to is missing. Add it"),
        ("ecog_to = 2", "ecog_to = 5", "the setting eligibility.ecog_to is 5: "),
        ("finding_within = true", "finding_within = 1", "the setting second_infusion.finding_within is 1: "),
        ("within_days = 60", "within_days = 0", "the setting second_infusion.within_days is 0: "),
        ("= 2e6", "= 2", "the setting infusions.planned_cells_per_kg is 2: "),
        (
            "gilbert = 5",
            "gilbert = 1",
            "eligibility.bilirubin_uln_to_gilbert is 1: it must not be below bilirubin_uln_to.",
        ),
        ("hepatic = 5", "hepatic = 2", "it must not be below transaminases_uln_to."),
        ("{ after_min = 5,", "{ after_min = 0,", "begin at 0 minutes and list the steps in the order"),
        ("alpha = 0.10", "alpha = 0", "rules.0.alpha is 0: input should be greater than 0."),
        ("tolerated_rate = 0.20", "tolerated_rate = 1", "rules.0.tolerated_rate is 1: input should be less"),
        (
            "alpha = 0.10",
            "alpha = 0.10\nlooks = [10, 5]",
            "rules.0.looks is [10, 5]: list the looks as numbers of patients from 1 to 15, smallest first "
            "and each once; the looks given are: 10, 5.",
        ),
        ("alpha = 0.10", "alpha = 0.10\nlooks = [5, 20]", "the looks given are: 5, 20."),
        ("alpha = 0.10", "alpha = 0.10\nlooks = []", "the looks given are: none."),
        ("alpha = 0.10", "", "rules.0.alpha is None: a pocock rule needs it, the highest probability"),
        ("alpha = 0.10", "alpha = 0.10\ncertainty = 0.9", "certainty is 0.9: only a bayesian rule has it."),
        ("alpha = 0.10", "alpha = 0.10\nprior = [0, 1]", "rules.0.prior.0 is 0: input should be greater"),
        ('kind = "pocock"', 'kind = "bayes"', "rules.0.kind is 'bayes': input should be 'pocock' or"),
        ('event = "grade3"', 'event = "grade4"', "rules.0.event is 'grade4': input should be 'grade3' or"),
        ("infusion = 2", "infusion = 3", "the setting stopping.rules.0.infusion is 3: "),
        ("n_max = 15", "n_max = 2000", "the setting stopping.rules.0.n_max is 2000: "),
        ('key = "grade3_second"', 'key = "Grade 3"', "the setting stopping.rules.0.key is 'Grade 3': "),
        ("reminder_hours = [12, 20, 23]", "reminder_hours = [12, 24]", "earliest first, all of them before"),
        ("reminder_hours = [12, 20, 23]", "reminder_hours = [20, 12]", "list each reminder once, earliest"),
        ("[sae]", "[serious]", "the setting sae is missing. Add it"),
        ("[trial]", "[trial", "not TOML"),
    ],
)
def test_a_wrong_setting_is_named_with_its_rule_and_value(old: str, new: str, sentence: str) -> None:
    assert old in TEXT
    with pytest.raises(ProtocolError, match=r".") as caught:
        parse_protocol(TEXT.replace(old, new, 1))
    assert sentence in str(caught.value)


def test_two_rules_of_one_key_are_refused_in_one_short_sentence() -> None:
    with pytest.raises(ProtocolError, match=r"stopping\.rules: give each rule a key of its own\.$") as caught:
        parse_protocol(TEXT.replace('key = "death_second"', 'key = "grade3_second"'))
    assert len(str(caught.value)) < 200


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match=r"missing\.toml cannot be read: No such file"):
        load_protocol(tmp_path / "missing.toml")
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b"# \xe9\n")
    with pytest.raises(ProtocolError, match=r"latin\.toml is not UTF-8 text"):
        load_protocol(latin)
    broken = tmp_path / "broken.toml"
    broken.write_text("[trial]\n", encoding="utf-8")
    with pytest.raises(ProtocolError, match=r"broken\.toml: the setting trial\.patients is missing"):
        load_protocol(broken)
