"""Name the languages of what people read."""

LANGUAGES = ("vi", "en")


def check_lang(lang: str) -> str:
    """Return the language, or raise an error that lists those there are."""
    if lang not in LANGUAGES:
        raise ValueError(f'lang is "{lang}"; expected one of {", ".join(LANGUAGES)}')
    return lang
