"""Hold the configuration of warm kernels, and what the warm process and its clients have agreed on."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

VARIABLE = "BHYT_WARM"  # the configuration as JSON, for programs that start warm kernels without calling us
START_SECONDS = 120  # for the libraries on a busy machine with a slow disk
KERNEL, REHEARSAL = b"k", b"r"  # the requests that the warm process answers
# Charts are shown in the notebook, whatever the user has chosen for windows, also one that does not exist.
INLINE_CHARTS = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class WarmConfig:
    """Libraries that are loaded once for all kernels, and a notebook that is run once before kernels are forked.

    Examples
    --------
    >>> WarmConfig.from_json(WarmConfig(libraries=["decimal"]).to_json()).libraries
    ['decimal']
    """

    libraries: Sequence[str] = ()  # besides those that kernels, pandas and matplotlib need
    rehearsal_notebook: str = ""  # its path; "" is none
    rehearsal_parameters: Mapping[str, object] = field(default_factory=dict)  # replace those of its tagged cell
    rehearsal_seconds: int = 60  # a rehearsal that takes longer ends the process, and kernels go without it
    threads: int = 1  # of each numerical library: kernels side by side share the processors
    variables: Mapping[str, str] = field(default_factory=dict)  # of the environment, in place of the program's

    @classmethod
    def from_json(cls, text: str) -> WarmConfig:
        """Read a configuration; what is not in the text has its default."""
        return cls(**json.loads(text))

    def to_json(self) -> str:
        """Write the configuration as JSON."""
        return json.dumps(asdict(self))

    def environment(self) -> dict[str, str]:
        """Return the variables, and those that limit the threads; of these, what is set already keeps its value."""
        return {name: os.environ.get(name, str(self.threads)) for name in THREADS} | dict(self.variables)
