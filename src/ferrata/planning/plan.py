"""What a project would be, without writing it: services, features, files, variables, next level."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ferrata.answers import verdict, warnings
from ferrata.base import Exit, Failure, need_git, say, say_json
from ferrata.planning.words import Plan, at_a_glance, in_full, warned
from ferrata.template import (
    Template,
    built_in,
    environment,
    opened,
    project_files,
    variables,
    warn_if_dirty,
)

ASSIGNMENT = re.compile(r"^([A-Za-z_][A-Za-z0-9_]*)=", re.MULTILINE)
SERVICES, VARIABLES = "tools/services.toml", ".env.example"


def show_plan(
    answers: Mapping[str, Any], file: Path, to: int | None, *, full: bool, as_json: bool
) -> Exit:
    """Print the plan, or what is wrong with the answers."""
    need_git()
    source = built_in()
    warn_if_dirty(source)
    with opened(source) as template:
        if template.rules.problems(answers):
            return verdict(template.rules, answers, file, as_json=as_json)
        made = plan(template, answers)
        level = to or next_level(template, made.level)
        price = climb(template, answers, level) if level else None
        advice = warnings(template.rules, answers)
    if as_json:
        say_json({**asdict(made), "climb": price, "warnings": advice})
    else:
        lines = in_full(made, price) if full else at_a_glance(made, price)
        say("\n".join([*lines, *warned(advice)]))
    return Exit.GREEN


def plan(template: Template, answers: Mapping[str, Any]) -> Plan:
    """Work out a plan from answers that were checked."""
    rules, jinja = template.rules, environment(template)
    known = variables(template, jinja, answers)
    files = project_files(template, jinja, known)

    def rendered(path: str) -> str:
        source, loop = files[path]
        if not source.endswith(".jinja"):
            return (template.tree / source).read_text("utf-8")
        return jinja.get_template(source).render({**known, **loop})

    modules = rules.closure(answers["level"], answers["modules"])
    whole = {**known, **rules.derived(known)}
    included = rules.features(answers["level"], rules.layers(answers))
    return Plan(
        level=answers["level"],
        modules=modules,
        services=_services(rendered(SERVICES)),
        infrastructure=rules.infrastructure(whole),
        events=rules.described_events(whole),
        features=[_feature(feature) for feature in included],
        skipped=[_skipped(f) for f in rules.catalog()["features"] if f not in included],
        files=sorted([*files, *template.hooks.MADE]),
        environment=ASSIGNMENT.findall(rendered(VARIABLES)),
        work=rules.work_list(whole),
    )


def _services(toml: str) -> list[dict[str, Any]]:
    """Every service that runs; a worker is a process without a port."""
    runs = tomllib.loads(toml)
    services = {**runs["services"], **runs.get("processes", {})}
    return [{"name": name, "port": service.get("port")} for name, service in services.items()]


def _feature(feature: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": feature["name"], "title": feature["title"].replace("`", "")}


def _skipped(feature: Mapping[str, Any]) -> dict[str, Any]:
    """A feature that is not there, with what would bring it."""
    brings = {key: feature[key] for key in ("module", "provider", "level") if key in feature}
    if "module" in brings and brings["level"] == 1:
        del brings["level"]
    return {**_feature(feature), "brought_by": brings}


def climb(template: Template, answers: Mapping[str, Any], level: int) -> dict[str, Any]:
    """What going to a level would add."""
    here, rules = answers["level"], template.rules
    if level <= here:
        raise Failure(
            f"--to {level} is not above the level of the answers, {here}; a level is never lowered"
        )
    # The modules that the level brings come with it.
    before = rules.features(here, rules.layers(answers))
    after = rules.features(level, rules.layers({**answers, "level": level}))
    reason = rules.unavailable("level", level)
    added = {
        "level": level,
        "unavailable": reason or None,
        "features": [_feature(f) for f in after if f not in before],
    }
    if reason:
        return added
    now, then = plan(template, answers), plan(template, {**answers, "level": level})
    return {
        **added,
        "files": _new(now.files, then.files),
        "environment": _new(now.environment, then.environment),
    }


def _new(before: Iterable[str], after: Iterable[str]) -> list[str]:
    known = set(before)
    return [item for item in after if item not in known]


def next_level(template: Template, level: int) -> int | None:
    """The level above, if there is one."""
    levels = [row["level"] for row in template.rules.catalog()["levels"]]
    return min((other for other in levels if other > level), default=None)
