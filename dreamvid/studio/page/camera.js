// @ts-check
/** The camera of a zoom, drawn on the picture: the frame shows what fills the screen a second later. */
import { el, tried } from "./dom.js";
import { curveOf, putAt, sampleAt } from "./keyframes.js";
import { dialOf, restOf } from "./schema.js";
import { overlay, view } from "./stage.js";
import { on, set, state, valueOf } from "./state.js";
import { play } from "./strip.js";

const NAMES = ["zoom", "rotate", "center_x", "center_y", "pan_x", "pan_y"];
/** @typedef {{zoom: number, rotate: number, center_x: number, center_y: number, pan_x: number, pan_y: number}} Camera */
/** @type {Camera} */
let camera = { zoom: 1.4, rotate: 0, center_x: 0.5, center_y: 0.5, pan_x: 0, pan_y: 0 };
/** @type {HTMLElement} */
let bar;
const told = el("output", { class: "muted" });
const isOn = () => state.tool === "camera" && !overlay.hidden;
const has = (/** @type {string} */ name) => Boolean(dialOf(`camera.${name}`));

/** @param {HTMLElement} parent */
export function makeCamera(parent) {
  const auto = el("input", { type: "checkbox", "aria-label": "Keyframes at the frame", on: { change: () => set({ autokey: auto.checked }) } });
  auto.checked = state.autokey;
  bar = el("div", { class: "tool-bar", id: "camera-bar", role: "group", "aria-label": "Camera", hidden: true },
    el("label", { title: "Changes become keyframes at the frame that is open" }, auto, "Keyframes"), told,
    el("button", { type: "button", on: { click: () => play("motion", 60) } }, "Play the motion"),
    el("button", { type: "button", on: { click: () => set({ tool: "" }) } }, "Done"));
  parent.append(bar);
  overlay.addEventListener("pointerdown", (event) => { if (isOn()) grab(event); });
  overlay.addEventListener("keydown", (event) => { if (isOn()) onKey(event); });
  on("tool make slots slot frame media", refresh);
  new ResizeObserver(draw).observe(view);
  refresh();
}

async function refresh() {
  bar.hidden = !isOn();
  if (!isOn()) return;
  overlay.tabIndex = 0;
  overlay.setAttribute("role", "application");
  overlay.setAttribute("aria-label", "Camera: plus and minus zoom, comma and point rotate, arrow keys pan, shift and arrow keys move the centre");
  for (const name of NAMES) {
    const dial = dialOf(`camera.${name}`);
    const value = valueOf(`camera.${name}`);
    const curve = typeof value === "string" ? await curveOf(`camera.${name}`, value).catch(() => null) : null;
    const now = typeof value === "number" ? value : curve ? sampleAt(curve, state.frame) : dial ? restOf(dial) : name === "zoom" ? 1.4 : 0;
    camera = { ...camera, [name]: now };
  }
  draw();
}

/** Where a point of the screen is after some seconds, in pixels of the picture now.
 * @param {number} x @param {number} y @param {number} wide @param {number} high @param {number} seconds */
function back(x, y, wide, high, seconds) {
  const angle = -camera.rotate * Math.PI / 180;
  const [cx, cy] = [camera.center_x * wide, camera.center_y * high];
  for (let k = 0; k < seconds; k++) {
    const dx = (x - camera.pan_x * wide - cx) / camera.zoom;
    const dy = (y - camera.pan_y * high - cy) / camera.zoom;
    x = cx + dx * Math.cos(-angle) - dy * Math.sin(-angle);
    y = cy + dx * Math.sin(-angle) + dy * Math.cos(-angle);
  }
  return [x, y];
}

/** @param {number} seconds */
function frame(seconds) {
  const [wide, high] = [view.clientWidth, view.clientHeight];
  return [[0, 0], [wide, 0], [wide, high], [0, high]].map(([x, y]) => back(x, y, wide, high, seconds));
}

function handles() {
  const [a, b, c] = frame(1);
  const middle = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  const up = [a[0] - b[0], a[1] - b[1]];
  const far = Math.hypot(up[0], up[1]) || 1;
  const pole = [middle[0] + up[1] / far * -24, middle[1] + up[0] / far * 24];
  return { zoom: c, rotate: pole, middle, centre: [camera.center_x * view.clientWidth, camera.center_y * view.clientHeight] };
}

function draw() {
  if (!isOn()) return;
  const ratio = devicePixelRatio || 1;
  overlay.width = view.clientWidth * ratio;
  overlay.height = view.clientHeight * ratio;
  const context = /** @type {CanvasRenderingContext2D} */ (overlay.getContext("2d"));
  context.scale(ratio, ratio);
  for (const seconds of [3, 2, 1]) {
    context.beginPath();
    frame(seconds).forEach(([x, y], k) => k ? context.lineTo(x, y) : context.moveTo(x, y));
    context.closePath();
    for (const [colour, wide] of /** @type {[string, number][]} */ ([["#000a", 3.5], [seconds === 1 ? "#f0b254" : "#fff8", 1.5]])) {
      context.strokeStyle = colour;
      context.lineWidth = wide;
      context.stroke();
    }
  }
  const { zoom, rotate, middle, centre } = handles();
  context.strokeStyle = "#f0b254";
  context.fillStyle = "#171717";
  context.lineWidth = 1.5;
  context.beginPath();
  if (has("rotate")) {
    context.moveTo(middle[0], middle[1]);
    context.lineTo(rotate[0], rotate[1]);
  }
  for (const way of [[-9, 0, 9, 0], [0, -9, 0, 9]]) {
    context.moveTo(centre[0] + way[0], centre[1] + way[1]);
    context.lineTo(centre[0] + way[2], centre[1] + way[3]);
  }
  context.stroke();
  for (const [x, y] of [zoom, ...has("rotate") ? [rotate] : []]) {
    context.beginPath();
    context.arc(x, y, 6, 0, 7);
    context.fill();
    context.stroke();
  }
  told.value = `${camera.zoom.toFixed(2)} times, ${camera.rotate.toFixed(0)} degrees a second`;
}

/** @param {Partial<Camera>} change */
function put(change) {
  for (const name of Object.keys(change)) if (!has(name)) delete (/** @type {any} */ (change)[name]);
  camera = { ...camera, ...change };
  draw();
  write(change);
}

let writing = Promise.resolve();
/** @type {Partial<Camera>|null} */
let next = null;

/** Write what has changed; the newest while a request is on its way. @param {Partial<Camera>} change */
function write(change) {
  const waits = next !== null;
  next = { ...next, ...change };
  if (waits) return;
  writing = writing.then(async () => {
    const now = next ?? {};
    next = null;
    await tried(async () => {
      for (const [name, value] of Object.entries(now)) {
        const dial = dialOf(`camera.${name}`);
        if (dial) await putAt(dial.field, state.frame, Number(value.toFixed(3)), state.autokey, restOf(dial));
      }
    });
  });
}

/** @param {PointerEvent} event */
function grab(event) {
  event.preventDefault();
  overlay.focus({ preventScroll: true });
  const box = overlay.getBoundingClientRect();
  const at = (/** @type {PointerEvent} */ one) => [one.clientX - box.left, one.clientY - box.top];
  const start = at(event);
  const far = (/** @type {number[]} */ point) => Math.hypot(point[0] - start[0], point[1] - start[1]);
  const places = handles();
  const kind = far(places.zoom) < 16 ? "zoom" : far(places.rotate) < 16 ? "rotate" : far(places.centre) < 14 ? "centre" : "pan";
  const from = { ...camera };
  const [wide, high] = [box.width, box.height];
  const angleOf = (/** @type {number[]} */ point) => Math.atan2(point[1] - places.centre[1], point[0] - places.centre[0]);
  overlay.setPointerCapture(event.pointerId);
  overlay.onpointermove = (move) => {
    const now = at(move);
    const [dx, dy] = [now[0] - start[0], now[1] - start[1]];
    if (kind === "zoom") {
      const share = Math.hypot(now[0] - places.centre[0], now[1] - places.centre[1]) / Math.max(1, far(places.centre));
      put({ zoom: Math.min(4, Math.max(0.3, from.zoom / Math.max(0.1, share))) });
    } else if (kind === "rotate") put({ rotate: from.rotate + (angleOf(now) - angleOf(start)) * 180 / Math.PI });
    else if (kind === "centre") put({ center_x: from.center_x + dx / wide, center_y: from.center_y + dy / high });
    else {
      const angle = -from.rotate * Math.PI / 180;
      const turned = [dx * Math.cos(angle) - dy * Math.sin(angle), dx * Math.sin(angle) + dy * Math.cos(angle)];
      put({ pan_x: from.pan_x - from.zoom * turned[0] / wide, pan_y: from.pan_y - from.zoom * turned[1] / high });
    }
  };
  overlay.onpointerup = overlay.onpointercancel = () => {
    overlay.onpointermove = overlay.onpointerup = overlay.onpointercancel = null;
  };
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  const turn = { ",": 1, ".": -1 }[event.key];
  const grow = { "+": 1.05, "=": 1.05, "-": 1 / 1.05 }[event.key];
  if (!way && !turn && !grow) return;
  event.preventDefault();
  event.stopPropagation();
  if (grow) put({ zoom: camera.zoom * grow });
  if (turn) put({ rotate: camera.rotate + turn });
  if (way && event.shiftKey) put({ center_x: camera.center_x + 0.02 * way[0], center_y: camera.center_y + 0.02 * way[1] });
  else if (way) put({ pan_x: camera.pan_x - 0.02 * way[0], pan_y: camera.pan_y - 0.02 * way[1] });
}
