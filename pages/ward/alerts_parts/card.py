"""One alert as a card, and those that are over as rows of a table."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

import streamlit as st

from alerts.wording import reference
from db.queries.alerts import AlertRow, AlertStory
from db.roles import Actor
from pages.parts import tiles
from pages.parts.wording import date_and_time, infusion_words
from pages.ward.alerts_parts.answer import show_answer
from pages.ward.alerts_parts.told import told_table
from pages.ward.alerts_parts.words import ENDED, answer_words, headline, state_words, why_lines


def show_card(story: AlertStory, actor: Actor, now: datetime, zone: ZoneInfo) -> None:
    """The sentence, why, the question or its answers, who was told, and the way to the entry."""
    with st.container(border=True, key=f"alert-card-{story.alert.id}"):
        st.html(_head(story, now, zone))
        show_answer(story, actor)
        for answer in story.answers:
            st.html(tiles.piece("p", text=answer_words(story, answer, now, zone), classes="vigil-text"))
            if answer.remark:
                st.text(f"Remark: {answer.remark}")
        if story.told:
            st.html(told_table(story.told, now, zone))
        else:
            st.html(tiles.soft(_why_nobody(story.alert)))
        st.html(_ways_on(story))


def _why_nobody(alert: AlertRow) -> str:
    if alert.historical:
        return "From imported history: nobody was mailed about it alone."
    return "Nobody was mailed: no recipient was on the list."


def _head(story: AlertStory, now: datetime, zone: ZoneInfo) -> str:
    alert, shown = story.alert, story.shown
    state = state_words(story, now, zone)
    band = tiles.alert_band(state) if alert.state == "open" else tiles.outlined_band(state)
    grade = alert.level if shown is None or shown.grade.grade is not None else None
    tile = tiles.grade_tile(grade, alert.level, toxicity=alert.slot.upper())
    lines = [
        tiles.piece("div", tiles.piece("b", text=f"{label}: "), tiles.piece("span", text=words))
        for label, words in why_lines(story, now, zone)
    ]
    sentence = tiles.piece("h3", text=headline(story, zone), classes="vigil-alert-sentence")
    return band + tiles.line(tile, sentence) + tiles.piece("div", *lines, classes="vigil-alert-lines")


def _ways_on(story: AlertStory) -> str:
    alert, shown = story.alert, story.shown
    if alert.study_code is None:
        return ""
    code = quote(alert.study_code)
    way = f"/patient?code={code}&a={shown.stable_id}" if shown else f"/patient?code={code}"
    words = f"Open the entry of {alert.study_code}" if shown else f"Open {alert.study_code}"
    return tiles.link(words, way, classes="vigil-link vigil-link-block")


def past_table(caption: str, alerts: Sequence[AlertRow], zone: ZoneInfo) -> str:
    """Alerts that are over, a row each; the reference opens one."""
    return tiles.table(
        caption,
        ("Reference", "Patient", "Grade", "First observed", "How it ended"),
        [_past_row(alert, zone) for alert in alerts],
    )


def _past_row(alert: AlertRow, zone: ZoneInfo) -> list[str]:
    infusion = f", {infusion_words(alert.number)}" if alert.number else ""
    ended = ENDED.get(alert.ended_reason or "", alert.ended_reason or "not over")
    at = f" {date_and_time(alert.closed_at, zone)}" if alert.closed_at else ""
    return [
        tiles.link(reference(alert.id), f"/alerts?a={alert.id}", classes="vigil-link vigil-link-row"),
        tiles.cell(f"{alert.study_code or 'the program'}{infusion}"),
        tiles.grade_tile(alert.level, alert.level, toxicity=alert.slot.upper(), small=True)
        + tiles.piece("span", text=f" {alert.slot.upper()}"),
        tiles.cell(date_and_time(alert.first_observed_at, zone)),
        tiles.cell(f"{'withdrawn: ' if alert.state == 'retracted' else ''}{ended}{at}"),
    ]
