// The projection of an area, recomputed for a state: the formulas of `bhyt_analysis.model.projection`, in the same
// order of operations, so that people are equal and money is equal to the đồng. Names are those of the Python modules.

/**
 * What can be set: see `state_scenario` in page_model.py. Numbers alone begin with the day `since` of the constants.
 * @typedef {{key: string, share: number, since: string}} Support
 * @typedef {{key: string, points: number, since: string}} TopUp
 * @typedef {{value: number, since: string}} Change
 * @typedef {{outreach?: number, take_up_household?: number, support?: Support | Support[], top_up?: TopUp | TopUp[],
 *   base_salary?: Change | number | null, contribution_rate?: Change | number | null,
 *   zones?: Record<string, string>}} State
 */
/**
 * By month from the first of the results: people and insured are whole, `vnd` has each payer's money of the month,
 * `groups` the insured by group, `back` those of the lost who are insured again (not rounded), `lost` all who lost.
 * @typedef {{months: string[], people: number[], insured: number[], costed: number[], lost: number[], back: number[],
 *   vnd: Record<string, number[]>, groups: Record<string, number[]>}} Result
 */
/** @typedef {any} Model  The constants: what `page_model` gives. */
/**
 * Who leaves, gains or keeps a card in a unit from a month on: `exit_row` in page_model.py; null is not known.
 * @typedef {{unit: number, month: number, lost: number, gained: number, other: number, minority: number | null,
 *   minority_area: number | null}} Exit
 */
/**
 * Exits of the same month and kind of area with the shares of their pools; `rows` are positions of exits.
 * @typedef {{month: number, rows: number[], shares: number[][]}} ExitClass
 */
/**
 * The people of a count without those who leave later, by unit, and how each exit counts (`people_at_count`).
 * @typedef {{rows: Exit[], classes: ExitClass[], stock: number[][], terms: number[][], other: number[]}} Exits
 */
/** @typedef {Record<string, number[]>} ByKey */
/** @typedef {{keys: string[][], shares: number[][], ownShares: number[][], hasCard: boolean[][]}} Entitlements */

const HALF_DONG = 1e-5; // as in distribution/rounding.py
const CARD_MONTHS = 12;
const LEAST_TAKE_UP = 1e-3;
const LEAST = 1e-9;

/** @param {number} low @param {number} x @param {number} high */
const clip = (low, x, high) => Math.min(Math.max(x, low), high);
/** @param {number | null | undefined} x */
const orZero = x => (x == null || Number.isNaN(x) ? 0 : x);
/** @template T @param {number} n @param {(i: number) => T} f @returns {T[]} */
const range = (n, f) => Array.from({ length: n }, (_, i) => f(i));

/**
 * Add up as numpy does along a row: eight sums side by side.
 * @param {number[]} a
 */
export function pairwiseSum(a) {
  if (a.length < 8) return a.reduce((sum, x) => sum + x, 0);
  const sums = a.slice(0, 8), whole = a.length - (a.length % 8); // of at most 128 numbers
  for (let i = 8; i < whole; i += 8) for (let j = 0; j < 8; j++) sums[j] += a[i + j];
  let sum = sums[0] + sums[1] + (sums[2] + sums[3]) + (sums[4] + sums[5] + (sums[6] + sums[7]));
  for (let i = whole; i < a.length; i++) sum += a[i];
  return sum;
}

/**
 * Share out a total in whole numbers by the largest remainders.
 * @param {number[]} weights
 * @param {number} total
 */
export function largestRemainders(weights, total) {
  const sum = weights.reduce((s, w) => s + w, 0);
  const quotas = weights.map(w => (sum > 0 ? (w / sum) * total : 0));
  const people = quotas.map(q => Math.floor(q + 1e-9));
  const left = sum > 0 ? total - people.reduce((s, n) => s + n, 0) : 0;
  const order = quotas.map((_, i) => i).sort((i, j) => quotas[j] - people[j] - (quotas[i] - people[i]) || i - j);
  order.slice(0, Math.max(left, 0)).forEach(i => { people[i] += 1; });
  return people;
}

/**
 * Round half up to the đồng.
 * @param {number} vnd
 */
const roundHalfUp = vnd => Math.floor(vnd + 0.5 + HALF_DONG);

// --- The law of a state ---------------------------------------------------------------------------

/**
 * @param {Model} model
 * @param {string} since
 * @returns {number} the first month that begins on the day or after it
 */
function monthSince(model, since) {
  const month = model.months.findIndex((/** @type {string} */ m) => m.slice(0, 8) + "01" >= since);
  return month < 0 ? model.months.length : month;
}

/** @param {any} rows @param {Model} model @returns {any[]} */
function rowsOf(rows, model) {
  const list = rows == null ? [] : Array.isArray(rows) ? rows : [rows];
  return list.map(row => ({ since: model.since, ...row }));
}

/**
 * Return an amount of the law by month.
 * @param {Model} model
 * @param {State} state
 * @param {string} name
 */
function amount(model, state, name) {
  const change = /** @type {any} */ (state)[name], values = model.law[name].map((/** @type {any} */ v) => v ?? NaN);
  if (change == null || model.law.fixed.includes(name)) return values;
  const row = { since: model.since, ...(typeof change === "number" ? { value: change } : change) };
  return values.fill(row.value, monthSince(model, row.since));
}

/**
 * Return the shares of the premium that the State pays by key and month: nationwide, and in the area.
 * @param {Model} model
 * @param {State} state
 * @returns {{national: ByKey, local: ByKey}}
 */
function subsidyShares(model, state) {
  const months = model.months.length;
  /** @type {ByKey} */ const national = {}, /** @type {ByKey} */ own = {}, /** @type {ByKey} */ local = {};
  for (const [key, values] of Object.entries(model.law.shares)) {
    national[key] = /** @type {any[]} */ (values).map(v => v ?? NaN);
    own[key] = (model.law.local[key] ?? range(months, () => null)).map((/** @type {any} */ v) => v ?? NaN);
  }
  for (const { key, share, since } of rowsOf(state.support, model)) {
    national[key] ??= range(months, () => NaN);
    own[key] ??= range(months, () => NaN);
    national[key].fill(share, monthSince(model, since));
  }
  const inArea = (/** @type {string} */ key) => range(months, m => {
    const a = own[key][m], b = national[key][m]; // the nationwide share is the least
    return Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.max(a, b);
  });
  for (const key of Object.keys(national)) local[key] = inArea(key);
  for (const { key, points, since } of rowsOf(state.top_up, model)) {
    const first = monthSince(model, since), base = local[key];
    /** @type {number[][]} */
    const starts = [...model.law.changes, ...rowsOf(state.support, model).map(row => Array(2).fill(monthSince(model, row.since)))];
    for (let m = first; m < months; m++) {
      let begin = [first, first];
      for (const start of starts) if (start[0] <= m && start[0] > first && start[0] >= begin[0] && start[1] >= begin[1]) begin = start;
      const share = base?.[begin[1]] ?? NaN;
      if (Number.isNaN(share) && points === 0) continue;
      own[key] ??= range(months, () => NaN);
      national[key] ??= range(months, () => NaN);
      own[key][m] = Math.round(Math.min(1, orZero(share) + points) * 1e6) / 1e6;
    }
    if (own[key]) local[key] = inArea(key);
  }
  return { national, local };
}

/**
 * Return the share of a group by month, that of a wider group where it has none.
 * @param {Model} model
 * @param {ByKey} shares
 * @param {string} group
 * @returns {number[]}
 */
function groupShare(model, shares, group) {
  const share = range(model.months.length, () => NaN);
  for (const key of model.law.keys[group])
    if (shares[key]) share.forEach((value, m) => { if (Number.isNaN(value)) share[m] = shares[key][m]; });
  return share;
}

/**
 * Return what each payer pays a month for one person of each group: [group][payer][month], NaN where it is not known.
 * @param {Model} model
 * @param {State} state
 * @param {ByKey} national
 * @param {ByKey} local
 * @returns {number[][][]}
 */
function monthlyPrices(model, state, national, local) {
  const base = amount(model, state, "base_salary"), rate = amount(model, state, "contribution_rate");
  return model.groups.map((/** @type {string} */ group) => {
    const prices = model.payers.map(() => range(model.months.length, () => (model.law.payer[group] ? 0 : NaN)));
    const share = groupShare(model, local, group), least = groupShare(model, national, group);
    const earnings = model.law.earnings[group] ?? NaN, runs = model.law.payer[group] ?? [];
    runs.forEach((/** @type {[number, string | null]} */ [begin, payer], /** @type {number} */ i) => {
      for (let m = begin; m < (runs[i + 1]?.[0] ?? model.months.length); m++) {
        const set = (/** @type {string} */ name, /** @type {number} */ vnd) => { prices[model.payers.indexOf(name)][m] = vnd; };
        if (payer === null) model.payers.forEach((/** @type {string} */ name) => set(name, NaN));
        else if (payer === "employer_and_employee") {
          set("employer", earnings * (model.law.employer_rate[m] ?? NaN));
          set("household", earnings * (model.law.employee_rate[m] ?? NaN));
        } else if (payer === "social_security_fund") set(payer, earnings * rate[m]);
        else if (payer === "employer") set(payer, base[m] * rate[m]);
        else {
          const central = Math.min(orZero(least[m]), orZero(share[m]));
          const premium = Number.isNaN(share[m]) ? NaN : base[m] * rate[m];
          set("central", premium * central);
          set("province", premium * (share[m] - central));
          set("household", premium * (1 - share[m]));
        }
      }
    });
    return prices;
  });
}

// --- Behaviour ------------------------------------------------------------------------------------

/**
 * Return exp(-log odds) of an outreach, from the constants where they have it.
 * @param {Model} model
 * @param {number} outreach
 */
function expOutreach(model, outreach) {
  const b = model.behaviour, known = b.exp_outreach[Number.isInteger(outreach) ? outreach.toFixed(1) : String(outreach)];
  return known ?? Math.exp(-(b.outreach_effect * outreach + b.place_effect));
}

/** @param {number} share @param {number} exp */
const addLogOdds = (share, exp) => share / (share + (1 - share) * exp);

/**
 * Return the share that joins at once, and that of the rest each month.
 * @param {Model} model
 * @param {number} level
 */
function joiningRates(model, level) {
  const b = model.behaviour, outreach = clip(0, level, 2);
  const [atOnce, monthly] = ["at_once", "monthly"].map(name => {
    const none = b[name + ".none"], ordinary = Math.max(none, b[name + ".ordinary"]);
    const intensive = Math.max(ordinary, b[name + ".intensive"]);
    const below = none + outreach * (ordinary - none), above = ordinary + (outreach - 1) * (intensive - ordinary);
    return addLogOdds(outreach <= 1 ? below : above, b.exp_place);
  });
  return { atOnce, monthly };
}

/**
 * The behaviour of a state: outreach before the policy and with it, and the take-up that was observed.
 * @param {Model} model
 * @param {State} state
 */
function behaviourOf(model, state) {
  const b = model.behaviour, outreach = state.outreach ?? model.state.outreach;
  return {
    exp: [expOutreach(model, b.outreach_before), expOutreach(model, outreach)],
    joining: [joiningRates(model, b.outreach_before), joiningRates(model, outreach)],
    takeUp: { ...b.take_up, household: state.take_up_household ?? model.state.take_up_household },
  };
}
/** @typedef {ReturnType<typeof behaviourOf>} Behaviour */

/**
 * Return the take-up that a group tends to by month.
 * @param {Model} model
 * @param {Behaviour} behaviour
 * @param {string} key
 * @param {number[]} shares
 * @returns {number[]}
 */
function targetTakeUp(model, behaviour, key, shares) {
  if (key === model.pools.employed) return shares.map(() => 1);
  const r0 = behaviour.takeUp[key] ?? 1, s0 = model.behaviour.at_share[key] ?? 0, e = model.behaviour.price_elasticity;
  const top = Math.max(model.behaviour.highest_take_up, r0);
  return shares.map((share, t) => {
    const s = orZero(share), middle = (2 - s - s0) / 2, change = (e * (s0 - s)) / (middle > 0 ? middle : 1);
    const price = clip(0, (r0 * (1 + change / 2)) / (1 - change / 2), top);
    return price < 1 ? Math.min(top, addLogOdds(price, behaviour.exp[t > model.first ? 1 : 0])) : 1;
  });
}

/**
 * Follow the insured share of a group towards its take-up.
 * @param {Model} model
 * @param {Behaviour} behaviour
 * @param {number[]} target
 * @param {number} start
 * @param {number} level
 * @param {boolean} pupils
 * @param {number} lapse
 */
function takeUpLevels(model, behaviour, target, start, level, pupils, lapse) {
  const levels = target.map(() => level), kept = 1 - lapse;
  let leaving = /** @type {number[]} */ (Array(CARD_MONTHS).fill(0));
  for (let t = start + 1; t < target.length; t++) {
    level *= kept;
    leaving = leaving.map(x => x * kept);
    const now = target[t], planned = leaving.reduce((sum, x) => sum + x, 0), excess = level - planned - now;
    const stay = planned > 0 ? clip(0, -excess, planned) / planned : 0;
    leaving = leaving.map(x => x * (1 - stay) + Math.max(excess, 0) / CARD_MONTHS);
    level -= leaving[t % CARD_MONTHS];
    leaving[t % CARD_MONTHS] = 0;
    const { atOnce, monthly } = behaviour.joining[t > model.first ? 1 : 0];
    let rate = now > target[t - 1] ? Math.max(atOnce, monthly) : monthly;
    if (pupils && isSchoolMonth(model, t)) rate = Math.max(model.behaviour.school_step, rate);
    level += rate * Math.max(now - level, 0);
    levels[t] = level;
  }
  return levels;
}

/** @param {Model} model @param {number} t */
const isSchoolMonth = (model, t) => model.school_months.includes(Number(model.months[t].slice(5, 7)));

/**
 * Find the entitlement of each pool in each month, as `cohort.pool_entitlements`.
 * @param {Model} model
 * @param {ByKey} local
 * @param {number} exitMonth
 * @param {string} support
 * @param {string} before
 * @param {number} withoutSince
 * @returns {Entitlements}
 */
function poolEntitlements(model, local, exitMonth, support, before, withoutSince) {
  const p = model.pools, months = model.months.length, zeros = range(months, () => 0);
  const sharesOf = (/** @type {string} */ key) => local[key]?.map(orZero) ?? zeros;
  const spans = support ? model.exits.support_months : null;
  const supported = sharesOf(support).map((x, m) => (spans && m - exitMonth >= (spans[m] ?? 0) ? 0 : x));
  const statePaid = sharesOf(p.state_paid_share);
  /** @type {Entitlements} */ const all = { keys: [], shares: [], ownShares: [], hasCard: [] };
  p.entitlement.forEach((/** @type {string} */ entitlement, /** @type {number} */ i) => {
    const own = sharesOf(entitlement);
    const paid = range(months, m => p.minority_area[i] && statePaid[m] >= 1);
    const better = range(months, m => p.minority[i] && supported[m] > own[m]);
    const exited = (/** @type {number} */ m) => m >= exitMonth;
    all.keys.push(range(months, m => (!exited(m) ? before : paid[m] ? p.state_paid : better[m] ? support : entitlement)));
    all.shares.push(range(months, m => (!exited(m) ? 1 : paid[m] ? 1 : better[m] ? supported[m] : own[m])));
    all.ownShares.push(range(months, m => (m >= withoutSince ? own[m] : 1)));
    all.hasCard.push(range(months, m => !exited(m) || paid[m]));
  });
  return all;
}

/**
 * Follow the insured share of each pool, as `cohort.reenrolment_levels`.
 * @param {Model} model
 * @param {Behaviour} behaviour
 * @param {Entitlements} entitlements
 * @param {number} exitMonth
 * @returns {number[][]}
 */
function reenrolmentLevels(model, behaviour, entitlements, exitMonth) {
  const p = model.pools, b = model.behaviour;
  const past = behaviour.joining[exitMonth > model.first ? 1 : 0];
  const follow = (/** @type {number} */ i, /** @type {number[]} */ shares) => {
    const key = p.entitlement[i], pupils = key === "student";
    const target = targetTakeUp(model, behaviour, key, shares);
    let level = Math.min(past.atOnce, target[exitMonth]);
    if (pupils && isSchoolMonth(model, exitMonth)) level = Math.max(level, b.school_step * target[exitMonth]);
    if (key === p.employed) level = 1;
    return takeUpLevels(model, behaviour, target, exitMonth, level, pupils, p.self_paid[i] ? p.lapse : 0);
  };
  return p.entitlement.map((/** @type {string} */ _, /** @type {number} */ i) => {
    const keys = entitlements.keys[i], shares = entitlements.shares[i];
    const supported = keys.map(key => key === p.state_paid || p.supports.includes(key));
    const falls = shares.map((x, t) => t > 0 && t >= exitMonth && supported[t - 1] && x < shares[t - 1]);
    let ended = false;
    const over = falls.map((fall, t) => { ended ||= fall && !supported[t]; return ended && !supported[t]; });
    let path = follow(i, shares).map((x, t) => (entitlements.hasCard[i][t] ? 1 : x));
    if (over.includes(true)) {
      const without = follow(i, entitlements.ownShares[i]);
      path = path.map((x, t) => (over[t] ? without[t] : x));
    }
    falls.forEach((fall, t) => {
      if (!fall) return;
      const renewed = b.renewal_after_support * path[t - 1];
      for (let m = t; m < path.length; m++) path[m] = Math.max(path[m], renewed * (p.self_paid[i] ? p.kept[m - t] : 1));
    });
    return path;
  });
}

// --- People ---------------------------------------------------------------------------------------

/**
 * Return which share of those insured at the count still is, and of the others already is.
 * @param {number[]} levels
 * @param {number} first
 */
function sinceCount(levels, first) {
  const at = levels[first];
  return {
    stays: levels.map(x => Math.min(at > 0 ? x / at : 1, 1)),
    joins: levels.map(x => clip(0, at < 1 ? (x - at) / (1 - at) : 0, 1)),
  };
}

/** @param {number} available @param {number} people */
const fit = (available, people) => Math.min(1, people > 0 ? available / people : 1);

/**
 * Multiply the three terms of an exit with the shares of the pools.
 * @param {number[]} terms
 * @param {number[][]} shares
 */
const byPool = (terms, shares) => shares[0].map((_, pool) => terms[0] * shares[0][pool] + terms[1] * shares[1][pool] + terms[2] * shares[2][pool]);

/**
 * Return the exits of a state: those of the decision, or of the zones in which the state puts communes.
 * @param {Model} zones
 * @param {Record<string, string>} chosen
 * @returns {Exit[]}
 */
const zoneExits = (zones, chosen) => zones.communes.map((/** @type {any} */ c) => {
  const z = zones.zones.indexOf(chosen[c.code] ?? c.zone), minority_area = zones.minority_area[z];
  return { unit: c.unit, month: c.month, lost: c.lost[z], gained: c.gained[z], other: c.other[z], minority: c.minority[z], minority_area };
}).filter((/** @type {Exit} */ row) => row.lost || row.gained || row.other);

/**
 * Part the exits into classes, and take those who leave later from the people of the count.
 * @param {Model} model
 * @param {Exit[]} rows
 * @returns {Exits}
 */
function exitsOf(model, rows) {
  const { first, places, pools } = model, area = model.groups.indexOf(pools.area);
  const isLater = rows.map(row => row.month > first), counts = places.insured.map((/** @type {number[]} */ row) => row.slice());
  const uninsured = counts.map((/** @type {number[]} */ row, /** @type {number} */ u) => Math.max(places.population[u] - pairwiseSum(row), 0));
  const lost = rows.map((row, i) => (isLater[i] ? row.lost : 0)), other = rows.map((row, i) => (isLater[i] ? row.other : 0));
  const terms = rows.map(row => (row.minority === null ? [0, 0, row.lost] : [row.lost, row.lost * row.minority, 0]));
  for (const people of [lost, other]) {
    const total = counts.map(() => 0); // no more than have the entitlement
    rows.forEach((row, i) => { total[row.unit] += people[i]; });
    const fits = total.map((/** @type {number} */ x, /** @type {number} */ u) => fit(counts[u][area], x));
    rows.forEach((row, i) => {
      people[i] *= fits[row.unit];
      if (people === lost && isLater[i]) terms[i] = terms[i].map(x => x * fits[row.unit]);
    });
    counts.forEach((/** @type {number[]} */ row, /** @type {number} */ u) => { row[area] = Math.max(row[area] - total[u] * fits[u], 0); });
  }
  const stock = counts.map((/** @type {number[]} */ row, /** @type {number} */ u) => [...row, uninsured[u]]);
  const order = (/** @type {number} */ i) => [rows[i].month, rows[i].minority_area ?? 2];
  /** @type {(ExitClass & {key: string})[]} */ const classes = [];
  [...rows.keys()].sort((i, j) => order(i)[0] - order(j)[0] || order(i)[1] - order(j)[1] || i - j).forEach(i => {
    const key = order(i).join();
    if (classes.at(-1)?.key === key) classes.at(-1)?.rows.push(i);
    else {
      const [, shares] = model.exits.pool_terms.find((/** @type {any[]} */ [of]) => of === rows[i].minority_area);
      classes.push({ key, month: rows[i].month, rows: [i], shares });
    }
  });
  return { rows, classes, stock, terms, other };
}

/**
 * Divide the people of a unit at the count as `division.divide`: those who left before it over its uninsured and its
 * groups, the others as its stock. `levels` and `groups`: of the pools of each class by month.
 * @param {Model} model
 * @param {Exits} exits
 * @param {number} unit
 * @param {number[][][]} levels
 * @param {number[][][]} groups
 */
function divide(model, exits, unit, levels, groups) {
  const stock = exits.stock[unit], first = model.first, count = model.groups.length, pools = model.pools.entitlement.length;
  const unknownGroup = count - 1, none = () => range(pools, () => 0);
  const each = exits.classes.map((one, c) => {
    const own = one.rows.filter(i => exits.rows[i].unit === unit), at = levels[c].map(l => l[first]), group = groups[c].map(g => g[first]);
    return { month: one.month, shares: one.shares, terms: own.map(i => exits.terms[i]), at, group, groups: [...new Set(group)].sort((a, b) => a - b) };
  });
  /** @typedef {typeof each[0]} Leaving */
  const earlier = each.filter(one => one.terms.length && one.month <= first);
  const scaled = (/** @type {Leaving} */ one, /** @type {(pool: number) => number} */ factor) =>
    one.shares.map(row => row.map((share, pool) => share * factor(pool)));
  const addTerms = (/** @type {Leaving} */ one, /** @type {number} */ factor) =>
    range(3, k => one.terms.reduce((sum, row) => sum + factor * row[k], 0));
  let still = 0;
  /** @type {Map<number, number>} */ const back = new Map();
  for (const one of earlier) {
    const rows = addTerms(one, 1), dot = (/** @type {number[]} */ x) => x[0] * rows[0] + x[1] * rows[1] + x[2] * rows[2];
    still += dot(scaled(one, pool => 1 - one.at[pool]).map(pairwiseSum));
    const insured = scaled(one, pool => one.at[pool]);
    for (const g of one.groups)
      back.set(g, (back.get(g) ?? 0) + dot(insured.map(row => row.filter((_, pool) => one.group[pool] === g).reduce((s, x) => s + x, 0))));
  }
  /** @type {Map<number, number>} */ const fits = new Map([...back].map(([g, people]) => [g, fit(stock[g], people)]));
  const unknown = Math.max(stock[unknownGroup] - (back.get(unknownGroup) ?? 0), 0);
  let left = 0;
  for (const [g, people] of back) left += people * (1 - /** @type {number} */ (fits.get(g)));
  const fitUninsured = fit(stock[count], still), fitUnknown = fit(unknown, left);

  const taken = range(count + 1, () => 0);
  const leavers = each.map(one => {
    const group = none(), rest = none();
    if (!one.terms.length) return { entitlement: none(), uninsured: none(), group, unknown: rest };
    if (one.month > first) return { entitlement: byPool(addTerms(one, 1), one.shares), uninsured: none(), group, unknown: rest };
    const uninsured = byPool(addTerms(one, fitUninsured), scaled(one, pool => 1 - one.at[pool]));
    for (const g of one.groups) {
      const insured = scaled(one, pool => (one.group[pool] === g ? one.at[pool] : 0)), own = /** @type {number} */ (fits.get(g));
      byPool(addTerms(one, own), insured).forEach((x, pool) => { group[pool] += x; });
      byPool(addTerms(one, (1 - own) * fitUnknown), insured).forEach((x, pool) => { rest[pool] += x; });
    }
    taken[count] += pairwiseSum(uninsured);
    taken[unknownGroup] += pairwiseSum(rest);
    one.group.forEach((g, pool) => { taken[g] += group[pool]; });
    return { entitlement: none(), uninsured, group, unknown: rest };
  });
  const stays = stock.map((people, k) => people - taken[k]), gains = gainers(model, exits, unit, stays);
  for (const gain of gains) gain.people.forEach((x, k) => { stays[k] -= x; });
  return { stock: stays.map(x => Math.max(x, 0)), leavers, gains };
}

/**
 * Return who gains the entitlement by area in each class, from later groups and the uninsured in proportion.
 * @param {Model} model
 * @param {Exits} exits
 * @param {number} unit
 * @param {number[]} stays
 * @returns {{month: number, people: number[]}[]}
 */
function gainers(model, exits, unit, stays) {
  const later = exits.classes.filter(one => one.month > model.first)
    .map(one => ({ month: one.month, gained: one.rows.filter(i => exits.rows[i].unit === unit).map(i => exits.rows[i].gained) }))
    .filter(one => one.gained.some(n => n > 0));
  const sources = [...model.exits.gain_groups.map((/** @type {string} */ g) => model.groups.indexOf(g)), model.groups.length];
  const movers = stays.map((x, k) => (sources.includes(k) ? x : 0));
  const gaining = later.flatMap(one => one.gained).reduce((s, n) => s + n, 0);
  const share = 1 / Math.max(pairwiseSum(movers), gaining, LEAST);
  return later.map(one => ({ month: one.month, people: movers.map(x => one.gained.reduce((sum, n) => sum + x * (share * n), 0)) }));
}

/** @typedef {ReturnType<typeof divide>} Division */

/**
 * Return to which of the responsive groups people without a card belong, adding up to 1: of the whole area.
 * @param {Model} model
 * @param {Division[]} divisions
 * @param {number[][]} levels
 */
function groupsOfUninsured(model, divisions, levels) {
  const names = model.behaviour.responsive, household = names.indexOf("household"), count = model.groups.length;
  const stock = range(count + 1, () => 0);
  for (const { stock: own, gains } of divisions) {
    own.forEach((x, k) => { stock[k] += x; });
    for (const gain of gains) gain.people.forEach((x, k) => { stock[k] += x; });
  }
  const others = names.map((/** @type {string} */ name, /** @type {number} */ i) => {
    const level = levels[i][model.first];
    return i === household ? 0 : (stock[model.groups.indexOf(name)] * (1 - level)) / Math.max(level, LEAST_TAKE_UP);
  });
  const most = Math.max(stock[count], others.reduce((/** @type {number} */ s, /** @type {number} */ x) => s + x, 0));
  const shares = others.map((/** @type {number} */ x) => (most > 0 ? x / most : 0));
  shares[household] = 1 - shares.reduce((/** @type {number} */ s, /** @type {number} */ x) => s + x, 0);
  return shares;
}

/**
 * Return the insured people of each unit by group and month, not rounded, and those of the lost who are insured again.
 * @param {Model} model
 * @param {Exits} exits
 * @param {Behaviour} behaviour
 * @param {ByKey} local
 */
function insuredPeople(model, exits, behaviour, local) {
  const { months, first, groups, pools, growth } = model, n = months.length, area = groups.indexOf(pools.area);
  const keeps = groups.indexOf(pools.state_paid), unknown = groups.length - 1, { classes } = exits;
  const levels = model.behaviour.responsive.map((/** @type {string} */ key) => {
    const target = targetTakeUp(model, behaviour, key, groupShare(model, local, key));
    return takeUpLevels(model, behaviour, target, first, target[first], key === "student", 0);
  });
  const entitled = classes.map(one => poolEntitlements(model, local, one.month, model.exits.support, pools.area, one.month));
  const paths = classes.map((one, c) => reenrolmentLevels(model, behaviour, entitled[c], one.month));
  const poolGroups = entitled.map(e => e.keys.map(keys => keys.map(key => groups.indexOf(key))));
  const divisions = exits.stock.map((_, unit) => divide(model, exits, unit, paths, poolGroups));
  const joining = groupsOfUninsured(model, divisions, levels), own = paths.map(of => of.map(path => sinceCount(path, first)));
  const grow = (/** @type {number[]} */ path) => path.map((x, m) => x * growth[m]);

  // Those who only follow price and outreach, by group and without a card: in which groups they are, month by month.
  const since = levels.map((/** @type {number[]} */ level) => sinceCount(level, first));
  const responsive = groups.map((/** @type {string} */ key) => model.behaviour.responsive.indexOf(key));
  /** @type {[number, number[]][][]} */
  const kinds = groups.map((/** @type {string} */ key, /** @type {number} */ g) => {
    const end = supportEnd(model, local, key);
    if (end === null) return [[g, responsive[g] >= 0 ? since[responsive[g]].stays : range(n, () => 1)]];
    const e = poolEntitlements(model, local, end, "", key, first), path = reenrolmentLevels(model, behaviour, e, first);
    const sums = groups.map(() => range(n, () => 0));
    e.keys.forEach((keys, pool) => keys.forEach((k, m) => { sums[groups.indexOf(k)][m] += pools.of_minority[pool] * path[pool][m]; }));
    return sums.map((/** @type {number[]} */ sum, /** @type {number} */ to) => [to, sum]);
  });
  kinds.push(groups.flatMap((/** @type {string} */ _, /** @type {number} */ g) => {
    const i = responsive[g];
    return i < 0 ? [] : [[g, since[i].joins.map((/** @type {number} */ x) => joining[i] * x)]];
  }));
  const grown = kinds.map(of => of.map(([g, path]) => /** @type {[number, number[]]} */ ([g, grow(path)])));

  const insured = divisions.map((division, unit) => {
    const people = groups.map(() => range(n, () => 0));
    const add = (/** @type {number} */ x, /** @type {number} */ g, /** @type {number[]} */ path) => {
      if (x) for (let m = 0; m < n; m++) people[g][m] += x * path[m];
    };
    const flow = (/** @type {number[]} */ of, /** @type {(pool: number) => number[]} */ level, /** @type {(pool: number, m: number) => number} */ group) =>
      of.forEach((x, pool) => { if (x) for (let m = 0, path = level(pool); m < n; m++) people[group(pool, m)][m] += x * (path[m] * growth[m]); });
    const until = (/** @type {number} */ month, /** @type {number[]} */ path) => path.map((x, m) => (m >= month ? 0 : x));
    const from = (/** @type {number} */ month) => growth.map((/** @type {number} */ x, /** @type {number} */ m) => (m >= month ? x : 0));
    division.stock.forEach((x, k) => grown[k].forEach(([g, path]) => add(x, g, path)));
    for (const gain of division.gains)
      gain.people.forEach((x, k) => {
        for (const [g, path] of grown[k]) add(x, g, until(gain.month, path));
        add(x, area, from(gain.month));
      });
    for (const one of classes) {
      const kept = one.rows.reduce((sum, i) => sum + (exits.rows[i].unit === unit ? exits.other[i] : 0), 0);
      add(kept, area, until(one.month, growth));
      add(kept, keeps, from(one.month));
    }
    division.leavers.forEach((leavers, c) => {
      const groupOf = (/** @type {number} */ pool, /** @type {number} */ m) => poolGroups[c][pool][m];
      flow(leavers.entitlement, pool => paths[c][pool], groupOf);
      flow(leavers.uninsured, pool => own[c][pool].joins, groupOf);
      flow(leavers.group, pool => own[c][pool].stays, groupOf);
      flow(leavers.unknown, pool => own[c][pool].stays, () => unknown);
    });
    return people;
  });
  return { insured, ...lostAndBack(model, exits, divisions, paths, own) };
}

/**
 * Return all who lost by month, and those of them who are insured again.
 * @param {Model} model
 * @param {Exits} exits
 * @param {Division[]} divisions
 * @param {number[][][]} paths
 * @param {{stays: number[], joins: number[]}[][]} own
 */
function lostAndBack(model, exits, divisions, paths, own) {
  const n = model.months.length, first = model.first, lost = range(n, () => 0), back = range(n, () => 0);
  exits.classes.forEach((one, c) => {
    const all = one.rows.reduce((sum, i) => sum + exits.rows[i].lost, 0);
    const sum = (/** @type {(leavers: Division["leavers"][0]) => number[]} */ of) =>
      paths[c].map((_, pool) => divisions.reduce((x, division) => x + of(division.leavers[c])[pool], 0));
    const uninsured = sum(x => x.uninsured), others = sum(x => x.group.map((people, pool) => people + x.unknown[pool]));
    const followed = sum(x => x.entitlement).map((x, pool) => x + (uninsured[pool] + others[pool]));
    for (let m = one.month; m < n; m++) {
      lost[m] += all;
      back[m] += all - followed.reduce((s, x) => s + x, 0); // in an unknown group
      followed.forEach((people, pool) => {
        const { stays, joins } = own[c][pool];
        back[m] += one.month > first || m < first ? people * paths[c][pool][m] : uninsured[pool] * joins[m] + others[pool] * stays[m];
      });
    }
  });
  return { lost, back };
}

/**
 * Return the first month without a support that people of a group have at the count; null where none ends.
 * @param {Model} model
 * @param {ByKey} local
 * @param {string} group
 * @returns {number | null}
 */
function supportEnd(model, local, group) {
  if (!model.pools.supports.includes(group)) return null;
  const paid = groupShare(model, local, group).slice(model.first).map(x => x > 0), end = paid.indexOf(false);
  return paid[0] && end > 0 ? model.first + end : null;
}

// --- Whole people -----------------------------------------------------------------------------------

/**
 * Round the insured of units and groups in a month as `simulate`: they add up to the rounded total, and no unit has
 * more insured than people.
 * @param {number[][]} insured
 * @param {number[]} people
 */
export function roundInsured(insured, people) {
  const sums = insured[0].map((_, g) => insured.reduce((sum, of) => sum + of[g], 0));
  const totals = largestRemainders(sums, Math.floor(sums.reduce((s, x) => s + x, 0) + 0.5));
  if (insured.length === 1) return [totals];
  const columns = totals.map((total, g) => largestRemainders(insured.map(of => of[g]), total));
  const whole = insured.map((_, u) => columns.map(column => column[u])), total = (/** @type {number[]} */ of) => of.reduce((s, x) => s + x, 0);
  whole.forEach((own, unit) => {
    while (total(own) > people[unit]) { // where all of a unit are insured, one more by rounding goes to another
      const more = whole.map((of, u) => of.map((x, g) => x - insured[u][g])), group = more[unit].indexOf(Math.max(...more[unit]));
      const spare = whole.map((of, u) => (people[u] > total(of) ? more[u][group] : Infinity)), other = spare.indexOf(Math.min(...spare));
      own[group] -= 1;
      whole[other][group] += 1;
    }
  });
  return whole;
}

/**
 * Recompute the projection of an area for a state; with zones it begins before the decision.
 * @param {Model} model
 * @param {State} state
 * @returns {Result}
 */
export function project(model, state = {}) {
  if (!state.zones) return projectExits(model, state, model.exits.rows);
  return projectExits({ ...model, ...model.zones.model }, state, zoneExits(model.zones, state.zones));
}

/**
 * @param {Model} model
 * @param {State} state
 * @param {Exit[]} rows
 * @returns {Result}
 */
function projectExits(model, state, rows) {
  const { national, local } = subsidyShares(model, state), behaviour = behaviourOf(model, state), { places } = model;
  const { insured, lost, back } = insuredPeople(model, exitsOf(model, rows), behaviour, local);
  const prices = monthlyPrices(model, state, national, local), from = model.report, cut = (/** @type {any[]} */ values) => values.slice(from);
  const months = cut(model.months), people = cut(model.people), household = model.groups.indexOf("household");
  const whole = months.map((/** @type {string} */ _, /** @type {number} */ i) => {
    const of = places.population.map((/** @type {number} */ x) => x * model.growth[from + i]);
    return roundInsured(insured.map(unit => unit.map((/** @type {number[]} */ path) => path[from + i])), largestRemainders(of, people[i]));
  });
  /** @type {Record<string, number[]>} */ const vnd = {}, /** @type {Record<string, number[]>} */ groups = {};
  const costed = months.map(() => 0);
  model.payers.forEach((/** @type {string} */ payer) => { vnd[payer] = months.map(() => 0); });
  model.groups.forEach((/** @type {string} */ key, /** @type {number} */ g) => {
    groups[key] = whole.map((/** @type {number[][]} */ units) => units.reduce((s, of) => s + of[g], 0));
    groups[key].forEach((count, i) => {
      const price = prices[g].map(values => values[from + i]), more = model.household.more[model.household.period[from + i]];
      if (!price.some(Number.isNaN)) costed[i] += count;
      const later = g === household ? whole[i].reduce((/** @type {number} */ s, /** @type {number[]} */ of, /** @type {number} */ u) => s + of[g] * more[u], 0) : 0;
      model.payers.forEach((/** @type {string} */ payer, /** @type {number} */ p) => {
        const one = orZero(price[p]);
        vnd[payer][i] += roundHalfUp(g === household ? count * one + later * one : count * one);
      });
    });
  });
  const sums = whole.map((/** @type {number[][]} */ units) => units.flat().reduce((s, x) => s + x, 0));
  return { months, people, insured: sums, costed, lost: cut(lost), back: cut(back), vnd, groups };
}
