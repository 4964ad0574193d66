"""Drafts: one for each person, patient and slot; offered, never lost, and read-only after two hours."""

from datetime import datetime

import pytest

from actions.drafts import CONTENT_MOST, discard_draft, may_continue, save_draft
from actions.errors import NotPermitted, Refused
from db.queries.drafts import StoredDraft, drafts_of, find_draft
from db.roles import Actor
from db.session import reading
from tests.actions.conftest import CODE, OTHER_CODE, Site, at

pytestmark = pytest.mark.postgresql_in_soak


def keep(
    site: Site,
    content: str,
    *,
    now: datetime,
    by: Actor | None = None,
    code: str = CODE,
    hours: float = 4,
    token: str = "form-1",
) -> datetime:
    return save_draft(
        patient_id=site.patients[code],
        infusion_id=site.infusions[code],
        slot_at=at(hours),
        content=content,
        form_token=token,
        by=by or site.nurse,
        now=now,
    )


def mine(by: Actor) -> list[StoredDraft]:
    with reading() as session:
        return drafts_of(session, user_id=by.user_id or 0)


def test_a_draft_is_replaced_and_remembers_when_it_was_begun(site: Site) -> None:
    assert keep(site, "{}", now=at(4)) == at(4)
    assert keep(site, '{"temperature_c": "38"}', now=at(4.5)) == at(4)
    (draft,) = mine(site.nurse)
    assert (draft.content, draft.started_at, draft.saved_at) == ('{"temperature_c": "38"}', at(4), at(4.5))


def test_each_person_patient_and_slot_has_its_own(site: Site) -> None:
    keep(site, "a", now=at(4))
    keep(site, "b", now=at(4.1), by=site.investigator, token="form-2")
    keep(site, "c", now=at(4.2), code=OTHER_CODE, token="form-3")
    keep(site, "d", now=at(4.3), hours=8, token="form-4")
    assert [draft.content for draft in mine(site.nurse)] == ["d", "c", "a"]
    assert [draft.content for draft in mine(site.investigator)] == ["b"]
    with reading() as session:
        found = find_draft(
            session, user_id=site.nurse.user_id or 0, infusion_id=site.infusions[CODE], slot_at=at(8)
        )
        assert found is not None
        assert found.content == "d"


def test_after_two_hours_it_can_only_be_read(site: Site) -> None:
    keep(site, "a", now=at(4))
    keep(site, "b", now=at(6))
    (draft,) = mine(site.nurse)
    assert may_continue(draft, at(6))
    assert not may_continue(draft, at(6.01))
    with pytest.raises(Refused, match="more than 2 hours old"):
        keep(site, "c", now=at(6.01))
    assert mine(site.nurse)[0].content == "b"


def test_it_is_gone_when_the_entry_is_saved_and_does_not_come_back(site: Site) -> None:
    keep(site, "a", now=at(4))
    site.record(4, token="form-1")
    assert mine(site.nurse) == []
    keep(site, "late keystroke", now=at(4.2))
    assert mine(site.nurse) == []


def test_the_draft_of_somebody_else_stays(site: Site) -> None:
    keep(site, "a", now=at(4))
    keep(site, "b", now=at(4), by=site.investigator, token="form-2")
    (theirs,) = mine(site.investigator)
    discard_draft(draft_id=theirs.id, by=site.nurse)
    assert len(mine(site.investigator)) == 1
    discard_draft(draft_id=theirs.id, by=site.investigator)
    assert mine(site.investigator) == []
    assert len(mine(site.nurse)) == 1


def test_drafts_leave_no_audit_event(sqlite_site: Site) -> None:
    before = sqlite_site.rows("audit_event")
    keep(sqlite_site, "a", now=at(4))
    discard_draft(draft_id=mine(sqlite_site.nurse)[0].id, by=sqlite_site.nurse)
    assert sqlite_site.rows("audit_event") == before


def test_roles_without_entry_keep_none_and_a_huge_one_is_refused(sqlite_site: Site) -> None:
    with pytest.raises(NotPermitted):
        keep(sqlite_site, "a", now=at(4), by=sqlite_site.coordinator)
    with pytest.raises(Refused, match="too long"):
        keep(sqlite_site, "x" * (CONTENT_MOST + 1), now=at(4))
