// The controls of a page: they change its settings, show what the model makes of them, and keep them in the address.
import { project } from "./model.js";
import { makeSettings, writers } from "./settings.js";
import { element, resultsIn } from "./results.js";

/** @typedef {import("./settings.js").Slider} Slider */

/** Start the section; pages without a model have none. */
function start() {
  const section = document.getElementById("what-if"), data = document.getElementById("bhyt-model");
  if (!section || !data) return;
  const model = JSON.parse(data.textContent ?? ""), words = JSON.parse(document.getElementById("bhyt-words")?.textContent ?? "");
  const write = writers(words), settings = makeSettings(model, words, write), showResults = resultsIn(section, settings, words, write);
  Object.assign(window, { bhytModel: (/** @type {any} */ state) => project(model, state) });

  const controls = /** @type {HTMLElement} */ (section.querySelector(".controls"));
  /** @type {Map<string, {input: HTMLInputElement, output: HTMLElement}>} */ const inputs = new Map();
  /** @type {Map<string, HTMLSelectElement>} */ const lists = new Map();
  const group = (/** @type {string} */ legend) => {
    const fields = element("fieldset", {}, element("legend", {}, legend));
    controls.append(fields);
    return fields;
  };

  /** Add a list to choose from; `short` is its label beside what it belongs to. */
  const addList = (/** @type {HTMLElement} */ fields, /** @type {string} */ id, short = "") => {
    const choice = settings.choices.find(c => c.id === id);
    if (!choice) return;
    const list = /** @type {HTMLSelectElement} */ (element("select", { id: "set-" + id, ...(short && { "aria-label": choice.label }) }));
    list.addEventListener("change", () => { settings.set(id, list.value); update(); });
    lists.set(id, list);
    fields.append(element("div", { class: short ? "row of-above" : "row" }, element("label", { for: list.id }, short || choice.label), list));
  };

  /** Add a slider; below it, once it changes the law, the day from which it does. */
  const addSlider = (/** @type {HTMLElement} */ fields, /** @type {Slider} */ slider) => {
    const input = /** @type {HTMLInputElement} */ (element("input", { type: "range", id: "set-" + slider.id, min: "0", step: "1" }));
    const output = element("output", { for: input.id });
    input.addEventListener("input", () => { settings.set(slider.id, settings.steps(slider)[Number(input.value)]); show(); });
    input.addEventListener("change", writeAddress); // once a move ends: browsers limit how often an address changes
    inputs.set(slider.id, { input, output });
    fields.append(element("div", { class: "row" }, element("label", { for: input.id }, slider.label), input, output));
    if (slider.isLaw) addList(fields, "since." + slider.id, words.since_short);
  };

  /** Add lists of zones: one for all communes of a zone, one for each commune. */
  const addZones = () => {
    const { zones, communes } = settings;
    if (!communes.length) return;
    const fields = group(words.zones), count = (/** @type {string} */ zone) => communes.filter((/** @type {any} */ c) => c.zone === zone).length;
    let each = fields;
    if (communes.length > 1) {
      const pairs = zones.zones.flatMap((/** @type {string} */ a) => zones.zones.filter((/** @type {string} */ b) => a !== b && count(a)).map((/** @type {string} */ b) => [a, b]));
      const list = /** @type {HTMLSelectElement} */ (element("select", { id: "set-zones" }, element("option", { value: "" }, "–"), ...pairs.map((/** @type {string[]} */ [a, b]) =>
        element("option", { value: `${a} ${b}` }, write.fill(words.zone_pair, { before: words.zone_names[a], after: words.zone_names[b], count: count(a) })))));
      list.addEventListener("change", () => {
        const [before, after] = list.value.split(" ");
        for (const c of communes) settings.set("zone." + c.code, c.zone === before ? after : c.zone);
        update();
      });
      each = element("details", {}, element("summary", {}, words.zones_each));
      fields.append(element("div", { class: "row" }, element("label", { for: list.id }, words.zone_pairs), list), each);
    }
    for (const c of communes) addList(each, "zone." + c.code);
  };

  const addControls = () => {
    const by = (/** @type {string} */ stem) => settings.sliders.filter(s => s.id === stem || s.id.startsWith(stem + "."));
    for (const [legend, stems] of [["behaviour", ["outreach", "take_up_household"]], ["support", ["support"]], ["top_up", ["top_up"]], ["premium", ["base_salary", "contribution_rate"]], ["target_group", ["target"]]]) {
      const sliders = /** @type {string[]} */ (stems).flatMap(by);
      if (!sliders.length) continue;
      const fields = group(words[/** @type {string} */ (legend)]);
      const list = { support: "since", top_up: "top_up_group", target_group: "on" }[/** @type {string} */ (legend)];
      if (list) addList(fields, list);
      for (const slider of sliders) addSlider(fields, slider);
    }
    addZones();
  };

  const showControls = () => {
    for (const slider of settings.sliders) {
      const own = inputs.get(slider.id), steps = settings.steps(slider), value = settings.value(slider);
      if (!own) continue;
      const text = slider.text(value) + (slider.isLaw && slider.id !== "top_up" && !settings.isSetAt(slider.id) ? `, ${words.in_force}` : "");
      own.input.max = String(steps.length - 1);
      own.input.value = String(steps.indexOf(value));
      own.input.setAttribute("aria-valuetext", text);
      own.output.textContent = text;
    }
    for (const [id, list] of lists) {
      const options = settings.choices.find(c => c.id === id)?.options() ?? [], isSince = id.startsWith("since.");
      if (isSince) /** @type {HTMLElement} */ (list.parentElement).hidden = !settings.isSetAt(id.slice(6));
      if (list.options.length !== options.length || list.options[0].value !== options[0][0]) list.replaceChildren(...options.map(([value, text]) => element("option", { value }, text)));
      list.value = settings.at(id);
    }
    const pairs = /** @type {HTMLSelectElement | null} */ (section.querySelector("#set-zones")), chosen = settings.zonesSet();
    const isPair = (/** @type {string} */ before, /** @type {string} */ after) =>
      settings.communes.every((/** @type {any} */ c) => (chosen[c.code] ?? c.zone) === (c.zone === before ? after : c.zone));
    if (pairs) pairs.value = [...pairs.options].map(o => o.value).find(value => { const [a, b] = value.split(" "); return isPair(a, b); }) ?? "";
  };

  const writeAddress = () => {
    const address = settings.address();
    if (settings.isChanged() || location.hash.startsWith("#what-if")) history.replaceState(null, "", address);
  };
  const show = () => {
    const base = settings.frame().first, now = settings.isSet() ? project(model, settings.stateOf()) : base;
    showControls();
    showResults(now, base);
  };
  const update = () => { writeAddress(); show(); };
  const open = () => {
    const isOurs = settings.read(location.hash);
    show();
    if (!isOurs) return;
    /** @type {HTMLDetailsElement} */ (section).open = true;
    section.scrollIntoView();
  };
  addControls();
  section.querySelector("button.reset")?.addEventListener("click", () => { settings.clear(); update(); });
  section.addEventListener("toggle", () => show());
  addEventListener("resize", () => show());
  addEventListener("hashchange", open);
  section.hidden = false;
  open();
}
start();
