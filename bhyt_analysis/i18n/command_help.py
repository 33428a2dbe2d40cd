"""Commands of click whose help and errors are in Vietnamese or English."""

from __future__ import annotations

import locale
import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from bhyt_analysis.i18n.failures import failure
from bhyt_analysis.i18n.languages import LANGUAGES
from bhyt_analysis.i18n.messages import BhytError, has_message, nearest_choice, nearest_choices, translate


def requested_language(words: Sequence[str]) -> str | None:
    """Return the language of ``--lang`` before the call is parsed: help and errors follow it."""
    for word, following in zip(words, [*words[1:], ""], strict=False):
        value = following if word == "--lang" else word.removeprefix("--lang=")
        if word.startswith("--lang") and value in LANGUAGES:
            return value
    return None


def put_language_last(words: Sequence[str]) -> list[str]:
    """Return a call with ``--lang`` after its command, where it may be before it; without a command it is left out.

    Examples
    --------
    >>> put_language_last(["--lang", "en", "law"]), put_language_last(["--help", "--lang=en"])
    (['law', '--lang', 'en'], ['--help'])
    """
    first = next((i for i, word in enumerate(words) if not word.startswith("--") or word.startswith("--lang")), 0)
    if not words or not words[first].startswith("--lang"):
        return list(words)
    end = first + (1 if "=" in words[first] else 2)
    rest = [*words[:first], *words[end:]]
    return [*rest, *words[first:end]] if any(not word.startswith("-") for word in rest) else rest


def locale_language() -> str:
    """Return "vi" where the locale is Vietnamese, else "en"."""
    name = os.environ.get("LC_ALL") or os.environ.get("LANG") or locale.getlocale()[0] or ""
    return "vi" if name.lower().startswith(("vi", "vietnamese")) else "en"


def usage_error(error: click.ClickException, lang: str) -> str:
    """Return the sentence about a call that click refuses."""
    if isinstance(error, click.NoSuchOption):
        options = [o for p in (error.ctx.command.params if error.ctx else ()) for o in p.opts if o.startswith("--")]
        if nearest := nearest_choice(error.option_name, options):
            return translate("usage.no_option", lang, found=error.option_name, nearest=nearest)
        command = error.ctx.command_path if error.ctx else ""
        return translate("usage.unknown_option", lang, found=error.option_name, command=command)
    if isinstance(error, click.MissingParameter) and error.param:
        name = error.param.opts[0] if isinstance(error.param, click.Option) else error.param.human_readable_name.upper()
        command = (error.ctx and error.ctx.info_name) or ""
        return translate("usage.missing", lang, name=name, command=command)
    if isinstance(error, click.BadOptionUsage):  # click tells the two kinds apart by their text alone
        key = "usage.no_value" if "does not take" in error.message else "usage.needs_value"
        return translate(key, lang, option=error.option_name)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error.format_message()
    context = getattr(error, "ctx", None)
    return translate("usage.other", lang, command=context.info_name if context else "")


MANY_OPTIONS = 12  # from which a help has sections
MANY_CHOICES = 12  # above which only the nearest are named
# The options of each section, but for the first.
SECTIONS = {
    "section_input": ("numbers", "answers", "as_of", "scenario", "decision"),
    "section_run": (
        "jobs", "engine", "timeout", "notebook_timeout", "dask", "memory", "fresh", "verbose", "profile", "seed",
    ),
}  # fmt: skip


class Command(click.Command):
    """A command whose help is in the language of the context."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Let an option that may be repeated take several words: ``--area A B`` is ``--area A --area B``."""
        repeated = {o for p in self.params if p.multiple for o in p.opts}
        words: list[str] = []
        option = ""
        for word in args:
            if word.startswith("-"):
                option = word if word in repeated else ""
            elif option and words[-1] != option:
                words.append(option)
            words.append(word)
        is_leaf = not isinstance(self, click.Group)
        ctx.allow_extra_args = ctx.allow_extra_args or is_leaf
        rest = super().parse_args(ctx, words)
        if rest and is_leaf and not ctx.resilient_parsing:
            raise BhytError(("usage.extra", {"found": " ".join(rest), "command": ctx.info_name}))
        return rest

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the first sentence of the help, whole."""
        context = click.get_current_context(silent=True)  # there is none while a shell completes
        return translate(f"command.{self.name}", context.obj if context else locale_language())

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write how the command is called."""
        self.options_metavar = translate("help.options_metavar", ctx.obj)
        prefix = translate("help.usage", ctx.obj) + " "
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), prefix)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the command does."""
        formatter.write_paragraph()
        formatter.write_text(translate(f"command.{self.name}", ctx.obj))
        names = [p.name for p in self.params if isinstance(p, click.Argument)]
        if name := next((n for n in ("input", "inputs") if n in names), "" if self.params else "input"):
            formatter.write_paragraph()
            formatter.write_text(translate(f"option.{name}", ctx.obj))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options; many of them in sections by what they are about."""
        options = [p for p in self.get_params(ctx) if isinstance(p, Option)]
        sections = {key: [o for o in options if o.name in names] for key, names in SECTIONS.items()}
        if len(options) < MANY_OPTIONS:
            sections = {"options": options}
        else:
            own = {o for part in sections.values() for o in part}
            sections = {"options": [o for o in options if o not in own], **sections}
        for key, part in sections.items():
            records = [o.get_help_record(ctx) for o in sorted(part, key=lambda o: o.name == "lang")]
            if key == "options":
                records.append(("--help", translate("option.help", ctx.obj)))
            with formatter.section(translate(f"help.{key}", ctx.obj)):
                formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the example."""
        if has_message(f"call.{self.name}"):
            formatter.write_paragraph()
            formatter.write(translate("help.example", ctx.obj, example=translate(f"call.{self.name}", ctx.obj)) + "\n")


class Group(Command, click.Group):
    """The command ``bhyt`` with its sub-commands."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the sub-command, or name the nearest."""
        if args[0] not in self.commands and not args[0].startswith("-"):
            nearest = nearest_choice(args[0], self.commands) or ", ".join(self.commands)
            raise BhytError(("usage.no_command", {"found": args[0], "nearest": nearest}))
        return click.Group.resolve_command(self, ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the sub-command; BhytError in place of an error of the system.

        Click takes each broken pipe for the end of the reader of standard output, and ends without a word.
        """
        try:
            return super().invoke(ctx)
        except (OSError, EOFError) as error:
            raise failure(error) from error

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Return the words of the usage line."""
        return [translate("help.options_metavar", ctx.obj), translate("help.command_metavar", ctx.obj)]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sub-commands, then the options."""
        with formatter.section(translate("help.commands", ctx.obj)):
            formatter.write_dl([(name, command.get_short_help_str()) for name, command in self.commands.items()])
        Command.format_options(self, ctx, formatter)


class Option(click.Option):
    """An option whose help is a message."""

    def __init__(self, names: Sequence[str], message: str = "", **settings: Any) -> None:
        super().__init__(names, **settings)
        self.message = message or names[0].removeprefix("--").replace("-", "_")

    def get_help_record(self, ctx: click.Context) -> tuple[str, str]:
        """Return the option and its help in the language of the context."""
        fields = {"choices": ", ".join(self.type.choices())} if isinstance(self.type, Choice) else {}
        text = translate(f"option.{self.message}", ctx.obj, **fields)
        required = f"  [{translate('help.required', ctx.obj)}]" if self.required else ""
        return " ".join(filter(None, [", ".join(self.opts), self._value_name(ctx.obj)])), text + required

    def _value_name(self, lang: str) -> str:
        """Return what is written in place of the value, in a language."""

        def worded(match: re.Match[str]) -> str:
            key = f"metavar.{match[0].lower()}"
            return translate(key, lang) if has_message(key) else match[0]

        return "" if self.is_flag else re.sub(r"\b[A-Z_]+\b", worded, self.metavar or "")


class Choice(click.ParamType):
    """One of the choices that the library has; the library is asked when the option is used."""

    name = "choice"

    def __init__(self, choices: Callable[[], Iterable[str]], several: bool = False) -> None:
        self.choices, self.several = choices, several

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str | tuple[str, ...]:
        """Return the choice, or several divided by commas; raise with all that there are."""
        choices, words = list(self.choices()), tuple(value.split(",")) if self.several else (value,)
        chosen = tuple(self._find(word.strip(), choices, _name(param)) for word in words)
        return chosen if self.several else chosen[0]

    @staticmethod
    def _find(word: str, choices: list[str], option: str) -> str:
        """Return the choice of a word, whatever its case and the marks between its parts."""
        plain = re.sub("[_ ]", "-", word.casefold())
        if chosen := next((c for c in choices if c.casefold().replace("_", "-") == plain), None):
            return chosen
        fields = {"option": option, "found": word, "choices": ", ".join(choices)}
        if not (nearest := nearest_choices(word, choices)):
            raise BhytError(("usage.choice", fields))
        if len(choices) > MANY_CHOICES:  # such as the groups
            raise BhytError(("usage.choice_of_many", {**fields, "nearest": ", ".join(nearest)}))
        raise BhytError(("usage.choice_near", {**fields, "nearest": nearest[0]}))

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return the choices that begin with what is typed."""
        return [CompletionItem(c) for c in self.choices() if c.startswith(incomplete)]


class Whole(click.IntRange):
    """A whole number of ``min`` or more."""

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number."""
        if not re.fullmatch(r"\d+", str(value)) or int(value) < (self.min or 0):
            raise BhytError(("usage.whole_number", {"option": _name(param), "found": value, "minimum": self.min}))
        return int(value)


class Parsed(click.ParamType):
    """A value that a function of the library reads from text; an error of it names the option.

    The command gets the value as text, such as "0.906" or "2022-06-30".
    """

    def __init__(self, parse: Callable[[str], object]) -> None:
        self.name, self.parse = parse.__name__, parse

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the value as text."""
        try:
            return str(self.parse(value))
        except BhytError as error:
            raise OptionError(_name(param), error) from None


class OutputFile(click.ParamType):
    """A file to write, whose name says what is written into it."""

    name = "file"

    def __init__(self, suffix: str) -> None:
        self.suffix = suffix

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the path; raise for a name with another suffix, or of a folder."""
        path = Path(value)
        if path.suffix.lower() != self.suffix:
            example = path.with_suffix(self.suffix) if path.name else f"a{self.suffix}"
            fields = {"option": _name(param), "found": value, "suffix": self.suffix, "example": example}
            raise BhytError(("usage.suffix", fields))
        if path.is_dir():
            raise BhytError(("usage.is_folder", {"option": _name(param), "found": value}))
        return value


class OutputFolder(click.ParamType):
    """A folder to write to, which is made if it is missing."""

    name = "folder"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the path; raise for a file, and for a name that only a file has."""
        if Path(value).is_file() or Path(value).suffix.lower() in _FILE_SUFFIXES:
            raise BhytError(("usage.is_file", {"option": _name(param), "found": value}))
        return value


_FILE_SUFFIXES = (".html", ".docx", ".pptx", ".pdf", ".xlsx", ".xls", ".csv", ".zip", ".png", ".ipynb", ".json")


class OptionError(BhytError):
    """What is wrong with the value of an option."""

    def __init__(self, option: str, error: BhytError) -> None:
        self.option = option
        super().__init__(*error.messages)

    def text(self, lang: str | None = None) -> str:
        """Return the sentence with the option before it."""
        return f"{self.option}: {super().text(lang)}."


def _name(param: click.Parameter | None) -> str:
    if isinstance(param, click.Argument):
        return param.metavar or param.human_readable_name.upper()
    return param.opts[0] if param else ""
