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
