"""Test the server of ``bhyt explore --voila``: whom it answers, what it serves, and when kernels end."""

import asyncio
import json
import os
import signal
import stat
import sys
from pathlib import Path
from urllib.parse import urlencode

import nbformat
import pytest

from bhyt_analysis.cli import UNUSABLE, main
from bhyt_analysis.explorer import launch

pytest.importorskip("voila")

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.websocket import websocket_connect

from bhyt_analysis.explorer.server import ExplorerServer


class Client:
    """A browser without a screen: it keeps cookies."""

    def __init__(self, port):
        self.port, self.cookies = port, {}

    async def fetch(self, path, method="GET", host=None, cookies=True, **fields):
        """Return the status and the text of an answer; ``fields`` are those of a form."""
        headers = {"Host": host or f"localhost:{self.port}"}
        if cookies and self.cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        body = urlencode(fields) if method == "POST" else None
        request = HTTPRequest(f"http://127.0.0.1:{self.port}{path}", method, headers, body, follow_redirects=False)
        response = await AsyncHTTPClient().fetch(request, raise_error=False)
        if cookies:
            for cookie in response.headers.get_list("Set-Cookie"):
                name, _, value = cookie.split(";")[0].partition("=")
                self.cookies[name] = value
        return response.code, response.body.decode()

    async def connect(self, path, cookies=True, origin=None):
        """Open a channel to a kernel; return it, or the status of the refusal."""
        headers = {"Host": f"localhost:{self.port}"}
        if cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        if origin:
            headers["Origin"] = origin
        try:
            return await websocket_connect(HTTPRequest(f"ws://127.0.0.1:{self.port}{path}", headers=headers))
        except HTTPClientError as error:
            return error.code


def kernel_of(page):
    """Return the kernel that the configuration in a page names."""
    text = page.split('<script id="jupyter-config-data" type="application/json">')[1].split("</script>")[0]
    return json.loads(text)["kernelId"]


async def visit(folder, *options, scenario):
    """Serve a small notebook, visit it in each way, and record what was answered."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print(6 * 7)")])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python", "language": "python"}
    path = folder / "page.ipynb"
    nbformat.write(notebook, path)
    (folder / "secret.png").write_bytes(b"secret")
    server = ExplorerServer()
    server.listen = lambda: None
    server.initialize([str(path), "--template=bhyt", "--no-browser", "--ExplorerServer.log_level=CRITICAL", *options])
    server.start()
    [socket] = bind_sockets(0, "127.0.0.1")
    http = HTTPServer(server.app)
    http.add_sockets([socket])
    server.port = socket.getsockname()[1]
    client = Client(server.port)
    try:
        await scenario(server, client)
    finally:
        http.stop()
        await server.kernel_manager.shutdown_all()
        await http.close_all_connections()


def serve(folder, scenario, *options):
    """Run a scenario with a server of this process."""
    handler, environment = signal.getsignal(signal.SIGTERM), dict[str, str]()
    launch.voila_command(environment)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", environment["JUPYTER_PATH"])
        try:
            asyncio.run(visit(folder, *options, scenario=scenario))
        finally:
            signal.signal(signal.SIGTERM, handler)


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """Return what a server with a token answered, by question."""
    record = {}

    async def scenario(server, client):
        token = server.identity_provider.token
        record["address"] = server.display_url, token
        page = f"/?token={token}"
        static = "/voila/templates/lab/static/voila-style.js"
        record["without"] = {
            p: await client.fetch(p) for p in ("/", "/?token=x", static, "/voila/static/voila.js", "/x")
        }
        hosts = ("evil.example", f"evil.example:{server.port}", "localhost.evil.example", "192.0.2.1", "")
        record["hosts"] = [(await client.fetch(page, host=host or "."))[0] for host in hosts]
        local = (f"127.0.0.1:{server.port}", f"[::1]:{server.port}", "localhost")
        record["local"] = [(await client.fetch(f"{static}?token={token}", host=h, cookies=False))[0] for h in local]
        kernels = server.kernel_manager
        record["page"] = await client.fetch(page)
        kernel = kernel_of(record["page"][1])
        record["cookies"] = dict(client.cookies)
        others = ("/voila/files/secret.png", "/secret.png", "/page.ipynb", "/voila/tree", "/login", "/api/kernels")
        record["others"] = {p: (await client.fetch(p))[0] for p in others}
        record["static"] = (await client.fetch(static))[0]
        model, channels = f"/api/kernels/{kernel}", f"/api/kernels/{kernel}/channels"
        record["kernel"] = [(await client.fetch(model, cookies=c))[0] for c in (False, True)]
        record["foreign"] = [await client.connect(channels, cookies=False)]
        record["foreign"].append(await client.connect(channels, origin="http://evil.example"))
        manager = kernels.get_kernel(kernel)
        record["transport"] = manager.transport, Path(manager.connection_file).parent
        record["readers"] = Path(manager.connection_file).parent.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
        # A page that is open keeps its kernel; one that has gone keeps it for the time that was chosen.
        channel = await client.connect(channels)
        longer = manager.last_activity.replace(year=2000)
        manager.last_activity = longer
        await kernels.cull_kernel_if_idle(kernel)
        record["open"] = kernel in kernels
        channel.close()
        while kernels._kernel_connections[kernel]:
            await asyncio.sleep(0.01)
        await kernels.cull_kernel_if_idle(kernel)
        record["just gone"] = kernel in kernels
        manager.last_activity = longer
        await kernels.cull_kernel_if_idle(kernel)
        record["long gone"] = kernel in kernels
        record["timeout"] = kernels.cull_idle_timeout
        # Closing needs the XSRF token, which the page has in a cookie.
        kernel = kernel_of((await client.fetch("/"))[1])
        close = f"/voila/api/shutdown/{kernel}"
        record["forged"] = [(await client.fetch(close, "POST"))[0], (await client.fetch(close, "POST", _xsrf="x"))[0]]
        record["forged"].append((await client.fetch(f"/api/kernels/{kernel}", "DELETE"))[0])
        record["forged kernel"] = kernel in kernels
        record["closed"] = [(await client.fetch(close, "POST", _xsrf=client.cookies["_xsrf"]))[0] for _ in range(2)]
        record["closed kernel"] = kernel in kernels

    serve(tmp_path_factory.mktemp("served"), scenario, "--ExplorerServer.keep_minutes=7")
    return record


def test_address_has_a_token_and_nothing_is_answered_without(answers):
    address, token = answers["address"]
    assert len(token) >= 32
    assert address.endswith(f"/?token={token}")
    for path, (status, text) in answers["without"].items():
        assert status == 403, path
        assert "token=" in text
        assert len(text) < 400


def test_other_names_of_the_server_are_refused(answers):
    assert answers["hosts"] == [403, 403, 403, 403, 403]
    assert answers["local"] == [200, 200, 200]


def test_page_is_served_with_its_token_and_then_by_cookie(answers):
    status, text = answers["page"]
    assert status == 200
    assert "42" in text
    assert answers["static"] == 200
    assert answers["kernel"] == [403, 200]


def test_nothing_but_the_page_is_served(answers):
    assert set(answers["others"].values()) == {404}


def test_channels_need_the_cookie_and_the_same_origin(answers):
    assert answers["foreign"] == [403, 403]


@pytest.mark.skipif(os.name != "posix", reason="private sockets are files of POSIX systems")
def test_kernels_have_private_sockets(answers):
    transport, folder = answers["transport"]
    assert transport == "ipc"
    assert answers["readers"] == 0  # only the user
    assert not folder.exists()  # the kernel has ended


def test_kernel_of_a_page_that_has_gone_is_ended_after_the_time_out(answers):
    assert answers["timeout"] == 7 * 60
    assert (answers["open"], answers["just gone"], answers["long gone"]) == (True, True, False)


def test_page_closes_its_kernel_and_others_may_not(answers):
    assert answers["forged"] == [403, 403, 403]
    assert answers["forged kernel"]
    assert answers["closed"] == [204, 204]
    assert not answers["closed kernel"]
    assert "_xsrf" in answers["cookies"]


def test_server_behind_a_login_has_no_token_but_checks_names(tmp_path):
    record = {}

    async def scenario(server, client):
        record["address"] = server.display_url
        hosts = ("bhyt.example.vn", "bhyt.example.vn:443", "localhost", "evil.example")
        record["hosts"] = [(await client.fetch("/voila/static/voila.js", host=host))[0] for host in hosts]
        record["closed"] = (await client.fetch("/voila/api/shutdown/1-2-3-4-5", "POST"))[0]

    options = ("--ExplorerServer.with_token=False", "--ExplorerServer.allowed_hosts=bhyt.example.vn")
    serve(tmp_path, scenario, *options)
    assert "token" not in record["address"]
    assert record["hosts"] == [200, 200, 200, 403]
    assert record["closed"] == 403


def test_options_of_the_server_go_with_voila_only(capsys):
    for options in (["--no-token"], ["--allow-host", "x.vn"], ["--keep-minutes", "3"]):
        assert main(["explore", *options, "--lang", "en"]) == UNUSABLE
        assert "--voila only" in capsys.readouterr().err


def test_command_keeps_the_working_folder_out_of_the_path():
    """A file html.py there would hide the library's, and Voilà would run a voila_config.py."""
    command = launch.voila_command({}, token=False, hosts=["a.vn", "b.vn"], keep_minutes=3)
    assert command[:3] == [sys.executable, "-P", "-m"]
    server = ExplorerServer()
    server.parse_command_line([o for o in command[5:] if o.startswith("--Exp")])
    assert (server.with_token, server.allowed_hosts, server.keep_minutes) == (False, ["a.vn", "b.vn"], 3)
    assert server.config_file_paths == []
    assert "--VoilaConfiguration.file_denylist=.*" in launch.lab_command({})
