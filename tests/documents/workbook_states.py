"""Draw settings of the yellow cells, and find the cells of a workbook by their headings."""

import random
from datetime import date

import openpyxl

INPUTS, MONTHS = "Giả định", "Tháng"
LEVERS = ("support", "top_up")


def first_days(model):
    """Return the days from which a change can hold: the first of each month from the count on."""
    return [day[:8] + "01" for day in model["months"][model["first"] :]]


def random_state(model, generator):
    """Return a state of the page's model: some of what can be set, each within its limits."""
    days, keys = first_days(model), model["law"]["adjustable"]
    since = lambda: generator.choice(days)  # noqa: E731
    chance = lambda p: generator.random() < p  # noqa: E731
    state = {}
    if chance(0.6):
        state["outreach"] = generator.randint(0, 20) / 10
    if chance(0.4):
        state["take_up_household"] = round(generator.random(), 3)
    if chance(0.6):
        chosen = generator.sample(keys, generator.randint(1, 3))
        state["support"] = [{"key": k, "share": round(generator.random(), 3), "since": since()} for k in chosen]
    if chance(0.5):
        chosen = generator.sample(keys, generator.randint(1, 2))
        state["top_up"] = [{"key": k, "points": generator.randint(1, 1000) / 1000, "since": since()} for k in chosen]
    if chance(0.4):
        state["base_salary"] = {"value": generator.randint(100, 1000) * 10_000, "since": since()}
    if chance(0.4):
        state["contribution_rate"] = {"value": generator.randint(300, 600) / 10_000, "since": since()}
    return state


def day_number(day):
    """Return the number by which a spreadsheet counts a day."""
    return (date.fromisoformat(day) - date(1899, 12, 30)).days


class Addresses:
    """The yellow cells of a workbook by what they set, and the columns of its months by their headings."""

    def __init__(self, path, model, group_names, words):
        """``group_names``: of the adjustable groups; ``words``: the names of the other rows by their keys."""
        book = openpyxl.load_workbook(path, read_only=True)
        names = [row[0] for row in book[INPUTS].iter_rows(min_col=1, max_col=1, values_only=True)]
        self.rows, start = {}, 0
        for kind in LEVERS:
            for key in model["law"]["adjustable"]:
                start = names.index(group_names[key], start)
                self.rows[kind, key] = start + 1
        for key, name in words.items():
            self.rows[key] = names.index(name) + 1
        heads = next(book[MONTHS].iter_rows(min_row=4, max_row=4, values_only=True))
        self.columns = {}
        for i, head in enumerate(heads):
            self.columns.setdefault(head, openpyxl.utils.get_column_letter(i + 1))
        self.first, self.last = 6 + model["report"], 5 + len(model["months"])
        book.close()

    def setting(self, state):
        """Return the cells that a state sets."""
        cells = {}
        for key in ("outreach", "take_up_household"):
            if key in state:
                cells[f"{INPUTS}!C{self.rows[key]}"] = state[key]
        for kind, field in zip(LEVERS, ("share", "points"), strict=True):
            for one in state.get(kind, ()):
                self._put(cells, self.rows[kind, one["key"]], one[field], one["since"])
        for key in ("base_salary", "contribution_rate"):
            if key in state:
                self._put(cells, self.rows[key], state[key]["value"], state[key]["since"])
        return cells

    def _put(self, cells, row, value, since):
        cells[f"{INPUTS}!C{row}"] = value
        cells[f"{INPUTS}!D{row}"] = day_number(since)

    def months(self, heading):
        """Return the cells of a column of the months of the results."""
        letter = self.columns[heading]
        return f"{MONTHS}!{letter}{self.first}:{letter}{self.last}"


def random_states(model, count, seed):
    """Return states that are the same in every run; the first sets nothing."""
    generator = random.Random(seed)
    return [{}, *(random_state(model, generator) for _ in range(count - 1))]
