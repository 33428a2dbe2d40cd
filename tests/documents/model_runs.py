"""Run the model of the pages in Node.js: many states of many areas in one process."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from bhyt_analysis.documents import what_if

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(not NODE, reason="Debian's nodejs is not installed")
RUN = """
import { project, pairwiseSum, largestRemainders, roundInsured } from %s;
import { readFileSync, writeFileSync } from "node:fs";
const [input, output] = process.argv.slice(2);
const { cases, sums, remainders, rounded } = JSON.parse(readFileSync(input, "utf8"));
const results = cases.map(({ model, states }) => states.map(state => project(model, state)));
const whole = remainders.map(([weights, total]) => largestRemainders(weights, total));
const units = rounded.map(([insured, people]) => roundInsured(insured, people));
writeFileSync(output, JSON.stringify({ results, sums: sums.map(pairwiseSum), remainders: whole, rounded: units }));
"""


def run_node(folder, cases=(), sums=(), remainders=(), rounded=()):
    """Return what the model gives for each state of each case (constants, states), and for rows of numbers."""
    module = Path(what_if.__file__).with_name("model.js")
    copy = folder / "model.mjs"  # by its name a module; the package's file is one only where it is imported
    copy.write_text(module.read_text("utf-8"), "utf-8")
    (folder / "run.mjs").write_text(RUN % json.dumps("./model.mjs"), "utf-8")
    fields = {
        "cases": [{"model": m, "states": s} for m, s in cases],
        "sums": list(sums),
        "remainders": list(remainders),
        "rounded": list(rounded),
    }
    (folder / "in.json").write_text(json.dumps(fields), "utf-8")
    subprocess.run([NODE, "run.mjs", "in.json", "out.json"], cwd=folder, check=True, timeout=500)
    return json.loads((folder / "out.json").read_text("utf-8"))
