"""The base of the settings models: what excludes what, and errors of one line."""

from __future__ import annotations

import contextlib
from typing import Annotated

import pytest
from pydantic import BeforeValidator, Field, ValidationError, field_validator

from dreamvid.errors import UsageError
from dreamvid.schedules.parse import parse_schedule
from dreamvid.schedules.schedule import ScheduleError
from dreamvid.settings.base import EXCLUSIVE, Settings, usage_error
from dreamvid.settings.models import VideoSettings


def scheduled(value: object) -> object:
    if isinstance(value, str):
        parse_schedule(value)
    return value


class Inner(Settings):
    """A table."""

    count: int = Field(1, ge=1, le=9)
    size: str | None = None
    width: int | None = None
    label: str | None = None
    guide: str | None = None
    dial: Annotated[float | str, BeforeValidator(scheduled)] = 1.0


class Outer(Settings):
    """A command."""

    inner: Inner = Inner()
    loose: int = 3


def told(values: dict[str, object], where: object = None) -> str:
    with pytest.raises(UsageError) as caught:
        Outer.checked(values, where=where)
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"inner": {"count": 10}}, "inner.count = 10: must be at most 9"),
        ({"inner": {"count": "x"}}, "inner.count = 'x': must be a whole number"),
        ({"inner": {"nosuch": 1}}, "inner.nosuch = 1: unknown setting"),
        ({"nosuch": {"a": 1}}, "nosuch: unknown setting"),
        ({"inner": {"size": "1x1", "width": 2}}, "inner: size and width: give only one of them"),
        ({"inner": {"label": "a", "guide": "b"}}, "inner: label and guide: give only one of"),
        ({"inner": {"count": float("nan")}}, "inner.count = nan: must be a"),
        ({"inner": 3}, "inner = 3: must be a table"),
        ({"nosuch": [{"a": 1}]}, "nosuch: unknown setting"),
    ],
)
def test_the_first_fault_is_told_in_a_line(values: dict[str, object], says: str) -> None:
    assert told(values).startswith(says)
    assert told(values, where="a.toml").startswith(f"a.toml: {says}")


@pytest.mark.parametrize("kind", VideoSettings.tables().values())
def test_no_fault_is_told_in_words_of_types(kind: type[Settings]) -> None:
    """Whatever is given where a number, a word or a path is wanted."""
    for name in kind.model_fields:
        for wrong in ("abc(", "2.5", -7, [{}], {"a": 1}, True, float("inf")):
            with contextlib.suppress(UsageError):
                kind.checked({name: wrong})
                continue
            with pytest.raises(UsageError) as caught:
                kind.checked({name: wrong})
            text = str(caught.value)
            assert "Input should" not in text and "pydantic" not in text, text


def test_a_long_value_is_cut() -> None:
    assert len(told({"inner": {"count": "x" * 10_000}})) < 250


def test_a_schedule_keeps_its_column_and_gets_the_name_of_its_dial() -> None:
    with pytest.raises(ScheduleError) as caught:
        Outer.checked({"inner": {"dial": "1 + $"}}, where="a.toml")
    assert str(caught.value).startswith("a.toml: inner.dial: unexpected '$', column 5")
    assert caught.value.remedy == "see docs/zooms.md" and caught.value.column == 5


def test_a_sidecar_is_known_by_its_table_and_explained() -> None:
    values = {"made": {"source": "in.mp4"}, "inner": {"count": 99}}
    assert told(values, where="a.toml") == (
        "a.toml: is the sidecar of a film; give it to --from, or remove its [made] table"
    )


def test_a_usage_error_of_a_validator_is_passed_on() -> None:
    fault = UsageError("no", where="here", remedy="try")

    def refuse(value: object) -> object:
        raise fault

    class Strict(Settings):
        """A model with a check of its own."""

        count: int = 1
        refused = field_validator("count", mode="before")(refuse)

    with pytest.raises(UsageError) as caught:
        Strict.checked({"count": 2})
    assert caught.value is fault
    with pytest.raises(UsageError, match=r"^bad\.toml: here: no; try$"):
        Strict.checked({"count": 2}, where="bad.toml")


@pytest.mark.parametrize("one, other", EXCLUSIVE)
def test_pairs_that_exclude_each_other_do_so_only_when_both_are_given(one: str, other: str) -> None:
    names = {"label", "guide", "size", "width"}
    if not {one, other} <= names:
        return
    values = {"width": 3, "size": "3x3", "label": "a", "guide": "b"}
    Inner.checked({one: values[one]})
    Inner.checked({other: values[other]})
    with pytest.raises(UsageError, match="give only one of them"):
        Inner.checked({one: values[one], other: values[other]})


def test_settings_do_not_change_and_know_their_tables() -> None:
    with pytest.raises(ValidationError):
        Outer().loose = 4  # type: ignore[misc]
    assert Outer.tables() == {"inner": Inner}
    values = {"inner": {"count": 2}}
    assert Outer.inherited(values) == values and Outer.inherited(values) is not values


def test_an_error_without_a_field_has_no_name() -> None:
    with pytest.raises(ValidationError) as caught:
        Inner.model_validate([])
    assert not str(usage_error(caught.value)).startswith(":")
