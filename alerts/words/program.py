"""What a notice says of the program itself: one sentence each, and what to do about it."""

from typing import Final, NamedTuple

from alerts.states import NoticeKind
from alerts.wording import full_time
from alerts.words.chase import chase_lines, unanswered
from alerts.words.shell import Line, MailContent, Parts, assembled
from alerts.words.story import ProgramStory


class Words(NamedTuple):
    """The subject, the sentence while it stands, the sentence when it is over, and what to do."""

    subject: str
    stands: str
    over: str
    to_do: str


def program_content(story: ProgramStory) -> MailContent:
    """The subject, headline and lines of one notice."""
    words = WORDS.get(story.slot) or WORDS[""]
    return assembled(story, _over(story, words) if story.kind in _OVER else _stands(story, words))


def _stands(story: ProgramStory, words: Words) -> Parts:
    lapsed = ", and the acknowledgement has lapsed" if story.kind is NoticeKind.LAPSED else ""
    headline = f"Vigil: {words.stands}{unanswered(story)}{lapsed}."
    lines = [*chase_lines(story), ("To do", words.to_do), _since(story)]
    return headline, f"{_SUBJECTS.get(story.kind, '')}{words.subject}", lines


def _over(story: ProgramStory, words: Words) -> Parts:
    return f"Vigil: {words.over}.", f"over: {words.subject}", [_since(story)]


def _since(story: ProgramStory) -> Line:
    return "Since", f"{full_time(story.since, story.zone)}."


WORDS: Final = {
    "": Words(
        "the program is unwell",
        "a part of the program is unwell",
        "that part of the program is well again",
        "open the alerts page and read what it says; call the administrator.",
    ),
    "worker": Words(
        "mails stood still",
        "the program that sends the mails was silent for more than 90 s, and mails may come late",
        "the program that sends the mails runs again",
        "open the alerts page and answer what waits; have the administrator find out why it stopped.",
    ),
    "queue": Words(
        "urgent mails wait",
        "urgent mails have waited for more than 2 min, and people may not have been told",
        "no urgent mail waits any more",
        "open the alerts page and call the people by telephone; have the mail server looked at.",
    ),
    "delivery": Words(
        "a mail was refused",
        "a mail server refused a mail for good, and somebody was not told",
        "no refused mail belongs to an open alert any more",
        "open the alert that names the refusal, call that person, and correct the address.",
    ),
    "audit": Words(
        "the audit trail is broken",
        "the audit trail no longer fits together, and records may have been changed from outside",
        "the audit trail fits together again",
        "change nothing, and have the administrator verify the database today.",
    ),
    "disk": Words(
        "the disk is nearly full",
        "less than 10 % of the disk is free, and entries may soon be refused",
        "the disk has room again",
        "have the administrator free space or add a disk today.",
    ),
    "backup": Words(
        "no backup for 26 h",
        "no backup has been made for more than 26 h",
        "a backup has been made",
        "have the administrator make one now and find out why the last one failed.",
    ),
    "clock": Words(
        "the clock jumped",
        "the clock of the machine jumped, and times of entries and mails may be wrong",
        "the clock of the machine has been steady",
        "have the administrator set the time; check the times entered since then.",
    ),
}
"""By the part of the program; "" where the part has no words of its own."""

_OVER: Final = (NoticeKind.RECOVERY, NoticeKind.RETRACTION, NoticeKind.AMENDMENT, NoticeKind.DEATH)
_SUBJECTS: Final = {
    NoticeKind.LAPSED: "acknowledge again: ",
    NoticeKind.ESCALATION: "not acknowledged: ",
    NoticeKind.REPEAT: "not acknowledged: ",
}
