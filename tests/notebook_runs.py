"""Small notebooks for the tests of engines and batches, and a copy of the package whose template is one of them."""

import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from pathlib import Path

import matplotlib
import nbformat

from .conftest import ROOT
from .waiting import SECONDS, run

KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}


def new_notebook(*sources, parameters="x = 1"):
    """Return a notebook of code cells, the first of which is tagged ``parameters``."""
    cells = [nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})]
    cells += [nbformat.v4.new_code_cell(s) for s in sources]
    return nbformat.v4.new_notebook(cells=cells, metadata=json.loads(json.dumps(KERNEL)))


def write_notebook(path, *sources, **options):
    """Write a notebook of code cells; return its path."""
    nbformat.write(new_notebook(*sources, **options), path)
    return path


# The least that counts as a finished briefing: a chart with its two files, the facts.
FINISH = """
import base64, json, pathlib
from IPython.display import Image, display
png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
png = base64.b64decode(png)
pathlib.Path(out, "charts").mkdir()
for name in ("x.png", "x.svg"):
    pathlib.Path(out, "charts", name).write_bytes(png)
pathlib.Path(out, "facts.json").write_text(json.dumps({"area": area, "facts": []}))
display(Image(png), metadata={"bhyt": {"schema": 1, "kind": "chart", "name": "x"}})
"""


def copy_package(folder, *sources):
    """Copy the package, with a template that runs these cells and then counts as finished; return its PYTHONPATH."""
    template = json.loads((ROOT / "notebooks" / "area_briefing.ipynb").read_text("utf-8"))
    parameters = "".join(next(c for c in template["cells"] if "parameters" in c["metadata"].get("tags", ()))["source"])
    package = folder / "package" / "bhyt_analysis"
    shutil.copytree(ROOT / "bhyt_analysis", package, ignore=shutil.ignore_patterns("*.pyc.*"))
    shutil.copytree(ROOT / "data", package / "bundled" / "data")
    (package / "bundled" / "notebooks").mkdir()
    notebook = package / "bundled" / "notebooks" / "area_briefing.ipynb"
    write_notebook(notebook, *sources, FINISH, parameters=parameters)
    return folder / "package"


RUN = """
import json, sys, bhyt_analysis as bhyt
if __name__ == "__main__":
    areas, options = json.loads(sys.argv[2])
    bhyt.run_batch(None, sys.argv[1], areas, bhyt.BatchOptions(lang="en", **options))
"""


class BatchRun:
    """A batch in a process of its own; all its descendants carry its mark in their environment."""

    def __init__(self, folder, *sources, out=None, preexec=None, edits=(), areas=None, **options):
        self.out = Path(out or folder / "out")
        self.mark = uuid.uuid4().hex
        script = folder / "run.py"
        script.write_text(RUN, "utf-8")
        package = copy_package(folder, *sources)
        for file, old, new in edits:  # lines of the package's code
            module = package / "bhyt_analysis" / file
            text = module.read_text("utf-8")
            assert old in text
            module.write_text(text.replace(old, new), "utf-8")
        # What is kept for a version of the package is kept for this test; matplotlib has its fonts where they are.
        cache = {"XDG_CACHE_HOME": str(folder / "cache"), "MPLCONFIGDIR": matplotlib.get_cachedir()}
        self.errors = folder / "errors.txt"
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, str(script), str(self.out), json.dumps([areas, options])],
                env={**os.environ, **cache, "PYTHONPATH": str(package), "BHYT_TEST_MARK": self.mark},
                cwd=folder,
                stderr=errors,
                start_new_session=True,
                preexec_fn=preexec,
            )

    def wait_for_areas(self):
        """Return how each area ended, slug -> (status, error), when the batch has ended."""
        self.process.wait(SECONDS)
        manifest = json.loads((self.out / "manifest.json").read_text("utf-8"))
        return {a["slug"]: (a["status"], a["error"]) for a in manifest["areas"]}

    def remaining_processes(self, seconds=0.0):
        """Return the processes of this batch that still run after so many seconds, pid -> command."""
        deadline = time.monotonic() + seconds
        while True:
            processes = {}
            for folder in Path("/proc").glob("[0-9]*"):
                try:
                    if self.mark.encode() in (folder / "environ").read_bytes():
                        command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                        processes[int(folder.name)] = command[:80]
                except OSError:
                    continue
            if not processes or time.monotonic() > deadline:
                return processes
            time.sleep(0.1)


def import_without_posix(package):
    """Import all modules of a package where nothing is there that only POSIX has."""
    code = (
        "import sys\nfor name in ('fcntl', 'resource', 'pwd', 'grp', 'termios'): sys.modules[name] = None\n"
        "import signal, os, select, socket\n"
        "for place, names in ((signal, ('SIGKILL', 'SIGCHLD')), (os, ('fork', 'killpg', 'setsid', 'pipe2')),"
        " (select, ('poll',)), (socket, ('AF_UNIX', 'recv_fds', 'send_fds'))):\n"
        "    for name in names: delattr(place, name)\n"
        f"import importlib, pkgutil, {package} as package\n"
        f"for m in pkgutil.iter_modules(package.__path__): importlib.import_module('{package}.' + m.name)\n"
    )
    process = run([sys.executable, "-c", code])
    assert process.returncode == 0, process.stderr
