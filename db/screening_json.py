"""The facts of a screening as JSON and back, without loss: not recorded stays apart from none."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import TypeAdapter

from trial.screening_facts import ScreeningFacts

_FACTS: Final = TypeAdapter(ScreeningFacts)


def facts_to_json(facts: ScreeningFacts) -> dict[str, Any]:
    """Plain values, lists sorted, so that the same facts always read the same; what is None is left out."""
    plain: dict[str, Any] = _FACTS.dump_python(facts, mode="json", exclude_none=True)
    if "relapsed_refractory" in plain:
        plain["relapsed_refractory"].sort()
    return plain


def facts_from_json(plain: Mapping[str, Any]) -> ScreeningFacts:
    """The facts; pydantic's ValidationError where the JSON holds something else."""
    return _FACTS.validate_python(plain)
