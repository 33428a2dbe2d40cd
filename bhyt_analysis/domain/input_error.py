"""Raise all errors of an input together, each with its file, row and column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bhyt_analysis.domain.causes import causes
from bhyt_analysis.domain.findings import Finding
from bhyt_analysis.i18n.messages import BhytError

# Rules of an input that can't be read at all.
UNREADABLE = {"not_utf8", "csv_quotes", "csv_cells", "not_a_table", "wrong_kind", "empty_input"}
Fault = tuple[str, Mapping[str, object]]  # key of a message, and its fields


def fault_error(faults: Iterable[Fault]) -> BhytError:
    """Return one error that names all faults."""
    return BhytError(*((key, dict(fields)) for key, fields in faults))


def raise_faults(faults: Iterable[Fault]) -> None:
    """Raise one `BhytError` that names all faults, if there are any."""
    if faults := list(faults):
        raise fault_error(faults)


class InputError(BhytError):
    """An input that can't be used; its text has one sentence for each cause.

    Attributes
    ----------
    findings
        every offence with its place.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp(), "cards.csv")
    >>> _ = file.write_text("area,as_of,group,cards\\n219,2021-13-31,household,5", encoding="utf-8")
    >>> try:
    ...     bhyt.load(file)
    ... except bhyt.InputError as error:
    ...     print([f.rule for f in error.findings if f.severity == "error"])
    ['bad_cell']
    """

    def __init__(self, *findings: Finding) -> None:
        self.messages = findings  # type: ignore[assignment]
        self.findings = list(findings)
        ValueError.__init__(self, self.text("en"))

    @property
    def unreadable(self) -> bool:
        """True if a file could not even be read."""
        return any(f.rule in UNREADABLE for f in self.findings)

    def text(self, lang: str | None = None) -> str:
        """Return the errors, one sentence a line for each cause.

        Parameters
        ----------
        lang
            "vi" or "en"; None is the language of `bhyt_analysis.lang`.

        Returns
        -------
        str
            The sentences.

        Raises
        ------
        BhytError
            for another language.

        Examples
        --------
        >>> bhyt.InputError().text("vi")
        ''
        """
        return "\n".join(cause.message(lang) for cause in causes(self.findings) if cause.first.severity == "error")
