"""The alerts page: what it says of an alert, whom it names, what it offers and what an answer stores."""

import re
from datetime import timedelta

import pytest
from sqlmodel import select

from actions import context
from actions.alerts import acknowledge_alert
from actions.recipients import add_recipient, confirm_test_mail
from alerts.model import Signal, SignalKind, SignalState
from alerts.outbox import Outcome, Result, claim_next, record_outcome
from alerts.reconcile import reconcile_course, reconcile_program
from db.inputs import RecipientIn
from db.inputs_alerts import ActionTaken
from db.models import Delivery, Notice, Recipient
from db.roles import SYSTEM, Actor, Group, Role
from db.session import writing
from tests.actions.conftest import CODE, INFUSED_AT, NOW, SHOCK, Site
from tests.pages.at_the_bedside import Sheet
from tests.pages.frame import Frame, in_red
from tests.support import made_up


@pytest.fixture
def site(sqlite_site: Site) -> Site:
    """Two people of the ward on the list, and one of the second step."""
    for name, group in (("Prof Li", Group.WARD), ("Dr Sun", Group.DEPUTY)):
        address = f"{name.lower().replace(' ', '.')}@hospital.example"
        typed = RecipientIn(name=name, address=address, group=group)
        add_recipient(typed, by=sqlite_site.coordinator, now=INFUSED_AT)
    return sqlite_site


@pytest.fixture
def sheet(site: Site, monkeypatch: pytest.MonkeyPatch) -> Sheet:
    return page_of(site.investigator, monkeypatch)


def page_of(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> Sheet:
    return Sheet("ward/alerts.py", actor, NOW, monkeypatch)


def shock(site: Site, hours: float = 119, **more: str) -> int:
    """Grade 3, entered six minutes after it was seen; returns its alert."""
    site.record(hours, **{**SHOCK, **more})
    return alert_of(site, SignalKind.GRADE_3)


def alert_of(site: Site, kind: SignalKind, **more: str) -> int:
    (alert,) = site.rows("alert", signal=kind.value, **more)
    return int(alert["id"])


def card_of(sheet: Sheet, alert_id: int) -> Frame:
    return sheet.frame(f"alert-card-{alert_id}")


def withdraw(site: Site) -> None:
    """The only entry was charted for another patient."""
    (entry,) = site.rows("assessment")
    made_up.correct(entry["stable_id"], NOW, "Charted for another patient", status="voided")


def answer_of_the_mail_server(outcome: Outcome) -> None:
    """Every mail that waits is sent, and the server says this of each."""
    with writing() as session:
        while (delivery := claim_next(session, worker="test", now=NOW)) is not None:
            record_outcome(session, delivery, outcome, now=NOW)


def sweep(site: Site) -> None:
    """What the worker's sweep does for this course."""
    with writing() as session:
        reconcile_course(
            session,
            infusion_id=site.infusions[CODE],
            now=NOW,
            protocol=context.protocol(),
            by=SYSTEM,
            settings=context.settings(),
            by_the_clock=True,
        )


def starting(words: str, lines: list[str]) -> str:
    """The only line that begins so."""
    (found,) = {line for line in lines if line.startswith(words)}
    return found


def test_who_was_told_stands_with_the_mail_servers_words(site: Site, sheet: Sheet) -> None:
    alert_id = shock(site)
    answer_of_the_mail_server(Outcome(Result.SENT, "250 2.0.0 <queued> as 4F2"))
    sheet.open(a=str(alert_id))
    table = card_of(sheet, alert_id).table("Who was told.")
    assert table.caption == "Who was told. 2 people told."
    _, what, sent, words = table.cells("Prof Li")
    assert (what, sent) == ("opened, grade 3 09:06", "sent 10:00")
    assert words == "10:00:00 sent: 250 2.0.0 <queued> as 4F2"


def test_the_alert_of_a_link_stands_first_even_when_it_is_over(site: Site, sheet: Sheet) -> None:
    alert_id = shock(site)
    withdraw(site)
    sheet.open(a=str(alert_id))
    assert [header.value for header in sheet.page.header][:2] == ["The alert you opened", "Open (0)"]
    keys = [getattr(one, "key", None) or "" for one in sheet.page.main]
    assert [key for key in keys if key.startswith("alert-card-")] == [f"alert-card-{alert_id}"]
    card = card_of(sheet, alert_id)
    assert starting("Withdrawn since", card.sentences)
    (heading,) = card.headings
    assert heading.startswith(f"{CODE} did not have grade 3 CRS")


def test_history_is_listed_apart(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    at = NOW - timedelta(days=400)
    patient_id = made_up.enrol("CART-107", at)
    infusion_id = made_up.infuse(patient_id, 1, at)
    made_up.assess(patient_id, infusion_id, [(at + timedelta(days=2), SHOCK)], historical=True)
    sheet = page_of(site.people[Role.COMMITTEE], monkeypatch).open()
    assert "From imported history (2)" in [header.value for header in sheet.page.header]  # one is the bar
    assert "CART-107" not in sheet.text
    sheet.unfold("alerts-history")
    row = sheet.frame().table("Never mailed one by one").row("CART-107", "CRS grade 3")
    alert_id = alert_of(site, SignalKind.GRADE_3)
    assert [link.get("href") for link in row[0].iter("a")] == [f"/alerts?a={alert_id}"]
    sheet.open(a=str(alert_id))
    words = "From imported history: nobody was mailed about it alone."
    assert words in card_of(sheet, alert_id).sentences


def test_a_link_to_no_alert_is_answered(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = page_of(site.nurse, monkeypatch).open(a="999999")
    words = "The alert of this link is not known here. These are the alerts that are."
    assert words in sheet.frame().remarks


def test_a_missed_assessment_is_acknowledged_and_says_how_to_end_it(site: Site, sheet: Sheet) -> None:
    site.record(80)
    sweep(site)
    alert_id = alert_of(site, SignalKind.MISSED, slot="vital_signs")
    sheet.open(a=str(alert_id))
    card = card_of(sheet, alert_id)
    assert card.headings[0].startswith(f"{CODE}: vital signs are missed")
    way = starting("To end it:", card.sentences)
    assert way == "To end it: enter vital signs that settle CRS, or say why they were not done."
    assert card.links()[f"Assess {CODE}"] == f"/assess?code={CODE}"
    question = f"What was done? A touch acknowledges {CODE}, vital signs missed."
    assert card.questions == [question]
    sheet.touch(question, ActionTaken.SEEN_AT_BEDSIDE)
    said = starting("Acknowledged by", card_of(sheet, alert_id).sentences)
    assert re.match(
        r"Acknowledged by Investigator Example at 10:00: seen at bedside\. It lapses at .*Time to ackno", said
    )
    (answer,) = site.rows("acknowledgement", alert_id=alert_id)
    assert (answer["level"], answer["assessment_id"]) == (0, None)


def test_support_without_a_grade_is_shown_with_what_was_charted(site: Site, sheet: Sheet) -> None:
    site.record(119, vasopressors="norepinephrine")
    alert_id = alert_of(site, SignalKind.SUPPORT_UNGRADED)
    sheet.open(a=str(alert_id))
    card = card_of(sheet, alert_id)
    assert card.headings[0].startswith(f"{CODE} has support for pressure")
    assert starting("Charted:", card.sentences).endswith("; Vasopressors: Norepinephrine.")
    sheet.touch(card.questions[0], ActionTaken.DRUG_GIVEN)
    said = starting("Acknowledged by", card_of(sheet, alert_id).sentences)
    assert said.startswith("Acknowledged by Investigator Example at 10:00: drug given")


def test_what_is_most_urgent_cannot_be_silenced(site: Site, sheet: Sheet) -> None:
    alert_id = shock(site, vasopressors="norepinephrine;epinephrine")
    sheet.open(a=str(alert_id))
    card = card_of(sheet, alert_id)
    assert starting("P1. Not acknowledged since", card.sentences)
    assert card.folds == []


@pytest.mark.parametrize(("role", "folds"), [(Role.INVESTIGATOR, [f"Silence {CODE}"]), (Role.WARD, [])])
def test_the_ward_silences_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch, role: Role, folds: list[str]
) -> None:
    alert_id = shock(site)
    sheet = page_of(site.people[role], monkeypatch).open(a=str(alert_id))
    assert card_of(sheet, alert_id).folds == folds


def test_a_refused_mail_stands_in_red_on_the_thread(site: Site, sheet: Sheet) -> None:
    alert_id = shock(site, 119.8)
    answer_of_the_mail_server(Outcome(Result.REFUSED, "550 5.1.1 <prof.li> unknown"))
    sheet.open(a=str(alert_id))
    card = card_of(sheet, alert_id)
    *_, sent, words = card.table("Who was told.").row("Prof Li")
    assert in_red(sent) == ["failed: not told by mail"]
    assert in_red(words) == ["10:00:00 refused for good: 550 5.1.1 <prof.li> unknown"]
    coming = starting("Next:", card.sentences)
    assert coming.startswith("Next: deputy investigator (Dr Sun) within a minute")


def a_problem(slot: str) -> None:
    """The worker has seen a problem of the program itself."""
    signal = Signal(SignalKind.SYSTEM, slot, SignalState.FIRING, 0, 3, NOW, NOW)
    with writing() as session:
        reconcile_program(
            session,
            [signal],
            now=NOW,
            protocol=context.protocol(),
            by=SYSTEM,
            settings=context.settings(),
        )


def test_a_problem_of_the_program_is_answered_in_words(site: Site, sheet: Sheet) -> None:
    a_problem("backup")
    alert_id = alert_of(site, SignalKind.SYSTEM)
    sheet.open(a=str(alert_id))
    assert card_of(sheet, alert_id).headings == ["The program: the last backup is too old."]
    sheet.write("In a few words, what was done?", "Disk replaced").press("Acknowledge the alert")
    assert "Remark: Disk replaced" in card_of(sheet, alert_id).remarks
    (answer,) = site.rows("acknowledgement", alert_id=alert_id)
    assert (answer["action_taken"], answer["remark"]) == ("other", "Disk replaced")


@pytest.mark.parametrize("role", [Role.INVESTIGATOR, Role.WARD])
def test_a_problem_of_the_program_is_in_the_banner_above_the_page(
    site: Site, monkeypatch: pytest.MonkeyPatch, role: Role
) -> None:
    a_problem("backup")
    monkeypatch.setattr("pages.parts.banner.utc_now", lambda: NOW)
    sheet = Sheet("router.py", site.people[role], NOW, monkeypatch).open()
    assert "The last backup is too old since 10:00. Tell the administrator." in sheet.text


def test_who_would_be_told_stands_for_every_signal(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = page_of(site.nurse, monkeypatch).open().unfold("alerts-who")
    page = sheet.frame()
    _, who = page.table("P2: CRS or ICANS grade 3").cells("15 min")
    assert "Dr Sun (dr.sun@hospital.example)" in who
    assert "Principal investigator: nobody" in who
    assert page.table("P3: a missed assessment").caption == "P3: a missed assessment"
    assert starting("Quiet hours 22:00 to 07:00", page.sentences)


def test_what_is_over_says_who_acknowledged_and_why_it_ended(
    site: Site, sheet: Sheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    alert_id = shock(site)
    sheet.open(a=str(alert_id)).touch(card_of(sheet, alert_id).questions[0], ActionTaken.DRUG_GIVEN)
    withdraw(site)
    sheet = page_of(site.nurse, monkeypatch).open()
    row = sheet.frame().table("Alerts that are over").cells(CODE, "CRS")  # the other is that of the bar
    assert "Investigator Example, 7 Mar 2026 10:00" in row
    assert "withdrawn: the entry behind it was corrected 7 Mar 2026 10:00" in row


def test_an_answer_that_comes_second_is_told_so_once(site: Site, sheet: Sheet) -> None:
    alert_id = shock(site)
    sheet.open(a=str(alert_id))
    (entry,) = site.rows("assessment")
    acknowledge_alert(alert_id, 3, entry["id"], "drug_given", by=site.investigator, now=NOW)
    sheet.touch(f"What was done? A touch acknowledges {CODE} at grade 3.", ActionTaken.SEEN_AT_BEDSIDE)
    words = "Your answer was not recorded: already acknowledged by Investigator Example at 10:00."
    assert words in card_of(sheet, alert_id).sentences
    (answer,) = site.rows("acknowledgement", alert_id=alert_id)
    assert answer["action_taken"] == "drug_given"
    sheet.open()
    assert starting("Acknowledged by Investigator Example", card_of(sheet, alert_id).sentences)
    assert words not in sheet.text


def test_a_remark_on_what_was_withdrawn_meanwhile_is_told_so(site: Site, sheet: Sheet) -> None:
    alert_id = shock(site)
    sheet.open(a=str(alert_id)).touch(card_of(sheet, alert_id).questions[0], ActionTaken.OTHER)
    withdraw(site)
    sheet.write("In a few words, what was done?", "Called the family").run(sheet.page.run)
    words = "Your answer was not recorded: this alert was withdrawn at 10:00."
    assert words in card_of(sheet, alert_id).sentences
    assert not site.rows("acknowledgement")


def test_the_next_step_is_named_and_a_silence_with_a_reason_stops_it(site: Site, sheet: Sheet) -> None:
    alert_id = shock(site, 119.9)
    sheet.open(a=str(alert_id))
    coming = starting("Next:", card_of(sheet, alert_id).sentences)
    assert coming.startswith("Next: deputy investigator (Dr Sun) at 10:15 if nobody")
    sheet.unfold(f"alerts-silence-{alert_id}-0").touch("For how long?", 4).press(f"Silence {CODE} now")
    refusal = "Say in a few words why nobody else needs to be told for now."
    assert refusal in card_of(sheet, alert_id).sentences
    sheet.write("Why does nobody else need to be told for now?", "<i>Team</i> is at the bed")
    sheet.press(f"Silence {CODE} now")
    card = card_of(sheet, alert_id)
    assert starting("Silenced until 14:00", card.sentences).endswith("unless it becomes P1.")
    assert starting("Silenced by Investigator Example at 10:00 until 14:00", card.sentences)
    assert "Reason: <i>Team</i> is at the bed" in card.remarks
    assert refusal not in sheet.text
    (silence,) = site.rows("silence", alert_id=alert_id)
    assert silence["until"] == NOW + timedelta(hours=4)


def a_test_mail(code: str) -> None:
    """A test mail to Prof Li that was sent an hour ago."""
    at = NOW - timedelta(hours=1)
    with writing() as session:
        to = session.exec(select(Recipient).where(Recipient.name == "Prof Li")).one()
        notice = Notice(kind="test", urgency=4, created_at=at, content={})
        session.add(notice)
        session.flush()
        mail = Delivery(
            uid=f"{code}-0000-4000-8000-000000000000",
            notice_id=int(notice.id or 0),
            recipient_id=int(to.id or 0),
            name=to.name,
            address=to.address,
            urgency=4,
            message=b"test",
            created_at=at,
            due_at=at,
            state="sent",
            sent_at=at,
        )
        session.add(mail)


def test_a_test_mail_is_confirmed_by_its_button_and_never_by_its_link(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_test_mail("0badcafe")
    sheet = page_of(site.nurse, monkeypatch).open(t="0badcafe")
    words = "To Prof Li, prof.li@hospital.example, of 09:00. Code 0badcafe."
    assert words in sheet.frame("test-mail").remarks
    assert site.rows("receipt") == []
    sheet.press("This mail arrived")
    assert sheet.frame("test-mail").sentences == ["Confirmed by Ward Example at 10:00."]
    (receipt,) = site.rows("receipt")
    assert (receipt["by"], receipt["at"]) == (site.nurse.user_id, NOW)


def test_a_confirmed_test_mail_stands_with_its_recipient(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    a_test_mail("0badcafe")
    confirm_test_mail("0badcafe", by=site.nurse, now=NOW)
    sheet = Sheet("office/recipients.py", site.coordinator, NOW, monkeypatch).open(t="0badcafe")
    assert sheet.frame("test-mail").sentences == ["Confirmed by Ward Example at 10:00."]
    assert "This mail arrived" not in sheet.buttons
    assert "Last test mail sent 09:00, confirmed 10:00 by Ward Example." in sheet.text
    assert "No test mail yet." in sheet.text  # of Dr Sun


def test_a_link_to_no_test_mail_is_answered(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = page_of(site.people[Role.COMMITTEE], monkeypatch).open(t="00000000")
    words = "No test mail has the code of this link. Open the link of the mail once more."
    assert sheet.frame("test-mail").remarks == [words]
