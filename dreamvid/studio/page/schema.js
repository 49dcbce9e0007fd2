// @ts-check
/** The dials of what is made, and the settings that it has. */
import { get } from "./api.js";
import { command, settings, state, valueOf } from "./state.js";

/** @typedef {{name: string, field: string, flag: string, label: string, help: string, default: any, kind: string,
 *   schedule: boolean, many: boolean, optional: boolean, choices?: any[], min?: number, max?: number, file?: string}} Dial */
/** @typedef {{table: string, title: string, about: string, dials: Dial[]}} Table */
/** @typedef {{first: string[], regions: boolean, tables: Table[]}} Command */

/** @type {{commands: Record<string, any>, region: {title: string, about: string, dials: Dial[]}, exclusive: string[][]}} */
export let schema;

export async function loadSchema() {
  schema = await get("/api/schema");
}

/** The dials of what is made now. @returns {Command} */
export function dialsNow() {
  const [name, kind] = state.make.split(":");
  return name === "loop" ? schema.commands.loop.kinds[kind ?? "zoom"] : schema.commands[name];
}

/** @param {string} field such as dream.strength or region.0.layer @returns {Dial|undefined} */
export function dialOf(field) {
  const keys = field.split(".");
  const name = keys[keys.length - 1];
  if (keys[0] === "region") return schema.region.dials.find((one) => one.name === name);
  return dialsNow().tables.find((one) => one.table === keys[0])?.dials.find((one) => one.name === name);
}

/** What sliders show: the part of a wide range in which dials are mostly used. The text beside takes all of it.
 * @type {Record<string, [number, number]>} */
const USUAL = {
  zoom: [0.5, 3], rotate: [-90, 90], center_x: [0, 1], center_y: [0, 1], pan_x: [-0.5, 0.5], pan_y: [-0.5, 0.5],
  shear_x: [-0.5, 0.5], shear_y: [-0.5, 0.5], strength: [0, 3], octave_scale: [1.1, 2], iterations: [1, 40],
  octaves: [1, 8], smooth: [0, 2], twist: [-8, 8], evolve: [1, 8], symmetry: [1, 12], feather: [0, 0.2],
};

/** @param {Dial} dial @returns {{low: number, high: number, step: number, ratio: boolean}|null} null: no slider */
export function rangeOf(dial) {
  if (dial.kind !== "number" && dial.kind !== "integer") return null;
  const [low, high] = USUAL[dial.name] ?? [dial.min, dial.max];
  if (low === undefined || high === undefined || high - low > 100 && !USUAL[dial.name]) return null;
  const ratio = low > 0 && Math.abs(low * high - 1) < 1e-6; // as 1/4 to 4: even in ratios
  const step = dial.kind === "integer" ? 1 : high - low > 50 ? 0.5 : high - low > 1 ? 0.05 : 0.005;
  return { low, high, step, ratio };
}

/** The value that a dial has when nothing is given, and no own default is known. @param {Dial} dial */
export function restOf(dial) {
  if (typeof dial.default === "number") return dial.default;
  const range = rangeOf(dial);
  if (dial.name === "octaves") return 4;
  if (dial.name === "zoom") return 1.4;
  return range ? (range.low + range.high) / 2 : 0;
}

/** What is given of what this command has, as the server takes it. @param {any} [from] */
export function sent(from = settings()) {
  /** @type {any} */
  const given = {};
  const known = dialsNow();
  for (const { table, dials } of known.tables) {
    for (const { name } of dials) {
      const value = from[table]?.[name];
      if (value !== undefined) (given[table] ??= {})[name] = value;
    }
  }
  if (command() === "loop") (given.loop ??= {}).kind = state.make.split(":")[1];
  const regions = (from.region ?? []).filter((/** @type {any} */ one, /** @type {number} */ k) => one.mask || k === 0);
  if (known.regions && regions.some((/** @type {any} */ one) => one.mask)) given.region = regions;
  if (state.noise && given.clip) given.clip.from_noise = true;
  return given;
}

/** What can be made of what is open: [value, text]. @returns {[string, string][]} */
export function makes(info = state.info) {
  const film = info?.kind === "film";
  const picture = info?.kind === "picture";
  /** @type {[string, string, boolean][]} */
  const all = [
    ["video", "Film", film], ["image", "Picture", picture], ["zoom", "Endless zoom", picture || state.noise || film],
    ["loop:zoom", "Loop: exact zoom", picture || state.noise], ["loop:pan", "Loop: pan", picture || state.noise],
    ["loop:feedback", "Loop: feedback", picture || state.noise], ["loop:film", "Loop: of a film", film],
  ];
  return all.filter((one) => one[2]).map(([value, text]) => [value, text]);
}

/** Whether a value is a schedule. @param {any} value @param {Dial} dial */
export const isCurve = (value, dial) =>
  typeof value === "string" && dial.schedule && (dial.kind === "number" || dial.kind === "integer");

/** The fields that have curves now. */
export function curves() {
  const found = [];
  for (const { table, dials } of dialsNow().tables) {
    for (const dial of dials) if (isCurve(valueOf(`${table}.${dial.name}`), dial)) found.push(`${table}.${dial.name}`);
  }
  (settings().region ?? []).forEach((/** @type {any} */ one, /** @type {number} */ k) => {
    for (const dial of schema.region.dials) if (isCurve(one[dial.name], dial)) found.push(`region.${k}.${dial.name}`);
  });
  return found;
}
