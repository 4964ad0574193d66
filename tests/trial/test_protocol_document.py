"""`docs/protocol.md` holds every section and every setting of the protocol, with the value that is read."""

import re
import tomllib
from datetime import time
from pathlib import Path

import pytest

from trial.protocol import PROTOCOL_FILE, ProtocolError, read_settings
from trial.protocol_comments import read_comments
from trial.protocol_document import PATH, protocol_page

TEXT = PROTOCOL_FILE.read_text(encoding="utf-8")
PAGE = protocol_page(TEXT)
ROOT = Path(__file__).parents[2]


def test_the_page_has_the_sections_of_the_file_in_its_order() -> None:
    assert re.findall(r"^## .*`\[(.+)\]`$", PAGE, re.M) == list(tomllib.loads(TEXT))


def test_the_page_in_the_repository_is_the_one_of_the_shipped_file() -> None:
    assert (ROOT / PATH).read_text(encoding="utf-8") == PAGE


def test_every_setting_stands_on_the_page() -> None:
    for section, settings in read_settings(TEXT).items():
        told = PAGE.partition(f"`[{section}]`")[2].partition("\n## ")[0]
        for key, value in settings.items():
            plain = f"| `{key}` | " in told
            listed = f"### {key.replace('_', ' ').capitalize()}\n" in told
            assert plain or listed, f"{section}.{key} = {value!r}"


def test_every_setting_of_the_shipped_file_is_said_in_words() -> None:
    said = read_comments(TEXT).settings
    silent = [
        f"{section}.{key}"
        for section, settings in read_settings(TEXT).items()
        for key, value in settings.items()
        if f"{section}.{key}" not in said and not isinstance(value, dict) and section != "stopping"
    ]
    assert silent == [], (
        "give these settings a comment in trial/protocol.toml: it is their meaning on the page"
    )


@pytest.mark.parametrize(
    "row",
    [
        "| `patients` | 15 | Planned enrolment. |",
        "| `planned_cells_per_kg` | 2,000,000 | Of each infusion. |",
        "| `finding_within` | yes | The finding (ctDNA, PET/CT) must fall within them. |",
        "| `vital_sign_times` | 02:00, 06:00, 10:00, 14:00, 18:00, 22:00 | When vital signs are due. |",
        "| `quiet_from` | 22:00 | From here on mails of urgency 3 and 4 wait, but those to the ward. |",
        '| `month_3_missing` | not_cr | Without a PET/CT in that window: "not_cr", or "not_counted". |',
        "| day_60 | 60 | 7 | 7 | blood_tests, ctdna |",
        "| 10 | committee_chair, sponsor_safety |",
        "| bilirubin | F | umol/L |  | 21 |",
    ],
)
def test_a_value_is_written_as_people_read_it(row: str) -> None:
    assert row in PAGE


def test_a_value_that_a_site_changes_is_printed() -> None:
    changed = TEXT.replace("within_days = 60", "within_days = 75").replace("true", "false", 1)
    page = protocol_page(changed.replace('counted_from = "first"', 'counted_from = "each"'))
    assert "| `within_days` | 75 |" in page
    assert "| `finding_within` | no |" in page
    assert "| `counted_from` | each |" in page


def test_settings_are_given_as_they_are_read_and_not_as_they_were_typed() -> None:
    settings = read_settings(TEXT)
    assert settings["alerts"]["quiet_from"] == time(22)
    assert settings["infusions"]["planned_cells_per_kg"] == 2_000_000.0


def test_a_file_that_the_program_refuses_has_no_page() -> None:
    with pytest.raises(ProtocolError, match="ecog_to is 9"):
        protocol_page(TEXT.replace("ecog_to = 2", "ecog_to = 9"))


def test_the_readings_of_the_endpoints_stand_beside_their_settings() -> None:
    assert "## How the endpoints are read" in PAGE
    assert "\n8. Nothing after the data cut-off is looked at" in PAGE


def test_comments_belong_to_the_file_to_a_section_or_to_a_setting() -> None:
    found = read_comments(
        '# The file.\n# Its second line.\n\n[first]  # of the section\none = 1  # of one\ntwo = "a # b"\n'
        "three = [  # of three\n    # and more of it\n    1,  # of an entry\n]\n\n# Before.\n# And on.\n"
        "[[second.rules]]\none = 1  # first\n[[second.rules]]  # nothing new\none = 2  # again\n"
    )
    assert found.file == "The file. Its second line."
    assert found.sections == {"first": "of the section", "second.rules": "Before. And on."}
    assert found.settings == {
        "first.one": "of one",
        "first.three": "of three and more of it",
        "second.rules.one": "first",
    }


def test_a_bar_in_a_value_breaks_no_table() -> None:
    page = protocol_page(TEXT.replace('registration = "NCT06902012"', 'registration = "NCT|1"'))
    assert "| `registration` | NCT\\|1 |" in page


def test_a_setting_without_a_comment_is_said_by_its_name() -> None:
    silent = TEXT.replace("# ECOG performance status", "")
    assert "| `ecog_to` | 2 | ECOG to. |" in protocol_page(silent)
