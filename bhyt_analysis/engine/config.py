"""Hold the configuration of warm kernels."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

VARIABLE = "BHYT_WARM"  # the configuration as JSON, for programs that start warm kernels without calling us
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class WarmConfig:
    """Libraries that are loaded once for all kernels, and a notebook that is run once before kernels are forked.

    Parameters
    ----------
    libraries : modules to import, besides those that kernels, pandas and matplotlib need.
    rehearsal_notebook : path of the notebook; "" is none.
    rehearsal_parameters : values that replace those of its cell tagged ``parameters``.
    rehearsal_seconds : a rehearsal that takes longer ends the process, and kernels go without it.
    threads : threads of each numerical library. Kernels that run side by side share the processors: with a
        thread for each processor in each kernel they slow each other down.

    Examples
    --------
    >>> WarmConfig.from_json(WarmConfig(libraries=["decimal"]).to_json()).libraries
    ['decimal']
    """

    libraries: Sequence[str] = ()
    rehearsal_notebook: str = ""
    rehearsal_parameters: Mapping[str, object] = field(default_factory=dict)
    rehearsal_seconds: int = 60
    threads: int = 1

    @classmethod
    def from_json(cls, text: str) -> WarmConfig:
        """Read a configuration; what is not in the text has its default."""
        return cls(**json.loads(text))

    def to_json(self) -> str:
        """Write the configuration as JSON."""
        return json.dumps(asdict(self))

    def thread_limits(self) -> dict[str, str]:
        """Return the environment variables that limit the threads; those that are set already keep their value."""
        return {name: os.environ.get(name, str(self.threads)) for name in THREADS}
