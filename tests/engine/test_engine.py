"""The warm engine writes what papermill's own writes, and no notebook sees anything of another."""

import json
import os
import re
import sys
import time
from contextlib import closing
from pathlib import Path

import nbformat
import papermill as pm
import pytest
from nbclient.output_widget import OutputWidget

from bhyt_analysis.engine import papermill_engine, warm_process
from bhyt_analysis.engine.config import INLINE_CHARTS, VARIABLE, WarmConfig
from bhyt_analysis.engine.parameters import check_parameters
from bhyt_analysis.engine.provisioner import ForkedKernel
from bhyt_analysis.i18n.messages import BhytError

from ..conftest import ROOT
from ..notebook_runs import import_without_posix, new_notebook, write_notebook
from ..waiting import run as run_process
from ..waiting import wait_until

linux = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")


@pytest.fixture(scope="module", autouse=True)
def stop_warm_process():
    yield
    warm_process.stop()


def run(path, name="bhyt-warm", **options):
    options = {"execution_timeout": 60, **options}
    out = path.with_name(f"{path.stem}.{name}.ipynb")
    pm.execute_notebook(path, out, engine_name=name, progress_bar=False, cwd=path.parent, **options)
    return nbformat.read(out, 4)


def text(cell):
    """Return what a cell has printed."""
    return "".join(o.text for o in cell.outputs if o.output_type == "stream")


# --- The same as papermill's own ------------------------------------------------------------------

RICH = [
    "import sys\nprint('out')\nprint('err', file=sys.stderr)\nprint('out again')",
    "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.show()\nplt.figure()\nplt.bar([1], [2]);",
    "import seaborn as sns, pandas as pd\ntips = pd.DataFrame({'a': [1, 2, 3], 'b': [3, 1, 2]})\n"
    "sns.lineplot(tips, x='a', y='b')",
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
    "import os\nos.system('echo of a child')\nos.write(1, b'of C\\n')\nimport time\ntime.sleep(1)",
    "import ipywidgets\nslider = ipywidgets.IntSlider(value=5, description='n')\ntray = ipywidgets.Output()\n"
    "with tray:\n    print('in the tray')\nslider",
    "tray",
    "import warnings\nwarnings.warn('careful')",
    "In[3][:12], Out[6].shape, _oh[6].shape, get_ipython().execution_count",
    "import random, numpy as np\nrandom.seed(1)\nnp.random.seed(1)\n"
    "random.random(), np.random.rand(2), np.random.default_rng(1).random()",
    "sys.argv[0].endswith('ipykernel_launcher.py'), __name__, os.getcwd() == os.environ['PLACE'], sys.path.count('')",
    "pd.DataFrame([range(30)] * 80), pd.get_option('display.max_columns'), np.arange(2000)",
    "pd.DataFrame([['of many letters ' * 9] * 9])",
    "import threading, asyncio\nawait asyncio.sleep(0)\n"
    "sys.stdin.closed, os.isatty(0), plt.get_backend(), pd.options.display.max_rows",
    "def deep(n):\n    return 1 / n if n == 0 else deep(n - 1)\n\ndeep(2)",
    "print('never run')",
]
RANDOM = re.compile(r"[0-9a-f]{32}|[0-9a-f-]{36}|0x[0-9a-f]+|T_[0-9a-f]{5}|ipykernel_\d+/\d+|(?:CPU times|Wall time).*")


def comparable(book):
    """Return a notebook without its times and without the names that every run draws anew."""
    names = {}
    book = json.loads(nbformat.writes(book))
    for cell in book["cells"]:
        del cell["id"]
    for part in [*book["cells"], book]:
        for key in ("start_time", "end_time", "duration", "output_path"):
            part["metadata"].get("papermill", {}).pop(key, None)
        part["metadata"].pop("execution", None)

    states = book["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]
    # A file has the models in the order of their names, which are random.
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
    """Return what a cell has printed, by stream: where one message ends and the next begins is a matter of chance."""
    printed = {}
    for output in cell["outputs"]:
        if output["output_type"] == "stream":
            printed[output["name"]] = printed.get(output["name"], "") + "".join(output["text"])
    return printed


@pytest.fixture(scope="module")
def rich(tmp_path_factory):
    """One rich notebook under papermill's own engine and under ours."""
    folder = tmp_path_factory.mktemp("rich")
    path = write_notebook(folder / "rich.ipynb", *RICH)
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
def test_a_rich_notebook_equals_what_papermill_itself_writes(rich, name):
    expected, actual = comparable(rich[None]), comparable(rich[name])
    # The cells of parameters, one of them injected; papermill's two marks.
    assert len(actual["cells"]) == len(expected["cells"]) == len(RICH) + 2 + 2
    for cell, other in zip(actual["cells"], expected["cells"], strict=True):
        if "outputs" in other:
            assert streams(cell) == streams(other), other["source"]
            rest = [[o for o in c["outputs"] if o["output_type"] != "stream"] for c in (cell, other)]
            assert rest[0] == rest[1], other["source"]
        assert {**cell, "outputs": 0} == {**other, "outputs": 0}
    assert actual["metadata"] == expected["metadata"]


@linux
def test_the_rich_notebook_has_all_its_outputs(rich):
    cells = {c.source: c for c in rich["bhyt-warm"].cells}
    data = [[o.get("data", {}) for o in cells[s].get("outputs", [])] for s in RICH]
    assert [sum("image/png" in d for d in some) for some in data[1:3]] == [2, 1]
    assert "<table" in data[3][0]["text/html"]
    assert data[7][0]["text/plain"] == "'second'"
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
import os, sys, random, decimal, numpy as np, pandas as pd, matplotlib as mpl
os.environ["LEFT"] = "1"; os.chdir("/"); sys.path.insert(0, "/left"); pd.options.display.max_rows = 3
mpl.rcParams["figure.dpi"] = 7; pd.DataFrame.left = 1; sys.modules["left"] = sys; left = 1
decimal.getcontext().prec = 3
"""
    look = """
import os, sys, decimal, pandas as pd, matplotlib as mpl
print(os.environ.get("LEFT"), os.getcwd(), "/left" in sys.path, pd.options.display.max_rows == 3,
      mpl.rcParams["figure.dpi"] == 7, hasattr(pd.DataFrame, "left"), "left" in sys.modules, "left" in globals(),
      decimal.getcontext().prec)
"""
    run(write_notebook(tmp_path / "one.ipynb", spoil))
    cell = run(write_notebook(tmp_path / "two.ipynb", look)).cells[1]
    assert text(cell) == f"None {tmp_path} False False False False False False 28\n"


@linux
def test_every_notebook_draws_numbers_of_its_own(tmp_path):
    path = write_notebook(
        tmp_path / "draw.ipynb", "import random, numpy as np\nprint(random.random(), np.random.rand())"
    )
    numbers = [number for _ in range(3) for number in text(run(path).cells[1]).split()]
    assert len(set(numbers)) == 6


@linux
def test_kernels_are_forked_from_a_process_with_one_thread(tmp_path):
    source = 'import os\nprint(len(os.listdir(f"/proc/{os.getppid()}/task")), os.getppid())'
    printed = [text(run(write_notebook(tmp_path / f"{n}.ipynb", source)).cells[1]).split() for n in range(2)]
    assert printed[0] == printed[1] == ["1", str(warm_process.process_id())]


@linux
def test_a_file_named_like_a_library_beside_the_notebook_hides_none(tmp_path):
    for name in ("html", "json", "queue", "statistics"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('of the user')", "utf-8")
    (tmp_path / "my_own.py").write_text("value = 'mine'", "utf-8")
    warm_process.stop()
    here = Path.cwd()
    os.chdir(tmp_path)  # the warm process too starts beside the files
    try:
        source = "import html, queue, statistics, json, pandas, my_own, os\n"
        source += "print(html.escape('<'), my_own.value, os.getcwd())"
        assert text(run(write_notebook(tmp_path / "n.ipynb", source)).cells[1]) == f"&lt; mine {tmp_path}\n"
    finally:
        os.chdir(here)
        warm_process.stop()


@linux
def test_output_of_the_libraries_does_not_block_the_warm_process(tmp_path):
    """Its standard output is no pipe that fills: what forked processes write there is discarded."""
    source = "import sys\nprint('x' * 200_000, file=sys.__stdout__)\nsys.__stdout__.flush()\nprint('ran')"
    for n in range(3):
        assert "ran\n" in text(run(write_notebook(tmp_path / f"{n}.ipynb", source)).cells[1])


@linux
def test_any_program_of_jupyter_gets_warm_kernels_by_one_variable(tmp_path):
    """As Voilà and nbclient do, which call no function of this package."""
    source = 'import sys, os\nprint("seaborn" in sys.modules, "this" in sys.modules)\nos.getppid()'
    path = write_notebook(tmp_path / "n.ipynb", source)
    code = (
        "import nbformat, nbclient, sys; b = nbformat.read(sys.argv[1], 4); nbclient.execute(b);"
        " print(b.cells[1].outputs[0].text, end='')"
    )
    config = WarmConfig(libraries=("this",)).to_json()
    for name, printed in (("bhyt-warm", "True True\n"), ("local-provisioner", "False False\n")):
        environment = {**os.environ, "JUPYTER_DEFAULT_PROVISIONER_NAME": name, VARIABLE: config}
        call = [sys.executable, "-c", code, path]
        process = run_process(call, env=environment)
        assert (process.stdout, process.returncode) == (printed, 0), process.stderr


@linux
def test_kernels_have_what_the_rehearsal_has_loaded(tmp_path):
    rehearsal = write_notebook(
        tmp_path / "rehearsal.ipynb",
        "import sys, decimal\nsys.left = out, wave, open('note.txt', 'w').write('note')",
        parameters="out = None\nwave = 'default'",
    )
    path = write_notebook(tmp_path / "n.ipynb", "import sys\nprint(sys.left, 'out' in globals())")
    warm_process.stop()
    config = WarmConfig(rehearsal_notebook=str(rehearsal), rehearsal_parameters={"out": "."})
    try:
        with closing(warm_process.WarmProcess.start(config, shared=True)) as process:
            process.request_rehearsal()
            warm_process.configure(config, process.address)
            assert text(run(path).cells[1]) == "('.', 'default', 4) False\n"
            warm_process.stop()
        assert not (tmp_path / "note.txt").exists()  # a rehearsal runs in a folder of its own
    finally:
        warm_process.configure(WarmConfig())


@linux
def test_the_example_of_the_documentation_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_notebook(tmp_path / "model.ipynb", "import sys\nprint('scipy.stats' in sys.modules)", parameters="seed = 0")
    section = (ROOT / "docs" / "warm_kernels.md").read_text("utf-8")
    warm_process.stop()
    try:
        exec(re.search(r"```python\n(.*?)```", section, flags=re.DOTALL)[1], {})
    finally:
        warm_process.configure(WarmConfig())
    for seed in (1, 2, 3):
        executed = nbformat.read(tmp_path / f"run_{seed}.ipynb", 4)
        assert f"seed = {seed}" in executed.cells[1].source
        assert text(executed.cells[2]) == "True\n"


# --- Limits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bhyt-warm", "bhyt-standard"])
def test_fifty_megabytes_are_cut_off_and_the_cell_says_so(tmp_path, name):
    path = write_notebook(tmp_path / "n.ipynb", "for i in range(500_000):\n    print('x' * 100)", "print('never run')")
    with pytest.raises(BhytError, match="showed more than 20 MB"):
        run(path, name)
    out = tmp_path / f"n.{name}.ipynb"
    assert 10e6 < out.stat().st_size < 30e6
    assert text(nbformat.read(out, 4).cells[1]).endswith("the rest was cut off")


@linux
def test_output_just_below_the_limit_is_complete(tmp_path):
    path = write_notebook(tmp_path / "n.ipynb", "print('x' * 900)", "print('y' * 900)")
    executed = run(path, output_limit=1000)
    assert [len(text(c)) for c in executed.cells[1:]] == [901, 901]  # the limit is of one cell


@linux
def test_a_cell_that_takes_too_long_is_ended_at_once_also_in_c(tmp_path):
    path = write_notebook(tmp_path / "n.ipynb", "import re\nre.match('(a+)+$', 'a' * 60 + 'b')")
    start = time.monotonic()
    with pytest.raises(papermill_engine.NotebookTimeoutError, match="A cell ran for more than 2 seconds"):
        run(path, execution_timeout=2)
    assert time.monotonic() - start < 60


@pytest.mark.parametrize("lost", ["execute_reply", "status"])
def test_a_kernel_that_loses_a_message_is_ended_and_named(tmp_path, monkeypatch, lost):
    lose = (
        "session = get_ipython().kernel.session\nsend = session.send\n"
        f"session.send = lambda stream, message, *a, **o: message != {lost!r} and send(stream, message, *a, **o)"
    )
    monkeypatch.setattr(papermill_engine, "REPLY_SECONDS", 5)
    with pytest.raises(BhytError, match=r"The notebook's process runs but did not answer for [45] seconds"):
        run(write_notebook(tmp_path / "n.ipynb", lose, "1"), execution_timeout=None)


@pytest.mark.parametrize("name", ["bhyt-warm", "bhyt-standard"])
def test_a_reply_that_comes_while_an_output_widget_sends_is_noticed(tmp_path, monkeypatch, name):
    send = OutputWidget.send

    def send_later(self, *args, **options):
        time.sleep(1)  # meanwhile the kernel replies
        send(self, *args, **options)

    monkeypatch.setattr(OutputWidget, "send", send_later)
    tray = "import ipywidgets\ntray = ipywidgets.Output()\nwith tray:\n    print('in the tray', flush=True)"
    tray += "\nimport time\ntime.sleep(0.3)"
    path = write_notebook(tmp_path / "n.ipynb", tray, "print('ran')")
    # Without it the cell lasts as long as it may, and no time is left for the next one.
    assert text(run(path, name, execution_timeout=None, notebook_timeout=60).cells[2]) == "ran\n"


# --- Parameters -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sede": 2}, 'The notebook has no parameter "sede"; did you mean seed?'),
        ({"Area": "X"}, 'The notebook has no parameter "Area"; did you mean area?'),
        ({"seed": "2"}, "Parameter seed is '2'; expected int"),
        ({"seed": True}, "Parameter seed is True; expected int"),
        ({"seed": 2.5}, "Parameter seed is 2.5; expected int"),
        ({"lang": None}, "Parameter lang is None; expected str"),
    ],
)
def test_a_parameter_that_the_notebook_does_not_have_names_the_nearest(values, message):
    notebook = new_notebook(
        parameters='area = "X"\nas_of = None\nlang = "vi"  # or en\nseed = 1\ndata = None\nout = None'
    )
    with pytest.raises(BhytError) as error:
        check_parameters(notebook, values)
    assert error.value.text("en") == message
    assert error.value.text("vi") != message


def test_parameters_that_fit_pass():
    book = new_notebook(parameters="rate = 0.5\nname: str = 'x'\nnothing = None\nbig = 2 ** 10\nlist_ = [1]")
    check_parameters(book, {"rate": 1, "name": "y", "nothing": 3, "big": "any", "list_": [2]})


def test_a_wrong_parameter_ends_before_anything_runs(tmp_path):
    path = write_notebook(tmp_path / "n.ipynb", f"open({str(tmp_path / 'ran')!r}, 'w')")
    for name in ("bhyt-warm", "bhyt-standard"):
        with pytest.raises(BhytError, match="did you mean x"):
            run(path, name, parameters={"X": 1})
    assert not (tmp_path / "ran").exists()


# --- Where processes can't be forked --------------------------------------------------------------


def test_the_engine_is_imported_without_what_only_posix_has():
    import_without_posix("bhyt_analysis.engine")


@linux
def test_a_kernel_whose_client_has_ended_is_ended():
    channel = warm_process.current_process().request_kernel([], "/", dict(os.environ))
    children = Path(f"/proc/{warm_process.process_id()}/task/{warm_process.process_id()}/children")
    wait_until(children.read_text)
    channel.close()
    wait_until(lambda: not children.read_text("utf-8"))


@linux
def test_a_client_that_ends_takes_only_its_own_kernels_along():
    def connect():
        process = warm_process.WarmProcess.connect(shared.address)
        kernel = ForkedKernel(process.request_kernel([], "/", dict(os.environ)))
        wait_until(lambda: kernel.poll() or kernel.pid)
        assert kernel.poll() is None
        return process, kernel

    with closing(warm_process.WarmProcess.start(WarmConfig(), shared=True)) as shared:
        (first, first_kernel), (second, second_kernel) = connect(), connect()
        first.close()
        first_kernel._channel.close()
        wait_until(lambda: not Path(f"/proc/{first_kernel.pid}").exists())
        assert second_kernel.poll() is None
        second_kernel.kill()
        assert wait_until(second_kernel.poll) == -9
        second.close()


# --- Deaths of the warm process -------------------------------------------------------------------


@pytest.fixture
def warm_library(tmp_path, monkeypatch):
    """Return a function that restarts the warm process with a library of this code."""

    def configure(code):
        (tmp_path / "added_library.py").write_text(code, "utf-8")
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(ROOT)]))
        warm_process.stop()
        warm_process.configure(WarmConfig(libraries=["added_library"]))

    yield configure
    warm_process.stop()
    warm_process.configure(WarmConfig())


PARENT = "print(b'zygote' in open(f'/proc/{__import__(\"os\").getppid()}/cmdline', 'rb').read())"


@linux
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import os, sys\nprint('out of luck', file=sys.stderr, flush=True)\nos._exit(5)", "out of luck"),
        ("raise RuntimeError('broken')", "RuntimeError: broken"),
        ("import not_installed", "ModuleNotFoundError: No module named 'not_installed'"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "signal SIGKILL"),
    ],
)
def test_kernels_start_as_usual_where_the_warm_process_cannot(tmp_path, warm_library, code, reason):
    warm_library(code)
    path = write_notebook(tmp_path / "n.ipynb", PARENT)
    with pytest.warns(warm_process.WarmWarning, match=rf"The warm engine could not start \({reason}\)"):
        assert text(run(path).cells[1]) == "False\n"
    assert warm_process.process_id() is None  # it is not tried again for each notebook
    assert "không khởi động được" in warm_process.failure().text("vi")


@linux
def test_a_library_that_is_not_installed_is_left_out(tmp_path, warm_library):
    warm_library("")
    warm_process.configure(WarmConfig(libraries=["not_installed.part", "added_library"]))
    assert text(run(write_notebook(tmp_path / "n.ipynb", PARENT)).cells[1]) == "True\n"


@linux
def test_a_kernel_is_requested_again_when_the_warm_process_is_killed(tmp_path, monkeypatch):
    request, killed = warm_process.WarmProcess.request_kernel, []

    def kill_first(process, *args, **options):
        channel = request(process, *args, **options)
        if not killed:
            killed.append(process.process.pid)
            os.kill(process.process.pid, 9)
        return channel

    warm_process.stop()
    monkeypatch.setattr(warm_process.WarmProcess, "request_kernel", kill_first)
    assert text(run(write_notebook(tmp_path / "n.ipynb", PARENT)).cells[1]) == "True\n"
    assert killed and warm_process.process_id() not in (None, *killed)


@linux
def test_a_warm_process_that_the_system_does_not_start_is_as_one_that_died(monkeypatch):
    def refuse(*_, **__):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(warm_process, "Popen", refuse)
    with closing(warm_process.WarmProcess.start(WarmConfig(), shared=True)) as process:
        assert not process.is_alive
        process.request_rehearsal()  # no BrokenPipeError: that would be the end of our own output
        assert "Resource temporarily unavailable" in process.death_reason()


# --- Without what the user has configured ---------------------------------------------------------


@linux
@pytest.mark.parametrize("name", ["bhyt-warm", "bhyt-standard"])
def test_a_plain_kernel_reads_no_configuration_of_the_user(tmp_path, monkeypatch, name):
    profile = tmp_path / "ipython" / "profile_default"
    (profile / "startup").mkdir(parents=True)
    (profile / "startup" / "00.py").write_text("import sys\nleft = 1\nsys.exit(3)", "utf-8")
    (profile / "ipython_config.py").write_text(
        "c = get_config()\nc.InteractiveShellApp.exec_lines = ['1 / 0']", "utf-8"
    )
    specification = tmp_path / "share" / "kernels" / "python3"
    specification.mkdir(parents=True)
    kernel = {"argv": ["/no/python", "-f", "{connection_file}"], "display_name": "x", "language": "python"}
    (specification / "kernel.json").write_text(json.dumps(kernel), "utf-8")
    for variable, value in {
        "IPYTHONDIR": profile.parent,
        "JUPYTER_PATH": specification.parents[1],
        "JUPYTER_PREFER_ENV_PATH": "0",
        "PYTHONSTARTUP": profile / "startup" / "00.py",
        "MPLBACKEND": "nonsense",
    }.items():
        monkeypatch.setenv(variable, str(value))
    warm_process.stop()
    warm_process.configure(WarmConfig(variables=INLINE_CHARTS))
    if name == "bhyt-standard":
        with pytest.raises((FileNotFoundError, BhytError)):
            run(write_notebook(tmp_path / "n.ipynb", "1"), name)
    source = "import matplotlib.pyplot as plt\nprint('left' in globals(), plt.get_backend())"
    cell = run(write_notebook(tmp_path / "n.ipynb", source), name, plain_kernel=True).cells[1]
    assert text(cell) in ("False inline\n", "False module://matplotlib_inline.backend_inline\n")
    assert {p.name for p in profile.iterdir()} == {"startup", "ipython_config.py"}
    assert warm_process.failure() is None
    warm_process.stop()
    warm_process.configure(WarmConfig())
