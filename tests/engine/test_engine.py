"""The warm engine writes what papermill's own writes, and no notebook sees anything of another."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import papermill as pm
import pytest

import bhyt_analysis as bhyt
from bhyt_analysis.engine import papermill_engine, warm_process
from bhyt_analysis.engine.parameters import check_parameters
from bhyt_analysis.i18n.messages import BhytError

from ..conftest import ROOT
from ..notebook_runs import notebook, written

linux = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")


@pytest.fixture(scope="module", autouse=True)
def warmed():
    yield
    warm_process.stop()


def run(path, name="bhyt-warm", **options):
    out = path.with_name(f"{path.stem}.{name}.ipynb")
    pm.execute_notebook(path, out, engine_name=name, progress_bar=False, cwd=path.parent, **options)
    return nbformat.read(out, 4)


def text(cell):
    """What a cell has printed."""
    return "".join(o.text for o in cell.outputs if o.output_type == "stream")


# --- The same as papermill's own ------------------------------------------------------------------

RICH = [
    "import sys\nprint('out')\nprint('err', file=sys.stderr)\nprint('out again')",
    "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.show()\nplt.figure()\nplt.bar([1], [2]);",
    "import seaborn as sns, pandas as pd\ntips = pd.DataFrame({'a': [1, 2, 3], 'b': [3, 1, 2]})\nsns.lineplot(tips, x='a', y='b')",
    "tips",
    "%matplotlib inline\n%config InlineBackend.figure_format = 'retina'\nplt.plot([3, 1]);",
    "tips.style.background_gradient()",
    "from IPython.display import HTML, Markdown, SVG, display, update_display, clear_output\nHTML('<b>bold</b>')",
    "handle = display('first', display_id='one')\nprint('between')",
    "update_display('second', display_id='one')\ndisplay(Markdown('*text*'), metadata={'k': 1})",
    "print('gone')\nclear_output()\nprint('stays')",
    "%%capture caught\nprint('hidden')",
    "%time x = caught.stdout\nx",
    "!echo from the shell; echo to stderr 1>&2",
    "import os\nos.system('echo of a child')\nos.write(1, b'of C\\n');",
    "import ipywidgets\nslider = ipywidgets.IntSlider(value=5, description='n')\ntray = ipywidgets.Output()\nwith tray:\n    print('in the tray')\nslider",
    "tray",
    "import warnings\nwarnings.warn('told')",
    "In[3][:12], Out[6].shape, _oh[6].shape, get_ipython().execution_count",
    "import random, numpy as np\nrandom.seed(1)\nnp.random.seed(1)\nrandom.random(), np.random.rand(2), np.random.default_rng(1).random()",
    "sys.argv[0].endswith('ipykernel_launcher.py'), __name__, os.getcwd() == os.environ['PLACE'], sys.path.count('')",
    "pd.DataFrame([range(30)] * 80), pd.get_option('display.max_columns'), np.arange(2000)",
    "pd.DataFrame([['of many letters ' * 9] * 9])",
    "import threading, asyncio\nawait asyncio.sleep(0)\nsys.stdin.closed, os.isatty(0), plt.get_backend(), pd.options.display.max_rows",
    "def deep(n):\n    return 1 / n if n == 0 else deep(n - 1)\n\ndeep(2)",
    "print('never run')",
]
RANDOM = re.compile(r"[0-9a-f]{32}|[0-9a-f-]{36}|0x[0-9a-f]+|T_[0-9a-f]{5}|ipykernel_\d+/\d+|(?:CPU times|Wall time).*")


def comparable(book):
    """A notebook without its times and without the names that every run draws anew."""
    names = {}
    book = json.loads(nbformat.writes(book))
    for cell in book["cells"]:
        del cell["id"]
    for part in [*book["cells"], book]:
        for key in ("start_time", "end_time", "duration", "output_path"):
            part["metadata"].get("papermill", {}).pop(key, None)
        part["metadata"].pop("execution", None)

    states = book["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]
    # A file keeps the models in the order of their names, which are drawn.
    states["state"] = sorted(RANDOM.sub("<>", json.dumps(model)) for model in states["state"].values())

    def steady(value):
        if isinstance(value, dict):
            return {steady(k): steady(v) for k, v in value.items()}
        if isinstance(value, list):
            return [steady(v) for v in value]
        if isinstance(value, str):
            return RANDOM.sub(lambda m: names.setdefault(m[0], f"<{len(names)}>") if "time" not in m[0] else "", value)
        return value

    return steady(book)


def streams(cell):
    """What a cell has printed, by stream: where one message ends and the next begins is a matter of chance."""
    printed = {}
    for output in cell["outputs"]:
        if output["output_type"] == "stream":
            printed[output["name"]] = printed.get(output["name"], "") + "".join(output["text"])
    return printed


@pytest.fixture(scope="module")
def rich(tmp_path_factory):
    """One rich notebook under papermill's own engine and under ours."""
    folder = tmp_path_factory.mktemp("rich")
    path = written(folder / "rich.ipynb", *RICH)
    books = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLACE", str(folder))
        patch.delenv("PYTEST_CURRENT_TEST")  # or ipykernel leaves alone what C and child processes print
        for name in (None, "bhyt-warm", "bhyt-standard"):
            with pytest.raises(pm.PapermillExecutionError, match="ZeroDivisionError"):
                run(path, name, parameters={"x": 2})
            books[name] = nbformat.read(folder / f"rich.{name}.ipynb", 4)
    return books


@linux
@pytest.mark.parametrize("name", ["bhyt-warm", "bhyt-standard"])
def test_a_rich_notebook_is_written_as_papermill_itself_writes_it(rich, name):
    own, ours = comparable(rich[None]), comparable(rich[name])
    assert len(ours["cells"]) == len(own["cells"]) == len(RICH) + 2 + 2  # parameters, injected; papermill's two marks
    for mine, its in zip(ours["cells"], own["cells"], strict=True):
        if "outputs" in its:
            assert streams(mine) == streams(its), its["source"]
            others = [[o for o in c["outputs"] if o["output_type"] != "stream"] for c in (mine, its)]
            assert others[0] == others[1], its["source"]
        assert {**mine, "outputs": 0} == {**its, "outputs": 0}
    assert ours["metadata"] == own["metadata"]


@linux
def test_the_rich_notebook_shows_all_that_it_should(rich):
    cells = {c.source: c for c in rich["bhyt-warm"].cells}
    shown = [[o.get("data", {}) for o in cells[s].get("outputs", [])] for s in RICH]
    assert [sum("image/png" in d for d in some) for some in shown[1:3]] == [2, 1]
    assert "<table" in shown[3][0]["text/html"]
    assert shown[7][0]["text/plain"] == "'second'"
    assert text(cells[RICH[9]]) == "stays\n"
    assert "of a child\nof C\n" in text(cells[RICH[13]])
    assert [c.execution_count for c in rich["bhyt-warm"].cells if c.cell_type == "code"] == [*range(1, 27), None]
    widgets = rich["bhyt-warm"].metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"].values()
    assert {"IntSliderModel", "OutputModel"} <= {w["model_name"] for w in widgets}
    assert [w["state"]["value"] for w in widgets if w["model_name"] == "IntSliderModel"] == [5]
    error = cells[RICH[23]].outputs[-1]
    assert (error.ename, error.evalue) == ("ZeroDivisionError", "division by zero")
    assert "deep(n - 1)" in re.sub(r"\x1b\[[\d;]*m", "", "".join(error.traceback))


# --- A process of its own -------------------------------------------------------------------------


@linux
def test_no_notebook_sees_what_another_has_left(tmp_path):
    spoil = """
import os, sys, random, numpy as np, pandas as pd, matplotlib as mpl, bhyt_analysis as bhyt
os.environ["LEFT"] = "1"; os.chdir("/"); sys.path.insert(0, "/left"); pd.options.display.max_rows = 3
mpl.rcParams["figure.dpi"] = 7; pd.DataFrame.left = 1; sys.modules["left"] = sys; left = 1
bhyt.load().areas.drop(index=bhyt.load().areas.index, inplace=True)
"""
    look = """
import os, sys, pandas as pd, matplotlib as mpl, bhyt_analysis as bhyt
print(os.environ.get("LEFT"), os.getcwd(), "/left" in sys.path, pd.options.display.max_rows == 3,
      mpl.rcParams["figure.dpi"] == 7, hasattr(pd.DataFrame, "left"), "left" in sys.modules, "left" in globals(), len(bhyt.load().areas) > 0)
"""
    run(written(tmp_path / "one.ipynb", spoil))
    told = run(written(tmp_path / "two.ipynb", look)).cells[1]
    assert text(told) == f"None {tmp_path} False False False False False False True\n"


@linux
def test_every_notebook_draws_numbers_of_its_own(tmp_path):
    path = written(tmp_path / "draw.ipynb", "import random, numpy as np\nprint(random.random(), np.random.rand())")
    drawn = [number for _ in range(3) for number in text(run(path).cells[1]).split()]
    assert len(set(drawn)) == 6


@linux
def test_kernels_are_forked_from_a_process_with_one_thread(tmp_path):
    source = 'import os\nprint(len(os.listdir(f"/proc/{os.getppid()}/task")), os.getppid())'
    told = [text(run(written(tmp_path / f"{n}.ipynb", source)).cells[1]).split() for n in range(2)]
    assert told[0] == told[1] == ["1", str(warm_process.pid())]


@linux
def test_a_file_named_like_a_library_beside_the_notebook_hides_none(tmp_path):
    for name in ("html", "json", "queue", "statistics"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('of the user')", "utf-8")
    (tmp_path / "my_own.py").write_text("told = 'mine'", "utf-8")
    warm_process.stop()
    here = Path.cwd()
    os.chdir(tmp_path)  # the warmed process too starts beside the files
    try:
        source = "import html, queue, statistics, json, pandas, my_own, os\nprint(html.escape('<'), my_own.told, os.getcwd())"
        assert text(run(written(tmp_path / "n.ipynb", source)).cells[1]) == f"&lt; mine {tmp_path}\n"
    finally:
        os.chdir(here)
        warm_process.stop()


@linux
def test_a_thousand_words_of_the_libraries_do_not_stall_the_warmed_process(tmp_path):
    """Its standard output is no pipe that fills: what forked processes write there is gone."""
    source = "import sys\nprint('x' * 200_000, file=sys.__stdout__)\nsys.__stdout__.flush()\nprint('ran')"
    for n in range(3):
        assert "ran\n" in text(run(written(tmp_path / f"{n}.ipynb", source)).cells[1])


@linux
def test_any_program_of_jupyter_gets_warm_kernels_by_one_variable(tmp_path):
    """As Voilà and nbclient would: nothing of ours is called."""
    path = written(tmp_path / "n.ipynb", 'import sys, os\nprint("seaborn" in sys.modules)\nos.getppid()')
    code = (
        "import nbformat, nbclient, sys; b = nbformat.read(sys.argv[1], 4); nbclient.execute(b);"
        " print(b.cells[1].outputs[0].text, end='')"
    )
    for name, told in (("bhyt-warm", "True\n"), ("local-provisioner", "False\n")):
        done = subprocess.run(
            [sys.executable, "-c", code, path], capture_output=True, text=True,
            env={**os.environ, "JUPYTER_DEFAULT_PROVISIONER_NAME": name}, timeout=120,
        )  # fmt: skip
        assert (done.stdout, done.returncode) == (told, 0), done.stderr


# --- Limits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bhyt-warm", "bhyt-standard"])
def test_fifty_megabytes_are_cut_off_and_the_cell_says_so(tmp_path, name):
    path = written(tmp_path / "n.ipynb", "for i in range(500_000):\n    print('x' * 100)", "print('never run')")
    with pytest.raises(BhytError, match="showed more than 20 MB"):
        run(path, name)
    out = tmp_path / f"n.{name}.ipynb"
    assert 10e6 < out.stat().st_size < 30e6
    assert text(nbformat.read(out, 4).cells[1]).endswith("the rest was cut off")


@linux
def test_what_is_shown_just_before_the_limit_is_kept_whole(tmp_path):
    path = written(tmp_path / "n.ipynb", "print('x' * 900)", "print('y' * 900)")
    told = run(path, output_limit=1000)
    assert [len(text(c)) for c in told.cells[1:]] == [901, 901]  # the limit is of one cell


@linux
def test_a_cell_that_takes_too_long_is_ended_at_once_also_in_c(tmp_path):
    path = written(tmp_path / "n.ipynb", "import re\nre.match('(a+)+$', 'a' * 60 + 'b')")
    begun = time.monotonic()
    with pytest.raises(papermill_engine.AreaTimeoutError, match="A cell ran for more than 2 seconds"):
        run(path, execution_timeout=2)
    assert time.monotonic() - begun < 60


# --- Parameters -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"sede": 2}, 'The notebook has no parameter "sede"; did you mean seed?'),
        ({"Area": "X"}, 'The notebook has no parameter "Area"; did you mean area?'),
        ({"seed": "2"}, "Parameter seed is '2'; expected int"),
        ({"seed": True}, "Parameter seed is True; expected int"),
        ({"seed": 2.5}, "Parameter seed is 2.5; expected int"),
        ({"lang": None}, "Parameter lang is None; expected str"),
    ],
)
def test_a_parameter_that_the_briefing_does_not_have_names_the_nearest(given, told):
    template = nbformat.read(ROOT / "notebooks" / "area_briefing.ipynb", 4)
    with pytest.raises(BhytError) as error:
        check_parameters(template, given)
    assert error.value.text("en") == told
    assert error.value.text("vi") != told


def test_parameters_that_fit_pass():
    book = notebook(parameters="rate = 0.5\nname: str = 'x'\nnothing = None\nbig = 2 ** 10\nlist_ = [1]")
    check_parameters(book, {"rate": 1, "name": "y", "nothing": 3, "big": "any", "list_": [2]})


def test_a_wrong_parameter_ends_before_anything_runs(tmp_path):
    path = written(tmp_path / "n.ipynb", f"open({str(tmp_path / 'ran')!r}, 'w')")
    for name in ("bhyt-warm", "bhyt-standard"):
        with pytest.raises(BhytError, match="did you mean x"):
            run(path, name, parameters={"X": 1})
    with pytest.raises(ValueError, match="seed"):
        bhyt.run_batch(None, tmp_path / "out", ["Lý Sơn"], bhyt.BatchOptions(seed="1"))
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "out").exists()


# --- Where processes can't be forked --------------------------------------------------------------


def test_where_there_is_no_fork_auto_is_the_standard_engine_and_warm_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(warm_process, "usable", lambda: False)
    with pytest.warns(UserWarning, match="The warm engine does not work on this system"):
        manifest = bhyt.run_batch(None, tmp_path / "out", ["Lý Sơn"], bhyt.BatchOptions(lang="en", jobs=1))
    assert manifest["areas"][0]["status"] == "done"
    with pytest.raises(ValueError, match="works on Linux only"):
        bhyt.run_batch(None, tmp_path / "out", ["Lý Sơn"], bhyt.BatchOptions(engine="warm"))


def test_everything_is_imported_without_what_only_posix_has():
    code = (
        "import sys\nfor name in ('fcntl', 'resource', 'pwd', 'grp', 'termios'): sys.modules[name] = None\n"
        "import signal, os, select, socket\n"
        "for place, names in ((signal, ('SIGKILL', 'SIGCHLD')), (os, ('fork', 'killpg', 'setsid', 'pipe2')),"
        " (select, ('poll',)), (socket, ('AF_UNIX', 'recv_fds', 'send_fds'))):\n"
        "    for name in names: delattr(place, name)\n"
        "import importlib, pkgutil, bhyt_analysis.batch as batch\n"
        "for m in pkgutil.iter_modules(batch.__path__): importlib.import_module('bhyt_analysis.batch.' + m.name)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@linux
def test_a_kernel_that_nobody_waits_for_any_more_is_ended():
    line = warm_process.zygote().fork([], "/", dict(os.environ))
    children = Path(f"/proc/{warm_process.pid()}/task/{warm_process.pid()}/children")
    while not children.read_text():
        time.sleep(0.01)
    line.close()
    until = time.monotonic() + 20
    while children.read_text():
        assert time.monotonic() < until
        time.sleep(0.01)
