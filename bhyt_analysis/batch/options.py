"""Hold and check the options of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

from bhyt_analysis.documents.formats import FORMATS, check_formats
from bhyt_analysis.i18n.cards import HasCard, Rows
from bhyt_analysis.i18n.dates import DateLike, parse_date
from bhyt_analysis.i18n.languages import check_lang
from bhyt_analysis.i18n.languages import lang as chosen_lang
from bhyt_analysis.i18n.messages import BhytError, translate
from bhyt_analysis.tables.disclosure import disclosure_rules
from bhyt_analysis.tables.internal_copy import DISCLOSURE, check_disclosure

ENGINES = ("auto", "warm", "standard")
SEED = 1
NOTEBOOK_SECONDS = 1800  # a notebook that takes longer hangs, and with it the batch


@dataclass(frozen=True, repr=False)
class BatchOptions(HasCard):
    """Options of `run_batch`.

    Parameters
    ----------
    jobs
        processes; by default one for each processor that this process may use.
    engine
        "standard" starts a kernel for each notebook, "warm" forks it from a process that has loaded all libraries
        (Linux). "auto" is "warm" where that works; if the two differ on the first of 8 areas or more, "standard".
    dask
        address of the scheduler of a Dask cluster (``bhyt-analysis[cluster]``); a worker builds one area at a time.
    lang, as_of, scenario, decision, seed
        parameters of the notebook.
    numbers, answers
        how numbers in text cells are written, and a file of answers on the input, as for `load`.
    timeout, notebook_timeout
        seconds that a cell, and a whole notebook, may take; None is no limit.
    memory_mb
        megabytes that a notebook may use (Linux); by default its share of four fifths of the machine.
    fresh
        build every area again, also what has not changed.
    progress, verbose, profile
        on standard error, what else the names of ``areas`` mean and a bar, if that is a terminal; a line for every
        area; at the end the seconds of each cell over all areas, the slowest first.
    disclosure
        "off" hides no small count and marks every page, sheet and slide as an internal copy.
    round
        round counts of persons to multiples of this, at least 5, in place of hiding small ones; with ``seed``.
    formats
        of "html" (always written) and the other `documents.formats.FORMATS`.

    Raises
    ------
    BhytError
        for an engine, a language, a date, a format or a disclosure that does not exist, or a rounding that does
        not protect small counts.

    Examples
    --------
    >>> BatchOptions(formats=["docx"]).formats
    ('html', 'docx')
    """

    jobs: int | None = None
    engine: str = "auto"
    dask: str | None = None
    lang: str = field(default_factory=chosen_lang)
    numbers: str | None = None
    answers: str | Path | None = None
    as_of: DateLike | None = None
    scenario: str | Path | None = None
    decision: str | None = None
    seed: int = SEED
    timeout: int | None = None
    notebook_timeout: int | None = NOTEBOOK_SECONDS
    memory_mb: int | None = None
    fresh: bool = False
    progress: bool = False
    verbose: bool = False
    profile: bool = False
    disclosure: str = DISCLOSURE[0]
    round: int | None = None
    formats: Sequence[str] = FORMATS[:1]

    def card(self) -> tuple[str, Rows]:
        """Return each option as code has it."""
        return translate("card.batch_options"), [(f.name, repr(getattr(self, f.name))) for f in fields(self)]

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise BhytError(("error.bad_engine", {"found": self.engine, "expected": ", ".join(ENGINES)}))
        check_lang(self.lang)
        check_disclosure(self.disclosure)
        if self.round is not None and (self.round < disclosure_rules()["threshold"] or self.disclosure == "off"):
            raise BhytError(("error.bad_round", {"found": self.round}))
        object.__setattr__(self, "formats", check_formats(self.formats))
        object.__setattr__(self, "as_of", self.as_of if self.as_of is None else str(parse_date(self.as_of)))
