"""A second, slow telling of all alerts: the history is played again, look by look, by the rules alone.

At each look of the program (an entry, a sweep) every signal is found again from all rows there are
(`alerts_signals`), and this file says what the alerts must then be, and who must be told what. It remembers
only what was told before. Plain and slow on purpose: it is read beside the specification.

Left out: the words of a mail, quiet hours (they move when a mail leaves, never whether), digests, and what
only a person ends (a bar, a stopping rule, a serious event), which the driver's protocol never raises.

Readings:

 1. A correction that leaves others at 3 or more is told whether or not the highest grade changes.
 2. An entry that worsens an episode that is over already is told once, as late; one that joins it is not.
 3. An alert whose assessments now belong to another one's episode is closed as merged, and a part that
    is split off and over as split, both without a mail; what is corrected of them is told.
 4. Where the step that is due holds nobody, the next one that holds somebody is taken, whatever lies between;
    where none does, the notice is written all the same, to nobody.
 5. A withdrawn alert stays withdrawn: where its entry is at 3 again, that is a new alert.
 6. A death that is the first that is known of an episode opens it, for one notice.
 7. Of a standing signal that is gone before its mail was tried, one mail tells both, as of a correction.
 8. An acknowledgement holds its hours from the newest entry of the course, if that came later.
 9. An episode that time or leaving has ended is opened again by a new assessment, and never by time.
10. A more urgent plan at the same grade is news like a higher grade.
11. A clock that is set back: steps count from the moment at which that was noticed; what stood stands until
    the clock has passed its opening again, for a day at most. Where the last notice lies a whole interval
    ahead, a repeat is told if there were fewer than the time since the alert opened asks for.
12. A rise whose entry proves 3 or more now is superseded like one that a later entry supersedes.
13. A silence ends with the next notice that asks for an answer. Somebody whose mail was refused for good
    takes the alert one step further, and never a second one. No two recipients here have one address.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.second_opinion.alerts_course import Course, Known, course_at
from tests.second_opinion.alerts_signals import Episode, Standing, episodes, standing
from tests.second_opinion.alerts_told import (
    BY_TIME,
    CHASES,
    EVERYONE,
    HOURLY_FOR,
    MINUTE,
    SET_BACK,
    SILENT_ENDS,
    STARTS,
    Alert,
    Notice,
    Place,
)
from trial.protocol import Protocol


class Replay:
    """All alerts, told again; hand it what happened, in the order in which it happened."""

    def __init__(self, protocol: Protocol, zone: ZoneInfo, roles: dict[int, str]) -> None:
        self.alerts: list[Alert] = []
        self._protocol, self._zone, self.roles = protocol, zone, roles
        self._known: Known = {}
        self._now = datetime.min.replace(tzinfo=UTC)
        self._historical = False

    # --- What happens -----------------------------------------------------------------------------------

    def look(self, at: datetime, infusions: Sequence[int], known: Known, *, historical: bool = False) -> None:
        """The program looks at these courses, in this order, with these rows in its tables."""
        self._now, self._known, self._historical = at, known, historical
        for infusion_id in infusions:
            course = course_at(known, infusion_id, at, self._protocol, self._zone, self.roles)
            self._meet_episodes(course)
            self._meet_standing(course)
            for alert in self.alerts:
                if alert.place[0] == infusion_id:
                    self._chase(alert)

    def acknowledged(self, alert: Alert, at: datetime) -> None:
        """A named person has it."""
        alert.state, alert.acknowledged_at = "acknowledged", at

    def silenced(self, alert: Alert, until: datetime) -> None:
        """A named person wants no repeats for a while, for a reason."""
        alert.silenced_until = until

    def recipient_added(self, at: datetime, known: Known) -> None:
        """Live alerts that nobody has a mail of are told now."""
        self._now, self._known = at, known
        for alert in self.alerts:
            if alert.live and not alert.historical and not alert.told and alert.notices:
                alert.notices[-1].mails = dict.fromkeys(self._active(EVERYONE), "untried")

    # --- Episodes ---------------------------------------------------------------------------------------

    def _meet_episodes(self, course: Course) -> None:
        found = episodes(course, self._now)
        places = {(course.infusion_id, one.signal, one.slot) for one in found}
        places |= {one.place for one in self.alerts if one.place[0] == course.infusion_id and one.members}
        for place in sorted(places):
            here = [one for one in found if (one.signal, one.slot) == place[1:]]
            self._meet_place(course, place, here)

    def _meet_place(self, course: Course, place: Place, found: list[Episode]) -> None:
        stored = [one for one in self.alerts if one.place == place and one.state != "retracted"]
        pairs = sharing_most(stored, found)
        somewhere = {member for one in found for member in one.ids}
        known = {member for alert in stored for member in alert.members}
        for alert in stored:
            if not any(alert is one for one, _ in pairs):
                self._without_episode(course, alert, somewhere)
        for alert, episode in pairs:
            self._with_episode(course, alert, episode, somewhere)
        for episode in found:
            if not any(episode is one for _, one in pairs):
                self._new_episode(place, episode, known)

    def _without_episode(self, course: Course, alert: Alert, somewhere: set[str]) -> None:
        kept, lost = alert.members & somewhere, alert.members - somewhere
        if lost & grave_now(course, alert):
            if alert.live:
                alert.close("closed", "superseded", self._now)
            return
        if not kept:
            self._tell(alert, "retraction", alert.told, urgency=max(2, alert.urgency), replacing=True)
            alert.close("retracted", "corrected", self._now)
            return
        level = highest(course, alert, kept)
        if alert.live or lost or level != alert.level:
            alert.close("closed", "merged", alert.closed_at or self._now)
        alert.members, alert.level = kept, level
        if alert.place[1] == "grade3":
            alert.urgency = 1 if level >= 4 else 2
        if lost:
            self._tell(alert, "amendment", alert.told, urgency=3)

    def _new_episode(self, place: Place, episode: Episode, known: set[str]) -> None:
        split = episode.ended is not None and episode.ids <= known
        if episode.ended is not None and episode.signal != "grade3" and not split:
            return
        alert = Alert(place, "open", episode.level, episode.urgency, self._now, episode.ids)
        self.alerts.append(alert)
        if episode.ended is not None:
            alert.close("closed", "split" if split else episode.ended, self._now)
        if split:
            return
        if self._historical:
            alert.historical = True
        elif episode.ended in (None, "death"):
            self._tell_first_step(alert, "opening")
        else:
            self._tell_first_step(alert, "late", urgency=3)

    def _with_episode(self, course: Course, alert: Alert, episode: Episode, somewhere: set[str]) -> None:
        lost = alert.members - somewhere - grave_now(course, alert)
        worse = episode.level > alert.level or episode.urgency < alert.urgency
        fell = episode.level < alert.level and alert.members <= episode.ids
        gained = episode.ids - alert.members
        was_live = alert.live
        relapsed = alert.state == "recovering" and not episode.quiet
        alert.members, alert.level = episode.ids, episode.level
        alert.urgency = episode.urgency
        if episode.ended is None and alert.ended in BY_TIME and not gained and not worse:
            return
        if episode.ended is None and (not was_live or relapsed or worse):
            alert.open()
            self._tell_again(alert, "worsened" if worse else "again")
            return
        before = len(alert.notices)
        if episode.ended is not None and was_live:
            self._end(alert, episode)
        elif episode.ended is not None:
            self._over_already(alert, episode, worse=worse)
        if len(alert.notices) == before and (lost or fell):
            self._tell(alert, "amendment", alert.told, urgency=3)
        if episode.ended is None and alert.state == "acknowledged":
            self._still_acknowledged(course, alert, episode)

    def _end(self, alert: Alert, episode: Episode) -> None:
        reason = episode.ended or ""
        alert.close("closed", reason, self._now)
        if reason == "death" and alert.place[1] == "grade3":
            self._tell(alert, "death", alert.told & self._active(EVERYONE), urgency=_death_urgency(alert))
        elif reason not in SILENT_ENDS:
            self._tell(alert, "recovery", alert.told & self._active(EVERYONE), urgency=3)

    def _over_already(self, alert: Alert, episode: Episode, *, worse: bool) -> None:
        if worse and episode.ended == "death":
            self._tell(alert, "death", alert.told & self._active(EVERYONE), urgency=_death_urgency(alert))
        elif worse and alert.place[1] == "grade3":
            step, people = self._first_step(alert)
            people |= alert.told & self._active(EVERYONE)
            self._tell(alert, "late", people, step=step, urgency=3)
        elif alert.ended in ("merged", "split"):
            return
        alert.ended = episode.ended

    def _still_acknowledged(self, course: Course, alert: Alert, episode: Episode | None) -> None:
        """Recovering, or lapsed where nobody has entered anything since."""
        holds = timedelta(hours=4 if alert.level >= 4 else 12)
        taken_at = alert.acknowledged_at or self._now
        seen_at = max([taken_at, *(entry.entered_at for entry in course.entries)])
        if episode is not None and episode.quiet:
            alert.state = "recovering"
        elif self._now >= seen_at + holds:
            alert.open()
            self._tell_again(alert, "lapsed")

    # --- Standing signals -------------------------------------------------------------------------------

    def _meet_standing(self, course: Course) -> None:
        found = standing(course, self._now, self._protocol)
        for alert in self.alerts:
            if alert.place[0] == course.infusion_id and alert.live and not _is_episode(alert):
                there = [one for one in found if (one.signal, one.slot) == alert.place[1:]]
                if there and alert.state == "acknowledged":
                    self._still_acknowledged(course, alert, None)
                elif not there:
                    self._gone(course, alert)
        for one in found:
            place = (course.infusion_id, one.signal, one.slot)
            if not any(alert.place == place and alert.live for alert in self.alerts):
                self._new_standing(place, one)

    def _new_standing(self, place: Place, signal: Standing) -> None:
        alert = Alert(place, "open", 0, signal.urgency, self._now)
        self.alerts.append(alert)
        self._tell_first_step(alert, "opening")

    def _gone(self, course: Course, alert: Alert) -> None:
        if self._now < alert.opened_at <= self._now + SET_BACK:
            return
        if course.died_at is not None or not course.window.covers(self._now):
            alert.close("closed", "left", self._now)
            return
        alert.close("closed", "met" if alert.place[1] == "missed" else "settled", self._now)
        people = alert.told & self._active(EVERYONE)
        self._tell(alert, "recovery", people, urgency=3, replacing=True)

    # --- Chasing ----------------------------------------------------------------------------------------

    def _chase(self, alert: Alert) -> None:
        """The next step, or a repeat, where nobody has taken the alert."""
        started = [number for number, one in enumerate(alert.notices) if one.kind in STARTS]
        if alert.state != "open" or alert.historical or not started:
            return
        begun = alert.counted_from = min(alert.counted_from or self._now, self._now)
        if alert.silenced_until is not None and self._now < alert.silenced_until:
            return
        since = [one for one in alert.notices[started[-1] :] if one.kind in CHASES]
        elapsed = self._now - begun
        reached = max(one.step for one in since)
        last = len(alert.plan) - 1
        due = max(step for step, (minutes, _) in enumerate(alert.plan) if elapsed >= minutes * MINUTE)
        if refused_at(since, reached) - refused_before(since, reached):
            due = max(due, min(reached + 1, last))
        if due > reached:
            self._escalate(alert, reached, due)
        elif reached >= last and alert.urgency <= 2 and self._repeat_is_due(alert, since, elapsed):
            everyone = {one for _, groups in alert.plan for one in self._active(groups)}
            self._tell(alert, "repeat", everyone, step=last)

    def _repeat_is_due(self, alert: Alert, since: list[Notice], elapsed: timedelta) -> bool:
        told_ago = self._now - since[-1].at
        wait = (60 if elapsed < HOURLY_FOR else 240) * MINUTE
        if told_ago > -wait:
            return told_ago >= wait
        repeats = [one for one in since if one.kind == "repeat"]
        after_last_step = elapsed - alert.plan[-1][0] * MINUTE
        hourly = min(after_last_step, HOURLY_FOR) // (60 * MINUTE)
        slowly = max(after_last_step - HOURLY_FOR, timedelta(0)) // (240 * MINUTE)
        return hourly + slowly > len(repeats)

    def _escalate(self, alert: Alert, reached: int, due: int) -> None:
        while due < len(alert.plan) - 1 and not self._active(alert.plan[due][1]):
            due += 1
        people = {one for _, groups in alert.plan[reached + 1 : due + 1] for one in self._active(groups)}
        self._tell(alert, "escalation", people, step=due)

    # --- Telling ----------------------------------------------------------------------------------------

    def _active(self, groups: Sequence[str]) -> set[int]:
        """Who stands on the list now, of these groups."""
        return {
            one["id"]
            for one in self._known["recipient"]
            if one["group"] in groups
            and one["valid_from"] <= self._now
            and (one["valid_to"] is None or one["valid_to"] > self._now)
        }

    def _tell_first_step(self, alert: Alert, kind: str, urgency: int | None = None) -> None:
        step, people = self._first_step(alert)
        self._tell(alert, kind, people, step=step, urgency=urgency)

    def _tell_again(self, alert: Alert, kind: str) -> None:
        step, people = self._first_step(alert)
        self._tell(alert, kind, people | (alert.told & self._active(EVERYONE)), step=step)

    def _first_step(self, alert: Alert) -> tuple[int, set[int]]:
        """The first step that holds somebody."""
        for step, (_, groups) in enumerate(alert.plan):
            if self._active(groups):
                return step, self._active(groups)
        return 0, set()

    def _tell(
        self,
        alert: Alert,
        kind: str,
        people: set[int],
        *,
        step: int = 0,
        urgency: int | None = None,
        replacing: bool = False,
    ) -> None:
        """One message. `replacing`: a first mail that nobody has tried to send yet becomes this one."""
        if replacing:
            for person in people:
                take_back_untried(alert, person)
        if kind in STARTS:
            alert.counted_from, alert.silenced_until = self._now, None
        mails = dict.fromkeys(people, "untried")
        alert.notices.append(Notice(kind, self._now, urgency or alert.urgency, step, mails))


def grave_now(course: Course, alert: Alert) -> set[str]:
    """Of a rise, what proves 3 or more now: grade3 speaks for it."""
    if alert.place[1] != "rise2":
        return set()
    return {one.stable_id for one in course.entries if one.on(alert.place[2]).at_least >= 3}


def refused_at(since: Sequence[Notice], step: int) -> set[int]:
    """Who was refused for good at this step."""
    return {
        person for one in since for person, mail in one.mails.items() if one.step == step and mail == "failed"
    }


def refused_before(since: Sequence[Notice], step: int) -> set[int]:
    """Who was refused for good at an earlier step; they take the alert no further a second time."""
    return {person for earlier in range(step) for person in refused_at(since, earlier)}


def highest(course: Course, alert: Alert, kept: frozenset[str]) -> int:
    """The highest grade of what an alert still holds."""
    if alert.place[1] == "support_ungraded":
        return 0
    return max(one.on(alert.place[2]).at_least for one in course.entries if one.stable_id in kept)


def sharing_most(alerts: Sequence[Alert], found: Sequence[Episode]) -> list[tuple[Alert, Episode]]:
    """Each episode keeps the alert with which it shares most assessments, a live one first."""
    shared = [
        (-len(alert.members & episode.ids), not alert.live, number, place)
        for number, alert in enumerate(alerts)
        for place, episode in enumerate(found)
        if alert.members & episode.ids
    ]
    pairs: list[tuple[int, int]] = []
    for *_, number, place in sorted(shared):
        if all(number != one and place != other for one, other in pairs):
            pairs.append((number, place))
    return [(alerts[number], found[place]) for number, place in pairs]


def take_back_untried(alert: Alert, person: int) -> None:
    """Where the person has one mail of the alert, and it was never tried, it is taken out."""
    having = [one for one in alert.notices if person in one.mails]
    if len(having) == 1 and having[0].mails[person] == "untried":
        del having[0].mails[person]


def _is_episode(alert: Alert) -> bool:
    return alert.place[1] in ("grade3", "rise2", "support_ungraded")


def _death_urgency(alert: Alert) -> int:
    return 1 if alert.level == 5 else 2
