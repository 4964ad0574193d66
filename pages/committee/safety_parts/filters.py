"""The filters above the pictures. They stand in the address, so that a link opens the same view."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import streamlit as st

from grading.scale import Toxicity
from pages.parts import tiles
from pages.parts.wording import counted, listed
from trial.safety_filter import AgeBand, Asked, SafetyFilter
from trial.screening_facts import Histology, Sex

_BOTH: Final = "both"
_SEX: Final[Mapping[str, str]] = {Sex.F: "Women", Sex.M: "Men"}
_TOXICITY: Final = {_BOTH: "CRS and ICANS", **{one.value: one.label for one in Toxicity}}
_INFUSION: Final = {_BOTH: "Both", "1": "First", "2": "Second"}


def choose(asked: Asked, *, with_toxicity: bool = True) -> None:
    """The choices; each goes into the address and draws the page again."""
    address = asked.filter.address()
    with st.container(horizontal=True, gap="medium", key="safety-filters"):
        if with_toxicity:
            _either("toxicity", "Toxicity", _TOXICITY, address)
        _either("infusion", "Infusion", _INFUSION, address)
    more = set(address) - {"toxicity", "infusion"}
    folded = st.expander(
        "Data cut-off, age, sex, disease", key="safety-more", on_change="rerun", expanded=bool(more)
    )
    if folded.open:
        with folded:
            _show_more(address)
    for problem in asked.problems:
        st.html(tiles.problem(problem))


def filter_words(shown: SafetyFilter, kept: int, enrolled: int) -> str:
    """ "Shown: women, under 65. 5 of 15 patients." or "" where nobody is left out.

    What is not recorded belongs to no choice, so such a patient is left out, and it is said.
    """
    if not shown.narrows:
        return ""
    chosen = [
        *([_SEX[shown.sex].lower()] if shown.sex else []),
        *([shown.age.label] if shown.age else []),
        *([shown.disease.label] if shown.disease else []),
    ]
    of = f"{kept} of {counted(enrolled, 'patient', 'patients')}"
    return f"Shown: {listed(chosen)}: {of}. Who has none of this recorded is left out."


def _show_more(address: Mapping[str, str]) -> None:
    st.text_input(
        "Last day of the data, such as 2026-03-08",
        value=address.get("cutoff", ""),
        key="safety-filter-cutoff",
        on_change=_to_address,
        args=("cutoff",),
        placeholder="up to now",
    )
    with st.container(horizontal=True, gap="medium", key="safety-filters-more"):
        _one_of("age", "Age at enrolment", list(AgeBand), lambda one: AgeBand(one).label, address)
        _one_of("sex", "Sex", list(Sex), lambda one: _SEX[one], address)
    _one_of("disease", "Disease", list(Histology), lambda one: Histology(one).label, address)


def _either(name: str, label: str, words: Mapping[str, str], address: Mapping[str, str]) -> None:
    st.segmented_control(
        label,
        list(words),
        default=address.get(name, _BOTH),
        required=True,
        format_func=lambda one: words[one],
        key=f"safety-filter-{name}",
        on_change=_to_address,
        args=(name,),
    )


def _one_of(
    name: str, label: str, choices: Sequence[str], words: Callable[[str], str], address: Mapping[str, str]
) -> None:
    st.pills(
        label,
        [str(one) for one in choices],
        default=address.get(name),
        format_func=words,
        key=f"safety-filter-{name}",
        on_change=_to_address,
        args=(name,),
        wrap=True,
    )


def _to_address(name: str) -> None:
    """What is chosen goes into the address; what shows everything leaves it."""
    chosen = str(st.session_state[f"safety-filter-{name}"] or "").strip()
    if chosen in ("", _BOTH):
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = chosen
