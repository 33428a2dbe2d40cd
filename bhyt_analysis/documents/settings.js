// What can be set on a page: its sliders and lists, what is set now, the state of the model that this is, the address.
import { project } from "./model.js";

/** @typedef {{id: string, label: string, values: number[], rest: () => number, text: (value: number) => string, isLaw: boolean}} Slider */
/** @typedef {{id: string, label: string, options: () => string[][]}} Choice  Pairs of a value and its text. */
/** @typedef {{first: ReturnType<typeof project>, months: string[], days: string[], ends: string[]}} Frame */

const PREFIX = "#what-if?";
const STEP = 0.05;

/**
 * Return the functions that write figures and days in the language of a page.
 * @param {any} words
 */
export function writers(words) {
  const vi = words.locale === "vi-VN";
  const figure = (/** @type {number} */ x, digits = 0, sign = false) => {
    const text = new Intl.NumberFormat(words.locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(x);
    const minus = text.replace("-", "−");
    return sign && /[1-9]/.test(text) && x > 0 ? "+" + minus : /[1-9]/.test(text) ? minus : minus.replace("−", "");
  };
  const perCent = (/** @type {number} */ x, digits = 1) => figure(x * 100, digits) + "%";
  const month = (/** @type {string} */ day) => `${day.slice(5, 7)}/${day.slice(0, 4)}`;
  const long = (/** @type {string} */ day) => new Date(day + "T00:00Z").toLocaleDateString(words.locale, { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  return {
    figure, perCent, month,
    share: (/** @type {number} */ x) => perCent(x, Math.abs(x * 100 - Math.round(x * 100)) < 1e-9 ? 0 : 1),
    day: (/** @type {string} */ day) => (vi ? `${day.slice(8)}/${month(day)}` : long(day)),
    vnd: (/** @type {number} */ x) => `${figure(x / 1e9, 2, true)} ${vi ? "tỷ đồng" : "billion VND"}`,
    fill: (/** @type {string} */ text, /** @type {Record<string, string | number>} */ fields) => text.replace(/\{(\w+)\}/g, (_, key) => String(fields[key])),
  };
}
/** @typedef {ReturnType<typeof writers>} Writers */

/** @param {number} low @param {number} high @param {number} step */
const grid = (low, high, step) => Array.from({ length: Math.round((high - low) / step) + 1 }, (_, i) => Math.round((low + i * step) * 1e6) / 1e6);

/**
 * The settings of a page; of a model with zones a second frame begins before the decision.
 * @param {any} model
 * @param {any} words
 * @param {Writers} write
 */
export function makeSettings(model, words, write) {
  const law = model.law, zones = model.zones, communes = zones ? zones.communes : [];
  /** @type {Record<string, any>} */ let values = {};
  const isSetAt = (/** @type {string} */ id) => values[id] != null;
  /** Zones that differ from the decision's, by commune. */
  const zonesSet = () => Object.fromEntries(communes.map((/** @type {any} */ c) => [c.code, values["zone." + c.code]]).filter((/** @type {any[]} */ [, zone]) => zone != null));
  const hasZones = () => communes.some((/** @type {any} */ c) => isSetAt("zone." + c.code));

  const frameOf = (/** @type {any} */ state) => {
    const first = project(model, state), later = first.months.slice(1);
    return { first, months: first.months, days: later.map(m => m.slice(0, 8) + "01"), ends: later };
  };
  const frames = [frameOf({})];
  const frame = () => {
    if (!hasZones()) return frames[0];
    return (frames[1] ??= frameOf({ zones: {} }));
  };

  // --- What holds where nothing is set

  const lastDay = communes.map((/** @type {any} */ c) => c.on).sort().pop(); // communes may have days of their own
  const december = (/** @type {string} */ since) => frame().ends.find(m => m.slice(0, 4) >= since.slice(0, 4) && m.slice(5, 7) === "12");
  /** @type {Record<string, () => any>} */
  const rest = {
    since: () => (frame().days.includes(model.since) ? model.since : frame().days[frame().days.length - 1]),
    on: () => december(hasZones() ? lastDay : rest.since()) ?? frame().ends[frame().ends.length - 1],
    top_up_group: () => law.adjustable[0],
    target: () => goal()?.rate ?? 0.95,
  };
  const goal = () => model.targets.find((/** @type {any} */ t) => t.on >= rest.on()) ?? model.targets[model.targets.length - 1];
  const at = (/** @type {string} */ id) => values[id] ?? rest[id]();
  const sinceOf = (/** @type {string} */ id) => values["since." + id] ?? at("since");
  const lawAt = (/** @type {any} */ list, /** @type {string} */ id) =>
    list?.[model.months.findIndex((/** @type {string} */ m) => m.slice(0, 8) + "01" >= sinceOf(id))] ?? 0;

  /** @type {Slider[]} */
  const sliders = [
    { id: "outreach", label: words.outreach, values: grid(0, 2, 0.1), rest: () => model.state.outreach, text: (/** @type {number} */ x) => write.figure(x, 1), isLaw: false },
    { id: "take_up_household", label: words.take_up_household, values: grid(0, 1, 0.01), rest: () => model.state.take_up_household, text: write.share, isLaw: false },
    ...law.adjustable.map((/** @type {string} */ key) => ({
      id: "support." + key, label: words.groups[key], values: grid(0, 1, STEP), text: write.share, isLaw: true,
      rest: () => Math.max(lawAt(law.shares[key], "support." + key), lawAt(law.local[key], "support." + key)),
    })),
    { id: "top_up", label: words.top_up, values: grid(0, 1, STEP), rest: () => 0, text: write.share, isLaw: true },
    { id: "base_salary", label: words.base_salary, values: grid(1e6, 4e6, 1e4), rest: () => lawAt(law.base_salary, "base_salary"), text: write.figure, isLaw: true },
    { id: "contribution_rate", label: words.contribution_rate, values: grid(0.03, 0.06, 0.001), rest: () => lawAt(law.contribution_rate, "contribution_rate"), text: (/** @type {number} */ x) => write.perCent(x), isLaw: true },
    { id: "target", label: words.target, values: grid(0.5, 1, 0.005), rest: rest.target, text: write.share, isLaw: false },
  ].filter(slider => !law.fixed.includes(slider.id));
  const dates = () => frame().days.map(d => [d, write.day(d)]);
  /** @type {Choice[]} */
  const choices = [
    { id: "since", label: words.since, options: dates },
    { id: "top_up_group", label: words.top_up_group, options: () => law.adjustable.map((/** @type {string} */ k) => [k, words.groups[k]]) },
    { id: "on", label: words.on, options: () => frame().ends.map(m => [m, write.month(m)]) },
    ...sliders.filter(s => s.isLaw).map(s => ({ id: "since." + s.id, label: write.fill(words.since_of, { name: s.label }), options: dates })),
    ...communes.map((/** @type {any} */ c) => ({
      id: "zone." + c.code, label: c.name,
      options: () => zones.zones.map((/** @type {string} */ z) => [z, words.zone_names[z] + (z === c.zone ? `, ${words.zone_decided}` : "")]),
    })),
  ];
  for (const s of sliders) if (s.isLaw) rest["since." + s.id] = () => at("since");
  for (const c of communes) rest["zone." + c.code] = () => c.zone;

  /** Return the state of the model: what is set, and since when. */
  const stateOf = () => {
    /** @type {any} */ const state = {};
    for (const id of ["outreach", "take_up_household"]) if (isSetAt(id)) state[id] = values[id];
    const support = law.adjustable.filter((/** @type {string} */ k) => isSetAt("support." + k));
    if (support.length) state.support = support.map((/** @type {string} */ key) => ({ key, share: values["support." + key], since: sinceOf("support." + key) }));
    if (isSetAt("top_up")) state.top_up = [{ key: at("top_up_group"), points: values.top_up, since: sinceOf("top_up") }];
    for (const id of ["base_salary", "contribution_rate"]) if (isSetAt(id)) state[id] = { value: values[id], since: sinceOf(id) };
    if (hasZones()) state.zones = zonesSet();
    return state;
  };

  const settings = {
    model, zones, communes, sliders, choices, at, sinceOf, frame, stateOf, hasZones, zonesSet, isSetAt,
    /** Whether something is a scenario; other months of the same path are none. */
    isSet: () => hasZones() || sliders.some(s => isSetAt(s.id)),
    isChanged: () => Object.values(values).some(v => v != null),
    isProposal: () => model.proposal || hasZones() || sliders.some(s => s.isLaw && isSetAt(s.id)),
    relation: () => (isSetAt("target") ? ">=" : goal()?.relation ?? ">="),
    /** Set a value; that of the rest is none. */
    set: (/** @type {string} */ id, /** @type {any} */ value) => {
      const slider = sliders.find(s => s.id === id);
      values[id] = value === (slider ? slider.rest() : rest[id]()) ? null : value;
      if (slider?.isLaw && values[id] === null) values["since." + id] = null;
      for (const key of ["on", "since"]) // the months of zones may begin earlier
        if (isSetAt(key) && !choices.find(c => c.id === key)?.options().some(([v]) => v === values[key])) values[key] = null;
    },
    clear: () => { values = {}; },
    /** The values of a slider, with those of the law and of an address. */
    steps: (/** @type {Slider} */ s) => [...new Set([...s.values, s.rest(), values[s.id] ?? s.rest()])].sort((a, b) => a - b),
    value: (/** @type {Slider} */ s) => values[s.id] ?? s.rest(),
    /** Read what an address sets; what is none of the values that can be set is left out. */
    read: (/** @type {string} */ hash) => {
      values = {};
      const pairs = hash.startsWith(PREFIX) ? [...new URLSearchParams(hash.slice(PREFIX.length))] : [];
      const rank = (/** @type {string} */ id) => (id.startsWith("zone.") ? 0 : id === "since" ? 1 : id.startsWith("since.") ? 2 : 3); // first what others rest on
      for (const [id, text] of pairs.sort(([a], [b]) => rank(a) - rank(b))) {
        const slider = sliders.find(s => s.id === id), choice = choices.find(c => c.id === id), x = Number(text);
        if (choice?.options().some(([value]) => value === text)) settings.set(id, text);
        else if (slider && text !== "" && x >= slider.values[0] && x <= slider.values[slider.values.length - 1]) settings.set(id, x);
      }
      return hash.startsWith(PREFIX);
    },
    /** Return the address of what is set. */
    address: () => {
      const query = new URLSearchParams(Object.entries(values).filter(([, v]) => v != null).map(([k, v]) => [k, String(v)])).toString();
      return query ? PREFIX + query : "#what-if";
    },
  };
  return settings;
}
/** @typedef {ReturnType<typeof makeSettings>} Settings */
