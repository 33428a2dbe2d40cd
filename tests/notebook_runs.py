"""Small notebooks for the tests of engines and batches, and a copy of the package whose template is one of them."""

import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from pathlib import Path

import nbformat

from .conftest import ROOT

KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}


def notebook(*sources, parameters="x = 1"):
    """A notebook of code cells, the first of which is tagged."""
    cells = [nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})]
    cells += [nbformat.v4.new_code_cell(s) for s in sources]
    return nbformat.v4.new_notebook(cells=cells, metadata=json.loads(json.dumps(KERNEL)))


def written(path, *sources, **options):
    nbformat.write(notebook(*sources, **options), path)
    return path


# The least that counts as a finished briefing: a chart that is shown, its two files, the facts.
FINISH = """
import base64, json, pathlib
from IPython.display import Image, display
png = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
pathlib.Path(out, "charts").mkdir()
for name in ("x.png", "x.svg"):
    pathlib.Path(out, "charts", name).write_bytes(png)
pathlib.Path(out, "facts.json").write_text(json.dumps({"area": area, "facts": []}))
display(Image(png), metadata={"bhyt": {"chart": "x"}})
"""


def package(folder, *sources):
    """A copy of the package whose template runs these cells and then counts as finished; its path for PYTHONPATH."""
    template = json.loads((ROOT / "notebooks" / "area_briefing.ipynb").read_text("utf-8"))
    parameters = "".join(template["cells"][0]["source"])
    place = folder / "package" / "bhyt_analysis"
    shutil.copytree(ROOT / "bhyt_analysis", place, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "data", place / "bundled" / "data")
    (place / "bundled" / "notebooks").mkdir()
    written(place / "bundled" / "notebooks" / "area_briefing.ipynb", *sources, FINISH, parameters=parameters)
    return folder / "package"


RUN = """
import json, sys, bhyt_analysis as bhyt
if __name__ == "__main__":
    areas, options = json.loads(sys.argv[2])
    bhyt.run_batch(None, sys.argv[1], areas, bhyt.BatchOptions(lang="en", **options))
"""


class Batch:
    """A batch in a process of its own; everything that comes of it carries its mark in the environment."""

    def __init__(
        self, folder, *sources, out=None, before=None, changed=("batch/runner.py", "", ""), areas=None, **options
    ):
        self.out = Path(out or folder / "out")
        self.mark = uuid.uuid4().hex
        script = folder / "run.py"
        script.write_text(RUN, "utf-8")
        place = package(folder, *sources)
        file, old, new = changed  # a line of the engine's code
        module = place / "bhyt_analysis" / file
        text = module.read_text("utf-8")
        assert old in text
        module.write_text(text.replace(old, new) if old else text, "utf-8")
        environment = {**os.environ, "PYTHONPATH": str(place), "BHYT_TEST_MARK": self.mark}
        self.errors = folder / "errors.txt"
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, str(script), str(self.out), json.dumps([areas, options])],
                env=environment, cwd=folder, stderr=errors, start_new_session=True, preexec_fn=before,
            )  # fmt: skip

    def areas(self, seconds=300):
        """How each area ended: slug -> status, error."""
        self.process.wait(seconds)
        told = json.loads((self.out / "manifest.json").read_text("utf-8"))
        return {a["slug"]: (a["status"], a["error"]) for a in told["areas"]}

    def left(self, seconds=0.0):
        """The processes of this batch that are still there after so many seconds: pid -> command."""
        until = time.monotonic() + seconds
        while True:
            found = {}
            for folder in Path("/proc").glob("[0-9]*"):
                try:
                    if self.mark.encode() in (folder / "environ").read_bytes():
                        found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()[:80]
                except OSError:
                    continue
            if not found or time.monotonic() > until:
                return found
            time.sleep(0.1)
