// @ts-check
/** The filmstrip: a slider over the frames, with the shots of the film marked as they are found. */
import { follow, frameOf } from "./api.js";
import { el, later, thumbs } from "./dom.js";
import { command, length, on, set, state } from "./state.js";

const TALL = 40;
const frames = el("div", { class: "frames" });
const marks = el("div", { class: "marks" });
const slider = el("input", { type: "range", min: "0", step: "1", class: "scrub", "aria-label": "Frame",
  on: { input: () => set({ frame: Number(slider.value) }) } });
const number = el("input", { type: "text", inputMode: "numeric", class: "frame-number", "aria-label": "Frame number", size: 6,
  on: { change: () => goTo(Number(number.value) || 0) } });
const time = el("output", { class: "time" });
const shots = el("span", { class: "muted shots" });
/** First frames of the shots that are known. @type {number[]} */
let starts = [];
/** @type {AbortController|null} */
let looking = null;

/** @param {number} frame */
export const goTo = (frame) => set({ frame: Math.round(Math.min(length().frames - 1, Math.max(0, frame))) });

/** Go to the shot before or after. @param {number} way */
export function goToShot(way) {
  const next = way > 0 ? starts.find((one) => one > state.frame) : starts.filter((one) => one < state.frame).pop();
  if (next !== undefined) goTo(next);
}

/** @param {HTMLElement} parent */
export function makeScrub(parent) {
  const strip = el("div", { class: "filmstrip" }, frames, marks, slider);
  parent.append(el("div", { class: "timeline", id: "timeline" }, strip,
    el("div", { class: "readout" }, number, time, shots, el("span", { id: "strip-slot" }))));
  on("frame info make slots slot", update);
  on("info make", fill);
  on("info", look);
  new ResizeObserver(later(200, fill)).observe(strip);
  update();
  fill();
  look();
}

function update() {
  const { frames: count, fps } = length();
  slider.max = String(Math.max(0, count - 1));
  slider.value = String(state.frame);
  slider.disabled = count < 2;
  if (document.activeElement !== number) number.value = String(state.frame);
  const seconds = state.frame / fps;
  time.value = count > 1 ? `${seconds.toFixed(2)} s of ${(count / fps).toFixed(2)} s, ${count} frames` : "";
  slider.setAttribute("aria-valuetext", `frame ${state.frame} of ${count}, ${seconds.toFixed(2)} seconds`);
  const timeline = /** @type {HTMLElement} */ (slider.closest(".timeline"));
  timeline.hidden = count < 2;
  frames.style.setProperty("--at", String(count > 1 ? state.frame / (count - 1) : 0));
}

let filled = "";

/** Lay frames of the film under the slider. */
function fill() {
  const { info, media } = state;
  const isFilm = info?.kind === "film" && command() !== "zoom" && media;
  const wide = isFilm ? Math.round(TALL * (info.width ?? 16) / (info.height ?? 9)) : 0;
  const count = isFilm ? Math.min(24, Math.max(1, Math.round(frames.clientWidth / Math.max(24, wide)))) : 0;
  const key = `${media}/${count}`;
  if (key === filled) return;
  filled = key;
  frames.classList.toggle("plain", !isFilm);
  const total = length().frames;
  frames.replaceChildren(...Array.from({ length: count }, (_, k) =>
    thumbs.image(frameOf(media ?? "", Math.floor((k + 0.5) * total / count), 96), "")));
}

/** Mark the shots while the server looks for them. */
async function look() {
  looking?.abort();
  starts = [];
  marks.replaceChildren();
  shots.textContent = "";
  if (state.info?.kind !== "film" || !state.media) return;
  const mine = looking = new AbortController();
  try {
    for await (const event of follow(`/api/media/${state.media}/shots`, mine.signal)) {
      if (mine.signal.aborted) return;
      if (event.event === "shots") found(event.starts);
      if (event.event === "done") shots.textContent = starts.length === 1 ? "one shot" : `${starts.length} shots`;
      else if (event.looked) shots.textContent = `looking for shots: ${Math.round(100 * event.looked / (event.frames || event.looked))} %`;
    }
  } catch { /* shots are a help; a film is used without them */ }
}

/** @param {number[]} more */
function found(more) {
  const { frames: count } = length();
  starts = [...starts, ...more];
  for (const start of more) {
    const mark = el("i", { title: `shot from frame ${start}` });
    mark.style.left = `${100 * start / Math.max(1, count - 1)}%`;
    marks.append(mark);
  }
}
