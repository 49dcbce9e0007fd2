"""The settings of `dreamvid loop`: one model for each kind of loop, told apart by `loop.kind`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from dreamvid.errors import UsageError
from dreamvid.settings.base import Settings
from dreamvid.settings.envelopes import SignalSettings
from dreamvid.settings.tables import (
    AudioSettings,
    CameraSettings,
    ClipSettings,
    DreamSettings,
    LengthSettings,
    NetworkSettings,
    OutputSettings,
    SoundSettings,
    SteadySettings,
    ZoomCameraSettings,
)


class ExactShape(Settings):
    """The shape of an exact loop."""

    evolve: int = Field(
        1,
        ge=1,
        le=64,
        description="Zoom and pan: number of dreams that cross-fade during the loop.",
    )


class FadedShape(Settings):
    """The shape of a loop whose end fades into its start."""

    fade: int | None = Field(
        None,
        ge=1,
        le=1000,
        description="Film and feedback: number of frames over which the end fades into the "
        "start. Default: half a second.",
    )


class ZoomShape(ExactShape):
    """The shape of an exact zoom."""

    kind: Literal["zoom"] = "zoom"
    symmetry: int = Field(1, ge=1, le=64, description="Zoom: number of rotational repeats.")
    twist: int = Field(0, ge=-16, le=16, description="Zoom: number of spiral arms.")


class PanShape(ExactShape):
    """The shape of an exact pan."""

    kind: Literal["pan"] = "pan"
    direction: str = Field(
        "right", description="Pan: right, left, down, up, or whole picture sizes as '2,-1'."
    )


class FilmShape(FadedShape):
    """How the ends of a film are joined."""

    kind: Literal["film"] = "film"
    ping_pong: bool = Field(False, description="Film: play forward, then backward.")

    @model_validator(mode="after")
    def _no_fade_in_ping_pong(self) -> Self:
        if self.ping_pong and self.fade is not None:
            raise UsageError("ping-pong needs no fade", where="fade", remedy="leave it out")
        return self


class FeedbackShape(FadedShape):
    """How a zoom is blended back to its start."""

    kind: Literal["feedback"] = "feedback"


class ShapeSettings(ZoomShape, PanShape, FilmShape, FeedbackShape):
    """The fields of all kinds: the flags of the command line."""

    kind: Literal["zoom", "pan", "film", "feedback"] = Field(  # type: ignore[assignment]
        "zoom",
        description="zoom and pan are exact loops of one dream; film joins the ends of a film; "
        "feedback is a zoom that is blended back to its start.",
    )


class _Shaped(Settings):
    loop: ShapeSettings


class _Loop(Settings):
    """A kind of loop."""

    @classmethod
    def checked(cls, values: Mapping[str, Any], *, where: object = None) -> Self:
        """Validate plain values; UsageError also names a setting that only other kinds have."""
        for table, name, kinds in cls._of_others(values):
            remedy = f"leave it out, or use --kind {' or '.join(kinds)}"
            if cls is FilmLoop and table in ("network", "dream"):
                remedy = "leave it out; dreamvid video dreams films"
            raise UsageError(
                f"not used by loops of kind {_kind(cls)}",
                where=name if where is None else f"{where}: {name}",
                remedy=remedy,
            )
        return super().checked(values, where=where)

    @classmethod
    def inherited(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values without those that only other kinds have."""
        kept = super().inherited(values)
        for table, name, _ in cls._of_others(values):
            kept[table] = {key: value for key, value in kept[table].items() if key != name}
        return {table: row for table, row in kept.items() if row != {}}

    @classmethod
    def _of_others(cls, values: Mapping[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
        """Yield the table and name of each value that only other kinds have, and these kinds."""
        for table, row in values.items():
            for name in row if isinstance(row, Mapping) else ():
                kinds = [_kind(model) for model in LOOPS if _has(model, table, name)]
                if kinds and not _has(cls, table, name):
                    yield table, name, kinds


class ZoomLoop(_Loop):
    """Settings of an exact loop of one dream that zooms and rotates."""

    network: NetworkSettings = NetworkSettings()
    dream: DreamSettings = DreamSettings()
    camera: ZoomCameraSettings = ZoomCameraSettings()
    clip: ClipSettings = ClipSettings()
    loop: ZoomShape = ZoomShape()
    sound: AudioSettings = AudioSettings()
    output: OutputSettings = OutputSettings()


class PanLoop(_Loop):
    """Settings of an exact loop of one dream that pans over it."""

    network: NetworkSettings = NetworkSettings()
    dream: DreamSettings = DreamSettings()
    clip: ClipSettings = ClipSettings()
    loop: PanShape = PanShape()
    sound: AudioSettings = AudioSettings()
    output: OutputSettings = OutputSettings()


class FilmLoop(_Loop):
    """Settings of a film that is joined with itself without dreaming."""

    clip: LengthSettings = LengthSettings()
    loop: FilmShape = FilmShape()
    sound: AudioSettings = AudioSettings()
    output: OutputSettings = OutputSettings()

    @model_validator(mode="after")
    def _whole_in_ping_pong(self) -> Self:
        if self.loop.ping_pong and self.clip.seconds is not None:
            raise UsageError(
                "ping-pong plays the whole film", where="seconds", remedy="leave it out"
            )
        return self


class FeedbackLoop(_Loop):
    """Settings of a zoom that is blended back to its start."""

    network: NetworkSettings = NetworkSettings()
    dream: DreamSettings = DreamSettings()
    motion: SteadySettings = SteadySettings()
    camera: CameraSettings = CameraSettings()
    clip: ClipSettings = ClipSettings()
    loop: FeedbackShape = FeedbackShape()
    sound: SoundSettings = SoundSettings()
    signals: SignalSettings = SignalSettings()
    output: OutputSettings = OutputSettings()


DreamedLoop = ZoomLoop | PanLoop | FeedbackLoop
LoopSettings = DreamedLoop | FilmLoop

LOOPS: tuple[type[LoopSettings], ...] = (ZoomLoop, PanLoop, FilmLoop, FeedbackLoop)


def loop_model(tables: Mapping[str, Any], where: object = None) -> type[LoopSettings]:
    """The settings model of the kind of loop that plain values name; by default a zoom.

    `where` is the file that UsageError names for an unknown kind.
    """
    shape = tables.get("loop")
    if not isinstance(shape, Mapping) or "kind" not in shape:
        return ZoomLoop
    wanted = _Shaped.checked({"loop": {"kind": shape["kind"]}}, where=where).loop.kind
    return next(model for model in LOOPS if _kind(model) == wanted)


def _kind(model: type[_Loop]) -> str:
    kind: str = model.model_fields["loop"].default.kind
    return kind


def _has(model: type[_Loop], table: str, name: str) -> bool:
    tables = model.tables()
    return table in tables and name in tables[table].model_fields
