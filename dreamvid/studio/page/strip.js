// @ts-check
/** Ten frames as a moving strip, and the motion of a camera: frames that play on the stage. */
import { calm, el, icon } from "./dom.js";
import { frames, previews } from "./preview.js";
import { showFrame, view } from "./stage.js";
import { command, length, on, state } from "./state.js";

const row = el("div", { class: "strip", role: "group", "aria-label": "Frames of the strip", hidden: true });
const button = el("button", { type: "button", id: "play-strip", title: "Ten frames, each carrying the dream of the one before (Space)", on: { click: toggle } }, icon("strip"), el("span", {}, "Ten frames"));
/** @type {string[]} */
let got = [];
let at = 0;
let fps = 12;
let last = 0;
let request = 0;
let wanted = 0;

/** @param {HTMLElement} parent @param {HTMLElement} place of the button */
export function makeStrip(parent, place) {
  parent.append(row);
  place.append(button);
  previews.addEventListener("begin", (event) => begin(/** @type {CustomEvent} */ (event).detail));
  previews.addEventListener("frame", (event) => add(/** @type {CustomEvent} */ (event).detail));
  on("slots slot media make frame noise view", () => { if (!row.hidden) leave(); });
  const update = () => { button.hidden = command() === "image" || state.make.startsWith("loop:") && state.make !== "loop:feedback"; };
  on("make", update);
  update();
}

/** @param {"strip"|"motion"} kind @param {number} count */
export function play(kind, count) {
  leave();
  return frames(kind, count);
}

/** Ask for ten frames; or let them stand, or move again. */
export function toggle() {
  if (row.hidden) return play("strip", 10);
  if (request) pause();
  else start();
}

/** @param {{count: number, kind: string}} what */
function begin({ count, kind }) {
  got = [];
  wanted = count;
  at = 0;
  fps = kind === "strip" ? Math.min(12, length().fps) : 12;
  row.hidden = kind === "motion";
  row.dataset.kind = kind;
  row.replaceChildren();
  view.dataset.playing = "yes";
}

/** @param {{src: string, index: number, count: number, fps?: number}} one */
function add({ src, index, count, fps: rate }) {
  if (view.dataset.playing !== "yes") return;
  got[index] = src;
  wanted = count;
  fps = rate ?? fps;
  const image = el("img", { src, alt: "" });
  if (row.dataset.kind === "strip") {
    row.append(el("button", { type: "button", "aria-label": `Frame ${state.frame + index}`, on: { click: () => { pause(); show(index); } } }, image));
  }
  if (calm.matches || !request && got.length < 2) show(index);
  if (!calm.matches && got.length >= 2 && !request) start();
}

/** @param {number} index */
function show(index) {
  at = index;
  showFrame(got[index]);
  [...row.children].forEach((one, k) => one.setAttribute("aria-pressed", String(k === index)));
}

function start() {
  const step = (/** @type {number} */ now) => {
    request = requestAnimationFrame(step);
    if (now - last < 1000 / fps || !got.length) return;
    last = now;
    show((at + 1) % got.length);
  };
  request = requestAnimationFrame(step);
}

function pause() {
  cancelAnimationFrame(request);
  request = 0;
}

/** Back to the single frame. */
export function leave() {
  pause();
  row.hidden = true;
  row.replaceChildren();
  got = [];
  delete view.dataset.playing;
}
