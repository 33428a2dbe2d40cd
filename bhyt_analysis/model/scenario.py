"""What if the law were another one? A scenario is a small file that an analyst writes."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

from bhyt_analysis.law.law import Law
from bhyt_analysis.words import BhytError, nearest

KEYS = ("name", "reforms")


@dataclass(frozen=True, eq=False)
class Scenario:
    """A name and the reforms that are laid over the law, in their order."""

    name: str
    reforms: tuple[Law, ...] = ()

    @classmethod
    def read(cls, path: str | Path) -> Scenario:
        """A TOML file with ``name`` and ``reforms``, the law files by their path from it.

        Raises
        ------
        BhytError
            for a file that is not there or not TOML, an unknown key, a missing name.
        LawError
            for a reform that can't be used.
        """
        file = Path(path)
        try:
            told = tomllib.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise BhytError(("error.no_such_file", {"file": file})) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise BhytError(("error.scenario_file", {"file": file.name, "what": str(error)})) from None
        faults = [
            ("error.scenario_key", {"file": file.name, "found": k, "nearest": nearest(k, KEYS) or ", ".join(KEYS)})
            for k in told
            if k not in KEYS
        ]
        if not isinstance(told.get("name"), str) or not told["name"].strip():
            faults.append(("error.scenario_name", {"file": file.name}))
        reforms = told.get("reforms", [])
        if not isinstance(reforms, list) or not all(isinstance(r, str) for r in reforms):
            faults.append(("error.scenario_reforms", {"file": file.name}))
        if faults:
            raise BhytError(*faults)
        return cls(told["name"], tuple(Law.read(file.parent / r) for r in reforms))

    def over(self, law: Law) -> Law:
        """The law with the scenario's reforms laid over it."""
        return reduce(Law.__or__, self.reforms, law)
