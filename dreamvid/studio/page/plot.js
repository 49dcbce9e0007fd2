// @ts-check
/** The drawing of a curve: the song, a grid of seconds, the line, its keyframes, and the frame that is open. */

const PAD = 8;

/** @typedef {{curve: import("./keyframes.js").Curve, bounds: {low: number, high: number}, chosen: number, frame: number,
 *   frames: number, fps: number, wave: {seconds: number, least: number[], greatest: number[]}|null}} Plot */

/** @param {HTMLCanvasElement} canvas @param {Plot} what */
export function plot(canvas, what) {
  const ratio = devicePixelRatio || 1;
  const [wide, high] = [canvas.clientWidth, canvas.clientHeight];
  if (!wide || !high) return;
  canvas.width = wide * ratio;
  canvas.height = high * ratio;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  const last = Math.max(1, what.frames - 1);
  const x = (/** @type {number} */ frame) => PAD + frame / last * (wide - 2 * PAD);
  const span = what.bounds.high - what.bounds.low || 1;
  const y = (/** @type {number} */ value) => high - PAD - (value - what.bounds.low) / span * (high - 2 * PAD);
  waveform(context, what, x, high, colour("--line"));
  grid(context, what, x, y, wide, high, colour);
  line(context, what, x, y, colour("--text"));
  keys(context, what, x, y, colour);
  context.fillStyle = colour("--accent");
  context.fillRect(x(what.frame) - 0.5, 0, 1, high);
}

/** @param {CanvasRenderingContext2D} context @param {Plot} what @param {(frame: number) => number} x @param {number} high @param {string} colour */
function waveform(context, { wave, fps }, x, high, colour) {
  if (!wave) return;
  context.fillStyle = colour;
  const { seconds, least, greatest } = wave;
  const step = seconds / greatest.length;
  for (let k = 0; k < greatest.length; k++) {
    const from = x(k * step * fps);
    const to = x((k + 1) * step * fps);
    const top = high / 2 - greatest[k] / 100 * (high / 2 - 2);
    const bottom = high / 2 - least[k] / 100 * (high / 2 - 2);
    context.fillRect(from, top, Math.max(0.6, to - from), Math.max(1, bottom - top));
  }
}

/** @param {CanvasRenderingContext2D} context @param {Plot} what @param {(frame: number) => number} x @param {(value: number) => number} y
 * @param {number} wide @param {number} high @param {(name: string) => string} colour */
function grid(context, { bounds, frames, fps }, x, y, wide, high, colour) {
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = colour("--muted");
  context.strokeStyle = colour("--grid");
  context.lineWidth = 1;
  const seconds = frames / fps;
  const every = [0.5, 1, 2, 5, 10, 30, 60, 300, 600].find((one) => seconds / one < wide / 60) ?? 3600;
  context.beginPath();
  for (let at = 0; at * fps < frames; at += every) {
    const place = Math.round(x(at * fps)) + 0.5;
    context.moveTo(place, 0);
    context.lineTo(place, high);
    if (at) context.fillText(`${at} s`, place + 3, high - 3);
  }
  for (const value of [bounds.low, (bounds.low + bounds.high) / 2, bounds.high]) {
    const place = Math.round(y(value)) + 0.5;
    context.moveTo(0, place);
    context.lineTo(wide, place);
    context.fillText(String(Number(value.toPrecision(3))), 3, Math.min(high - 14, Math.max(11, place - 3)));
  }
  context.stroke();
}

/** @param {CanvasRenderingContext2D} context @param {Plot} what @param {(frame: number) => number} x @param {(value: number) => number} y @param {string} colour */
function line(context, { curve }, x, y, colour) {
  context.strokeStyle = colour;
  context.lineWidth = 1.5;
  context.beginPath();
  curve.samples.forEach(([frame, value], k) => k ? context.lineTo(x(frame), y(value)) : context.moveTo(x(frame), y(value)));
  context.stroke();
}

/** @param {CanvasRenderingContext2D} context @param {Plot} what @param {(frame: number) => number} x @param {(value: number) => number} y
 * @param {(name: string) => string} colour */
function keys(context, { curve, chosen }, x, y, colour) {
  context.lineWidth = 1.5;
  curve.keys.forEach((key, k) => {
    if (key.value === null) return;
    context.beginPath();
    context.arc(x(key.frame), y(key.value), 5, 0, 2 * Math.PI);
    context.fillStyle = k === chosen ? colour("--accent") : colour("--panel");
    context.strokeStyle = k === chosen ? colour("--accent") : colour("--text");
    context.fill();
    context.stroke();
  });
}
