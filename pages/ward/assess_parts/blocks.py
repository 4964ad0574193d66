"""The questions of the assess page, block by block, in the order of an examination at the bedside.

Choices come from the grading enums. A second question appears only after its answer.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Final

import streamlit as st

from grading.charted import (
    Consciousness,
    CrsJudgement,
    DeathDueTo,
    EdemaOrRaisedIcp,
    FeverMaskingDrug,
    IceNotDone,
    OxygenDevice,
    Seizure,
    Sign,
    Vasopressor,
    Word,
)
from pages.parts import tiles
from pages.parts.wording import clock_time, date_words, listed, span, zone_words
from pages.ward.assess_parts.answers import (
    BLOCKS,
    FLOWLESS,
    ICE_ALL,
    ICE_ITEMS,
    ICE_NOT_DONE,
    ICE_SCORED,
    NONE,
    absent_question,
    answered,
)
from pages.ward.assess_parts.fields import (
    Sheet,
    any_of,
    number,
    one_of,
    problem_line,
    treated_line,
)
from pages.ward.assess_parts.form import EARLIER, NOW, Form
from pages.ward.assess_parts.last import (
    NO_SIGNS,
    list_words,
    neurology_last,
    oxygen_words,
    phrase,
    support_last,
)
from trial.refusals import ASKED_AGAIN_AFTER

_NONE_OF_THESE: Final = {NONE: "None of these"}
_SIGNS: Final = {
    "iv_fluid_bolus": "Fluid bolus",
    "vasopressors": "Vasopressor",
    "seizure": "Seizure",
    "motor_weakness": "Deep focal weakness",
    "edema_or_raised_icp": "Edema or raised pressure",
}
_ICE_WAYS: Final = {ICE_ALL: "All 10 correct", ICE_SCORED: "Score the items", ICE_NOT_DONE: "Not done"}
_ICE_GUIDE: Final[Mapping[str, tuple[str, str]]] = {
    "ice_orientation": ("Orientation", "year, month, city, hospital: 1 point each"),
    "ice_naming": ("Naming", "point to 3 objects, such as clock, pen, button: 1 point each"),
    "ice_commands": (
        "Following a command",
        "“Show me 2 fingers” or “Close your eyes and put out your tongue”: 1 point",
    ),
    "ice_writing": ("Writing", "a standard sentence: 1 point"),
    "ice_attention": ("Attention", "count backwards from 100 by 10: 1 point"),
}


def labels(words: Iterable[Word]) -> dict[str, str]:
    """The choices of a grading enum: the file's word -> the words on the screen."""
    return {word.value: word.label for word in words}


def phrases(words: Iterable[Word]) -> dict[str, str]:
    """The same with the words of a sentence, for long lists of names."""
    return {word.value: word.phrase for word in words}


def observed(sheet: Sheet) -> None:
    """When it was observed: now, or at an earlier time of a day chosen from the last three."""
    form, at = sheet.form, clock_time(sheet.form.opened_at, sheet.zone)
    just_now = sheet.now - form.opened_at < timedelta(minutes=10)
    words = {NOW: f"Now ({at})" if just_now else f"At {at}", EARLIER: "Earlier"}
    st.session_state.setdefault(form.key("observed"), NOW)
    st.segmented_control(
        f"Observed {zone_words(sheet.now, sheet.zone)}",
        list(words),
        format_func=lambda word: words[word],
        required=True,
        key=form.key("observed"),
        on_change=form.left,
        wrap=True,
    )
    if form.answer("observed") == EARLIER:
        _earlier(sheet)


def _earlier(sheet: Sheet) -> None:
    form, today = sheet.form, sheet.now.astimezone(sheet.zone).date()
    days = {today: "Today", today - timedelta(days=1): "Yesterday"}
    choices = {on.isoformat(): f"{word}, {date_words(on)}" for on, word in days.items()} | {
        "other": "Another day"
    }
    one_of(sheet, "observed_day", "Day", choices, bold=False)
    left, right = st.columns(2)
    with left:
        st.text_input(
            "Time (24 h, such as 02:30)", key=form.key("observed_time"), on_change=form.left, max_chars=20
        )
        problem_line(sheet, "assessed_at")
    if form.answer("observed_day") == "other":
        with right:
            st.text_input(
                "Date (year-month-day, such as 2026-03-08)",
                key=form.key("observed_date"),
                on_change=form.left,
                max_chars=20,
            )


def vital_signs(sheet: Sheet) -> None:
    """The three numbers the CRS grade needs, and three more under a fold."""
    for box, (question, label) in zip(
        st.columns(3),
        (
            ("temperature_c", "Temperature (°C)"),
            ("systolic_mmhg", "Systolic (mmHg)"),
            ("spo2_percent", "SpO2 (%)"),
        ),
        strict=True,
    ):
        with box:
            number(sheet, question, label)
    more = ("diastolic_mmhg", "heart_rate_per_min", "respiratory_rate_per_min")
    filled = any(sheet.form.answer(question) is not None for question in more)
    with st.expander("Diastolic, heart rate, respiratory rate (not needed for the grade)", expanded=filled):
        boxes = ("Diastolic (mmHg)", "Heart rate (per min)", "Respiratory rate (per min)")
        for box, question, label in zip(st.columns(3), more, boxes, strict=True):
            with box:
                number(sheet, question, label)


def support(sheet: Sheet) -> None:
    """Fluid for low pressure and vasopressors since the last assessment."""
    ticked = _block(sheet, "support", "Support for blood pressure", support_last(sheet))
    treated_line(sheet, "vasopressors")
    if "vasopressors" in ticked:
        any_of(sheet, "vasopressors", "Which vasopressors are running?", phrases(Vasopressor), bold=False)
    _absent(sheet, "support", ticked)


def oxygen(sheet: Sheet) -> None:
    """The device, then its flow."""
    form = sheet.form

    def flow_of_another_device() -> None:
        if form.answer("oxygen_device") in FLOWLESS:
            form.clear("oxygen_l_per_min")

    last = sheet.last_words("oxygen_device", partial(oxygen_words, sheet), ", ")
    device = one_of(
        sheet, "oxygen_device", "Oxygen", labels(OxygenDevice), last=last, then=flow_of_another_device
    )
    flow = form.answer("oxygen_l_per_min")
    if (device is not None and device not in FLOWLESS) or flow is not None:
        with st.columns(3)[0]:
            number(sheet, "oxygen_l_per_min", "Oxygen flow (L/min)")


def given(sheet: Sheet) -> None:
    """Antipyretics, anticytokine drugs and steroids: fever cannot be relied on under them."""
    last = sheet.last_words("fever_masking_drugs", partial(list_words, FeverMaskingDrug), ", ")
    any_of(
        sheet,
        "fever_masking_drugs",
        "Given since the last assessment, or still acting",
        _NONE_OF_THESE | phrases(FeverMaskingDrug),
        last=last,
    )
    treated_line(sheet, "fever_masking_drugs")


def ice(sheet: Sheet) -> None:
    """The ICE: all correct in one touch, the five items, or why it was not done."""
    before = [] if sheet.baseline_ice is None else [f"before the infusion: {sheet.baseline_ice}"]
    last = sheet.last_words("ice", lambda points: f"{points} of 10", ", ")
    way = one_of(
        sheet, "ice", "ICE score", _ICE_WAYS, last="; ".join(filter(None, [last, *before])) if last else ""
    )
    if not last and before:
        st.html(tiles.soft(f"{before[0].capitalize()} of 10"))
    if way == ICE_SCORED:
        _ice_items(sheet)
    if way == ICE_NOT_DONE:
        one_of(sheet, "ice_not_done", "Why was the ICE not done?", labels(IceNotDone), bold=False)
        again = f"A refusal without a comment is asked again after {span(ASKED_AGAIN_AFTER)}."
        st.html(
            tiles.soft(f"A patient who is awake and cannot answer scores 0; that is not “not done”. {again}")
        )


def _ice_items(sheet: Sheet) -> None:
    form = sheet.form
    for question, most in ICE_ITEMS.items():
        name, guide = _ICE_GUIDE[question]
        points = {count: str(count) for count in range(most + 1)}
        one_of(sheet, question, f"{name}: {guide}", points, bold=False)  # type: ignore[arg-type]
    scored = [form.answer(question) for question in ICE_ITEMS if form.answer(question) is not None]
    open_items = len(ICE_ITEMS) - len(scored)
    tail = f", {open_items} {'item' if open_items == 1 else 'items'} open" if open_items else ""
    st.html(tiles.soft(f"Sum of the items: {sum(scored)} of 10{tail}."))
    with st.columns(3)[0]:
        number(sheet, "ice_score", "Total, where only the total is known")


def consciousness(sheet: Sheet) -> None:
    """The level after waking, off sedation and outside the minutes after a seizure."""
    last = sheet.last_words("consciousness", partial(phrase, Consciousness), ", ")
    one_of(sheet, "consciousness", "Consciousness, after waking", labels(Consciousness), last=last)


def neurology(sheet: Sheet) -> None:
    """Seizure, weakness, and edema or raised pressure."""
    ticked = _block(sheet, "neurology", "Seizure, weakness, raised pressure", neurology_last(sheet))
    if "seizure" in ticked:
        kinds = [kind for kind in Seizure if kind is not Seizure.NONE]
        one_of(sheet, "seizure", "Which kind of seizure?", labels(kinds), bold=False)
    if "edema_or_raised_icp" in ticked:
        any_of(sheet, "edema_or_raised_icp", "Which signs?", labels(EdemaOrRaisedIcp), bold=False)
    _absent(sheet, "neurology", ticked)


_JUDGED: Final = (
    "attributed_elsewhere",
    "hypotension",
    "hypoxia",
    "crs_judgement",
    "death_due_to",
    "comment",
)


def is_judged(sheet: Sheet) -> bool:
    """Whether the fold of judgements holds an answer, or a problem, and so stands open."""
    return any(sheet.form.answer(question) or question in sheet.problems for question in _JUDGED)


def judgement(sheet: Sheet) -> None:
    """Other causes, the clinician's judgement, death, and a comment."""
    any_of(sheet, "attributed_elsewhere", "Signs with another cause", labels(Sign))
    _lasting_findings(sheet)
    yes_no = {"yes": "Yes", "no": "No"}
    left, right = st.columns(2)
    with left:
        one_of(sheet, "hypotension", "Low blood pressure, in your judgement", yes_no)
    with right:
        one_of(sheet, "hypoxia", "Low oxygen, in your judgement", yes_no)
    judgements = [CrsJudgement.CRS, CrsJudgement.NOT_CRS] if sheet.may_judge else [CrsJudgement.CRS]
    one_of(sheet, "crs_judgement", "Judgement on CRS", labels(judgements))
    if not sheet.may_judge:
        st.html(tiles.soft("Only an investigator may judge that signs are not CRS."))
    one_of(sheet, "death_due_to", "Only if the patient has died: death due to", labels(DeathDueTo))
    st.text_area("Comment", key=sheet.form.key("comment"), on_change=sheet.form.left, height=100)
    problem_line(sheet, "comment")


def _lasting_findings(sheet: Sheet) -> None:
    """Findings from before the infusion are offered as another cause, never filled in."""
    if not sheet.lasting_findings:
        return
    form = sheet.form
    words = listed([phrase(Sign, word) for word in sheet.lasting_findings])
    note = f" {sheet.lasting_note}" if sheet.lasting_note else ""
    st.text(f"There before the infusion: {words}.{note}")
    chosen = form.answer("attributed_elsewhere") or []
    for word in sheet.lasting_findings:
        if word not in chosen:
            st.button(
                f"Count {phrase(Sign, word)} as having another cause",
                key=f"assess-lasting-{form.token}-{word}",
                on_click=partial(_attribute, form, word),
            )


def _attribute(form: Form, word: str) -> None:
    key = form.key("attributed_elsewhere")
    st.session_state[key] = [*(st.session_state.get(key) or []), word]
    form.left()


def _block(sheet: Sheet, block: str, label: str, last: str) -> list[str]:
    choices = _NONE_OF_THESE | {sign: _SIGNS[sign] for sign in BLOCKS[block]}

    def forget_contradictions() -> None:
        form = sheet.form
        ticked = form.answer(block) or []
        absent = form.answer(absent_question(block)) or []
        form.clear(*(sign for sign in BLOCKS[block] if sign not in ticked))
        if absent:
            left = [sign for sign in absent if sign not in ticked and NONE not in ticked]
            st.session_state[form.key(absent_question(block))] = left

    return any_of(sheet, block, label, choices, last=last, then=forget_contradictions) or []


def _absent(sheet: Sheet, block: str, ticked: list[str]) -> None:
    """A sign that was not ticked is not yet "not there": a person says so with one more touch."""
    question = absent_question(block)
    known = answered(sheet.form.answers(), question)
    if NONE in ticked or (not ticked and known is None and not sheet.form.target.correct):
        return
    rest = {sign: NO_SIGNS[sign] for sign in BLOCKS[block] if sign not in ticked}
    if rest:
        any_of(sheet, question, "And looked for, but not there?", rest, bold=False)
