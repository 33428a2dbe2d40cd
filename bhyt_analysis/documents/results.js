// What a page says of its scenario: figures, path, money, and who loses and gains where communes are in other zones.

/** @typedef {import("./settings.js").Settings} Settings */
/** @typedef {import("./settings.js").Writers} Writers */

const POINTS_HIGH = 300, MARGIN = { left: 46, right: 12, top: 12, bottom: 24 }; // of the chart, in CSS pixels

/**
 * Make an element with attributes and children.
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {(Node | string)[]} children
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/**
 * @param {string[]} heads
 * @param {string[][]} lines
 */
function table(heads, lines) {
  const row = (/** @type {string[]} */ cells) => element("tr", {}, element("th", { scope: "row" }, cells[0]), ...cells.slice(1).map((cell, i) => element("td", { "data-label": heads[i + 1] }, cell)));
  return element("table", {}, element("thead", {}, element("tr", {}, ...heads.map(h => element("th", { scope: "col" }, h)))), element("tbody", {}, ...lines.map(row)));
}

/**
 * Return a function that shows the results of the settings in a section.
 * @param {HTMLElement} section
 * @param {Settings} settings
 * @param {any} words
 * @param {Writers} write
 */
export function resultsIn(section, settings, words, write) {
  const { model } = settings, { figure, perCent, share, month, fill, vnd } = write;
  const find = (/** @type {string} */ query) => /** @type {HTMLElement} */ (section.querySelector(query));

  const showSet = () => {
    const isSet = settings.isSet();
    const lines = settings.sliders.filter(s => settings.isSetAt(s.id)).map(s => {
      const of = s.id === "top_up" ? ` (${words.groups[settings.at("top_up_group")]})` : s.id.startsWith("support.") ? ` (${words.support})` : "";
      return `${s.label}${of}: ${s.text(settings.value(s))}${s.isLaw ? ", " + fill(words.since_day, { day: write.day(settings.sinceOf(s.id)) }) : ""}`;
    });
    const chosen = settings.zonesSet();
    for (const c of settings.communes) if (c.code in chosen) lines.push(`${c.name}: ${words.zone_names[c.zone]} → ${words.zone_names[chosen[c.code]]}`);
    find(".set ul").replaceChildren(...lines.map(line => element("li", {}, line)));
    section.classList.toggle("is-set", isSet);
    find(".stamp").hidden = !isSet && !model.proposal;
    find(".proposal").hidden = !settings.isProposal();
    find(".set").hidden = !isSet;
    find(".link").hidden = !settings.isChanged();
    /** @type {HTMLButtonElement} */ (find("button.reset")).disabled = !settings.isChanged();
  };

  /** Return the people whom a target asks for: exact, in ten-thousandths. */
  const needed = (/** @type {number} */ people) => {
    const exact = people * Math.round(settings.at("target") * 10000), low = Math.floor(exact / 10000);
    return settings.relation() === ">" ? low + 1 : exact % 10000 ? low + 1 : low;
  };

  const showFigures = (/** @type {any} */ now, /** @type {any} */ base) => {
    const months = base.months, on = settings.at("on"), t = months.indexOf(on), isSet = settings.isSet();
    const rate = now.insured[t] / now.people[t], need = needed(now.people[t]), missing = need - now.insured[t];
    const since = settings.sliders.filter(s => s.isLaw && settings.isSetAt(s.id)).map(s => settings.sinceOf(s.id)).sort()[0] ?? settings.at("since");
    const begin = months.findIndex((/** @type {string} */ m) => m.slice(0, 8) + "01" >= since), span = begin > 0 && begin <= t ? t - begin + 1 : t;
    const upTo = [...Array(t + 1).keys()], sum = (/** @type {any} */ r) => upTo.reduce((s, i) => s + r.vnd.central[i] + r.vnd.province[i], 0);
    const years = upTo.reduce((s, i) => s + now.insured[i] - base.insured[i], 0) / 12;
    const known = now.costed[0] === base.costed[0], more = sum(now) - sum(base);
    /** @type {string[][]} */ const rows = [[
      fill(words.coverage, { month: month(on) }), perCent(rate), fill(words.insured, { insured: figure(now.insured[t]), people: figure(now.people[t]), uninsured: figure(now.people[t] - now.insured[t]) }) +
        (isSet ? "; " + fill(settings.hasZones() ? words.change_zones : words.change, { points: figure((rate - base.insured[t] / base.people[t]) * 100, 1, true), people: figure(now.insured[t] - base.insured[t], 0, true) }) : ""),
    ], [
      fill(words.missing, { rate: share(settings.at("target")) }), missing > 0 ? fill(words.missing_people, { people: figure(missing) }) : words.reached,
      missing > 0 ? fill(words.monthly, { people: figure(Math.ceil(missing / span)), months: span }) : fill(words.needed, { people: figure(need) }),
    ]];
    rows.push(now.lost[t] > 0
      ? [words.back, perCent(now.back[t] / now.lost[t]), fill(words.back_people, { back: figure(Math.floor(now.back[t] + 0.5)), lost: figure(now.lost[t]) })]
      : [words.back, "–", words.no_back]);
    if (isSet) rows.push([words.per_person,
      known && years > 0 && more >= 0 ? fill(words.per_person_unit, { vnd: figure(Math.round(more / years / 1000) * 1000) }) : "–",
      known && years > 0 && more >= 0 ? fill(words.public, { month: month(on), vnd: vnd(more) }) : words.per_person_none]);
    find(".stamp b").textContent = isSet ? `${fill(words.coverage, { month: month(on) })}: ${perCent(rate)}` : "";
    find("dl").replaceChildren(...rows.map(([label, value, note]) => element("div", {}, element("dt", {}, label), element("dd", {}, element("strong", {}, value), element("span", {}, note)))));
  };

  /** Show who loses and gains: in all, by entitlement and by commune, by the decision and in the scenario. */
  const showZones = () => {
    const part = find(".zones");
    part.hidden = !settings.hasZones();
    if (part.hidden) return;
    const chosen = settings.zonesSet(), { zones, communes } = settings;
    /** @param {(commune: any) => any} of @param {any[]} all */
    const cells = (of, all) => ["lost", "gained"].map(column => {
      const sum = (/** @type {(c: any) => string} */ zone) => all.reduce((s, c) => s + (of(c)?.[column][zones.zones.indexOf(zone(c))] ?? 0), 0);
      const before = sum(c => c.zone), after = sum(c => chosen[c.code] ?? c.zone);
      return `${figure(before)} → ${figure(after)} (${figure(after - before, 0, true)})`;
    });
    const keys = Object.keys(words.entitlements).filter(key => communes.some((/** @type {any} */ c) => c.entitlements[key]));
    const other = communes.filter((/** @type {any} */ c) => c.code in chosen);
    const lines = [[words.zones_all, ...cells(c => c, communes)]];
    for (const key of keys) lines.push([words.entitlements[key], ...cells(c => c.entitlements[key], communes)]);
    for (const c of other) lines.push([`${c.name}: ${words.zone_names[c.zone]} → ${words.zone_names[chosen[c.code]]}`, ...cells(x => x, [c])]);
    part.replaceChildren(element("p", { class: "money" }, words.zones_title), table([words.zones_of, words.zones_lost, words.zones_gained], lines));
    if (zones.model) part.append(element("p", { class: "notes" }, fill(words.zones_note, { day: write.day(zones.model.as_of) })));
  };

  const showMoney = (/** @type {any} */ now, /** @type {any} */ base) => {
    /** @type {string[]} */ const months = base.months;
    const years = [...new Set(months.slice(1).map(m => m.slice(0, 4)))], isSet = settings.isSet();
    const payers = model.payers.filter((/** @type {string} */ p) => [now, base].some(r => r.vnd[p].some((/** @type {number} */ x) => x > 0)));
    const heads = [words.year, words.rate, words.people, ...payers.map((/** @type {string} */ p) => words.payers[p])];
    const lines = years.map(year => {
      const own = months.map((_, i) => i).filter(i => i > 0 && months[i].startsWith(year)), last = own[own.length - 1];
      const costed = own.some(i => now.costed[i] > 0), total = (/** @type {any} */ r, /** @type {string} */ p) => own.reduce((s, i) => s + r.vnd[p][i], 0);
      const cells = payers.map((/** @type {string} */ p) => {
        const x = total(now, p), change = x - total(base, p);
        return costed ? figure(x / 1e9, 2) + (isSet && change ? ` (${figure(change / 1e9, 2, true)})` : "") : "–";
      });
      return [own.length === 12 ? year : fill(words.months_of, { year, months: own.length }), perCent(now.insured[last] / now.people[last]), figure(now.insured[last]), ...cells];
    });
    find(".wide").replaceChildren(table(heads, lines));
    const t = months.indexOf(settings.at("on")), part = now.costed[t] / now.insured[t];
    const notes = [part < 1 ? fill(words.costed, { month: month(settings.at("on")), share: perCent(part, 0) }) : ""];
    if (model.units > model.places.population.length) notes.push(fill(model.adds_up ? words.units : words.units_people, { units: model.units }));
    find(".wide + .notes").textContent = notes.filter(Boolean).join(" ");
  };

  const showPath = (/** @type {any} */ now, /** @type {any} */ base) => {
    /** @type {string[]} */ const months = base.months;
    const svg = find("svg"), wide = Math.max(svg.parentElement?.clientWidth ?? 0, 280), inner = wide - MARGIN.left - MARGIN.right, isSet = settings.isSet();
    const rates = (/** @type {any} */ r) => r.insured.map((/** @type {number} */ n, /** @type {number} */ i) => n / r.people[i]);
    const paths = { now: rates(now), base: rates(base) }, target = settings.at("target"), band = !isSet && model.band, t = months.indexOf(settings.at("on"));
    const all = [...paths.now, ...paths.base, target, ...(band ? [...band.low, ...band.high] : [])];
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
    turns.filter(({ i }, k) => k % every === 0 && (i === months.length - 1 || x(i) < wide - 90)).forEach(({ m, i }) => parts.push(draw("text", { x: x(i), y: POINTS_HIGH - 6, "text-anchor": x(i) > wide - 40 ? "end" : "middle" }, month(m))));
    if (band) parts.push(draw("path", { class: "band", d: line(band.high) + [...band.low].map((r, i) => [i, r]).reverse().map(([i, r]) => `L${x(i).toFixed(1)} ${y(r).toFixed(1)}`).join("") + "Z" }));
    parts.push(draw("line", { class: "target", x1: x(Math.max(t - 12, 0)), x2: x(Math.min(t + 2, months.length - 1)), y1: y(target), y2: y(target) }));
    parts.push(draw("path", { class: "base", d: line(paths.base) }));
    if (isSet) parts.push(draw("path", { class: "now", d: line(paths.now) }));
    parts.push(draw("circle", { class: isSet ? "now" : "base", cx: x(t), cy: y(paths.now[t]), r: 4 }));
    const last = months.length - 1, baseline = settings.hasZones() ? words.baseline_zones : words.baseline;
    svg.setAttribute("viewBox", `0 0 ${wide} ${POINTS_HIGH}`);
    svg.setAttribute("aria-label", fill(words.path_text, {
      name: isSet ? words.scenario : words.baseline, first: perCent(paths.now[0]), first_month: month(months[0]), last: perCent(paths.now[last]),
      last_month: month(months[last]), at: perCent(paths.now[t]), month: month(settings.at("on")), target: share(target),
    }));
    svg.replaceChildren(...parts);
    const key = (/** @type {string} */ name, /** @type {string} */ text) => element("span", { class: "key " + name }, text);
    find(".keys").replaceChildren(key("base", baseline), ...(isSet ? [key("now", words.scenario)] : []), key("target", `${words.target_group} ${share(target)}`), ...(band ? [key("band", fill(words.band, { draws: model.band.draws }))] : []));
    find(".gone").textContent = isSet && model.band ? words.band_gone : "";
  };

  return (/** @type {any} */ now, /** @type {any} */ base) => {
    showSet();
    showFigures(now, base);
    showZones();
    showPath(now, base);
    showMoney(now, base);
  };
}
