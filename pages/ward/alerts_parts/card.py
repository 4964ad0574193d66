"""One alert as a card, and those that are over as rows of a table."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

import streamlit as st

from actions.permissions import Action, may
from alerts.model import SignalKind
from alerts.wording import reference
from alerts.words.short import short_words
from db.queries.alert_thread import Answer
from db.queries.alerts import AlertRow, AlertStory
from db.roles import Actor
from pages.parts import tiles
from pages.parts.wording import date_and_time, infusion_words, sentence_case
from pages.ward.alerts_parts.answer import show_answer
from pages.ward.alerts_parts.coming import Coming, coming_words
from pages.ward.alerts_parts.latched import way_to_its_end
from pages.ward.alerts_parts.silence import show_silence
from pages.ward.alerts_parts.told import is_long, told_table, whole_table
from pages.ward.alerts_parts.why import why_lines
from pages.ward.alerts_parts.words import answer_words, ended_words, headline, silence_words, state_words

_WITH_A_GRADE = (SignalKind.GRADE_3, SignalKind.RISE_2)
_NO_PATIENT = {SignalKind.BOUNDARY.value: "the trial"}
_TO_BE_RECORDED = (SignalKind.MISSED, SignalKind.UNSETTLED, SignalKind.SUPPORT_UNGRADED)

ComingOf = Mapping[int, Coming | None]
"""Alert -> what comes next; only of those that are open."""


def show_card(story: AlertStory, coming: ComingOf, actor: Actor, now: datetime, zone: ZoneInfo) -> None:
    """The sentence, why, the question or its answers, who is next, who was told, and the ways on."""
    alert = story.alert
    with st.container(border=True, key=f"alert-card-{alert.id}"):
        st.html(_head(story, now, zone))
        show_answer(story, actor, now, zone)
        for answer in story.answers:
            st.html(tiles.piece("p", text=answer_words(story, answer, now, zone), classes="vigil-text"))
            if answer.remark:
                st.text(f"Remark: {answer.remark}")
        for silence in story.silences:
            st.html(tiles.piece("p", text=silence_words(story, silence, now, zone), classes="vigil-text"))
            st.text(f"Reason: {silence.reason}")
        if alert.id in coming:
            _show_coming(coming[alert.id], now, zone)
        _show_thread(story, now, zone)
        show_silence(story, actor)
        ways = _ways_on(story, actor)
        if ways:
            st.html(tiles.line(*ways))


def _show_coming(coming: Coming | None, now: datetime, zone: ZoneInfo) -> None:
    reaches_nobody = coming is not None and not coming.people
    classes = "vigil-problem" if reaches_nobody else "vigil-text"
    st.html(tiles.piece("p", text=coming_words(coming, now, zone), classes=classes))


def _show_thread(story: AlertStory, now: datetime, zone: ZoneInfo) -> None:
    if not story.notices and not story.told:
        st.html(tiles.soft(_why_nobody(story.alert)))
        return
    st.html(told_table(story, now, zone))
    if is_long(story):
        folded = st.expander("Everyone who was told", key=f"alerts-told-{story.alert.id}", on_change="rerun")
        if folded.open:
            with folded:
                st.html(whole_table(story, now, zone))


def _why_nobody(alert: AlertRow) -> str:
    if alert.historical:
        return "From imported history: nobody was mailed about it alone."
    return "Nobody was mailed: no recipient was on the list."


def _head(story: AlertStory, now: datetime, zone: ZoneInfo) -> str:
    state = state_words(story, now, zone)
    band = tiles.alert_band(state) if story.alert.state == "open" else tiles.outlined_band(state)
    lines = [
        tiles.piece("div", tiles.piece("b", text=f"{label}: "), tiles.piece("span", text=words))
        for label, words in why_lines(story, now, zone)
    ]
    sentence = tiles.piece("h3", text=headline(story, zone), classes="vigil-alert-sentence")
    return band + tiles.line(_tile(story), sentence) + tiles.piece("div", *lines, classes="vigil-alert-lines")


def _tile(story: AlertStory) -> str:
    """The tile of the grade that the alert is about; nothing where it is about none."""
    alert, shown = story.alert, story.shown
    if alert.signal in _WITH_A_GRADE:
        grade = alert.level if shown is None or shown.grade.grade is not None else None
        return tiles.grade_tile(grade, alert.level, toxicity=alert.slot.upper())
    last = story.unsettled if alert.signal == SignalKind.UNSETTLED else shown
    if last is None:
        return ""
    return tiles.grade_tile(last.grade.grade, last.grade.at_least, toxicity=last.grade.scale.label)


def _ways_on(story: AlertStory, actor: Actor) -> list[str]:
    """The links of a card: to where the alert is ended, then to the patient."""
    end = way_to_its_end(story.alert, actor)
    ways = [end] if end else []
    if story.alert.study_code is not None:
        ways += _ways_to_the_patient(story, story.alert.study_code, actor)
    return ways


def _ways_to_the_patient(story: AlertStory, study_code: str, actor: Actor) -> list[str]:
    alert, shown, code = story.alert, story.shown, quote(study_code)
    way = f"/patient?code={code}&a={shown.stable_id}" if shown else f"/patient?code={code}"
    words = f"Open the entry of {study_code}" if shown else f"Open {study_code}"
    ways = [tiles.link(words, way, classes="vigil-link vigil-link-block")]
    if alert.live and alert.signal in _TO_BE_RECORDED and may(actor.role, Action.RECORD_ASSESSMENT):
        assess = tiles.link(
            f"Assess {study_code}", f"/assess?code={code}", classes="vigil-link vigil-link-block"
        )
        ways.append(assess)
    return ways


def past_table(
    caption: str, alerts: Sequence[AlertRow], zone: ZoneInfo, answers: Mapping[int, Answer] | None = None
) -> str:
    """Alerts that are over, a row each; the reference opens one. `answers`: their last acknowledgements."""
    heads = ["Reference", "Patient", "What", "First observed", "Acknowledged", "How it ended"]
    if answers is None:
        heads.remove("Acknowledged")
    return tiles.table(caption, heads, [_past_row(alert, zone, answers) for alert in alerts])


def _past_row(alert: AlertRow, zone: ZoneInfo, answers: Mapping[int, Answer] | None) -> list[str]:
    infusion = f", {infusion_words(alert.number)}" if alert.number else ""
    at = f" {date_and_time(alert.closed_at, zone)}" if alert.closed_at else ""
    row = [
        tiles.link(reference(alert.id), f"/alerts?a={alert.id}", classes="vigil-link vigil-link-row"),
        tiles.cell(f"{alert.study_code or _NO_PATIENT.get(alert.signal, 'the program')}{infusion}"),
        _past_what(alert),
        tiles.cell(date_and_time(alert.first_observed_at, zone)),
    ]
    if answers is not None:
        answer = answers.get(alert.id)
        by = f"{answer.by}, {date_and_time(answer.at, zone)}" if answer else "not acknowledged"
        row.append(tiles.cell(by))
    withdrawn = "withdrawn: " if alert.state == "retracted" else ""
    return [*row, tiles.cell(f"{withdrawn}{ended_words(alert)}{at}")]


def _past_what(alert: AlertRow) -> str:
    if alert.signal in _WITH_A_GRADE:
        tile = tiles.grade_tile(alert.level, alert.level, toxicity=alert.slot.upper(), small=True)
        risen = " risen" if alert.signal == SignalKind.RISE_2 else ""
        return tile + tiles.piece("span", text=f" {alert.slot.upper()}{risen}")
    return tiles.cell(sentence_case(short_words(alert.signal, alert.slot, alert.level)).rstrip(","))
