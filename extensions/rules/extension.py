"""What Copier calls: the checks around the questions, and all that templates use."""

import functools
import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import yaml
from jinja2 import Environment, Template, pass_context
from jinja2.ext import Extension
from jinja2.runtime import Context

from .catalog import CatalogError, catalog, schema
from .checks.availability import choices, provided
from .checks.validation import problems
from .documents import cell, item, prose, requirement_state, sentence
from .entities.model import data_model
from .files.owners import paths_of
from .files.recorded import fingerprint
from .layers import knowing
from .layout.imports import as_members
from .layout.modules import python
from .licences import licence_text
from .names import class_name, kebab, words
from .open_answers import question
from .papers import described_endpoints, described_events, work_list
from .parts import components, packages, present, services
from .selection import closure, features, layers, phases


def _as_given(context: Context) -> dict[str, Any]:
    """The answers that were passed in, with values of the command line read as YAML.

    What Copier and Jinja put into the context themselves is no answer.
    """
    own = {*context.environment.globals, *COPIER_NAMES}
    values = {
        name: context[name]
        for name in context.get_all()
        if not name.startswith("_") and name not in own
    }
    return {
        name: _parsed(name, value)
        for name, value in values.items()
        if value != "" or name not in OPTIONAL_TEXTS
    }


# Copier stores an unanswered optional question as an empty text.
OPTIONAL_TEXTS = frozenset({"function", "function_reason"})
COPIER_NAMES = frozenset({"UNSET", "make_secret", "now"})


def _parsed(name: str, value: object) -> object:
    wanted = schema()["properties"].get(name, {})
    if not isinstance(value, str) or "type" not in wanted or wanted["type"] == "string":
        return value
    try:
        return yaml.safe_load(value)
    except yaml.YAMLError:
        return value


def _stop_at(found: Sequence[object]) -> None:
    if found:
        from copier.errors import UserMessageError  # noqa: PLC0415  (only Copier itself gets here)

        raise UserMessageError("\n".join(map(str, found)))


@pass_context
def given(context: Context, defaults: bool) -> str:  # noqa: FBT001
    """Stop Copier if what was passed in is wrong; with `--defaults` also if it is not all."""
    try:
        _stop_at(problems(_as_given(context), complete=defaults))
    except CatalogError as error:
        _stop_at([error])
    return ""


@pass_context
def checked(context: Context) -> str:
    """Stop Copier if the complete answers are wrong."""
    known = schema()["properties"]
    answers = {name: value for name, value in _as_given(context).items() if name in known}
    _stop_at(problems(answers))
    return ""


@pass_context
def chosen_layers(context: Context) -> list[str]:
    """Give all that the answers bring besides the levels."""
    return layers(_as_given(context))


@pass_context
def fault(context: Context, name: str) -> str:
    """Say at the question what is wrong with the answer to it.

    With `--defaults` nothing is asked, and what was passed in is checked by then.
    """
    if context["_copier_conf"]["defaults"]:
        return ""
    known = schema()["properties"]
    answers = {key: value for key, value in _as_given(context).items() if key in known}
    return "; ".join(
        problem.message if problem.path == name else str(problem)
        for problem in problems(answers, complete=False)
        if re.split(r"[.\[]", problem.path, maxsplit=1)[0] == name
    )


def _compiling_once(environment: Environment) -> Callable[..., Template]:
    """Make `from_string` remember, for Copier compiles each part of each path anew.

    Preprocessing is done every time all the same: there Copier's `yield` tag starts afresh.
    """
    compiled = functools.cache(environment.from_string)

    def from_string(source: str, **options: Any) -> Template:
        environment.preprocess(source)
        return compiled(source, **options)

    return from_string


class Answers(Extension):
    """Gives the templates the checks, the data model and the naming filters."""

    def __init__(self, environment: Environment) -> None:
        """Register everything that templates may call."""
        super().__init__(environment)
        environment.from_string = _compiling_once(environment)  # type: ignore[method-assign]
        environment.context_class = knowing(environment.context_class)
        environment.filters.update(
            class_name=class_name,
            kebab=kebab,
            words=words,
            data_model=data_model,
            python=python,
            as_members=as_members,
            cell=cell,
            item=item,
            prose=prose,
            sentence=sentence,
            requirement_state=requirement_state,
            fingerprint=fingerprint,
            present=present,
            # JSON strings are valid in TOML, YAML and Python alike.
            quoted=functools.partial(json.dumps, ensure_ascii=False),
        )
        environment.globals.update(
            given=given,
            checked=checked,
            fault=fault,
            licence_text=licence_text,
            question=question,
            choices=choices,
            chosen_layers=chosen_layers,
            closure=closure,
            features=features,
            phases=phases,
            provided=provided,
            catalog=catalog,
            components=components,
            described_endpoints=described_endpoints,
            described_events=described_events,
            packages=packages,
            paths_of=paths_of,
            services=services,
            work_list=work_list,
        )
