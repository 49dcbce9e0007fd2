"""Exact loops: they close to the byte, move as said, and are clean to the very centre."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest
import torch
from tiny import tiny_network

from dreamvid.commands.shapes import pan_periods, whole_frames
from dreamvid.dream.beings import SIZE
from dreamvid.dream.dreamer import Dreamer
from dreamvid.dream.gradient import Gauge, Scale
from dreamvid.dream.objectives import creatures, layer
from dreamvid.dream.octaves import resize
from dreamvid.dream.shaping import Shape
from dreamvid.dream.views import Place
from dreamvid.errors import UsageError
from dreamvid.loops.exact import ExactLoop, evolve, noise_cycle, texture_density
from dreamvid.loops.lattice import Lattice, fit_lattice, pan_view, zoom_view
from dreamvid.loops.periodic import PeriodicDreamer, PeriodicGradient
from dreamvid.loops.texture import noise_texture, resize_periodic, tile_picture, wrap_picture
from dreamvid.loops.torus import TorusView

WIDTH, HEIGHT, FRAMES = 160, 120, 24
DENSITY = texture_density(WIDTH, HEIGHT)


def smooth(texture: torch.Tensor, amount: float = 0.6) -> torch.Tensor:
    """A stand-in for a dreamer: periodic, and it changes what it is given."""
    near = sum(texture.roll((y, x), (1, 2)) for y in (-1, 0, 1) for x in (-1, 0, 1)) / 9
    return (0.5 + (torch.lerp(texture, near, amount) - 0.5) * 1.3).clamp(0, 1)


def zoom_loop(
    zoom: float = 4, *, symmetry: int = 1, arms: int = 0, periods: tuple[int, int] = (1, 0)
) -> ExactLoop:
    lattice = fit_lattice(zoom, DENSITY, symmetry=symmetry, arms=arms)
    texture = smooth(noise_texture((lattice.height, lattice.width), contrast=0.2))
    view = zoom_view(lattice, WIDTH, HEIGHT)
    return ExactLoop([texture], view, frames=FRAMES, periods=periods)


def steps(frames: list[np.ndarray]) -> np.ndarray:
    """Mean difference of neighbours, the last being the step across the seam."""
    ring = np.stack([*frames, frames[0]]).astype(np.float32)
    return np.abs(np.diff(ring, axis=0)).mean(axis=(1, 2, 3))


def side_steps(texture: torch.Tensor) -> list[float]:
    """The step across each pair of sides over the median step between neighbours."""
    found = []
    for axis in (1, 2):
        ring = torch.cat((texture, texture.narrow(axis, 0, 1)), dim=axis)
        step = ring.diff(dim=axis).abs().mean(dim=(0, 3 - axis))
        found.append(float(step[-1] / step.median()))
    return found


@pytest.mark.parametrize(
    ("zoom", "symmetry", "arms", "periods"),
    [
        (4, 1, 0, (1, 0)),
        (2, 3, 0, (-1, 0)),
        (4, 1, 1, (1, 0)),
        (3, 1, -2, (2, 0)),
        (4, 2, 0, (1, 1)),
    ],
)
def test_zoom_loops_close(zoom: float, symmetry: int, arms: int, periods: tuple[int, int]) -> None:
    loop = zoom_loop(zoom, symmetry=symmetry, arms=arms, periods=periods)
    frames = list(loop)
    assert len(frames) == len(loop) == FRAMES
    assert frames[0].shape == (HEIGHT, WIDTH, 3)
    for index in (0, 7):
        assert loop.frame(index + FRAMES).tobytes() == frames[index].tobytes()
    found = steps(frames)
    assert found[-1] / np.median(found) <= 1.05
    assert found.min() > 1  # it does move


def test_no_frame_is_there_twice() -> None:
    assert len({frame.tobytes() for frame in zoom_loop()}) == FRAMES


def test_a_frame_is_the_first_one_zoomed() -> None:
    loop = zoom_loop(4)
    zoom = fit_lattice(4, DENSITY).slide((1, 0)).zoom
    assert zoom == pytest.approx(4, rel=0.1)
    index = 8
    factor = zoom ** (index / FRAMES)
    matrix = cv2.getRotationMatrix2D(((WIDTH - 1) / 2, (HEIGHT - 1) / 2), 0, factor)
    moved = cv2.warpAffine(loop.frame(0), matrix, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    outer = np.hypot(x - WIDTH / 2, y - HEIGHT / 2) > 45
    assert correlation(moved[outer], loop.frame(index)[outer]) > 0.9
    assert correlation(loop.frame(0)[outer], loop.frame(index)[outer]) < 0.5


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a.astype(float).ravel(), b.astype(float).ravel())[0, 1])


def test_an_arm_turns_the_frame_as_the_lattice_says() -> None:
    lattice = fit_lattice(4, DENSITY, arms=1)
    slide = lattice.slide((1, 0))
    assert slide.zoom == pytest.approx(4, rel=0.15)
    assert abs(slide.degrees) > 10
    loop, index = zoom_loop(4, arms=1), 6
    share = index / FRAMES
    center = ((WIDTH - 1) / 2, (HEIGHT - 1) / 2)
    # Ours is clockwise on screen, OpenCV's counterclockwise.
    matrix = cv2.getRotationMatrix2D(center, -slide.degrees * share, slide.zoom**share)
    moved = cv2.warpAffine(loop.frame(0), matrix, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC)
    middle = (slice(5, 115), slice(40, 120))
    outer = np.ones((HEIGHT, WIDTH), bool)
    outer[40:80, 60:100] = False
    assert correlation(moved[middle][outer[middle]], loop.frame(index)[middle][outer[middle]]) > 0.9


@pytest.mark.parametrize("symmetry", [1, 2, 3, 4])
def test_symmetry_is_seen(symmetry: int) -> None:
    lattice = fit_lattice(4, 40, symmetry=symmetry)
    texture = noise_texture((lattice.height, lattice.width), contrast=0.2)
    view = zoom_view(lattice, 96, 96)
    frame = TorusView(texture, view, periods=(1, 0)).frame(5, 17).astype(int)
    quarter, half = (np.abs(frame - np.rot90(frame, turns)).mean() for turns in (1, 2))
    assert (half < 1) == (symmetry in (2, 4)) and (quarter < 1) == (symmetry == 4)
    assert frame.std() > 10


def test_the_centre_does_not_sparkle() -> None:
    """White noise is the worst texture: by radius, the flicker never rises towards the centre."""
    lattice = fit_lattice(4, DENSITY)
    generator = torch.Generator().manual_seed(1)
    texture = torch.rand((3, lattice.height, lattice.width), generator=generator)
    loop = ExactLoop([texture], zoom_view(lattice, WIDTH, HEIGHT), frames=64, periods=(1, 0))
    ring = np.stack([loop.frame(k) for k in range(66)]).astype(np.float32)
    flicker = np.abs(ring[2:] - 2 * ring[1:-1] + ring[:-2]).mean(axis=(0, 3))
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    radius = np.hypot(x + 0.5 - WIDTH / 2, y + 0.5 - HEIGHT / 2)
    by_radius = [flicker[(radius >= r) & (radius < r * 1.5)].mean() for r in (0.7, 2, 4, 8, 16, 30)]
    assert max(by_radius[:4]) <= by_radius[-1]
    assert by_radius[0] < 0.25 * by_radius[-1]


def test_detail_too_fine_to_show_is_grey_not_moire() -> None:
    lattice = fit_lattice(4, DENSITY)
    rows, columns = np.mgrid[0 : lattice.height, 0 : lattice.width]
    board = torch.from_numpy(((rows // 2 + columns // 2) % 2).astype(np.float32))
    texture = board.expand(3, -1, -1)
    loop = ExactLoop([texture], zoom_view(lattice, WIDTH, HEIGHT), frames=FRAMES, periods=(1, 0))
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    radius = np.hypot(x + 0.5 - WIDTH / 2, y + 0.5 - HEIGHT / 2)
    for index in (0, 5):
        frame = loop.frame(index).astype(int)
        assert np.abs(frame[radius < 0.3 * DENSITY] - 127.5).max() <= 3
        assert frame[radius > 1.5 * DENSITY].std() > 80


def test_a_pan_is_sharp_at_any_shift() -> None:
    size, across = (48, 64), np.arange(64)
    wave = np.sin(2 * np.pi * 20 * across / 64)  # 0.31 cycles per pixel
    texture = torch.from_numpy(0.5 + 0.4 * np.tile(wave, (48, 1))).float().expand(3, -1, -1)
    loop = ExactLoop([texture], pan_view(size, 64, 48), frames=100, periods=(0, 1))
    for index in (0, 25, 1, 33):
        moved = across - index * 0.64
        expected = 127.5 + 102 * np.sin(2 * np.pi * 20 * moved / 64)
        assert np.abs(loop.frame(index)[10, :, 1] - expected).max() < 8
    assert np.abs(np.roll(loop.frame(0), 16, axis=1).astype(int) - loop.frame(25)).max() <= 1


@pytest.mark.parametrize("direction", ["left", "up", "2,-1"])
def test_pan_loops_close(direction: str) -> None:
    picture = torch.rand((3, 90, 100), generator=torch.Generator().manual_seed(2))
    texture = tile_picture(smooth(smooth(picture)))
    size = (texture.shape[1], texture.shape[2])
    periods = pan_periods(direction)
    loop = ExactLoop([texture], pan_view(size, 150, 110), frames=FRAMES, periods=periods)
    frames = list(loop)
    assert loop.frame(FRAMES).tobytes() == frames[0].tobytes()
    found = steps(frames)
    assert found[-1] / np.median(found) <= 1.05
    # The plane is tiled: a tile further there is the same.
    beyond = 150 - size[1]
    np.testing.assert_allclose(frames[3][:, size[1] :], frames[3][:, :beyond], atol=1)


def test_pan_moves_the_way_it_says() -> None:
    texture = torch.zeros((3, 32, 32))
    texture[:, 8:12, 8:12] = 1

    def spot(direction: str) -> tuple[float, float]:
        loop = ExactLoop(
            [texture], pan_view((32, 32), 32, 32), frames=8, periods=pan_periods(direction)
        )
        weight = loop.frame(1)[..., 0] > 128
        y, x = np.nonzero(weight)
        return float(y.mean()), float(x.mean())

    assert spot("right") == pytest.approx((9.5, 13.5), abs=0.6)
    assert spot("down") == pytest.approx((13.5, 9.5), abs=0.6)


@pytest.mark.parametrize("bits", [8, 16])
def test_bits(bits: int) -> None:
    texture = torch.linspace(0, 1, 64).repeat(3, 16, 1) * 0.5 + 0.25
    texture = torch.cat((texture, texture.flip(2)), dim=2)
    frames = ExactLoop([texture], pan_view((16, 128), 128, 16), frames=8, periods=(1, 0), bits=bits)
    frame = frames.frame(0)
    top = 2**bits - 1
    assert frame.dtype == (np.uint8 if bits == 8 else np.uint16)
    error = np.abs(frame[..., 0] / top - texture[0].numpy())[:, 4:60].max()
    assert error < (1e-2 if bits == 8 else 3e-3)
    assert frames.frame(8).tobytes() == frame.tobytes()


def test_an_evolving_texture_closes_too() -> None:
    lattice = fit_lattice(3, 30)
    start = noise_texture((lattice.height, lattice.width))
    textures = evolve(noise_cycle(start, 6, contrast=0.2), smooth)
    assert len(textures) == 6
    loop = ExactLoop(textures, zoom_view(lattice, 96, 64), frames=40, periods=(1, 0))
    frames = list(loop)
    assert loop.frame(40).tobytes() == frames[0].tobytes()
    assert loop.frame(19).tobytes() == frames[19].tobytes()  # whatever was asked before
    found = steps(frames)
    assert found[-1] / np.median(found) <= 1.05
    still = ExactLoop(textures[:1], zoom_view(lattice, 96, 64), frames=40, periods=(1, 0))
    assert np.abs(still.frame(20).astype(int) - frames[20]).mean() > 5


def test_a_picture_is_seen_at_phase_0() -> None:
    y, x = np.mgrid[0:90, 0:120]
    picture = torch.from_numpy(
        np.stack((np.sin(x / 9) * np.cos(y / 7), np.cos((x + y) / 11), np.sin(y / 13))) * 0.4 + 0.5
    ).float()
    lattice = fit_lattice(6, DENSITY)
    texture = wrap_picture(picture, lattice)
    assert texture.shape == (3, lattice.height, lattice.width)
    assert max(side_steps(texture)) < 1.5
    frame = TorusView(texture, zoom_view(lattice, WIDTH, HEIGHT), periods=(1, 0)).frame(0, 10)
    shown = resize(picture, (HEIGHT, WIDTH)).permute(1, 2, 0).numpy()
    radius = np.hypot(*np.ogrid[-HEIGHT / 2 : HEIGHT / 2, -WIDTH / 2 : WIDTH / 2])
    outer = (radius > 40) & (radius < 65)
    assert correlation(frame[outer], shown[outer]) > 0.95


def test_textures_resize_exactly() -> None:
    def wave(height: int, width: int) -> torch.Tensor:
        y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        phase = math.tau * (3 * y / height + 2 * x / width)
        return (0.5 + 0.3 * torch.sin(phase + 0.4))[None]

    for size in ((40, 64), (21, 33), (20, 32), (61, 90)):
        torch.testing.assert_close(
            resize_periodic(wave(40, 64), size), wave(*size), atol=1e-4, rtol=0
        )


def test_noise_has_no_grain_and_no_seam() -> None:
    texture = noise_texture((64, 256))
    assert torch.equal(texture, noise_texture((64, 256)))
    assert not torch.equal(texture, noise_texture((64, 256), seed=1))
    down, across = (texture.diff(dim=axis).abs().mean() for axis in (1, 2))
    assert float(down / across) == pytest.approx(1, rel=0.1)
    assert max(side_steps(texture)) < 1.3


def test_dreaming_keeps_the_sides_together() -> None:
    dream = PeriodicDreamer(Dreamer(device="cpu", octaves=2, iterations=3))
    texture = noise_texture((96, 128))
    dreamed = dream(texture)
    assert dreamed.shape == texture.shape
    assert float((dreamed - texture).abs().mean()) > 0.01
    assert max(side_steps(dreamed)) < 1.25
    flat = PeriodicDreamer(Dreamer(device="cpu", strength=0))(texture)
    assert torch.equal(flat, texture)


def test_a_texture_is_pulled_to_its_source_and_smoothed_as_a_picture_is() -> None:
    dream, texture = Dreamer(tiny_network(), device="cpu", octaves=2), noise_texture((64, 96))

    def dreamed(**held: float) -> torch.Tensor:
        dose = replace(dream.dose, **held)  # type: ignore[arg-type]
        return PeriodicDreamer(dream.with_dose(dose, 1.4, dream.shape))(texture) - texture

    free, pulled, calm = dreamed(), dreamed(fade=0.2), dreamed(smooth=4.0)
    assert pulled.abs().mean() < 0.6 * free.abs().mean()
    assert calm.diff(dim=2).abs().mean() < 0.7 * free.diff(dim=2).abs().mean()
    assert max(side_steps(calm)) < 1.5


def test_what_does_not_fit_is_refused() -> None:
    assert whole_frames(Fraction(12), Fraction(60)) == 720
    with pytest.raises(UsageError, match=r"1001/1000|whole number"):
        whole_frames(Fraction(1), Fraction(24000, 1001))
    with pytest.raises(UsageError, match="arms cannot zoom"):
        fit_lattice(8, 100, arms=2)
    for zoom in (0.0, 1.0, math.nan, -2.0, math.inf):
        with pytest.raises(UsageError, match="zoom"):
            fit_lattice(zoom, 100)
    with pytest.raises(UsageError, match="symmetry"):
        fit_lattice(2, 100, symmetry=0)
    with pytest.raises(UsageError, match="texture of"):
        fit_lattice(1e6, 2000)
    with pytest.raises(UsageError, match="nothing would move"):
        ExactLoop([torch.zeros((3, 8, 8))], pan_view((8, 8), 8, 8), frames=4, periods=(0, 0))
    for direction in ("sideways", "0,0", "1", "1,2,3", "1000,1"):
        with pytest.raises(UsageError, match="unknown direction"):
            pan_periods(direction)


def test_slides_lead_back_to_the_same_place() -> None:
    lattice = Lattice(120, 300, symmetry=2, arms=1)
    view = zoom_view(lattice, 64, 64)
    slide = lattice.slide((2, -1))
    turn = complex(math.cos(math.radians(slide.degrees)), math.sin(math.radians(slide.degrees)))
    z = complex(10.0, 4.0)
    moved = z * slide.zoom * turn
    difference = lattice.pitch * (np.log(moved) - np.log(z))
    assert (difference.real / 120) % 1 == pytest.approx(0, abs=1e-6)
    assert round(difference.imag / 300, 6) % 1 == pytest.approx(0, abs=1e-6)
    assert view.rows.min() >= 0


def test_joining_a_picture_to_itself_keeps_its_contrast() -> None:
    """A plain cross-fade of unlike pictures would lose 29 % of it in the middle of the join."""
    picture = smooth(torch.rand((3, 240, 240), generator=torch.Generator().manual_seed(3)), 0.9)
    texture = tile_picture(picture)
    assert texture.shape == (3, 200, 200)
    for axis in (1, 2):
        contrast = texture.std(dim=(0, 3 - axis))
        joined, plain = contrast[170:190].mean(), contrast[20:150].mean()
        assert float(joined / plain) > 0.93
    assert max(side_steps(texture)) < 1.2


def test_each_radius_shows_what_its_pixels_can_and_no_more() -> None:
    """Spokes of 0.35 cycles per texel pass the finest that pixels show at 0.7 of the density."""
    lattice = Lattice(128, 512)
    density = abs(lattice.pitch)
    spokes = torch.sin(math.tau * 0.35 * torch.arange(512)) * 0.4 + 0.5
    texture = spokes.expand(3, 128, 512)
    view = zoom_view(lattice, 300, 300)
    frame = TorusView(texture, view, periods=(1, 0)).frame(0, 9).astype(float)[..., 0]
    radius = view.scale * density

    def contrast(low: float, high: float) -> float:
        ring = frame[(radius > low * density) & (radius < high * density)]
        return float(ring.std() / (0.4 * 255 / math.sqrt(2)))

    assert contrast(1.4, 1.8) > 0.95
    assert contrast(1.0, 1.1) > 0.9
    assert contrast(0.5, 0.6) < 0.1


def scale() -> Scale:
    return Scale(Shape(), Gauge(), "")


def test_the_gradient_sees_across_the_sides() -> None:
    gradient = PeriodicGradient(Dreamer(device="cpu").gradient)
    texture = noise_texture((128, 192))
    moved = gradient.ground(texture.roll((64, 96), (1, 2)), (0, 0), scale())
    stayed = gradient.ground(texture, (0, 0), scale())
    difference = (moved.roll((-64, -96), (1, 2)) - stayed).abs().mean()
    assert float(difference / stayed.abs().mean()) < 0.1


def test_evolving_carries_the_dream_before() -> None:
    bases = [torch.full((1, 1, 1), float(k)) for k in range(3)]
    dreams = evolve(bases, lambda texture: texture + 1, carry=0.5, laps=2)
    expected, value = [], 0.0
    for lap in range(2):
        for k in range(3):
            value = (float(k) if lap == k == 0 else 0.5 * k + 0.5 * value) + 1
            expected.append(value)
    assert [float(dream) for dream in dreams] == expected[3:]


def test_beings_of_a_texture_stand_across_its_sides() -> None:
    """A being at the side is the one in the middle, moved there."""
    gradient = PeriodicGradient(
        Dreamer(tiny_network(), creatures("cat"), device="cpu", precision="fp32").gradient
    )
    texture = noise_texture((64, 96), contrast=0.2)
    middle, corner = (Place(y, x, SIZE, "cat", 2) for y, x in ((0.5, 0.5), (0.0, 1.0)))

    def update(image: torch.Tensor, place: Place) -> torch.Tensor:
        flat = torch.zeros_like(image)
        return gradient.with_beings(flat, image, (place,), [(0.5, -0.3, 0.8)], scale())

    moved = update(texture.roll((32, 48), (1, 2)), corner)
    assert moved[:, :8, :8].abs().mean() > 0.5  # the corner that is furthest from its own
    torch.testing.assert_close(
        moved.roll((-32, -48), (1, 2)), update(texture, middle), atol=0.01, rtol=0
    )


def test_a_texture_is_dreamed_full_of_beings() -> None:
    texture = noise_texture((64, 96), contrast=0.2)
    plain, full = (
        PeriodicDreamer(Dreamer(tiny_network(), goal, device="cpu", octaves=1, iterations=2))(
            texture
        )
        for goal in (layer("two"), layer("two") + creatures())
    )
    assert (plain - full).abs().mean() > 0.003
