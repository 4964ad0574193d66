"""The enrolment page as a coordinator and an investigator have it, run in this process without a browser."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from actions import accounts
from actions.permissions import Page, may_see
from actions.screening import judge_criteria
from actions.sign_ins import throttle_of_all, throttle_of_one
from clock import utc_now
from db.models import Record
from db.queries.office import load_patient
from db.roles import Actor, Role
from db.session import reading, writing
from pages.parts.wording import date_words
from settings import ROOT
from tests.actions import screened
from tests.actions.conftest import CODE as INFUSED
from tests.actions.conftest import NOW, Site
from tests.actions.screened import CODE, PASSWORD, eligible, enrolled, record, standing, start
from tests.trial.screened import YES
from trial.eligibility import Verdict
from trial.screening_facts import MalignancyKind, Sex

ENROLMENT = ROOT / "pages" / "office" / "enrolment.py"
INFUSIONS = ROOT / "pages" / "office" / "infusions.py"
PATIENT = ROOT / "pages" / "ward" / "patient.py"
FACTS = f"Record the facts of {CODE}"
JUDGEMENTS = f"Record the judgements on {CODE}"
SIGN = f"Sign and enrol {CODE}"


@pytest.fixture
def site(sqlite_site: Site) -> Site:
    throttle_of_one.clear()
    throttle_of_all.clear()
    return sqlite_site


@pytest.fixture
def open_as(site: Site, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Open a page of a patient with somebody of a role signed in."""

    def opened(role: Role, script: Path = ENROLMENT, code: str = CODE) -> AppTest:
        person: Actor = site.people[role]
        monkeypatch.setattr(accounts, "resume", lambda token, *, now, touch: person)
        app = AppTest.from_file(str(script), default_timeout=60)
        app.query_params["code"] = code
        return drawn(app.run())

    return opened


def drawn(app: AppTest) -> AppTest:
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    """Everything that stands on the page as text."""
    html = " ".join(re.sub("<[^>]+>", " ", str(one.proto.body)) for one in app.get("html"))
    return " ".join(unescape(f"{html} {' '.join(one.value for one in app.text)}").split())


def box(app: AppTest, field: str) -> Any:
    """The box of a field in the form of facts, judgements or the signature."""
    kinds = ("text_input", "text_area", "button_group")
    found = [one for kind in kinds for one in app.get(kind) if str(one.key).endswith(f"_{field}")]
    (of_the_patient,) = [one for one in found if not str(one.key).startswith("screening_new")]
    return of_the_patient


def fill_start(app: AppTest, **typed: Any) -> None:
    """Fill boxes of the form that begins a screening."""
    boxes: list[Any] = [*app.text_input, *app.button_group]
    for one in boxes:
        field = str(one.key).removeprefix("screening_new_0_")
        if field in typed:
            one.set_value(typed[field])


def press(app: AppTest, label: str) -> AppTest:
    (button,) = [one for one in app.button if one.label == label]
    return drawn(button.click().run())


def labels(app: AppTest) -> list[str]:
    return [one.label for one in app.button]


class TestStarting:
    def test_a_screening_begins_and_nothing_typed_is_lost(
        self, site: Site, open_as: Callable[..., AppTest]
    ) -> None:
        app = open_as(Role.COORDINATOR, code="")
        fill_start(app, study_code="Li Wei", age_years="61", sex=Sex.F)
        fill_start(app, treating_investigator_id=site.investigator.user_id)
        app = press(app, "Start screening")
        assert "Study code looks like a name. Enter the code of the trial, such as CART-007." in words(app)
        assert {"Li Wei", "61"} <= {one.value for one in app.text_input}
        assert site.rows("patient", sex="F") == []
        fill_start(app, study_code="CART-006")
        app = press(app, "Start screening")
        assert "CART-006 is in screening. Record the facts below." in words(app)
        assert "Facts of CART-006" in [one.value for one in app.header]
        (stored,) = site.rows("patient", study_code="CART-006")
        assert (stored["sex"], stored["age_years"], stored["enrolled_at"]) == ("F", 61, None)
        assert stored["treating_investigator_id"] == site.investigator.user_id
        lists = open_as(Role.COORDINATOR, code="").get("html")
        assert any('href="/enrolment?code=CART-006"' in one.proto.body for one in lists)


class TestFacts:
    def test_facts_are_recorded_and_each_criterion_gets_its_line(
        self, site: Site, open_as: Callable[..., AppTest]
    ) -> None:
        patient_id = start(site)
        app = open_as(Role.COORDINATOR)
        assert [one.value for one in app.subheader][:5] == [
            "Demography and disease",
            "Blood counts and organ function",
            "Heart and lungs",
            "Other illnesses",
            "Answers",
        ]
        assert box(app, "age_years").value == "54"
        box(app, "haemoglobin_g_per_l").set_value("72.5")
        box(app, "weight_kg").set_value("61.5")
        box(app, "creatinine_umol_per_l").set_value("70")
        box(app, "ecog").set_value(1)
        box(app, "infections").set_value(False)
        app = press(app, FACTS)
        facts = standing(patient_id).facts
        assert (facts.haemoglobin_g_per_l, facts.ecog, facts.infections) == (72.5, 1, ())
        assert facts.other_malignancies is None
        page = words(app)
        assert f"The facts of {CODE} are recorded and judged." in page
        assert "Not met. Speaks against. haemoglobin 72.5 g/L" in page
        assert "clearance 78.8 mL/min (Cockcroft-Gault)" in page
        assert "creatinine 70 umol/L; creatinine ULN not recorded; age 54 years; weight 61.5 kg" in page
        assert "Not eligible: 1 criterion speaks against enrolment. Haemoglobin at least 80 g/L" in page
        assert "Still to be known:" in page
        assert "LVEF, %" in page.split("Still to be known:")[1]

    def test_what_is_refused_stays_as_typed_with_its_sentence(
        self, site: Site, open_as: Callable[..., AppTest]
    ) -> None:
        start(site)
        app = open_as(Role.COORDINATOR)
        box(app, "haemoglobin_g_per_l").set_value("9.5")
        box(app, "creatinine_umol_per_l").set_value("1,1")
        box(app, "last_menses_on").set_value("2199-01-01")
        app = press(app, FACTS)
        assert "Haemoglobin must be 25 to 250 g/L, not 9.5. Check the unit." in words(app)
        assert "Creatinine must be a number, 15 to 3000 umol/L." in words(app)
        assert box(app, "haemoglobin_g_per_l").value == "9.5"
        box(app, "haemoglobin_g_per_l").set_value("95")
        box(app, "creatinine_umol_per_l").set_value("97")
        app = press(app, FACTS)
        assert "The last menses is dated 2199-01-01, after the day of this judgement" in words(app)
        assert box(app, "haemoglobin_g_per_l").value == "95"
        assert site.rows("screening") == []

    def test_a_rare_value_is_asked_about_once(self, site: Site, open_as: Callable[..., AppTest]) -> None:
        start(site)
        app = open_as(Role.COORDINATOR)
        box(app, "bilirubin_umol_per_l").set_value("1")
        app = press(app, FACTS)
        assert "Bilirubin of 1 umol/L is rare. Is it right?" in words(app)
        app.checkbox[0].check()
        app = press(app, FACTS)
        assert len(site.rows("screening")) == 1

    def test_an_answer_opens_its_next_question(self, site: Site, open_as: Callable[..., AppTest]) -> None:
        patient_id = start(site)
        app = open_as(Role.COORDINATOR)
        for field in ("infarction", "infections", "other_malignancies", "prior_axi_cel"):
            box(app, field).set_value(True)
        app = drawn(app.run())
        box(app, "infarction_on").set_value("2020-01-31")
        box(app, "infections_0_site").set_value("lung")
        box(app, "other_malignancies_0_treated").set_value(True)
        box(app, "worst_crs").set_value(1)
        box(app, "crs_unsettled_days").set_value("3, 5")
        app = press(app, FACTS)
        assert "Malignancy 1: Choose its kind." in words(app)
        box(app, "other_malignancies_0_kind").set_value(MalignancyKind.SKIN)
        box(app, "infections_1_site").set_value("skin")
        app = press(app, FACTS)
        facts = standing(patient_id).facts
        assert [one.site for one in facts.infections or ()] == ["lung", "skin"]
        assert [one.kind.value for one in facts.other_malignancies or ()] == ["skin"]
        assert facts.worst_crs is not None
        assert (facts.worst_crs.at_least, facts.worst_crs.unsettled_days) == (1, (3, 5))
        assert str(facts.infarction.last_on) == "2020-01-31"

    def test_a_man_is_not_asked_about_pregnancy(self, site: Site, open_as: Callable[..., AppTest]) -> None:
        start(site)
        app = open_as(Role.COORDINATOR)
        assert box(app, "pregnancy_test").value is None
        box(app, "sex").set_value(Sex.M).run()
        assert not [one for one in app.get("button_group") if str(one.key).endswith("_pregnancy_test")]

    def test_a_change_needs_a_reason_and_shows_what_changed(
        self, site: Site, open_as: Callable[..., AppTest]
    ) -> None:
        patient_id = start(site)
        record(site, patient_id)
        app = open_as(Role.COORDINATOR)
        assert box(app, "haemoglobin_g_per_l").value == "101"
        assert box(app, "infections").value is False
        box(app, "haemoglobin_g_per_l").set_value("95")
        app = press(app, FACTS)
        assert "Say why the facts are changed." in words(app)
        box(app, "why").set_value("laboratory of 3 March arrived")
        app = press(app, FACTS)
        assert standing(patient_id).version == 2
        assert "laboratory of 3 March arrived Haemoglobin, g/L" in words(app)

    def test_changed_blood_counts_ask_for_the_judgement_on_them_again(
        self, site: Site, open_as: Callable[..., AppTest]
    ) -> None:
        patient_id = start(site)
        record(site, patient_id, platelets_10e9_per_l=60)
        judged = {**screened.JUDGED, "collection_acceptable": YES}
        judge_criteria(patient_id, judged, version=1, by=site.investigator, now=NOW)
        app = open_as(Role.COORDINATOR)
        box(app, "platelets_10e9_per_l").set_value("31")
        box(app, "why").set_value("laboratory of 3 March arrived")
        app = press(app, FACTS)
        assert (
            "An investigator judges again, because the facts behind it changed: "
            "Collection is acceptable although a blood count is below its limit." in words(app)
        )
        assert standing(patient_id).verdict is Verdict.NOT_ELIGIBLE


class TestJudgementAndSignature:
    def test_an_investigator_judges_signs_and_the_patient_is_enrolled(
        self, site: Site, open_as: Callable[..., AppTest]
    ) -> None:
        patient_id = start(site)
        record(site, patient_id, platelets_10e9_per_l=60)
        screened.give_password(site)
        app = open_as(Role.INVESTIGATOR)
        assert SIGN not in labels(app)
        for name in ("consent", "comorbidity", "other_risk"):
            box(app, f"{name}_holds").set_value(False)
            box(app, f"{name}_reason").set_value("seen and asked")
        box(app, "collection_acceptable_holds").set_value(True)
        app = press(app, JUDGEMENTS)
        assert "Give the reason for the judgement." in words(app)
        assert standing(patient_id).version == 1
        box(app, "collection_acceptable_reason").set_value("stable for weeks")
        app = press(app, JUDGEMENTS)
        assert "Investigator's judgement: met. platelets 60 x 10^9/L. Reason: stable for weeks" in words(app)
        assert "Eligible: every criterion speaks for enrolment. An investigator has to sign." in words(app)
        box(app, "password_0").set_value("another one here")
        app = press(app, SIGN)
        assert "The password is not right. Nothing was signed." in words(app)
        box(app, "password_1").set_value(PASSWORD)
        app = press(app, SIGN)
        assert f"{CODE} is enrolled. Record the infusion on the page Infusions." in words(app)
        assert "Signed by Investigator Example (investigator) on " in words(app)
        assert "They have not changed since." in words(app)
        with reading() as session:
            patient = load_patient(session, CODE)
        assert patient is not None
        assert patient.enrolled_at is not None

    def test_nothing_new_is_no_version(self, site: Site, open_as: Callable[..., AppTest]) -> None:
        eligible(site)
        app = press(open_as(Role.INVESTIGATOR), JUDGEMENTS)
        assert "Nothing was judged that is not already recorded." in words(app)
        assert len(site.rows("screening")) == 2

    def test_a_coordinator_neither_judges_nor_signs(
        self, site: Site, open_as: Callable[..., AppTest]
    ) -> None:
        eligible(site)
        app = open_as(Role.COORDINATOR)
        assert not {SIGN, JUDGEMENTS} & set(labels(app))
        assert f"{CODE} is eligible. An investigator signs the enrolment on this page." in words(app)


class TestAfterEnrolment:
    def test_a_corrected_criterion_is_said_plainly_on_both_pages(
        self, site: Site, open_as: Callable[..., AppTest]
    ) -> None:
        patient_id = enrolled(site)
        record(site, patient_id, 2, "ECOG read from another form", ecog=3)
        said = "Enrolled 7 Mar 2026; by the corrected facts not eligible: ECOG 0 to 2: not met (ECOG 3)."
        app = open_as(Role.INVESTIGATOR)
        assert words(app).count(said) == 2  # in the list and at the patient
        assert "The facts were changed since; version 3 stands now." in words(app)
        assert SIGN not in labels(app)
        assert "Judged for 7 Mar 2026, the day of the enrolment" in words(app)
        assert said in words(open_as(Role.WARD, PATIENT))
        site.infuse(CODE, 1, NOW, NOW)
        assert said in words(open_as(Role.WARD, PATIENT))

    def test_facts_that_were_touched_behind_the_program_are_told(
        self, site: Site, open_as: Callable[..., AppTest]
    ) -> None:
        enrolled(site)
        with writing() as session:
            signatures = Record.metadata.tables["signature"]
            row = site.rows("signature")[0]
            values = {**row, "id": row["id"] + 1, "record_hash": "0" * 64}
            session.connection().execute(signatures.insert().values(values))
        assert "The stored facts are not those that were signed. Call the administrator." in words(
            open_as(Role.INVESTIGATOR)
        )

    def test_who_was_enrolled_elsewhere_may_be_screened_afterwards(
        self, site: Site, open_as: Callable[..., AppTest]
    ) -> None:
        app = open_as(Role.COORDINATOR, code=INFUSED)
        assert f"{INFUSED} was enrolled without a screening here; nothing was signed." in words(app)
        box(app, "ecog").set_value(4)
        press(app, f"Record the facts of {INFUSED}")
        assert standing(site.patients[INFUSED]).verdict is Verdict.NOT_ELIGIBLE
        assert "by the facts recorded not eligible: " in words(open_as(Role.WARD, PATIENT, code=INFUSED))


class TestLastingFindings:
    def test_an_investigator_records_them_and_not_who_treats(
        self, site: Site, open_as: Callable[..., AppTest]
    ) -> None:
        app = open_as(Role.INVESTIGATOR, code=INFUSED)
        assert f"Who treats {INFUSED}" not in [one.value for one in app.subheader]
        box(app, "lasting_findings").set_value(["none", "hypoxia"])
        box(app, "lasting_findings_note").set_value("home oxygen 2 L/min")
        app = press(app, "Save lasting findings")
        assert "None of these cannot stand beside a sign. Take one of them back." in words(app)
        assert site.rows("patient", study_code=INFUSED)[0]["lasting_findings"] is None
        box(app, "lasting_findings").set_value(["hypoxia"])
        app = press(app, "Save lasting findings")
        assert f"Lasting findings of {INFUSED} are recorded." in words(app)
        assert "Note: home oxygen 2 L/min" in words(app)
        (stored,) = site.rows("patient", study_code=INFUSED)
        assert stored["lasting_findings"] == "hypoxia"
        assert stored["lasting_findings_note"] == "home oxygen 2 L/min"

    def test_a_coordinator_changes_who_treats_and_no_findings(
        self, site: Site, open_as: Callable[..., AppTest]
    ) -> None:
        app = open_as(Role.COORDINATOR, code=INFUSED)
        assert f"Who treats {INFUSED}" in [one.value for one in app.subheader]
        assert "Save lasting findings" not in labels(app)


class TestWhoIsInScreening:
    def test_the_lists_keep_them_apart(self, site: Site, open_as: Callable[..., AppTest]) -> None:
        record(site, start(site), ecog=3)
        start(site, "CART-012")
        lists = ["In screening (1)", "Not eligible (1)", "Enrolled (2 of 15 planned)"]
        assert [one.value for one in open_as(Role.COORDINATOR, code="").header] == lists
        app = open_as(Role.COORDINATOR)
        assert app.header[0].value == CODE
        assert [one.value for one in app.expander[-1].header] == lists
        assert app.expander[-1].label == "Everybody: 1 in screening, 1 not eligible, 2 enrolled"

    def test_no_infusion_can_be_recorded_and_the_patients_page_says_why(
        self, site: Site, open_as: Callable[..., AppTest]
    ) -> None:
        start(site)
        app = open_as(Role.COORDINATOR, INFUSIONS)
        assert CODE not in app.selectbox[0].options
        page = words(open_as(Role.COORDINATOR, PATIENT))
        assert "In screening, not enrolled." in page
        assert f"Open the screening of {CODE}" in page
        assert f"Open the screening of {CODE}" not in words(open_as(Role.WARD, PATIENT))


@pytest.mark.parametrize("role", Role)
def test_the_page_opens_for_those_who_may_and_for_nobody_else(
    site: Site, open_as: Callable[..., AppTest], role: Role
) -> None:
    record(site, start(site))
    page = words(open_as(role))
    allowed = may_see(role, Page.ENROLMENT)
    assert ("B-cell non-Hodgkin lymphoma" in page) is allowed
    assert ("does not have this page" in page) is not allowed


def test_somebody_in_screening_for_months_is_judged_for_today(
    site: Site, open_as: Callable[..., AppTest]
) -> None:
    """The facts were recorded when an infarction was 5 months ago; the page is opened long after."""
    patient_id = start(site)
    record(site, patient_id, infarction=True, infarction_on="2025-10-20")
    assert standing(patient_id).verdict is Verdict.NOT_ELIGIBLE
    app = open_as(Role.COORDINATOR)
    assert "Undecided: 3 criteria are not yet known." in words(app)


def test_a_date_among_the_facts_is_written_as_people_read_it(
    site: Site, open_as: Callable[..., AppTest]
) -> None:
    on = (utc_now() - timedelta(days=30)).date()
    record(site, start(site), now=utc_now(), infarction=True, infarction_on=on.isoformat())
    page = words(open_as(Role.COORDINATOR))
    assert f"Myocardial infarction within 6 months: met (last on {date_words(on)}" in page
    assert page.count(f"last on {date_words(on)}") == 3, "at the top, on its line, in the list of everybody"
    assert f"last on {on.isoformat()}" not in page
