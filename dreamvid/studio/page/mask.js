// @ts-check
/** The mask: painted on the picture, soft or hard, and sent as a picture that is white where it is dreamed. */
import { el, later, tell, tried } from "./dom.js";
import { sendFile } from "./files.js";
import { overlay, view } from "./stage.js";
import { fieldOf, on, set, setValue, state, valueOf } from "./state.js";

const WIDE = 640;
/** The mask: its alpha is where it is dreamed. */
const paper = el("canvas");
const brush = { size: 0.12, soft: 0.5, erase: false };
let loaded = "";
let cursor = { x: 0.5, y: 0.5, shows: false };
/** @type {HTMLElement} */
let bar;

const field = () => fieldOf(state.region >= 0 ? "region" : "mask", "mask");
const isOn = () => state.tool === "mask" && !overlay.hidden;
const ink = () => /** @type {CanvasRenderingContext2D} */ (paper.getContext("2d"));

/** @param {HTMLElement} parent */
export function makeMask(parent) {
  const range = (/** @type {string} */ label, /** @type {number} */ value, /** @type {(value: number) => void} */ call) => {
    const input = el("input", { type: "range", min: "0", max: "1", step: "0.01", value: String(value), "aria-label": label, on: { input: () => { call(Number(input.value)); draw(); } } });
    return el("label", {}, label, input);
  };
  const erase = el("input", { type: "checkbox", "aria-label": "Erase", on: { change: () => { brush.erase = erase.checked; } } });
  const button = (/** @type {string} */ text, /** @type {() => void} */ call) => el("button", { type: "button", on: { click: call } }, text);
  bar = el("div", { class: "tool-bar", id: "mask-bar", role: "group", "aria-label": "Mask brush", hidden: true },
    range("Size", 0.35, (value) => { brush.size = 0.01 + 0.33 * value; }), range("Soft", brush.soft, (value) => { brush.soft = value; }),
    el("label", {}, erase, "Erase"), button("Invert", invert), button("Clear", clear), button("Done", () => set({ tool: "" })));
  parent.append(bar);
  overlay.addEventListener("pointerdown", (event) => { if (isOn()) stroke(event); });
  overlay.addEventListener("pointermove", (event) => { if (isOn()) hover(event); });
  overlay.addEventListener("pointerleave", () => { cursor.shows = false; draw(); });
  overlay.addEventListener("keydown", (event) => { if (isOn()) onKey(event, erase); });
  on("tool region media make", begin);
  on("slots slot", () => { if (isOn()) load(); });
  new ResizeObserver(draw).observe(view);
  begin();
}

function begin() {
  bar.hidden = !isOn();
  if (!isOn()) return;
  overlay.tabIndex = 0;
  overlay.setAttribute("aria-label", "Mask: arrow keys move the brush, space paints, E erases");
  overlay.setAttribute("role", "application");
  load();
  overlay.focus({ preventScroll: true });
}

/** Show the mask that the settings name. */
async function load() {
  const id = /^@([0-9a-f]{20})$/.exec(valueOf(field()) ?? "")?.[1] ?? "";
  const key = `${field()}/${state.media}/${id}`;
  const { info } = state;
  if (key === loaded && paper.width > 1) return draw();
  loaded = key;
  paper.width = WIDE;
  paper.height = Math.round(WIDE * (info?.height ?? 9) / (info?.width ?? 16));
  if (!id) return draw();
  const image = new Image();
  image.src = `/api/media/${id}/file`;
  await image.decode().catch(() => {});
  if (loaded !== key || !image.naturalWidth) return;
  ink().drawImage(image, 0, 0, paper.width, paper.height);
  const pixels = ink().getImageData(0, 0, paper.width, paper.height);
  for (let k = 0; k < pixels.data.length; k += 4) {
    pixels.data[k + 3] = pixels.data[k];
    pixels.data[k] = pixels.data[k + 1] = pixels.data[k + 2] = 255;
  }
  ink().putImageData(pixels, 0, 0);
  draw();
}

function draw() {
  if (!isOn()) return;
  const ratio = devicePixelRatio || 1;
  overlay.width = view.clientWidth * ratio;
  overlay.height = view.clientHeight * ratio;
  const context = /** @type {CanvasRenderingContext2D} */ (overlay.getContext("2d"));
  context.globalAlpha = 0.5;
  context.drawImage(paper, 0, 0, overlay.width, overlay.height);
  context.globalAlpha = 1;
  context.globalCompositeOperation = "source-in";
  context.fillStyle = "rgb(226 80 60 / 0.55)";
  context.fillRect(0, 0, overlay.width, overlay.height);
  context.globalCompositeOperation = "source-over";
  if (!cursor.shows) return;
  for (const [colour, wide] of /** @type {[string, number][]} */ ([["#000a", 3], ["#fff", 1.2]])) {
    context.strokeStyle = colour;
    context.lineWidth = wide * ratio;
    context.beginPath();
    context.arc(cursor.x * overlay.width, cursor.y * overlay.height, brush.size / 2 * overlay.width, 0, 7);
    context.stroke();
  }
}

/** @param {number} x @param {number} y */
function stamp(x, y) {
  const context = ink();
  const radius = Math.max(1, brush.size / 2 * paper.width);
  const [px, py] = [x * paper.width, y * paper.height];
  const fill = context.createRadialGradient(px, py, radius * (1 - brush.soft), px, py, radius);
  fill.addColorStop(0, "#fff");
  fill.addColorStop(1, "#fff0");
  context.globalCompositeOperation = brush.erase ? "destination-out" : "source-over";
  context.fillStyle = fill;
  context.beginPath();
  context.arc(px, py, radius, 0, 7);
  context.fill();
  context.globalCompositeOperation = "source-over";
}

/** @param {PointerEvent} event */
function hover(event) {
  const box = overlay.getBoundingClientRect();
  cursor = { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height, shows: true };
  draw();
}

/** @param {PointerEvent} event */
function stroke(event) {
  event.preventDefault();
  overlay.focus({ preventScroll: true });
  overlay.setPointerCapture(event.pointerId);
  hover(event);
  let { x, y } = cursor;
  stamp(x, y);
  draw();
  overlay.onpointermove = (move) => {
    for (const one of move.getCoalescedEvents?.() ?? [move]) {
      hover(one);
      const far = Math.hypot(cursor.x - x, cursor.y - y);
      const steps = Math.max(1, Math.ceil(far / (brush.size / 8)));
      for (let k = 1; k <= steps; k++) stamp(x + (cursor.x - x) * k / steps, y + (cursor.y - y) * k / steps);
      ({ x, y } = cursor);
    }
    draw();
  };
  overlay.onpointerup = overlay.onpointercancel = () => {
    overlay.onpointermove = overlay.onpointerup = overlay.onpointercancel = null;
    save();
  };
}

/** @param {KeyboardEvent} event @param {HTMLInputElement} erase */
function onKey(event, erase) {
  const step = event.shiftKey ? 0.1 : 0.02;
  const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
  if (!by && event.key !== " " && event.key !== "e") return;
  event.preventDefault();
  event.stopPropagation();
  if (event.key === "e") erase.checked = brush.erase = !brush.erase;
  if (by) cursor = { x: Math.min(1, Math.max(0, cursor.x + by[0])), y: Math.min(1, Math.max(0, cursor.y + by[1])), shows: true };
  if (event.key === " ") {
    stamp(cursor.x, cursor.y);
    save();
  }
  draw();
}

function invert() {
  const context = ink();
  context.globalCompositeOperation = "source-out"; // what is drawn where nothing was
  context.fillStyle = "#fff";
  context.fillRect(0, 0, paper.width, paper.height);
  context.globalCompositeOperation = "source-over";
  draw();
  save();
}

function clear() {
  ink().clearRect(0, 0, paper.width, paper.height);
  setValue(field(), undefined);
  draw();
}

const save = later(120, () => tried(async () => {
  const sheet = el("canvas", { width: paper.width, height: paper.height });
  const context = /** @type {CanvasRenderingContext2D} */ (sheet.getContext("2d"));
  context.fillStyle = "#000";
  context.fillRect(0, 0, sheet.width, sheet.height);
  context.drawImage(paper, 0, 0);
  const mine = field();
  const blob = await new Promise((resolve) => sheet.toBlob(resolve, "image/png"));
  const entry = await sendFile(blob, "mask.png");
  loaded = `${mine}/${state.media}/${entry.id}`;
  setValue(mine, `@${entry.id}`);
  tell("The mask is kept.");
}));
