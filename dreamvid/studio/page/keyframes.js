// @ts-check
/** Schedules as keyframes: read by the server, changed here, written by the server. */
import { post } from "./api.js";
import { length, setValue, settings, valueOf } from "./state.js";

/** @typedef {{time: string|number, frame: number, value: number|null, easing: string|null, text?: string}} Key */
/** @typedef {{keys: Key[], samples: [number, number][], reads: string[]}} Curve */
export const EASINGS = ["linear", "hold", "ease-in", "ease-out", "ease-in-out"];

/** @type {Map<string, Promise<Curve>>} */
const read = new Map();

/** The keyframes and samples of the schedule of a field. @param {string} field @param {string} text @returns {Promise<Curve>} */
export function curveOf(field, text) {
  const { frames, rate } = length();
  const bpm = Math.round(Number(settings().sound?.bpm)) || undefined;
  const body = { dial: field.split(".").slice(-2).join("."), text, frames, rate, samples: 300, ...(bpm ? { bpm } : {}) };
  const key = JSON.stringify(body);
  let found = read.get(key);
  if (!found) {
    found = post("/api/schedule", body);
    found.catch(() => read.delete(key));
    read.set(key, found);
    for (const old of [...read.keys()].slice(0, -60)) read.delete(old);
  }
  return found;
}

/** The value of a curve at a frame. @param {Curve} curve @param {number} frame */
export function sampleAt({ samples }, frame) {
  const next = samples.findIndex(([at]) => at >= frame);
  if (next < 0) return samples[samples.length - 1]?.[1] ?? 0;
  if (next === 0) return samples[0][1];
  const [[a, va], [b, vb]] = [samples[next - 1], samples[next]];
  return va + (vb - va) * (frame - a) / Math.max(1e-9, b - a);
}

/** Write keyframes into a field. @param {string} field @param {Key[]} keys */
export async function writeKeys(field, keys) {
  const sorted = [...keys].sort((a, b) => a.frame - b.frame);
  const plain = sorted.map(({ time, value, text, easing }) =>
    ({ time, value: value ?? text, ...(easing ? { easing } : {}) }));
  const { text } = await post("/api/schedule/text", { keys: plain });
  setValue(field, text);
  return text;
}

/** The time of a frame, in the unit in which a key was written. @param {number} frame @param {string|number} like */
export function timeLike(frame, like) {
  const { fps, frames } = length();
  const unit = /[s%]$/.exec(String(like))?.[0];
  if (unit === "s") return `${Number((frame / fps).toFixed(3))}s`;
  if (unit === "%") return `${Number((100 * frame / Math.max(1, frames - 1)).toFixed(2))}%`;
  return String(Math.round(frame));
}

/** Set a dial at a frame: in its curve if it has one (or `keyed`), else altogether.
 * @param {string} field @param {number} frame @param {number} value @param {boolean} keyed @param {number} rest */
export async function putAt(field, frame, value, keyed, rest) {
  const now = valueOf(field);
  const round = Number(value.toPrecision(5));
  if (typeof now !== "string" && !keyed) return setValue(field, round);
  const text = typeof now === "string" ? now : `0:(${typeof now === "number" ? now : rest})`;
  const { keys } = await curveOf(field, text);
  const others = keys.filter((key) => Math.abs(key.frame - frame) > 0.5);
  await writeKeys(field, [...others, { time: timeLike(frame, others[1]?.time ?? ""), frame, value: round, easing: null }]);
}
