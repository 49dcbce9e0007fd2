"""What a field of a settings model takes."""

from __future__ import annotations

import math
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BeforeValidator, Field

from dreamvid.settings import fields
from dreamvid.settings.base import Settings
from dreamvid.settings.values import Bounds

DIAL = Bounds(0.0, 2.0)


class Table(Settings):
    number: float = Field(0.5, ge=0, lt=1)
    whole: int = Field(1, gt=0, lt=2**31)
    dial: Annotated[float | str, BeforeValidator(DIAL)] = 1.0
    maybe: Annotated[int, Field(ge=2, le=8)] | None = None
    word: Literal["a", "b"] | None = None
    many: tuple[int, ...] = ()
    file: Annotated[Path, AfterValidator(lambda path: path)] | None = None
    inside: Annotated[str, Field(max_length=3)] = ""


@pytest.mark.parametrize(
    ("name", "kinds", "limits"),
    [
        ("number", {float}, (0, 1)),
        ("whole", {int}, (0, 2**31 - 1)),
        ("dial", {float, str}, (0, 2)),
        ("maybe", {int, NoneType}, (2, 8)),
        ("many", {tuple}, (-math.inf, math.inf)),
        ("file", {Path, NoneType}, (-math.inf, math.inf)),
        ("inside", {str}, (-math.inf, math.inf)),
    ],
)
def test_types_and_ranges(name: str, kinds: set[Any], limits: tuple[float, float]) -> None:
    field = Table.model_fields[name]
    assert fields.kinds(field) == kinds
    assert fields.limits(field) == limits
    assert fields.choices(field) == ()
    assert fields.bounds(field) is (DIAL if name == "dial" else None)


def test_words() -> None:
    field = Table.model_fields["word"]
    assert fields.choices(field) == ("a", "b")
    assert fields.kinds(field) == {Literal, NoneType}
