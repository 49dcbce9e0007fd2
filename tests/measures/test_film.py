"""Each measure on films whose right answer is known, and all of them against a plain retelling."""

import cv2
import numpy as np
import pytest
import torch

from dreamvid.errors import UsageError
from dreamvid.measures.film import Measures, measure, trusted

HEIGHT, WIDTH, PAN = 64, 96, 2


def texture(seed, height=HEIGHT, width=WIDTH, blur=1.5):
    """Smooth noise of standard deviation 1."""
    noise = np.random.default_rng(seed).standard_normal((height, width, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), blur)
    return smooth / smooth.std()


def window(wide, frame):
    """The view at that frame of a camera that pans over a wide picture."""
    start = 64 - PAN * frame
    return wide[:, start : start + WIDTH]


def levels(picture):
    return np.rint(picture).clip(0, 255).astype(np.uint8)


def film(frames, amount=0.0, *, carried=True):
    """A panning film, and the same with a dream: moving along with it, or new in every frame."""
    ground = 128 + 30 * texture(0, width=WIDTH + 64, blur=3)
    dream = texture(1, width=WIDTH + 64)
    source = [window(ground, t) for t in range(frames)]
    dreams = [window(dream, t) if carried else texture(100 + t) for t in range(frames)]
    pairs = zip(source, dreams, strict=True)
    return [levels(s) for s in source], [levels(s + amount * d) for s, d in pairs]


def brightness(image):
    return image


def test_a_carried_dream_has_almost_no_change_and_an_independent_one_has_all():
    assert measure(*film(8, 20)).r < 0.05
    assert measure(*film(8, 20, carried=False)).r == pytest.approx(2, abs=0.1)


def test_without_a_dream_there_is_nothing_to_carry():
    source, _ = film(6)
    result = measure(source, source, judge=brightness)
    assert result.r is None
    assert result.fresh is None
    assert result.e_ratio == 1
    assert result.gain == 1
    assert result.drift == 1
    assert result.legible == pytest.approx(1)


def test_the_warp_error_is_the_mean_square_left_by_the_warp():
    source, dreamed = film(8, 20, carried=False)
    result = measure(source, dreamed)
    assert result.e_warp == pytest.approx(2 * (20 / 255) ** 2, rel=0.1)
    assert result.e_ratio > 50


def test_gain_is_the_mean_square_of_what_the_judge_sees():
    source = [np.full((16, 16, 3), 60, np.uint8)] * 8
    dreamed = [np.full((16, 16, 3), 120, np.uint8)] * 8
    assert measure(source, dreamed, judge=brightness).gain == pytest.approx(4)
    assert measure(source, dreamed, judge=lambda image: image[:1, :2]).gain == pytest.approx(4)
    assert measure(source, dreamed).gain is None


def test_drift_compares_the_last_quarter_with_the_second():
    source = [np.full((16, 16, 3), 50, np.uint8)] * 8
    dreamed = [np.full((16, 16, 3), v, np.uint8) for v in (0, 0, 60, 60, 0, 0, 120, 120)]
    assert measure(source, dreamed, judge=brightness).drift == pytest.approx(4)


def test_hf_is_the_spread_of_the_laplacian():
    checks = np.indices((16, 16)).sum(axis=0) % 2 * 255
    board = np.repeat(checks[..., None], 3, axis=2).astype(np.uint8)
    gray = np.full_like(board, 128)
    assert measure([gray] * 2, [board] * 2).hf == pytest.approx(4, rel=0.05)
    assert measure([gray] * 2, [gray] * 2).hf == 0


def test_fresh_is_the_dream_where_the_flow_failed_over_the_dream_elsewhere():
    source, dreamed = film(8, 20)
    for plain, dream in zip(source, dreamed, strict=True):
        dream[:, : PAN + 4] = plain[:, : PAN + 4]  # where the pan uncovers: nothing was dreamed
    assert measure(source, dreamed).fresh < 0.8 * measure(*film(8, 20)).fresh


def test_legible_falls_as_the_film_goes_under():
    source, faint = film(4, 10)
    _, strong = film(4, 60)
    assert measure(source, source).legible > measure(source, faint).legible
    assert measure(source, faint).legible > measure(source, strong).legible + 0.01
    flat = [np.full_like(source[0], 9)] * 4
    assert measure(flat, flat).legible is None


def test_the_seam_is_the_step_across_the_join_in_steps():
    tones = [np.full((16, 16, 3), v, np.uint8) for v in (0, 10, 20, 80)]
    assert measure(tones, tones, loop=True).seam == pytest.approx(8)
    assert measure(tones, tones).seam is None


def test_a_cut_counts_neither_as_change_nor_as_fresh():
    source, dreamed = film(6, 20)
    other = [levels(128 + 40 * texture(11, blur=4))] * 3
    other_dreamed = [levels(f + 60 * texture(7)) for f in other]
    joined = measure([*source, *other], [*dreamed, *other_dreamed])
    apart = measure(source, dreamed), measure(other, other_dreamed)
    assert joined.r == pytest.approx(np.mean([x.r for x in apart]), abs=0.02)
    assert joined.fresh < 0.8  # only the pan uncovers, and its dream is the weaker one
    assert joined.frames == 9


def test_relative_to_the_independent_film():
    source, calm = film(6, 20)
    _, restless = film(6, 20, carried=False)
    calm, restless = (measure(source, f, judge=brightness) for f in (calm, restless))
    ratios = calm.relative_to(restless)
    assert ratios["e_warp"] < 0.1
    assert ratios["gain"] == pytest.approx(1, abs=0.05)
    assert ratios["hf"] == pytest.approx(1, abs=0.1)


def test_sixteen_bits_measure_as_eight():
    source, dreamed = film(4, 20)
    deep = measure(*([f.astype(np.uint16) * 257 for f in x] for x in (source, dreamed)))
    plain = measure(source, dreamed)
    assert deep.r == pytest.approx(plain.r, rel=1e-3)
    assert deep.hf == pytest.approx(plain.hf, rel=1e-3)


def test_films_are_read_frame_by_frame():
    alive = []

    def stream():
        for source in film(12)[0]:
            alive.append(1)
            yield source

    def other():
        for count, dreamed in enumerate(film(12, 20)[1], start=1):
            assert len(alive) <= count  # nothing is read ahead
            yield dreamed

    assert measure(stream(), other()).frames == 12


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(UsageError, match="no frame"):
        measure([], [])
    with pytest.raises(UsageError, match="the source is 8x9, the dream 7x9"):
        measure([np.zeros((9, 8, 3), np.uint8)], [np.zeros((9, 7, 3), np.uint8)])


def test_one_frame_and_one_pixel_can_be_measured():
    source, dreamed = film(1, 20)
    result = measure(source, dreamed, judge=brightness, loop=True)
    assert result.r is result.e_warp is result.drift is result.seam is None
    dot = [np.full((1, 1, 3), 40, np.uint8)] * 3
    assert isinstance(measure(dot, dot), Measures)


def test_pixels_are_trusted_by_the_published_formulas():
    flow = np.zeros((20, 30, 2), np.float32)
    flow[..., 0] = 3
    mask = trusted(flow, -flow)
    assert mask[:, :27].all()
    assert not mask[:, 27:].any()  # leads out of the picture
    assert not trusted(flow, flow).any()
    flow[10:, :, 0] = 2.7  # a motion boundary: 0.15^2 < 0.01 * 9 + 0.002, 0.35^2 is over
    assert trusted(flow, -flow)[:, :27].all()
    flow[10:, :, 0] = 2.3
    assert not trusted(flow, -flow)[9:11].any()


def test_the_measures_agree_with_a_plain_retelling():
    source, dreamed = film(8, 25, carried=False)
    blend = [levels(0.7 * a + 0.3 * b) for a, b in zip(film(8, 25)[1], dreamed, strict=True)]
    result = measure(source, blend, judge=lambda image: torch.relu(image - 0.5))
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    gray = [cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in source]
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    change = size = 0.0
    errors = []
    for t in range(1, 8):
        w = dis.calc(gray[t], gray[t - 1], None)
        mask = trusted(w, dis.calc(gray[t - 1], gray[t], None))
        now, before = (blend[i] / np.float32(255) - source[i] / np.float32(255) for i in (t, t - 1))

        def along(picture, w=w):
            places = x + w[..., 0], y + w[..., 1]
            return cv2.remap(picture, *places, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE)

        moved, (v, v_before) = along(before), (blend[i] / np.float32(255) for i in (t, t - 1))
        change += ((now - moved)[mask] ** 2).sum()
        size += ((now[mask] ** 2).sum() + (moved[mask] ** 2).sum()) / 2
        errors.append(((v - along(v_before))[mask] ** 2).mean())
    assert result.r == pytest.approx(change / size, rel=1e-3)
    assert result.e_warp == pytest.approx(np.mean(errors), rel=1e-3)
    power = [
        np.mean([(np.maximum(f / 255 - 0.5, 0) ** 2).mean() for f in x]) for x in (blend, source)
    ]
    assert result.gain == pytest.approx(power[0] / power[1], rel=1e-3)


def test_fringe_is_the_chroma_of_the_fine_dream_over_its_luma():
    gray = [np.full((64, 64, 3), 128, np.uint8)] * 2
    checks = (np.indices((64, 64)).sum(axis=0) % 2 * 2 - 1).astype(np.float32)

    def fringe(*colour):
        dream = checks[..., None] * np.array(colour, np.float32)
        return measure(gray, [levels(frame + dream) for frame in gray]).fringe

    assert fringe(40, 40, 40) == pytest.approx(0, abs=1e-4)
    red, luma = 40, 40 * 0.299
    assert fringe(red, 0, 0) == pytest.approx(
        np.sqrt(((red - luma) ** 2 + luma**2) / 2) / luma, rel=1e-3
    )
    blue, luma = 40, 40 * 0.114
    assert fringe(0, 0, blue) == pytest.approx(
        np.sqrt((luma**2 + (blue - luma) ** 2) / 2) / luma, rel=1e-3
    )
    assert measure(gray, gray).fringe is None


def test_fringe_passes_over_wide_tints():
    gray = [np.full((64, 64, 3), 128, np.uint8)] * 2
    checks = (np.indices((64, 64)).sum(axis=0) % 2 * 20)[..., None]
    tinted = [levels(frame + checks + np.array([60, 0, 0])) for frame in gray]
    assert measure(gray, tinted).fringe == pytest.approx(0, abs=1e-3)


def test_fringe_counts_what_a_sigma_of_two_leaves():
    gray = [np.full((64, 97, 3), 128, np.uint8)] * 2
    x = np.arange(97)  # whole periods, which go on where they are mirrored at the border
    # The high-pass lets pass 1 - exp(-2 (pi sigma / period)^2): 0.27 at 16 pixels, 0.71 at 8.
    coarse, fine = (np.cos(2 * np.pi * x / period)[None, :, None] for period in (16, 8))
    dream = 50 * coarse * np.array([1, 0, 0]) + 50 * fine * np.ones(3)
    passed = [1 - np.exp(-2 * (np.pi * 2 / period) ** 2) for period in (16, 8)]
    luma = (0.299 * passed[0]) ** 2 + passed[1] ** 2
    chroma = passed[0] ** 2 * (0.701**2 + 0.299**2) / 2
    found = measure(gray, [levels(frame + dream) for frame in gray]).fringe
    assert found == pytest.approx(np.sqrt(chroma / luma), rel=0.03)


def test_alive_compares_the_last_third_with_the_first_second():
    source = [np.full((16, 16, 3), 50, np.uint8)] * 9
    dreamed = [np.full((16, 16, 3), v, np.uint8) for v in (50, 50, 200, 200, 0, 0, 50, 100, 200)]
    fading = [np.full((16, 16, 3), v, np.uint8) for v in (50, 50, 200, 200, 0, 0, 25, 25, 25)]
    found = measure(source, dreamed, judge=brightness, rate=2)
    assert found.alive == pytest.approx(7)
    assert measure(source, dreamed, judge=brightness).alive is None
    independent = measure(source, fading, judge=brightness, rate=2)
    assert independent.alive == pytest.approx(0.25)
    assert found.relative_to(independent)["alive"] == pytest.approx(28)
