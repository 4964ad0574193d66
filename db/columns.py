"""The parts every table is made of: its base class, instants in UTC, and CHECK constraints.

The CHECKs repeat what `db.inputs` asks, in SQL that SQLite and PostgreSQL both understand. SQLite keeps
text that is put into a number column, so each number has both limits: text compares above every number.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, DateTime, Dialect, MetaData
from sqlalchemy.orm import declared_attr
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware datetimes in, UTC datetimes out. A naive one is refused with TypeError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware datetime into UTC."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise TypeError(f"An instant needs a time zone; {value!r} has none.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the stored instant back as an aware datetime in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Record(SQLModel):
    """The base of all tables: named in snake case after the class, constraints named by convention.

    SQLModel does not validate tables; what enters them has passed `db.inputs` and meets the CHECKs.
    """

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMES)

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805
        """The table's name: `PatientDay` is `patient_day`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


def between(column: str, low: float, high: float) -> CheckConstraint:
    """A number within its limits, both included."""
    return CheckConstraint(f'"{column}" BETWEEN {low} AND {high}', name=column)


def whole(column: str, low: int, high: int) -> CheckConstraint:
    """A whole number within its limits; the cast finds 7.5 and text."""
    return CheckConstraint(
        f'CAST("{column}" AS INTEGER) = "{column}" AND "{column}" BETWEEN {low} AND {high}', name=column
    )


def one_of(column: str, words: Iterable[str]) -> CheckConstraint:
    """One of these words."""
    return CheckConstraint(f'"{column}" IN ({_quoted(words)})', name=column)


def list_of(column: str, words: Iterable[str]) -> CheckConstraint:
    """These words with `;` between them, or `none` alone."""
    whole_list = f"';' || \"{column}\" || ';'"
    rest = whole_list
    # Longest first, so that a word never eats the beginning of another.
    for word in sorted(words, key=len, reverse=True):
        rest = f"replace({rest}, ';{word};', ';;')"
    for _ in range(4):
        rest = f"replace({rest}, ';;', ';')"
    no_gap = f"replace({whole_list}, ';;', '') = {whole_list}"
    return CheckConstraint(f"\"{column}\" = 'none' OR ({rest} = ';' AND {no_gap})", name=column)


def short(column: str, most: int, least: int = 1) -> CheckConstraint:
    """Text of a length between `least` and `most` characters."""
    return CheckConstraint(f'length("{column}") BETWEEN {least} AND {most}', name=column)


def yes_no(column: str) -> CheckConstraint:
    """A truth value; SQLite would keep any number."""
    return CheckConstraint(f'"{column}" IN (true, false)', name=column)


def rule(name: str, sql: str) -> CheckConstraint:
    """A rule over several columns."""
    return CheckConstraint(sql, name=name)


def both_or_neither(first: str, second: str) -> CheckConstraint:
    """Two columns that are filled together or not at all."""
    return CheckConstraint(f'("{first}" IS NULL) = ("{second}" IS NULL)', name=f"{first}_with_{second}")


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)
