"""A refusal without a word of explanation covers what was due for one hour, and is then asked again.

A patient who refused once may not refuse again, and a refusal can itself be a sign: confused patients
refuse. Every other reason, and a refusal with an explanation, stands for the assessment.
"""

from datetime import datetime, timedelta
from typing import Final

REFUSED: Final = "refused"
ASKED_AGAIN_AFTER: Final = timedelta(hours=1)
"""How long an unexplained refusal stands for what was due."""


def asked_again_at(reason: str | None, explanation: str | None, said_at: datetime) -> datetime | None:
    """From when on something not done for this reason is due again; None where the reason stands.

    The one rule for a skipped assessment (`said_at` = entered) and for an ICE charted as not done
    (`explanation` = the entry's comment, `said_at` = observed).
    """
    return said_at + ASKED_AGAIN_AFTER if reason == REFUSED and not explanation else None


def still_counts(asked_again: datetime | None, now: datetime) -> bool:
    """Whether what is asked again at `asked_again` (None: never) still stands at `now`."""
    return asked_again is None or now < asked_again
