// @ts-check
/** Elements, icons, pictures that load in turn, and what is told to the user. */

/** Make an element. Keys of `props`: `on` (listeners), `data`, `class`, aria-* and other attributes
 * with a dash as attributes, everything else as properties.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {Record<string, any>} [props] @param {...(Node|string|null|false|undefined)} kids
 * @returns {HTMLElementTagNameMap[T]} */
export function el(tag, props = {}, ...kids) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (key === "on") {
      for (const [event, call] of Object.entries(value)) node.addEventListener(event, call);
    } else if (key === "data") Object.assign(node.dataset, value);
    else if (key === "class") node.className = value;
    else if (key === "role" || key === "list" || key.includes("-")) node.setAttribute(key, String(value));
    else if (value !== undefined) /** @type {any} */ (node)[key] = value;
  }
  node.append(...kids.filter((kid) => kid !== null && kid !== false && kid !== undefined));
  return node;
}

const PATHS = {
  reset: "M3 3v4h4M3.5 6.5A5 5 0 1 1 3 9",
  curve: "M2 13C8 13 8 3 14 3M2 13h.01M14 3h.01",
  close: "M4 4l8 8M12 4l-8 8",
  up: "M8 13V3M4 7l4-4 4 4",
  down: "M8 3v10M4 9l4 4 4-4",
  play: "M5 3l8 5-8 5z",
  pause: "M5 3v10M11 3v10",
  stop: "M4 4h8v8H4z",
  folder: "M2 4h4l2 2h6v7H2z",
  plus: "M8 3v10M3 8h10",
  loupe: "M7 2a5 5 0 1 0 .01 0M11 11l3 3",
  brush: "M13 3L7 9M7 9c-3-1-2 4-5 4 3 1 6 0 5-4z",
  camera: "M2 5V2h3M11 2h3v3M14 11v3h-3M5 14H2v-3M8 6v4M6 8h4",
  strip: "M2 4h12v8H2zM6 4v8M10 4v8",
};

/** @param {keyof typeof PATHS} name */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** A button with an icon only.
 * @param {keyof typeof PATHS} name @param {string} label @param {(event: Event) => void} call */
export const iconButton = (name, label, call) =>
  el("button", { type: "button", class: "icon-button", "aria-label": label, title: label, on: { click: call } }, icon(name));

/** A choice of a few: radio buttons that look like one strip.
 * @param {string} name @param {string} label @param {[string, string][]} options @param {(value: string) => void} call */
export function segments(name, label, options, call) {
  const inputs = options.map(([value, text]) => {
    const input = el("input", { type: "radio", name, value, on: { change: () => call(value) } });
    return { value, input, node: el("label", {}, input, el("span", {}, text)) };
  });
  const node = el("fieldset", { class: "segments" }, el("legend", { class: "hidden" }, label), ...inputs.map((one) => one.node));
  /** @param {string} value */
  const update = (value) => inputs.forEach((one) => { one.input.checked = one.value === value; });
  return { node, update };
}

/** Pictures load in turn, at most two at once for each lane, and only what is in sight: the browser
 * has six connections to the server, and previews must not wait for thumbnails. */
class Lane {
  /** @param {number} most */
  constructor(most) {
    this.most = most;
    this.busy = 0;
    /** @type {HTMLImageElement[]} */
    this.waiting = [];
    this.eye = new IntersectionObserver((seen) => {
      for (const { isIntersecting, target } of seen) {
        const image = /** @type {HTMLImageElement} */ (target);
        if (isIntersecting) this.waiting.push(image);
        else this.waiting = this.waiting.filter((one) => one !== image);
      }
      this.next();
    }, { rootMargin: "80px" });
  }

  next() {
    while (this.busy < this.most && this.waiting.length) {
      const image = /** @type {HTMLImageElement} */ (this.waiting.shift());
      const source = image.dataset.src;
      if (!source || !image.isConnected) continue;
      this.eye.unobserve(image);
      this.busy += 1;
      const over = () => { this.busy -= 1; this.next(); };
      image.addEventListener("load", over, { once: true });
      image.addEventListener("error", () => { image.classList.add("broken"); over(); }, { once: true });
      image.src = source;
      delete image.dataset.src;
    }
  }

  /** @param {string} source @param {string} alt @param {string} [style] */
  image(source, alt, style = "") {
    const image = el("img", { alt, class: style, draggable: false, data: { src: source } });
    this.eye.observe(image);
    return image;
  }
}

/** Frames of files. */
export const thumbs = new Lane(2);
/** Pictures that have to be dreamed first. */
export const drawn = new Lane(1);

/** @param {string} id */
export const $ = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** Tell what goes on, in the live region of the header. @param {string} text */
export function tell(text) {
  if ($("status").textContent !== text) $("status").textContent = text;
}

/** @type {ReturnType<typeof setTimeout>|undefined} */
let alerted;

/** Tell of an error. @param {unknown} error */
export function alertOf(error) {
  if (error instanceof DOMException && error.name === "AbortError") return;
  const text = error instanceof Error ? error.message : String(error);
  $("alert").textContent = text;
  clearTimeout(alerted);
  alerted = setTimeout(() => { $("alert").textContent = ""; }, 8000);
}

/** Call something that may fail; tell of the error. @template T @param {() => Promise<T>} call */
export async function tried(call) {
  try {
    return await call();
  } catch (error) {
    alertOf(error);
    return undefined;
  }
}

/** Call when nothing has called for some milliseconds, with the newest arguments.
 * @template {any[]} A @param {number} ms @param {(...args: A) => void} call */
export function later(ms, call) {
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;
  const soon = (/** @type {A} */ ...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => call(...args), ms);
  };
  return Object.assign(soon, { cancel: () => clearTimeout(timer) });
}

/** @param {number} seconds */
export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** @param {number} bytes */
export function size(bytes) {
  const step = Math.min(4, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** step).toPrecision(3)} ${["B", "kB", "MB", "GB", "TB"][step]}`;
}

export const calm = matchMedia("(prefers-reduced-motion: reduce)");
