"""Choose the language of what people read, where a call does not name one."""

from __future__ import annotations

LANGUAGES = ("vi", "en")
_chosen = ""  # by `lang`, in this process alone


def lang(language: str | None = None) -> str:
    """Choose the language of all that follows, where a call names none; return the language that is chosen.

    It holds for this process: charts, labels, texts, the cards of objects, errors, and the briefings and batches whose
    options are made from now on. A ``lang`` of a call goes before it.

    Parameters
    ----------
    language
        "vi" or "en"; None changes nothing.

    Returns
    -------
    str
        The language in use. Until one is chosen it is Vietnamese, and errors, which programmers look up, English.

    Raises
    ------
    BhytError
        for another language.

    Examples
    --------
    >>> import bhyt_analysis as bhyt
    >>> bhyt.lang("en")
    'en'
    >>> bhyt.area(bhyt.load(), "Sơn Dương").name()
    'Sơn Dương district'
    >>> bhyt.lang("vi"), bhyt.area(bhyt.load(), "Sơn Dương").name()
    ('vi', 'huyện Sơn Dương')
    """
    global _chosen
    if language is not None:
        _chosen = check_lang(language)
    return _chosen or LANGUAGES[0]


def check_lang(language: str | None) -> str:
    """Return the language, or that which is chosen for None; raise an error that lists those there are for another."""
    if language is None:
        return lang()
    if language not in LANGUAGES:
        from bhyt_analysis.i18n.messages import BhytError  # which needs languages

        raise BhytError(("error.bad_lang", {"found": language, "expected": ", ".join(LANGUAGES)}))
    return language


def error_lang() -> str:
    """Return the language of ``str(error)``."""
    return _chosen or "en"
