"""The tables against the same tables typed a second time by another hand."""

import pytest

from grading import astct_crs, astct_icans
from grading.astct_crs import COUNTED_AS, KEEPS_COURSE_OPEN, Counting, FeverCell, Hypotension, Hypoxia
from grading.astct_icans import DOMAINS, ice_cell
from grading.charted import FILE_COLUMNS, IceNotDone, OxygenDevice, Sign
from grading.findings import Device, group_device
from grading.ice import FULL_SCORE, ICE_ITEMS
from grading.settings import DEFAULT_SETTINGS
from tests.second_opinion import tables


def test_the_file_has_the_same_columns_in_the_same_order() -> None:
    assert FILE_COLUMNS == tables.COLUMNS


def test_the_limits_are_the_same() -> None:
    assert DEFAULT_SETTINGS.fever_c == float(tables.FEVER_C)
    assert DEFAULT_SETTINGS.low_systolic_mmhg == float(tables.LOW_SYSTOLIC_MMHG)
    assert DEFAULT_SETTINGS.low_spo2_percent == float(tables.LOW_SPO2_PERCENT)
    assert float(tables.LOW_FLOW_L_PER_MIN) == astct_crs.LOW_FLOW_AT_MOST_L_PER_MIN
    assert DEFAULT_SETTINGS.clear_hours == DEFAULT_SETTINGS.drug_hours == tables.CLEAR_HOURS


def test_the_crs_rows_have_the_same_grades() -> None:
    assert {cell.name.lower(): cell.grade for cell in Hypotension} == tables.CRS_HYPOTENSION
    assert {cell.name.lower(): cell.grade for cell in Hypoxia} == tables.CRS_HYPOXIA
    assert [cell.grade for cell in FeverCell] == list(tables.CRS_FEVER.values())
    assert astct_crs.DEATH == astct_icans.DEATH == tables.DEATH


@pytest.mark.parametrize("device", OxygenDevice)
def test_each_device_is_placed_in_the_same_cell(device: OxygenDevice) -> None:
    cell = Hypoxia.LOW_FLOW if group_device(device) is Device.OTHER else Hypoxia.of(device)
    assert cell.name.lower() == tables.OXYGEN_DEVICE[device]


def test_each_agent_and_each_drug_is_counted_alike() -> None:
    words = {
        Counting.EACH: "as one of several",
        Counting.ONCE_AT_MOST: "as one only when alone",
        Counting.NEVER: "never",
    }
    assert {
        agent.value: words[counting] for agent, counting in COUNTED_AS.items()
    } == tables.VASOPRESSOR_COUNTS
    keeps_open = {drug: kind != "antipyretic" for drug, kind in tables.FEVER_MASKING_DRUG.items()}
    assert {drug.value: keeps for drug, keeps in KEEPS_COURSE_OPEN.items()} == keeps_open


def test_the_ice_items_and_bands_are_the_same() -> None:
    assert {item.column: item.points for item in ICE_ITEMS} == tables.ICE_MAXIMUM
    assert FULL_SCORE == 10
    assert {score: ice_cell(score).grade for score in range(11)} == tables.ICE_GRADE
    assert {reason.value for reason in IceNotDone} == set(tables.ICE_NOT_DONE)


@pytest.mark.parametrize("column", tables.ICANS)
def test_each_domain_gives_each_word_the_same_grade(column: str) -> None:
    cells = DOMAINS[Sign(column)]
    grades = {word.value: cell.grade for cell in cells for word in cell.charted} | {"none": 0}
    assert grades == tables.ICANS[column] | {"none": 0}
