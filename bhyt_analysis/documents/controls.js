// The sliders of a page: they make a state of what is set, show what the model makes of it, and keep it in the address.
import { project } from "./model.js";

/** @typedef {{id: string, label: string, values: number[], rest: () => number, text: (value: number) => string}} Slider */

const PREFIX = "#what-if?";
const STEP = 0.05;
const POINTS_HIGH = 300, MARGIN = { left: 46, right: 12, top: 12, bottom: 24 }; // of the chart, in CSS pixels

/** Start the section; pages without a model have none. */
function start() {
  const section = document.getElementById("what-if"), data = document.getElementById("bhyt-model");
  if (!section || !data) return;
  const model = JSON.parse(data.textContent ?? ""), words = JSON.parse(document.getElementById("bhyt-words")?.textContent ?? "");
  const base = project(model, {}), months = base.months, vi = words.locale === "vi-VN";
  Object.assign(window, { bhytModel: (/** @type {any} */ state) => project(model, state) });

  // --- Figures and words

  const figure = (/** @type {number} */ x, digits = 0, sign = false) => {
    const text = new Intl.NumberFormat(words.locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(x);
    const minus = text.replace("-", "−");
    return sign && /[1-9]/.test(text) && x > 0 ? "+" + minus : /[1-9]/.test(text) ? minus : minus.replace("−", "");
  };
  const perCent = (/** @type {number} */ x, digits = 1) => figure(x * 100, digits) + "%";
  const share = (/** @type {number} */ x) => perCent(x, Math.abs(x * 100 - Math.round(x * 100)) < 1e-9 ? 0 : 1);
  const fill = (/** @type {string} */ text, /** @type {Record<string, string | number>} */ fields) => text.replace(/\{(\w+)\}/g, (_, key) => String(fields[key]));
  const monthText = (/** @type {string} */ day) => `${day.slice(5, 7)}/${day.slice(0, 4)}`;
  const dayText = (/** @type {string} */ day) => vi ? `${day.slice(8)}/${monthText(day)}`
    : new Date(day + "T00:00Z").toLocaleDateString(words.locale, { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });

  // --- What can be set; null leaves it as it is

  const grid = (/** @type {number} */ low, /** @type {number} */ high, /** @type {number} */ step) =>
    Array.from({ length: Math.round((high - low) / step) + 1 }, (_, i) => Math.round((low + i * step) * 1e6) / 1e6);
  const later = months.slice(1), days = later.map(m => m.slice(0, 8) + "01");
  const sinceDays = days.filter(d => ["01", "07"].includes(d.slice(5, 7))), ends = later.filter(m => ["06", "12"].includes(m.slice(5, 7)));
  const rest = {
    since: sinceDays.includes(model.since) ? model.since : sinceDays[sinceDays.length - 1], top_up_group: model.law.adjustable[0],
    on: "", target: 0,
  };
  rest.on = ends.find(m => m.slice(0, 4) >= rest.since.slice(0, 4) && m.slice(5, 7) === "12") ?? ends[ends.length - 1];
  const goal = model.targets.find((/** @type {any} */ t) => t.on >= rest.on) ?? model.targets[model.targets.length - 1];
  rest.target = goal ? goal.rate : 0.95;
  const relation = goal ? goal.relation : ">=";
  /** @type {Record<string, any>} */ let values = {};
  const at = (/** @type {string} */ id) => values[id] ?? /** @type {any} */ (rest)[id];
  const lawAt = (/** @type {any} */ list) => list?.[model.months.findIndex((/** @type {string} */ m) => m.slice(0, 8) + "01" >= at("since"))] ?? 0;
  /** @type {Slider[]} */
  const sliders = [
    { id: "outreach", label: words.outreach, values: grid(0, 2, 0.1), rest: () => model.state.outreach, text: (/** @type {number} */ x) => figure(x, 1) },
    { id: "take_up_household", label: words.take_up_household, values: grid(0, 1, 0.01), rest: () => model.state.take_up_household, text: share },
    ...model.law.adjustable.map((/** @type {string} */ key) => ({
      id: "support." + key, label: words.groups[key], values: grid(0, 1, STEP),
      rest: () => Math.max(lawAt(model.law.shares[key]), lawAt(model.law.local[key])), text: share,
    })),
    { id: "top_up", label: words.top_up, values: grid(0, 1, STEP), rest: () => 0, text: share },
    { id: "base_salary", label: words.base_salary, values: grid(1e6, 4e6, 1e4), rest: () => lawAt(model.law.base_salary), text: figure },
    { id: "contribution_rate", label: words.contribution_rate, values: grid(0.03, 0.06, 0.001), rest: () => lawAt(model.law.contribution_rate), text: (/** @type {number} */ x) => perCent(x) },
    { id: "target", label: words.target, values: grid(0.5, 1, 0.005), rest: () => rest.target, text: share },
  ].filter(slider => !model.law.fixed.includes(slider.id));
  const legends = { outreach: "behaviour", "support.": "support", top_up: "top_up", base_salary: "premium", target: "target_group" };
  const selects = [
    { id: "since", label: words.since, options: sinceDays.map(d => [d, dayText(d)]), before: "support." },
    { id: "top_up_group", label: words.top_up_group, options: model.law.adjustable.map((/** @type {string} */ k) => [k, words.groups[k]]), before: "top_up" },
    { id: "on", label: words.on, options: ends.map(m => [m, monthText(m)]), before: "target" },
  ];
  const choices = (/** @type {Slider} */ s) => [...new Set([...s.values, s.rest(), values[s.id] ?? s.rest()])].sort((a, b) => a - b);

  /** Return the state of the model: what is set, and since when. */
  const stateOf = () => {
    const since = at("since"), set = (/** @type {string} */ id) => values[id] != null;
    /** @type {any} */ const state = {};
    for (const id of ["outreach", "take_up_household"]) if (set(id)) state[id] = values[id];
    const support = model.law.adjustable.filter((/** @type {string} */ k) => set("support." + k)).map((/** @type {string} */ key) => ({ key, share: values["support." + key], since }));
    if (support.length) state.support = support;
    if (set("top_up")) state.top_up = [{ key: at("top_up_group"), points: values.top_up, since }];
    for (const id of ["base_salary", "contribution_rate"]) if (set(id)) state[id] = { value: values[id], since };
    return state;
  };

  // --- The address

  const readAddress = () => {
    values = {};
    if (!location.hash.startsWith(PREFIX)) return;
    for (const [id, text] of new URLSearchParams(location.hash.slice(PREFIX.length))) {
      const slider = sliders.find(s => s.id === id), select = selects.find(s => s.id === id), x = Number(text);
      if (select?.options.some((/** @type {string[]} */ [value]) => value === text) && text !== /** @type {any} */ (rest)[id]) values[id] = text;
      else if (slider && text !== "" && x >= slider.values[0] && x <= slider.values[slider.values.length - 1] && x !== slider.rest()) values[id] = x;
    }
  };
  const writeAddress = () => {
    const query = new URLSearchParams(Object.entries(values).filter(([, v]) => v != null).map(([k, v]) => [k, String(v)])).toString();
    if (query || location.hash.startsWith(PREFIX)) history.replaceState(null, "", query ? PREFIX + query : "#what-if");
  };

  // --- The controls

  const element = (/** @type {string} */ tag, /** @type {Record<string, string>} */ attributes = {}, /** @type {(Node | string)[]} */ ...children) => {
    const made = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };
  const find = (/** @type {string} */ query) => /** @type {HTMLElement} */ (section.querySelector(query));
  const controls = find(".controls");
  /** @type {Map<string, HTMLInputElement>} */ const inputs = new Map();
  /** @type {Map<string, HTMLElement>} */ const outputs = new Map();
  /** @type {Map<string, HTMLSelectElement>} */ const lists = new Map();
  let fields = controls;
  for (const slider of sliders) {
    const stem = slider.id.startsWith("support.") ? "support." : slider.id, legend = /** @type {any} */ (legends)[stem];
    if (legend && (stem !== "support." || slider.id === "support." + model.law.adjustable[0])) {
      fields = element("fieldset", {}, element("legend", {}, words[legend]));
      controls.append(fields);
    }
    const select = selects.find(s => s.before === stem && !lists.has(s.id));
    if (select) {
      const list = /** @type {HTMLSelectElement} */ (element("select", { id: "set-" + select.id }, ...select.options.map((/** @type {string[]} */ [value, text]) => element("option", { value }, text))));
      list.addEventListener("change", () => { values[select.id] = list.value === /** @type {any} */ (rest)[select.id] ? null : list.value; update(); });
      lists.set(select.id, list);
      fields.append(element("div", { class: "row" }, element("label", { for: list.id }, select.label), list));
    }
    const input = /** @type {HTMLInputElement} */ (element("input", { type: "range", id: "set-" + slider.id, min: "0", step: "1" }));
    const output = element("output", { for: input.id });
    input.addEventListener("input", () => {
      const value = choices(slider)[Number(input.value)];
      values[slider.id] = value === slider.rest() ? null : value;
      show();
    });
    input.addEventListener("change", writeAddress); // once a move ends: browsers limit how often an address changes
    inputs.set(slider.id, input);
    outputs.set(slider.id, output);
    fields.append(element("div", { class: "row" }, element("label", { for: input.id }, slider.label), input, output));
  }

  const showControls = () => {
    for (const slider of sliders) {
      const input = /** @type {HTMLInputElement} */ (inputs.get(slider.id)), all = choices(slider), value = values[slider.id] ?? slider.rest();
      const text = slider.text(value) + (values[slider.id] == null && slider.id.match(/^(support|base|contribution)/) ? `, ${words.in_force}` : "");
      input.max = String(all.length - 1);
      input.value = String(all.indexOf(value));
      input.setAttribute("aria-valuetext", text);
      /** @type {HTMLElement} */ (outputs.get(slider.id)).textContent = text;
    }
    for (const [id, list] of lists) list.value = at(id);
  };

  // --- The results

  /** Return the people whom a target asks for: exact, in ten-thousandths. */
  const needed = (/** @type {number} */ people) => {
    const exact = people * Math.round(at("target") * 10000), low = Math.floor(exact / 10000);
    return relation === ">" && values.target == null ? low + 1 : exact % 10000 ? low + 1 : low;
  };
  const isSet = () => Object.values(values).some(v => v != null);
  const isProposal = () => model.proposal || ["support", "top_up", "base_salary", "contribution_rate"].some(key => key in stateOf());

  const showSet = () => {
    const law = (/** @type {string} */ id) => /^(support|top_up|base|contribution)/.test(id);
    const lines = sliders.filter(s => values[s.id] != null).map(s => {
      const of = s.id === "top_up" ? ` (${words.groups[at("top_up_group")]})` : s.id.startsWith("support.") ? ` (${words.support})` : "";
      return `${s.label}${of}: ${s.text(values[s.id])}${law(s.id) ? ", " + fill(words.since_day, { day: dayText(at("since")) }) : ""}`;
    });
    find(".set ul").replaceChildren(...lines.map(line => element("li", {}, line)));
    section.classList.toggle("is-set", isSet());
    find(".stamp").hidden = !isSet() && !model.proposal;
    find(".proposal").hidden = !isProposal();
    for (const part of [find(".set"), find(".link")]) part.hidden = !isSet();
    /** @type {HTMLButtonElement} */ (find("button.reset")).disabled = !isSet();
  };

  const showFigures = (/** @type {any} */ now) => {
    const t = months.indexOf(at("on")), rate = now.insured[t] / now.people[t], need = needed(now.people[t]), missing = need - now.insured[t];
    const month = monthText(at("on")), span = Math.max(t - months.findIndex(m => m.slice(0, 8) + "01" >= at("since")) + 1, 1);
    const sum = (/** @type {any} */ r) => months.slice(0, t + 1).reduce((s, _, i) => s + r.vnd.central[i] + r.vnd.province[i], 0);
    const years = months.slice(0, t + 1).reduce((s, _, i) => s + now.insured[i] - base.insured[i], 0) / 12;
    const known = now.costed[0] === base.costed[0], more = sum(now) - sum(base);
    /** @type {string[][]} */ const rows = [[
      fill(words.coverage, { month }), perCent(rate), fill(words.insured, { insured: figure(now.insured[t]), people: figure(now.people[t]), uninsured: figure(now.people[t] - now.insured[t]) }) +
        (isSet() ? "; " + fill(words.change, { points: figure((rate - base.insured[t] / base.people[t]) * 100, 1, true), people: figure(now.insured[t] - base.insured[t], 0, true) }) : ""),
    ], [
      fill(words.missing, { rate: share(at("target")) }), missing > 0 ? fill(words.missing_people, { people: figure(missing) }) : words.reached,
      missing > 0 ? fill(words.monthly, { people: figure(Math.ceil(missing / span)), months: span }) : fill(words.needed, { people: figure(need) }),
    ]];
    rows.push(now.lost[t] > 0
      ? [words.back, perCent(now.back[t] / now.lost[t]), fill(words.back_people, { back: figure(Math.floor(now.back[t] + 0.5)), lost: figure(now.lost[t]) })]
      : [words.back, "–", words.no_back]);
    if (isSet()) rows.push([words.per_person,
      known && years > 0 && more >= 0 ? fill(words.per_person_unit, { vnd: figure(more / years) }) : "–",
      known && years > 0 && more >= 0 ? fill(words.public, { month, vnd: vnd(more) }) : words.per_person_none]);
    find(".stamp b").textContent = isSet() ? `${fill(words.coverage, { month })}: ${perCent(rate)}` : "";
    find("dl").replaceChildren(...rows.map(([label, value, note]) => element("div", {}, element("dt", {}, label), element("dd", {}, element("strong", {}, value), element("span", {}, note)))));
  };
  const vnd = (/** @type {number} */ x) => `${figure(x / 1e9, 2, true)} ${vi ? "tỷ đồng" : "billion VND"}`;

  const showMoney = (/** @type {any} */ now) => {
    const years = [...new Set(later.map(m => m.slice(0, 4)))];
    const payers = model.payers.filter((/** @type {string} */ p) => now.vnd[p].some((/** @type {number} */ x) => x > 0) || base.vnd[p].some(x => x > 0));
    const heads = [words.year, words.rate, words.people, ...payers.map((/** @type {string} */ p) => words.payers[p])];
    const lines = years.map(year => {
      const own = months.map((_, i) => i).filter(i => i > 0 && months[i].startsWith(year)), last = own[own.length - 1];
      const costed = own.some(i => now.costed[i] > 0), total = (/** @type {any} */ r, /** @type {string} */ p) => own.reduce((s, i) => s + r.vnd[p][i], 0);
      const cells = payers.map((/** @type {string} */ p) => {
        const x = total(now, p), change = x - total(base, p);
        return costed ? figure(x / 1e9, 2) + (isSet() && change ? ` (${figure(change / 1e9, 2, true)})` : "") : "–";
      });
      return [own.length === 12 ? year : fill(words.months_of, { year, months: own.length }), perCent(now.insured[last] / now.people[last]), figure(now.insured[last]), ...cells];
    });
    const row = (/** @type {string[]} */ cells) => element("tr", {}, element("th", { scope: "row" }, cells[0]), ...cells.slice(1).map((cell, i) => element("td", { "data-label": heads[i + 1] }, cell)));
    find(".wide").replaceChildren(element("table", {}, element("thead", {}, element("tr", {}, ...heads.map(h => element("th", { scope: "col" }, h)))), element("tbody", {}, ...lines.map(row))));
    const t = months.indexOf(at("on")), part = now.costed[t] / now.insured[t];
    const notes = [part < 1 ? fill(words.costed, { month: monthText(at("on")), share: perCent(part, 0) }) : ""];
    if (model.units > 1) notes.push(fill(model.adds_up ? words.units : words.units_people, { units: model.units }));
    find(".notes").textContent = notes.filter(Boolean).join(" ");
  };

  const showPath = (/** @type {any} */ now) => {
    const svg = find("svg"), wide = Math.max(svg.parentElement?.clientWidth ?? 0, 280), inner = wide - MARGIN.left - MARGIN.right;
    const paths = { now: now.insured.map((/** @type {number} */ n, /** @type {number} */ i) => n / now.people[i]), base: base.insured.map((n, i) => n / base.people[i]) };
    const band = !isSet() && model.band, t = months.indexOf(at("on"));
    const all = [...paths.now, ...paths.base, at("target"), ...(band ? [...band.low, ...band.high] : [])];
    const low = Math.max(Math.floor(Math.min(...all) * 20 - 0.2) / 20, 0), high = Math.min(Math.ceil(Math.max(...all) * 20 + 0.2) / 20, 1);
    const x = (/** @type {number} */ i) => MARGIN.left + (inner * i) / (months.length - 1);
    const y = (/** @type {number} */ r) => MARGIN.top + ((high - r) / (high - low)) * (POINTS_HIGH - MARGIN.top - MARGIN.bottom);
    const line = (/** @type {number[]} */ path) => path.map((r, i) => `${i ? "L" : "M"}${x(i).toFixed(1)} ${y(r).toFixed(1)}`).join("");
    const draw = (/** @type {string} */ tag, /** @type {Record<string, any>} */ attributes, text = "") => {
      const node = document.createElementNS(svg.namespaceURI, tag);
      for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
      node.textContent = text;
      return node;
    };
    const parts = [], step = high - low > 0.45 ? 0.1 : 0.05;
    for (let r = low; r <= high + 1e-9; r += step)
      parts.push(draw("line", { class: "grid", x1: MARGIN.left, x2: wide - MARGIN.right, y1: y(r), y2: y(r) }), draw("text", { x: MARGIN.left - 6, y: y(r) + 4, "text-anchor": "end" }, perCent(r, 0)));
    const turns = months.map((m, i) => ({ m, i })).filter(({ m }) => m.slice(5, 7) === "12"), every = Math.ceil(turns.length / (inner / 60));
    turns.filter(({ i }, k) => k % every === 0 && (i === months.length - 1 || x(i) < wide - 90)).forEach(({ m, i }) => parts.push(draw("text", { x: x(i), y: POINTS_HIGH - 6, "text-anchor": x(i) > wide - 40 ? "end" : "middle" }, monthText(m))));
    if (band) parts.push(draw("path", { class: "band", d: line(band.high) + [...band.low].map((r, i) => [i, r]).reverse().map(([i, r]) => `L${x(i).toFixed(1)} ${y(r).toFixed(1)}`).join("") + "Z" }));
    parts.push(draw("line", { class: "target", x1: x(Math.max(t - 12, 0)), x2: x(Math.min(t + 2, months.length - 1)), y1: y(at("target")), y2: y(at("target")) }));
    parts.push(draw("path", { class: "base", d: line(paths.base) }));
    if (isSet()) parts.push(draw("path", { class: "now", d: line(paths.now) }));
    parts.push(draw("circle", { class: isSet() ? "now" : "base", cx: x(t), cy: y(paths.now[t]), r: 4 }));
    svg.setAttribute("viewBox", `0 0 ${wide} ${POINTS_HIGH}`);
    svg.setAttribute("aria-label", fill(words.path_text, {
      name: isSet() ? words.scenario : words.baseline, first: perCent(paths.now[0]), first_month: monthText(months[0]), last: perCent(paths.now[months.length - 1]),
      last_month: monthText(months[months.length - 1]), at: perCent(paths.now[t]), month: monthText(at("on")), target: share(at("target")),
    }));
    svg.replaceChildren(...parts);
    const key = (/** @type {string} */ name, /** @type {string} */ text) => element("span", { class: "key " + name }, text);
    find(".keys").replaceChildren(key("base", words.baseline), ...(isSet() ? [key("now", words.scenario)] : []), key("target", `${words.target_group} ${share(at("target"))}`), ...(band ? [key("band", fill(words.band, { draws: model.band.draws }))] : []));
    find(".gone").textContent = isSet() && model.band ? words.band_gone : "";
  };

  const show = () => {
    const now = isSet() ? project(model, stateOf()) : base;
    showControls(); showSet(); showFigures(now); showPath(now); showMoney(now);
  };
  const update = () => { writeAddress(); show(); };
  const open = () => {
    readAddress();
    show();
    if (!location.hash.startsWith(PREFIX)) return;
    /** @type {HTMLDetailsElement} */ (section).open = true;
    section.scrollIntoView();
  };
  find("button.reset").addEventListener("click", () => { values = {}; update(); });
  section.addEventListener("toggle", () => show());
  addEventListener("resize", () => show());
  addEventListener("hashchange", open);
  section.hidden = false;
  open();
}
start();
