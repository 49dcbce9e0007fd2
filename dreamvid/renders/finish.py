"""From a drawn relief to a picture: coat, crevices, light, eyes, whiskers, edges."""

from __future__ import annotations

import cv2
import numpy as np

from . import noise
from .eyes import paint_eye
from .light import Light, random_light, shade
from .maths import TURN, Array, edge, mix, unit
from .palettes import Rng
from .sculpt import Eye, Sculpture, Stroke, group_window, local
from .solids import FAR, Relief, View

Picture = tuple[Array, Array]  # RGB [S, S, 3] and coverage [S, S], both about 0..1


def _alpha(relief: Relief, ragged: float, rng: Rng) -> Array:
    distance = relief.distance
    if ragged:
        at = np.arange(relief.size, dtype=np.float32) - relief.size / 2
        angle = np.arctan2(at[:, None], at[None])
        tuft = noise.sample(
            noise.hair()[1], angle * (2 * noise.SIDE / TURN), distance + rng.uniform(0, 99)
        )
        distance = distance + tuft * (ragged * relief.size / 128) * relief.paint[..., 4]
    return np.maximum(edge(distance, 1.2), relief.cover)


def _clothe(relief: Relief, view: View, sculpture: Sculpture) -> Array:
    height = np.zeros_like(relief.z)
    for group, frame, coat in sculpture.coats:
        at = group_window(relief, group)
        if at is None:
            continue
        tone, rise = coat(*local(relief, view, frame, at))
        weight = relief.paint[at][..., 4] * (relief.group[at] == group)
        relief.paint[at][..., :3] *= (1 + (tone - 1) * weight)[..., None]
        height[at] += rise * weight * (relief.size / 192)
    return height


def _crevices(z: Array, size: int) -> Array:
    wide = cv2.blur(z, (size // 10 | 1, size // 10 | 1))
    near = cv2.blur(z, (size // 32 | 1, size // 32 | 1))
    dark = np.maximum(wide - z, 0) * (3.0 / size) + np.maximum(near - z, 0) * (9.0 / size)
    return 1 - 0.62 * unit(dark)


def _draw_eye(picture: Array, relief: Relief, view: View, eye: Eye, light: Light, rng: Rng) -> None:
    front = float(eye.facing[2])
    centre, radius = view.px(eye.centre), eye.radius * view.scale
    if front < 0.16 or radius < 1:
        return
    column, row = int(centre[0]), int(centre[1])
    inside = 0 <= row < relief.size and 0 <= column < relief.size
    if not inside or relief.z[row, column] > centre[2] + radius * 1.2:
        return
    window = relief.window(centre - 1.35 * radius, centre + 1.35 * radius)
    if window is None:
        return
    rows, columns, x, y = window
    x, y = (x - centre[0]) / radius, (y - centre[1]) / radius
    tilt = eye.facing[:2] / max(float(np.hypot(*eye.facing[:2])), 1e-6)
    stretch = (x * tilt[0] + y * tilt[1]) * (1 / max(front, 0.4) - 1)
    x, y = (x + stretch * tilt[0]) * eye.side, y + stretch * tilt[1]
    target = picture[rows, columns]
    sided = Light((light.direction[0] * eye.side, *light.direction[1:]), *_colours(light))
    paint_eye(target, x.astype(np.float32), y.astype(np.float32), eye.iris, sided, rng, 1 / radius)


def _colours(light: Light) -> tuple[Array, Array, Array]:
    return light.key, light.fill, light.rim


def _draw_stroke(picture: Array, alpha: Array, relief: Relief, view: View, stroke: Stroke) -> None:
    points = view.px(stroke.points)
    cells = np.clip(points[:, :2].astype(int), 0, relief.size - 1)
    hidden = relief.z[cells[:, 1], cells[:, 0]] > points[:, 2] + 0.03 * relief.size
    width = max(1, round(stroke.width * view.scale))
    window = relief.window(points.min(0) - width - 1, points.max(0) + width + 1)
    if window is None:
        return
    rows, columns = window[:2]
    mask = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
    flat = np.round((points[:, :2] - (columns.start, rows.start)) * 16).astype(np.int32)
    for k in range(len(flat) - 1):
        if not hidden[k : k + 2].any():
            cv2.line(mask, flat[k].tolist(), flat[k + 1].tolist(), 255, width, cv2.LINE_AA, 4)
    weight = mask.astype(np.float32) / 255
    picture[rows, columns] = mix(picture[rows, columns], stroke.rgb, weight)
    alpha[rows, columns] = np.maximum(alpha[rows, columns], weight * 0.95)


def finish(sculpture: Sculpture, relief: Relief, view: View, rng: Rng) -> Picture:
    """Turn a drawn sculpture into colours and coverage."""
    light, size = random_light(rng), relief.size
    alpha = _alpha(relief, sculpture.ragged, rng)
    rise = _clothe(relief, view, sculpture)
    seen = relief.z > FAR / 2
    low = float(relief.z[seen].min()) if seen.any() else 0.0
    z = np.maximum(relief.z, max(low, float(relief.z.max()) - size))
    paint = relief.paint
    picture = shade(paint[..., :3], z + rise, light, gloss=paint[..., 3])
    picture *= _crevices(z, size)[..., None]
    for eye in sculpture.eyes:
        _draw_eye(picture, relief, view, eye, light, rng)
    for stroke in sculpture.strokes:
        _draw_stroke(picture, alpha, relief, view, stroke)
    return picture, alpha


def portrait(
    sculpture: Sculpture,
    rng: Rng,
    size: int,
    fill: tuple[float, float] = (0.74, 1.04),
    wander: float = 0.08,
) -> Picture:
    """Draw a sculpture so that its longer side spans a random part, `fill`, of the frame."""
    share, offset = rng.uniform(fill[0], fill[1]), rng.uniform(-wander, wander, 2)
    view = sculpture.view(size, share, offset)
    picture, alpha = finish(sculpture, sculpture.draw(size, view), view, rng)
    if rng.random() < 0.5:
        picture, alpha = picture[:, ::-1], alpha[:, ::-1]
    return picture, alpha
