// @ts-check
/** Looks: presets as pictures, networks, and layers as pictures of what they dream. */
import { get } from "./api.js";
import { drawn, el, tried } from "./dom.js";
import { completions } from "./dial.js";
import { edit, on, settings, state } from "./state.js";

/** @typedef {{name: string, about: string, settings: any}} Preset */
/** @type {{name: string, default: boolean, included: boolean}[]} */
let networks = [];

/** The network that dreams: the first that is given, or the default. */
const network = () => settings().network?.model?.[0] ?? networks.find((one) => one.default)?.name ?? "";
/** The layers that the shown slot or region raises. @returns {string[]} */
const layersNow = () => (state.region >= 0 ? settings().region?.[state.region]?.layer : settings().dream?.layer) ?? [];

/** @param {HTMLElement} presets @param {HTMLElement} layers */
export async function makeLooks(presets, layers) {
  await tried(async () => {
    const [found, known] = await Promise.all([get("/api/presets"), get("/api/networks")]);
    networks = known.networks;
    completions("model", networks.map((one) => one.name));
    listPresets(presets, found.presets);
    listLayers(layers);
  });
}

/** @param {string} name @param {string} title @param {HTMLElement} face @param {(event: MouseEvent) => void} call */
const tile = (name, title, face, call) => el("button", { type: "button", class: "tile", title, "aria-pressed": "false", data: { name }, on: { click: call } },
  el("span", { class: "face" }, face), el("span", { class: "name" }, name));

/** @param {HTMLElement} parent @param {Preset[]} presets */
function listPresets(parent, presets) {
  const tiles = el("div", { class: "tiles", role: "group", "aria-label": "Presets" }, ...presets.map((one) =>
    tile(one.name, one.about, drawn.image(`/api/presets/${one.name}/picture`, ""), () => use(one))));
  const plain = el("button", { type: "button", class: "quiet", on: { click: () => edit("preset", (all) => { delete all.dream; delete all.motion; }) } }, "All dials to their defaults");
  parent.append(tiles, plain);
  const update = () => {
    const now = settings();
    for (const node of /** @type {Iterable<HTMLElement>} */ (tiles.children)) {
      const one = presets.find((preset) => preset.name === node.dataset.name);
      const same = one && Object.entries(one.settings).every(([table, values]) =>
        Object.entries(/** @type {any} */ (values)).every(([key, value]) => JSON.stringify(now[table]?.[key]) === JSON.stringify(value)));
      node.setAttribute("aria-pressed", String(Boolean(same)));
    }
  };
  on("slots slot", update);
  update();
}

/** A preset takes the place of the tables that it sets; network, mask, seed and guide stay.
 * @param {Preset} preset */
function use(preset) {
  edit("preset", (all) => {
    const { seed, guide, mask } = all.dream ?? {};
    for (const [table, values] of Object.entries(preset.settings)) all[table] = structuredClone(values);
    for (const [key, value] of Object.entries({ seed, guide, mask })) if (value !== undefined) all.dream[key] = value;
  });
}

/** @param {HTMLElement} parent */
function listLayers(parent) {
  const select = el("select", { "aria-label": "Network", on: { change: () => edit("network", (all) => {
    const isDefault = networks.find((one) => one.name === select.value)?.default;
    if (isDefault) delete all.network?.model;
    else (all.network ??= {}).model = [select.value];
    delete all.dream?.layer;
  }) } });
  const group = (/** @type {string} */ label, /** @type {boolean} */ included) => {
    const options = networks.filter((one) => one.included === included).map((one) => el("option", { value: one.name }, one.name));
    return options.length > 0 && el("optgroup", { label }, ...options);
  };
  select.append(...[group("Included", true), group("Downloaded when used", false)].filter((one) => one !== false));
  const tiles = el("div", { class: "tiles", role: "group", "aria-label": "Layers" });
  const note = el("p", { class: "muted small" }, "Click: this layer. Shift-click: add it, or take it away.");
  parent.append(el("div", { class: "row" }, select), tiles, note);
  let listed = "";
  const update = () => {
    const model = network();
    select.value = model;
    for (const node of /** @type {Iterable<HTMLElement>} */ (tiles.querySelectorAll("button"))) {
      const names = [node.dataset.name, ...(node.dataset.aliases ?? "").split(" ")];
      node.setAttribute("aria-pressed", String(layersNow().some((one) => names.includes(one))));
    }
    if (state.panel !== "layers" || listed === model) return;
    listed = model;
    tried(() => fill(model));
  };
  /** @param {string} model */
  async function fill(model) {
    tiles.replaceChildren(el("p", { class: "muted" }, "reading the layers"));
    const isIncluded = networks.find((one) => one.name === model)?.included;
    const { layers, labels } = await get(`/api/networks/${encodeURIComponent(model)}/layers`).catch((error) => {
      tiles.replaceChildren(el("p", { class: "muted" }, "This network is not on this machine yet."));
      throw error;
    });
    if (listed !== model) return;
    completions("layer", layers.flatMap((/** @type {any} */ one) => [...one.aliases, one.name]));
    completions("label", labels);
    const known = layers.filter((/** @type {any} */ one) => one.aliases.length);
    const others = layers.filter((/** @type {any} */ one) => !one.aliases.length);
    tiles.replaceChildren(...[...known, ...others].map((/** @type {any} */ one) => {
      const shown = one.aliases[0] ?? one.name;
      const face = isIncluded ? drawn.image(`/api/networks/${encodeURIComponent(model)}/picture?layer=${encodeURIComponent(one.name)}`, "") : el("span");
      const node = tile(shown, `${one.name}${one.aliases.length ? ` (${one.aliases.join(", ")})` : ""}`, face, (event) => raise(shown, event.shiftKey));
      node.dataset.aliases = [one.name, ...one.aliases].join(" ");
      return node;
    }));
    update();
  }
  on("slots slot region panel", update);
  update();
}

/** @param {string} name @param {boolean} adds */
function raise(name, adds) {
  edit("layer", (all) => {
    const table = state.region >= 0 ? all.region[state.region] : all.dream ??= {};
    const now = table.layer ?? [];
    table.layer = !adds ? [name] : now.includes(name) ? now.filter((/** @type {string} */ one) => one !== name) : [...now, name];
    if (!table.layer.length) delete table.layer;
    delete table.label;
  });
}
