// @ts-check
/** The loupe: pixels of the preview at 100 % or more, the source on the left half and the dream on the right. */
import { el } from "./dom.js";
import { view, shown } from "./stage.js";

const SIDE = 240;
const GROWTH = 2;
const glass = el("canvas", { class: "loupe", width: SIDE, height: SIDE, tabIndex: 0, "aria-label": "Loupe; arrow keys move it", role: "img" });
let place = { x: 0.5, y: 0.5 };
let made = false;

function draw() {
  if (!glass.isConnected || glass.hidden) return;
  const { before, after } = shown();
  const context = /** @type {CanvasRenderingContext2D} */ (glass.getContext("2d"));
  const ratio = devicePixelRatio || 1;
  glass.width = glass.height = SIDE * ratio;
  context.imageSmoothingEnabled = false;
  context.clearRect(0, 0, glass.width, glass.height);
  for (const [image, from] of /** @type {[HTMLImageElement, number][]} */ ([[before, 0], [after, glass.width / 2]])) {
    if (!image.naturalWidth) continue;
    const scale = GROWTH * ratio;
    context.save();
    context.beginPath();
    context.rect(from, 0, glass.width / 2, glass.height);
    context.clip();
    const growth = after.naturalWidth / image.naturalWidth || 1; // both at the size of the dream
    context.drawImage(image, glass.width / 2 - place.x * image.naturalWidth * growth * scale,
      glass.height / 2 - place.y * image.naturalHeight * growth * scale,
      image.naturalWidth * growth * scale, image.naturalHeight * growth * scale);
    context.restore();
  }
  context.fillStyle = "#fff8";
  context.fillRect(glass.width / 2 - 0.5, 0, 1, glass.height);
  glass.style.left = `${place.x * 100}%`;
  glass.style.top = `${place.y * 100}%`;
}

/** @param {number} x @param {number} y as shares of the picture */
function move(x, y) {
  place = { x: Math.min(1, Math.max(0, x)), y: Math.min(1, Math.max(0, y)) };
  draw();
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const step = event.shiftKey ? 0.1 : 0.02;
  const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
  if (!by) return;
  event.preventDefault();
  event.stopPropagation();
  move(place.x + by[0], place.y + by[1]);
}

/** @param {boolean} shows */
export function showLoupe(shows) {
  if (!made && shows) {
    made = true;
    view.append(glass);
    view.addEventListener("pointermove", (event) => {
      const box = view.getBoundingClientRect();
      if (!glass.hidden) move((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    });
    glass.addEventListener("keydown", onKey);
    shown().after.addEventListener("load", draw);
  }
  glass.hidden = !shows;
  if (shows) {
    draw();
    glass.focus({ preventScroll: true });
  }
}
