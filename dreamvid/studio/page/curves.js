// @ts-check
/** The curves: keyframes that are dragged over the song, with the text beside them. */
import { get } from "./api.js";
import { el, iconButton, later, tried } from "./dom.js";
import { plot } from "./plot.js";
import { EASINGS, curveOf, timeLike, writeKeys } from "./keyframes.js";
import { curves, dialOf, rangeOf } from "./schema.js";
import { length, on, set, setValue, settings, state, valueOf } from "./state.js";
import { goTo } from "./scrub.js";

/** @typedef {import("./keyframes.js").Key} Key */
const canvas = el("canvas", { class: "plot", tabIndex: 0, role: "img" });
const tabs = el("div", { class: "curve-tabs", role: "group", "aria-label": "Curves" });
const text = el("input", { type: "text", class: "curve-text", spellcheck: false, autocomplete: "off", "aria-label": "The curve as text", id: "curve-text",
  on: { change: () => state.curve && setValue(state.curve, text.value.trim() || undefined) } });
const when = el("input", { type: "text", size: 7, "aria-label": "Time of the keyframe", on: { change: () => changeKey((key) => retimed(key, when.value)) } });
const value = el("input", { type: "text", size: 7, inputMode: "decimal", "aria-label": "Value of the keyframe", on: { change: () => changeKey((key) => ({ ...key, value: Number(value.value) || 0 })) } });
const easing = el("select", { "aria-label": "Easing into the keyframe", on: { change: () => changeKey((key) => ({ ...key, easing: easing.value === "linear" ? null : easing.value })) } },
  ...EASINGS.map((one) => el("option", { value: one }, one)));
const remove = iconButton("close", "Remove the keyframe (Delete)", removeKey);
const note = el("span", { class: "muted small" });
const panel = el("section", { class: "curves", id: "curves", "aria-label": "Curves", hidden: true });

/** @type {import("./keyframes.js").Curve} */
let curve = { keys: [], samples: [], reads: [] };
let chosen = 0;
/** @type {{low: number, high: number}} */
let bounds = { low: 0, high: 1 };
/** @type {{seconds: number, least: number[], greatest: number[]}|null} */
let wave = null;
let dragging = false;

/** @param {HTMLElement} parent */
export function makeCurves(parent) {
  const close = iconButton("close", "Close the curves (K)", () => set({ curve: null }));
  panel.append(el("div", { class: "curve-head" }, tabs, text, close), canvas,
    el("div", { class: "curve-foot" }, el("label", {}, "Key", when), el("label", {}, "Value", value), easing, remove, note));
  parent.append(panel);
  canvas.addEventListener("pointerdown", down);
  canvas.addEventListener("keydown", onKey);
  on("curve slots slot make info region", refresh);
  on("frame", draw);
  on("slots media info", later(200, loadWave));
  new ResizeObserver(draw).observe(canvas);
  refresh();
  loadWave();
}

/** Open the curves, or close them. */
export function toggleCurves() {
  const [first] = curves();
  set({ curve: state.curve ? null : first ?? null });
}

async function refresh() {
  const all = curves();
  const field = state.curve && all.includes(state.curve) ? state.curve : null;
  panel.hidden = !field;
  if (!field) return;
  const dial = dialOf(field);
  tabs.replaceChildren(...all.map((one) => el("button", { type: "button", "aria-pressed": String(one === field), on: { click: () => set({ curve: one }) } },
    `${one.startsWith("region") ? `Region ${one.split(".")[1]}: ` : ""}${dialOf(one)?.label ?? one}`)));
  const given = String(valueOf(field));
  if (document.activeElement !== text) text.value = given;
  const found = await curveOf(field, given).catch((error) => {
    note.textContent = error.message;
    return null;
  });
  const isOld = dragging || writing || field !== state.curve || given !== String(valueOf(field));
  if (!found || isOld) return;
  curve = found;
  chosen = Math.min(chosen, Math.max(0, curve.keys.length - 1));
  note.textContent = curve.reads.length ? `${curve.reads.join(", ")} taken as 0 here` : "";
  const range = dial && rangeOf(dial);
  const values = [...curve.samples.map(([, one]) => one), ...curve.keys.map((key) => key.value ?? 0)];
  bounds = { low: Math.min(range?.low ?? 0, ...values), high: Math.max(range?.high ?? 1, ...values) };
  canvas.setAttribute("aria-label", `Curve of ${dial?.label}: ${curve.keys.length} keyframes. Brackets choose one, arrow keys move it, Enter adds one at the frame, Delete removes it.`);
  draw();
}

function draw() {
  if (panel.hidden) return;
  plot(canvas, { curve, bounds, chosen, wave, frame: state.frame, ...length() });
  const key = curve.keys[chosen];
  for (const input of [when, value, easing, remove]) input.disabled = !key || key.value === null;
  if (!key) return;
  if (document.activeElement !== when) when.value = String(key.time);
  if (document.activeElement !== value) value.value = key.value === null ? key.text ?? "" : String(Number(key.value.toPrecision(4)));
  easing.value = key.easing ?? "linear";
}

/** The song, or the sound of the film, under the curve. */
async function loadWave() {
  const audio = /^@([0-9a-f]{20})$/.exec(settings().sound?.audio ?? "")?.[1];
  const id = audio ?? (state.info?.sound ? state.media : null);
  wave = id ? await get(`/api/media/${id}/wave?columns=800`).catch(() => null) : null;
  draw();
}

const PAD = 8;
/** @param {PointerEvent} event */
function placeOf(event) {
  const box = canvas.getBoundingClientRect();
  const last = Math.max(1, length().frames - 1);
  const across = Math.min(1, Math.max(0, (event.clientX - box.left - PAD) / (box.width - 2 * PAD)));
  const up = 1 - Math.min(1, Math.max(0, (event.clientY - box.top - PAD) / (box.height - 2 * PAD)));
  return { frame: across * last, value: bounds.low + up * (bounds.high - bounds.low), box, last };
}

/** @param {PointerEvent} event */
function down(event) {
  if (curve.keys.some((key) => key.value === null) || !state.curve) return;
  const { frame, value: high, box, last } = placeOf(event);
  const near = (/** @type {Key} */ key) => Math.hypot((key.frame - frame) / last * box.width, ((key.value ?? 0) - high) / (bounds.high - bounds.low) * box.height);
  const nearest = curve.keys.reduce((best, key, k) => near(key) < near(curve.keys[best]) ? k : best, 0);
  dragging = true;
  if (curve.keys[nearest] && near(curve.keys[nearest]) < 14) chosen = nearest;
  else {
    const like = curve.keys[1]?.time ?? "";
    const key = { time: timeLike(frame, like), frame: Math.round(frame), value: high, easing: null };
    const keys = [...curve.keys, key].sort((a, b) => a.frame - b.frame);
    chosen = keys.indexOf(key);
    curve = { ...curve, keys };
    commit();
  }
  canvas.setPointerCapture(event.pointerId);
  canvas.onpointermove = (move) => drag(placeOf(move));
  canvas.onpointerup = canvas.onpointercancel = () => {
    canvas.onpointermove = canvas.onpointerup = canvas.onpointercancel = null;
    dragging = false;
    commit();
  };
  draw();
}

/** @param {{frame: number, value: number}} to */
function drag(to) {
  const key = curve.keys[chosen];
  const low = chosen > 0 ? Math.floor(curve.keys[chosen - 1].frame) + 1 : 0;
  const high = chosen < curve.keys.length - 1 ? Math.ceil(curve.keys[chosen + 1].frame) - 1 : length().frames - 1;
  const frame = chosen === 0 ? key.frame : Math.min(high, Math.max(low, Math.round(to.frame)));
  const moved = { ...key, frame, time: frame === key.frame ? key.time : timeLike(frame, key.time), value: Number(to.value.toPrecision(3)) };
  curve = { ...curve, keys: curve.keys.with(chosen, moved) };
  draw();
  commit();
}

let writing = false;
let again = false;

/** Write the keyframes; one request at a time, the newest last. */
async function commit() {
  if (!state.curve) return;
  if (writing) { again = true; return; }
  writing = true;
  const field = state.curve;
  await tried(async () => {
    const written = await writeKeys(field, curve.keys);
    if (!dragging) return;
    const { samples } = await curveOf(field, written);
    curve = { ...curve, samples };
    draw();
  });
  writing = false;
  if (again) { again = false; commit(); }
  else if (!dragging) refresh();
}

/** @param {(key: Key) => Key} change */
function changeKey(change) {
  const key = curve.keys[chosen];
  if (!key || key.value === null) return;
  curve = { ...curve, keys: curve.keys.with(chosen, change(key)) };
  commit();
}

/** @param {Key} key @param {string} time */
function retimed(key, time) {
  const clean = time.trim();
  const { fps, frames } = length();
  const number = Number.parseFloat(clean) || 0;
  const frame = clean.endsWith("s") ? number * fps : clean.endsWith("%") ? number / 100 * (frames - 1) : number;
  return { ...key, time: clean || "0", frame };
}

function removeKey() {
  if (curve.keys.length < 2 || !curve.keys[chosen]) return;
  curve = { ...curve, keys: curve.keys.toSpliced(chosen, 1) };
  chosen = Math.max(0, chosen - 1);
  draw();
  commit();
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const key = curve.keys[chosen];
  const step = event.shiftKey ? 10 : 1;
  const high = (bounds.high - bounds.low) / 100 * step;
  /** @type {Record<string, () => void>} */
  const act = {
    "[": () => { chosen = Math.max(0, chosen - 1); },
    "]": () => { chosen = Math.min(curve.keys.length - 1, chosen + 1); },
    ArrowLeft: () => drag({ frame: key.frame - step, value: key.value ?? 0 }),
    ArrowRight: () => drag({ frame: key.frame + step, value: key.value ?? 0 }),
    ArrowUp: () => drag({ frame: key.frame, value: Math.min(bounds.high, (key.value ?? 0) + high) }),
    ArrowDown: () => drag({ frame: key.frame, value: Math.max(bounds.low, (key.value ?? 0) - high) }),
    Delete: removeKey, Backspace: removeKey, Enter: addHere,
  };
  if (!act[event.key] || !key || key.value === null && !"[]".includes(event.key)) return;
  event.preventDefault();
  event.stopPropagation();
  act[event.key]();
  if ("[]".includes(event.key)) goTo(curve.keys[chosen].frame);
  draw();
}

/** Add a keyframe at the frame that is shown. */
function addHere() {
  const { frame } = state;
  if (curve.keys.some((key) => Math.round(key.frame) === frame)) return;
  const before = curve.samples.findLast(([at]) => at <= frame)?.[1] ?? 0;
  const key = { time: timeLike(frame, curve.keys[1]?.time ?? ""), frame, value: before, easing: null };
  const keys = [...curve.keys, key].sort((a, b) => a.frame - b.frame);
  chosen = keys.indexOf(key);
  curve = { ...curve, keys };
  commit();
}
