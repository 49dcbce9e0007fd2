// @ts-check
/** The keys of the page, and the sheet that lists them. */
import { $, el } from "./dom.js";
import { toggleCurves } from "./curves.js";
import { findDial } from "./dials.js";
import { fromNoise } from "./files.js";
import { stopPreview } from "./preview.js";
import { queueIt } from "./queueing.js";
import { goTo, goToShot } from "./scrub.js";
import { openShare } from "./share.js";
import { copySlot, tool } from "./stage.js";
import { length, redo, set, state, undo } from "./state.js";
import { leave, toggle } from "./strip.js";

const flip = () => set({ slot: state.slot === "A" ? "B" : "A", region: -1 });
const compare = (/** @type {string} */ to) => set({ compare: state.compare === to ? "after" : to });

/** Keys, what they do, in words, and where: groups of the sheet.
 * @type {[string, [string, string, () => any][]][]} */
const SHEET = [
  ["Views", [["1", "Dream", () => set({ view: "dream" })], ["2", "Queue", () => set({ view: "queue" })], ["3", "Gallery", () => set({ view: "gallery" })], ["?", "This sheet", openKeys]]],
  ["Frames", [["ArrowLeft", "A frame back", () => goTo(state.frame - 1)], ["ArrowRight", "A frame on", () => goTo(state.frame + 1)],
    ["Shift+ArrowLeft", "Ten frames back", () => goTo(state.frame - 10)], ["Shift+ArrowRight", "Ten frames on", () => goTo(state.frame + 10)],
    ["PageUp", "The shot before", () => goToShot(-1)], ["PageDown", "The next shot", () => goToShot(1)],
    ["Home", "First frame", () => goTo(0)], ["End", "Last frame", () => goTo(length().frames)], [" ", "Ten frames, moving; pause", toggle]]],
  ["Compare", [["b", "Before, after", () => compare("before")], ["v", "Split", () => compare("split")], ["x", "Flip A and B", flip], ["Shift+X", "Copy to the other side", copySlot]]],
  ["Tools", [["l", "Loupe", () => tool("loupe")], ["m", "Mask", () => tool("mask")], ["c", "Camera", () => tool("camera")], ["k", "Curves", toggleCurves],
    ["/", "Find a dial", findDial], ["n", "From noise", fromNoise], ["s", "Look: text, share, load", openShare], ["Escape", "Leave a tool; stop the preview", escape]]],
  ["Work", [["Ctrl+Enter", "Queue it", queueIt], ["Ctrl+z", "Undo", undo], ["Ctrl+Shift+Z", "Redo", redo]]],
];
/** What works on parts of the page, for the sheet only. */
const LOCAL = [
  ["Dials", "Double-click a name: its default. Up and Down in a number: a step. A schedule may be typed there."],
  ["Curves", "[ and ] choose a keyframe, arrow keys move it, Enter adds one, Delete removes it."],
  ["Mask", "Arrow keys move the brush, Space paints, E erases."],
  ["Camera", "+ and - zoom, comma and point rotate, arrow keys pan, Shift with them moves the centre."],
  ["Queue", "Alt+Up and Alt+Down move a waiting job."],
];

function escape() {
  if (state.tool) return set({ tool: "" });
  leave();
  stopPreview();
}

/** @type {Map<string, () => any>} */
const calls = new Map(SHEET.flatMap(([, rows]) => rows.map(([key, , call]) => /** @type {[string, () => any]} */ ([key, call]))));

/** @param {KeyboardEvent} event */
function nameOf(event) {
  const ctrl = event.ctrlKey || event.metaKey ? "Ctrl+" : "";
  const shift = event.shiftKey && event.key !== "?" && event.key !== "/" ? "Shift+" : "";
  return `${ctrl}${shift}${event.key}`;
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (event.defaultPrevented || event.altKey || document.querySelector("dialog[open]")) return;
  const target = /** @type {HTMLElement} */ (event.target);
  const typing = target.matches("input:not([type=range], [type=checkbox], [type=radio]), textarea, select");
  const name = nameOf(event);
  const isChord = name.startsWith("Ctrl+") || name === "Escape";
  if (typing && !(isChord && !name.toLowerCase().endsWith("z"))) {
    if (event.key === "Escape") target.blur();
    return;
  }
  const moves = target.matches("input[type=range], input[type=radio]") && /^(Shift\+)?(Arrow|Home|End|Page)/.test(name);
  const presses = event.key === " " && target.matches("button, summary, a, input");
  if (moves || presses || (!state.keys && !isChord && name !== "?")) return;
  const call = calls.get(name);
  if (!call || state.view !== "dream" && !"123?".includes(name)) return;
  event.preventDefault();
  call();
}

/** @param {string} key */
const cap = (key) => key.split("+").filter((part) => part || key === "+").map((part) => el("kbd", {},
  { ArrowLeft: "Left", ArrowRight: "Right", " ": "Space" }[part] ?? (part.length === 1 ? part.toUpperCase() : part)));

function openKeys() {
  const single = el("input", { type: "checkbox", on: { change: () => set({ keys: single.checked }) } });
  single.checked = state.keys;
  const dialog = el("dialog", { class: "keys", "aria-label": "Keys", on: { close: () => dialog.remove() } },
    el("header", {}, el("h2", {}, "Keys"), el("label", {}, single, "Keys without Ctrl are on"),
      el("button", { type: "button", on: { click: () => dialog.close() } }, "Close")),
    el("div", { class: "sheet" }, ...SHEET.map(([title, rows]) => el("section", {}, el("h3", {}, title),
      el("dl", {}, ...rows.map(([key, text]) => el("div", {}, el("dt", {}, ...cap(key)), el("dd", {}, text))))))),
    el("dl", { class: "local" }, ...LOCAL.map(([title, text]) => el("div", {}, el("dt", {}, title), el("dd", {}, text)))));
  document.body.append(dialog);
  dialog.showModal();
}

export function watchKeys() {
  document.addEventListener("keydown", onKey);
  $("keys-button").addEventListener("click", openKeys);
}
