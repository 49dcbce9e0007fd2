"""run_live: dream a camera, a stream, a film, the screen, a zoom or a loop, and show it at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

import torch

from dreamvid.commands.dream_checks import check_dream
from dreamvid.commands.dreams import Dreams
from dreamvid.commands.loop import exact_loop, exact_plan, loop_dreamer
from dreamvid.commands.shapes import whole_frames
from dreamvid.commands.shared import load_all
from dreamvid.commands.zoom import FIRST_TIMES, fill, make_camera
from dreamvid.dream.octaves import Size
from dreamvid.image import laid_over, read_layers, to_image
from dreamvid.live.carry import LiveCarry
from dreamvid.live.check import LiveRequest, loop_settings
from dreamvid.live.clock import Clock, SystemClock
from dreamvid.live.controls import Controls
from dreamvid.live.controls.keys import TerminalKeys, pressed
from dreamvid.live.feed import Feed
from dreamvid.live.frames import LiveFrame
from dreamvid.live.looks import Looks
from dreamvid.live.loop import Wall, dream_live
from dreamvid.live.outputs.beside import Outputs
from dreamvid.live.pace import FIRST, Pace
from dreamvid.live.showing import Showing
from dreamvid.live.status import Status
from dreamvid.live.taking import CameraAt, InputFrames, Rhythm, ZoomFrames
from dreamvid.loops.texture import noise_texture
from dreamvid.motion.camera import Camera
from dreamvid.schedules.schedule import Clock as ScheduleClock
from dreamvid.sequence.dream_size import dream_size
from dreamvid.sequence.progress import OnProgress, ignore
from dreamvid.settings.live import LiveSettings
from dreamvid.settings.tables import CameraSettings, LengthSettings
from dreamvid.settings.values import DREAM_LINES, LARGEST

DRIFT = CameraSettings(zoom=1.06, rotate=1.5)
"""The slow camera over the last dream while the input is black, frozen or lost."""

OnStatus = Callable[[Status], None]


def run_live(
    request: LiveRequest,
    *,
    on_status: OnStatus,
    on_progress: OnProgress = ignore,
    clock: Clock | None = None,
) -> Status:
    """Dream and show a checked request until it is ended; recordings are whole, however it ends.

    `on_status` gets the status after each frame. Raises any DreamvidError, and KeyboardInterrupt
    after all outputs are closed.
    """
    with ExitStack() as stack:
        session = Session(request, stack, clock or SystemClock(), on_status, on_progress)
        if request.settings.live.loop:
            show_loop(session)
        else:
            dream_session(session)
        return session.status


@dataclass
class Session:
    """A run, and what ends with it."""

    request: LiveRequest
    stack: ExitStack
    clock: Clock
    on_status: OnStatus
    on_progress: OnProgress

    def __post_init__(self) -> None:
        self.settings = self.request.settings
        self.live, self.fps = self.settings.live, float(self.settings.live.fps)
        self.status, self.ended, self.again = Status(), False, False
        self.outputs = Outputs(self.request.outputs, self.complain)
        self.stack.callback(self.outputs.close)

    def complain(self, text: str) -> None:
        """Say what went wrong; the picture goes on."""
        self.status.note = text

    def end(self) -> None:
        """End after this frame."""
        self.ended = True

    def grow_again(self) -> None:
        """Let the dream grow again from the next frame on."""
        self.again = True

    def open(self, picture: tuple[int, int]) -> Size:
        """Open the outputs for an input of a size (width, height); the size that is shown."""
        width, height = LengthSettings(size=self.live.size).size_for(picture)
        self.status.shown = f"{width}x{height}"
        for output in self.request.outputs:
            if hasattr(output, "status"):
                output.status = self.status.told
        self.outputs.open((width, height), self.live.fps)
        return height, width

    def on_key(self, handle: Callable[[str], None]) -> None:
        """Let the keys of windows be handled."""
        for output in self.request.outputs:
            if hasattr(output, "on_key"):
                output.on_key = handle

    def until_ended(self, frames: Iterable[Any], before: Callable[[float], None]) -> Iterator[Any]:
        """The frames until the run ends; `before` is called with the time before each."""
        begun = self.clock.now()
        for frame in frames:
            before(self.clock.now())
            if self.ended:
                return
            yield frame
            self.on_status(self.status)
            if self.live.seconds is not None and self.clock.now() - begun >= self.live.seconds:
                return


def dream_session(session: Session) -> None:
    """Dream an input or a zoom."""
    settings, live, clock = session.settings, session.live, session.clock
    feed, picture = begin(session)
    shown = session.open((int(picture.shape[2]), int(picture.shape[1])))
    pace = Pace(
        dream_size(shown, live.dream_size or f"{LARGEST}x{DREAM_LINES}", on_cpu=False),
        fps=session.fps,
        latency=live.latency,
    )
    looks = Looks(settings, Maker(session.on_progress), session.complain)
    session.stack.callback(looks.close)
    frames: InputFrames | ZoomFrames
    if feed is not None:
        frames = InputFrames(
            feed, cameras(DRIFT, live.fps), shown=shown, fps=session.fps, pace=pace, clock=clock
        )
    else:
        frames = ZoomFrames(
            fill(picture, shown[1], shown[0]),
            cameras(settings.camera, live.fps),
            fps=session.fps, pace=pace, clock=clock,
            times=1.0 if session.request.picture else FIRST_TIMES,
        )  # fmt: skip
    controls = controlled(session, looks)

    def before(now: float) -> None:
        controls.apply(now)
        session.status.state, session.status.look = frames.state, look_of(looks)
        if feed is not None and feed.trouble:
            session.complain(feed.trouble)

    wall = Wall(Showing(shown), session.outputs, pace, session.status, clock)
    taken = (regrown(session, frame) for frame in session.until_ended(frames, before))
    dream_live(taken, LiveCarry(looks), wall)


def begin(session: Session) -> tuple[Feed | None, torch.Tensor]:
    """The first picture [3, H, W]: of the input, which is then read, or of a zoom."""
    request = session.request
    if request.source is not None:
        feed = Feed(request.source, session.clock)
        session.stack.callback(feed.stop)
        return feed, to_image(feed.start().array)
    return None, start_picture(request)


def start_picture(request: LiveRequest) -> torch.Tensor:
    """The picture [3, H, W] that a zoom or a loop begins from."""
    settings = request.settings
    if request.picture is not None:
        return to_image(laid_over(read_layers(request.picture)))
    width, height = LengthSettings(size=settings.live.size).size_for(None)
    return noise_texture((height, width), seed=settings.dream.seed)


def controlled(session: Session, looks: Looks) -> Controls:
    """Start everything that controls a run."""
    stack = session.stack
    controls = Controls(
        looks,
        session.settings,
        complain=session.complain,
        reset=session.grow_again,
        quit=session.end,
    )
    session.on_key(lambda key: pressed(controls, key))
    for listener in session.request.listeners:
        stack.callback(listener.close)
        listener.start(controls)
    stack.enter_context(TerminalKeys(lambda key: pressed(controls, key)))
    return controls


def regrown(session: Session, frame: LiveFrame) -> LiveFrame:
    """The frame, as the first of a shot if the dream is to grow again."""
    if not session.again or frame.image is None:
        return frame
    session.again = False
    return replace(frame, motion=None, new=True)


def look_of(looks: Looks) -> str:
    """What is dreamed, in a few words."""
    dream = looks.settings.dream
    named = dream.label or "+".join(dream.layer) or "default layer"
    return f"{named} {looks.numbers['strength']:.2f}"


class Maker:
    """Makes the Dreamers of settings; the networks are kept while they stay the same."""

    def __init__(self, on_progress: OnProgress) -> None:
        self._on_progress, self._key = on_progress, ""

    def __call__(self, settings: LiveSettings) -> Dreams:
        """Make the Dreamers; any DreamvidError."""
        check_dream(settings.network, settings.dream)
        key = settings.network.model_dump_json(exclude={"offline"})
        if key != self._key:
            self._networks = load_all(settings.network, self._on_progress)
            self._key = key
        clock = ScheduleClock(Fraction(1), 1, settings.dream.seed)
        return Dreams(self._networks, settings.network, settings.dream, clock, size=(FIRST, FIRST))


def cameras(camera: CameraSettings, fps: Fraction) -> CameraAt:
    """The cameras of a zoom by the size (height, width) of the dream."""
    clock = ScheduleClock(fps)

    @lru_cache(2)
    def at(size: Size) -> Camera:
        return make_camera(camera, clock, size[1], size[0])

    return at


def show_loop(session: Session) -> None:
    """Dream an exact loop, and show it without end."""
    settings = loop_settings(session.settings)
    picture = start_picture(session.request)
    height, width = session.open((int(picture.shape[2]), int(picture.shape[1])))
    count = whole_frames(settings.clip.length, settings.clip.fps)
    plan = exact_plan(settings, (width, height), count)
    noise = session.request.picture is None
    base = plan.base(None if noise else fill(picture, width, height))
    size = int(base.shape[1]), int(base.shape[2])
    session.status.size = f"{size[1]}x{size[0]}"
    dream = loop_dreamer(settings, size, noise, session.on_progress)
    loop = exact_loop(plan, base, settings, dream, 8, session.on_progress)

    def on_key(key: str) -> None:
        if key == "q":
            session.end()

    session.on_key(on_key)
    session.stack.enter_context(TerminalKeys(on_key))
    begun, rhythm = session.clock.now(), Rhythm(session.fps, session.clock)
    for now in session.until_ended(iter(session.clock.now, None), lambda now: None):
        session.outputs.show(loop.frame(round((now - begun) * session.fps)), now - begun)
        session.status.tick(session.clock.now(), now)
        rhythm.wait()
