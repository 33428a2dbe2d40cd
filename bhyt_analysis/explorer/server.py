"""Serve the explorer as a page of Voilà, to those who have its address: the server of ``bhyt explore --voila``.

Voilà alone answers everybody, under any name, and serves pictures of the notebook's folder. Here every request needs
the token of the address (or the cookie that it leaves) and a name that was allowed; only what the page needs is
served; kernels have private sockets, and end with their page.
"""

from __future__ import annotations

import datetime as dt
import inspect
import re
import webbrowser
from functools import partial
from html import escape
from pathlib import Path
from threading import Thread
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.base.call_context import CallContext
from jupyter_server.base.handlers import FileFindHandler, JupyterHandler
from jupyter_server.log import log_request
from jupyter_server.services.kernels.handlers import KernelHandler
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager, ServerKernelManager
from jupyterlab_server.themes_handler import ThemesHandler
from tornado.web import HTTPError, RequestHandler
from traitlets import Bool, Integer, List, Unicode, default
from voila.app import Voila
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.static_file_handler import MultiStaticFileHandler, TemplateStaticFileHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from bhyt_analysis.engine.provisioner import PrivateKernelManager
from bhyt_analysis.i18n.languages import LANGUAGES
from bhyt_analysis.i18n.messages import translate

WIDGETS = ("@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8")  # the extensions that it needs
MAX_MESSAGE_BYTES = 100_000_000  # an uploaded file larger than this closes the connection, which the page opens again
# What the page loads comes from this server, so that text of an input that became HTML could fetch and send nothing.
CONTENT_SECURITY_POLICY = (
    "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'; object-src 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # the address of the page has the token
    "X-Content-Type-Options": "nosniff",
}


class PageKernel(PrivateKernelManager, ServerKernelManager):
    """The kernel of a page, with private sockets where the system has them."""


class PageKernels(AsyncMappingKernelManager):
    """The kernels of all pages; one whose page has gone is ended after a while, should the page not have done so."""

    @default("kernel_manager_class")
    def _default_kernel_manager_class(self) -> str:
        return f"{PageKernel.__module__}.{PageKernel.__name__}"

    async def start_kernel(self, **options: Any) -> str:  # type: ignore[override]
        """Start the kernel of the page that is being answered."""
        kernel_id: str = await super().start_kernel(**options)
        if isinstance(page := CallContext.get(CallContext.JUPYTER_HANDLER), Page):
            page.kernel_id = kernel_id
        return kernel_id

    def notify_disconnect(self, kernel_id: str) -> None:
        """Count the time-out from here: a page may have been open for hours without a change."""
        super().notify_disconnect(kernel_id)
        if kernel_id in self:
            kernel: Any = self.get_kernel(kernel_id)
            kernel.last_activity = dt.datetime.now(dt.UTC)


class Guard(JupyterHandler):
    """A handler that answers only requests to an allowed name with the token, or the cookie that it leaves."""

    async def prepare(self, *arguments: Any, **options: Any) -> None:
        """Refuse the request unless host, user and, for all but reading, the XSRF token are right."""
        prepared = super().prepare(*arguments, **options)  # checks the host and the XSRF token, and finds the user
        if inspect.isawaitable(prepared):
            await prepared
        if self.current_user is None:
            self.get_login_url()

    def get_login_url(self) -> str:
        """Refuse a request without a user: there is no form to log in."""
        raise HTTPError(403, "no token")

    def write_error(self, status_code: int, **options: Any) -> None:
        """Write a sentence for the reader of a page."""
        key = "explore.no_access" if status_code == 403 else "explore.no_page"
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish("\n\n".join(translate(key, lang) for lang in LANGUAGES) + "\n")


class NoPage(Guard):
    """The answer to every other address."""

    async def prepare(self, *arguments: Any, **options: Any) -> None:
        """Answer that there is no such page, to those who may know it."""
        await super().prepare(*arguments, **options)
        raise HTTPError(404)


class Page(TornadoVoilaHandler):
    """The page of the notebook."""

    kernel_id = ""
    is_gone = False

    async def get(self, path: str | None = None) -> None:
        """Run the notebook and send its page; end the kernel if the reader has left meanwhile."""
        self.xsrf_token  # noqa: B018  sets the cookie that the page sends back when it ends its kernel
        await super().get(None)
        if self.is_gone and self.kernel_id in self.kernel_manager:
            await ensure_async(self.kernel_manager.shutdown_kernel(self.kernel_id))

    def on_connection_close(self) -> None:
        """Note that the reader has left before the page was sent."""
        super().on_connection_close()
        self.is_gone = True


class ClosedPage(VoilaShutdownKernelHandler):
    """What a page sends when it is closed or loaded again; perhaps twice."""

    async def post(self, kernel_id: str) -> None:
        """End the kernel of the page."""
        if kernel_id in self.kernel_manager:
            await ensure_async(self.kernel_manager.shutdown_kernel(kernel_id))
        self.set_status(204)


# The handlers of Voilà that the page needs, and which class answers here; all others are left out.
SERVED: dict[type[RequestHandler], type[RequestHandler]] = {
    TornadoVoilaHandler: Page,
    VoilaShutdownKernelHandler: ClosedPage,
    VoilaKernelWebsocketHandler: VoilaKernelWebsocketHandler,
    KernelHandler: KernelHandler,
    TemplateStaticFileHandler: TemplateStaticFileHandler,
    MultiStaticFileHandler: MultiStaticFileHandler,
    ThemesHandler: ThemesHandler,
    FileFindHandler: FileFindHandler,  # of the extensions
}


def guarded(handler: type[RequestHandler]) -> type[RequestHandler]:
    """Return a handler behind `Guard`."""
    return type(f"Guarded{handler.__name__}", (Guard, handler), {})


class ExplorerServer(Voila):
    """Voilà for the notebook of the explorer."""

    with_token = Bool(True, help="Whether the address has a token; without, only behind a login.").tag(config=True)
    allowed_hosts = List(Unicode(), help="Names of the server besides those of this machine.").tag(config=True)
    keep_minutes = Integer(10, help="How long the kernel of a page is kept that has gone.").tag(config=True)

    @default("config_file_paths")
    def _no_config_files(self) -> list[str]:
        """Return no folders: the working folder may be anybody's, and options of other pages must not weaken this."""
        return []

    def initialize(self, argv: list[str] | None = None) -> None:
        """Read the options."""
        super().initialize(argv)
        self.token = None if self.with_token else ""
        self.auto_token = self.with_token
        configuration = self.voila_configuration
        configuration.allow_template_override = configuration.allow_theme_override = "NO"
        configuration.multi_kernel_manager_class = PageKernels
        configuration.extension_allowlist = list(WIDGETS)

    def init_settings(self) -> dict[str, Any]:
        """Return the settings of the web server."""
        settings: dict[str, Any] = super().init_settings()
        kernels = settings["kernel_manager"]
        kernels.cull_idle_timeout = 60 * self.keep_minutes
        kernels.cull_interval = max(5, min(60, 60 * self.keep_minutes // 4))
        settings["identity_provider"].cookie_options = {"samesite": "Lax"}
        names = [name.lower() for name in self.allowed_hosts]
        if names:  # a server in between may pass on another host than that of the address
            settings["allow_origin_pat"] = rf"https?://({'|'.join(map(re.escape, names))})(:\d+)?$"
        return {
            **settings,
            "default_handler_class": NoPage,
            "allow_remote_access": False,  # the host is checked
            "local_hostnames": ["localhost", *names],
            "headers": HEADERS,
            "log_function": partial(log_request, record_prometheus_metrics=False),  # without the token
            "websocket_max_message_size": MAX_MESSAGE_BYTES,
            "xsrf_cookies": True,
            "xsrf_cookie_kwargs": {"samesite": "Lax", "path": self.base_url},
        }

    def init_handlers(self) -> list[Any]:
        """Return the handlers, each behind `Guard`."""
        patterns = {
            Page: self.server_url,
            TemplateStaticFileHandler: rf"{self.server_url}voila/templates/((?:bhyt|lab|base)/static/[\w-][\w.-]*)",
        }
        handlers = []
        for pattern, handler, *rest in super().init_handlers():
            served = SERVED.get(handler)
            if served is not None:
                handlers.append((patterns.get(served, pattern), guarded(served), *rest))
        return handlers

    def launch_browser(self) -> None:
        """Open the address with its token, through a private file: others can read the arguments of a browser."""
        query = f"?token={self.identity_provider.token}" if self.identity_provider.token else ""
        address = escape(f"{self.connection_url}{query}")
        file = Path(self.connection_dir, "open.html")
        file.touch(mode=0o600)
        file.write_text(f'<meta http-equiv="refresh" content="0;url={address}"><a href="{address}">bhyt</a>\n', "utf-8")
        Thread(target=webbrowser.open, args=(file.as_uri(),), daemon=True).start()


if __name__ == "__main__":
    ExplorerServer.launch_instance()
