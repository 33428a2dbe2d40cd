"""Run a Python kernel without the configuration of IPython that the user or the system has.

A start-up file that ends the process, or an extension that is missing, would otherwise break every notebook of a
batch, and notebooks would not be the same for everyone.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipykernel.kernelapp import IPKernelApp


def plain_kernel_app() -> type[IPKernelApp]:
    """Return Jupyter's Python kernel, but for the files of configuration and start-up that it reads."""
    from ipykernel.kernelapp import IPKernelApp

    class PlainKernelApp(IPKernelApp):
        def load_config_file(self, *args: object, **kwargs: object) -> None:
            """Read no file."""

        def init_profile_dir(self) -> None:
            """Make the folder of IPython first: of several kernels that start at once in a new home one would fail."""
            Path(self.ipython_dir).mkdir(parents=True, exist_ok=True)
            super().init_profile_dir()

        def load_config_environ(self) -> None:
            """Read no variable."""

        def _run_startup_files(self) -> None:
            """Run no file."""

    return PlainKernelApp


if __name__ == "__main__":
    # `-m` puts the working directory first: a file of the user must not hide a library.
    del sys.path[0]
    plain_kernel_app().launch_instance()
