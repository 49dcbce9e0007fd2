// @ts-check
/** The loupe: the pixels of the film, at 100 % or a multiple; the source on its left half, the dream on its right. */
import { el } from "./dom.js";
import { view, shown } from "./stage.js";

const glass = el("canvas", { class: "loupe", tabIndex: 0, "aria-label": "Loupe; arrow keys move it", role: "img" });
let place = { x: 0.5, y: 0.5 };
let made = false;

function draw() {
  if (!glass.isConnected || glass.hidden) return;
  const { before, after } = shown();
  const context = /** @type {CanvasRenderingContext2D} */ (glass.getContext("2d"));
  const ratio = devicePixelRatio || 1;
  const shownAt = view.clientWidth / Math.max(1, after.naturalWidth);
  const growth = [1, 2, 4].find((one) => one > 1.2 * shownAt) ?? 8;
  glass.width = glass.height = glass.clientWidth * ratio;
  context.imageSmoothingEnabled = false;
  context.clearRect(0, 0, glass.width, glass.height);
  for (const [image, from] of /** @type {[HTMLImageElement, number][]} */ ([[before, 0], [after, glass.width / 2]])) {
    if (!image.naturalWidth) continue;
    const scale = growth * ratio;
    context.save();
    context.beginPath();
    context.rect(from, 0, glass.width / 2, glass.height);
    context.clip();
    const same = after.naturalWidth / image.naturalWidth || 1; // both at the size of the dream
    context.drawImage(image, glass.width / 2 - place.x * image.naturalWidth * same * scale,
      glass.height / 2 - place.y * image.naturalHeight * same * scale,
      image.naturalWidth * same * scale, image.naturalHeight * same * scale);
    context.restore();
  }
  context.font = `${11 * ratio}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.lineWidth = 3 * ratio;
  context.strokeStyle = "#000b";
  context.fillStyle = "#fff";
  const text = `${100 * growth} %`;
  context.strokeText(text, glass.width / 2, glass.height - 10 * ratio);
  context.fillText(text, glass.width / 2, glass.height - 10 * ratio);
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
