"""Write the reference pages that follow from the catalog and the schema: `make docs`."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import typer.main

from ferrata import cli
from ferrata.base import Exit
from ferrata.template import load_module

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
SCHEMA = ROOT / "docs" / "schemas" / "answers.schema.json"

rules = load_module(ROOT / "extensions" / "answers.py")
catalog, schema = rules.catalog, rules.schema
reserved = rules.package.checks.reserved

NOTE = "<!-- Written by docs/generate.py from schemas/; change it there. -->\n"
FROM_CODE = "<!-- Written by docs/generate.py from src/ferrata/; change it there. -->\n"


def pages() -> dict[Path, str]:
    """Every generated page with its content."""
    return {
        REFERENCE / "levels.md": levels(),
        REFERENCE / "modules.md": modules(),
        REFERENCE / "answers.md": answers(),
        REFERENCE / "commands.md": commands(),
        # With the modules that there are, which editors complete.
        SCHEMA: json.dumps(schema(), indent=2, ensure_ascii=False) + "\n",
    }


def levels() -> str:
    """The levels, their thresholds, and the features that each adds."""
    lines = [NOTE, "# Levels\n"]
    lines.append(
        "A level selects scope, never quality: whatever it includes is complete and tested.\n"
    )
    lines += table(
        ("level", "name", "for whom", "coverage gate", "available"),
        (
            (e["level"], e["name"], e["audience"], f">= {e['coverage']} %", yes(e["available"]))
            for e in catalog()["levels"]
        ),
    )
    for entry in catalog()["levels"]:
        added = [
            f for f in catalog()["features"] if f["level"] == entry["level"] and "module" not in f
        ]
        lines.append(f"\n## Level {entry['level']}, {entry['name']}\n")
        lines += table(("phase", "feature"), ((f["phase"], f["title"]) for f in added))
        if entry["upgrade_when"]:
            lines.append(f"\nClimb on when {entry['upgrade_when']}.")
    return "\n".join(lines) + "\n"


def modules() -> str:
    """The optional modules and what each brings."""
    lines = [NOTE, "# Modules\n"]
    lines.append(
        "Modules are chosen by name at any level, never by default; `modules: []` is an answer.\n"
    )
    lines += table(
        ("module", "what", "brings", "available"),
        (
            (
                f"`{m['name']}`",
                brought(m["name"]),
                ", ".join(f"`{name}`" for name in m["requires"]) or "-",
                yes(m["available"]),
            )
            for m in catalog()["modules"]
        ),
    )
    return "\n".join(lines) + "\n"


def brought(module: str) -> str:
    """What a module brings, and what from a higher level on."""
    return "; ".join(
        f["title"] if f["level"] == 1 else f"from level {f['level']}: {f['title']}"
        for f in catalog()["features"]
        if f.get("module") == module
    )


def answers() -> str:
    """Every answer, with its type, limits and question, and the field types of entities."""
    required = set(schema()["required"])
    lines = [NOTE, "# Answers\n"]
    lines.append(
        "The same as a JSON schema, which editors complete and check answers files with: "
        "[schema](schema.md).\n"
    )
    lines += table(
        ("answer", "kind", "mandatory", "meaning"),
        (
            (f"`{name}`", kind(resolved(entry)), yes(name in required), meaning(entry))
            for name, entry in schema()["properties"].items()
        ),
    )
    for title, entry in parts():
        lines += keys(title, entry)
    lines.append("\n## Field types\n")
    lines += table(
        ("type", "Python", "column", "limits", "default", "unique", "list filters", "list sorts"),
        (
            (
                f"`{name}`",
                f"`{entry['python'].format(enum='Literal[...]')}`",
                f"`{entry['column']}`",
                ", ".join(f"`{limit}`" for limit in entry["limits"]) or "-",
                yes(entry["default"]),
                yes(entry["unique"]),
                ", ".join(entry["filters"]) or "-",
                yes(entry["sortable"]),
            )
            for name, entry in catalog()["field_types"].items()
        ),
    )
    lines.append("\n## Reserved names\n")
    lines.append("A name that is one of these is refused, with a proposal where there is one.\n")
    lines += table(("name of", "cannot be", "because it"), reserved_names())
    return "\n".join(lines) + "\n"


def parts() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every answer that consists of keys, with the ones inside it, and the entities at the end."""
    for name, entry in schema()["properties"].items():
        if name != "entities":
            yield from inner(f"`{name}`", resolved(entry))
    yield "Entities", schema()["$defs"]["entity"]
    yield "Fields of an entity", schema()["$defs"]["field"]


def inner(title: str, entry: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """A mapping, or the mappings of a list, with all that is in it."""
    found = resolved(entry.get("items", entry))
    if "properties" in found:
        yield title, found
        for key, value in found["properties"].items():
            yield from inner(f"{title}, `{key}`", resolved(value))


def keys(title: str, entry: Mapping[str, Any]) -> list[str]:
    """A section about the keys of a mapping."""
    rows = (
        (f"`{key}`", kind(resolved(value)), yes(key in entry["required"]), meaning(resolved(value)))
        for key, value in entry["properties"].items()
    )
    return [f"\n## {title}\n", *table(("key", "kind", "mandatory", "meaning"), rows)]


# Words with an underscore, which a page would take for emphasis, outside of code.
NAMES = re.compile(r"(?<![`\w}])[\w{}]*_[\w{}]*(?![`\w{])")


def meaning(entry: Mapping[str, Any]) -> str:
    """What a description says, or else the question; names in it as code."""
    said = entry.get("description") or entry.get("x-question", "")
    return NAMES.sub(lambda found: f"`{found[0]}`", said)


def reserved_names() -> Iterator[tuple[str, str, str]]:
    """What a part of a service's name, an entity and a field cannot be called, and why."""
    services = "`context`, `domain`, `function`"
    yield services, quoted(reserved.FOREIGN_PACKAGES), "is a package of every project"
    both = "an entity, also its plural"
    yield f"{both}; a field", "a Python keyword", "is no name in Python"
    yield both, quoted(reserved.DEVICES), "is a device on Windows, where no file has its name"
    yield both, quoted(reserved.MODULES), "is a module of every project"
    yield "an entity", quoted(reserved.PACKAGES), "is a package of every project"
    yield "a plural", f"`tests`, {quoted(reserved.SQL)}", "is a folder of tests, or a word of SQL"
    for form, names in reserved.TAKEN.items():
        made = f"what makes `{form}` a Python builtin, {quoted(names)}"
        yield both, made, "would hide what generated code uses"
    for names, reason in reserved.FIELDS:
        yield "a field", quoted(names), reason


def quoted(names: Iterable[str]) -> str:
    """Names as code, in alphabetical order."""
    return ", ".join(f"`{name}`" for name in sorted(names))


def commands() -> str:
    """Every command with its arguments, options and exit codes, as the command line has them."""
    group = typer.main.get_command(cli.app)
    lines = [FROM_CODE, "# Commands\n"]
    lines.append(f"{group.help} `ferrata --version` prints the version.\n")
    lines += table(
        ("command", "what it does"),
        (
            (f"[`ferrata {name}`](#ferrata-{name.replace(' ', '-')})", c.help)
            for name, c in each(group)
        ),
    )
    for name, command in each(group):
        lines += [f"\n## ferrata {name}\n", f"{command.help}\n"]
        lines.append(f"`{usage(name, command)}`\n")
        lines += table(("parameter", "meaning"), (parameter(p) for p in command.params))
    lines += ["\n## Exit codes\n", "Scripts can rely on them.\n"]
    lines += table(("code", "meaning"), ((code.value, code.meaning) for code in Exit))
    lines += [f"\n{STREAMS}"]
    return "\n".join(lines) + "\n"


def each(group: Any, around: str = "") -> Iterator[tuple[str, Any]]:
    """Every command with its name, those of a group too."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from each(command, f"{around}{name} ")
        else:
            yield f"{around}{name}", command


STREAMS = """\
Results go to stdout, everything about a run to stderr; an error is one line. With `--json` there is
exactly one JSON document on stdout, also when something is wrong: `{"error": "..."}`."""


def usage(name: str, command: Any) -> str:
    """The command line in one line."""
    arguments = [p.metavar for p in command.params if p.param_type_name == "argument"]
    options = [
        f"[{option(p)}]{'...' if p.multiple else ''}"
        for p in command.params
        if p.param_type_name == "option"
    ]
    return " ".join(["ferrata", name, *arguments, *options])


def option(parameter: Any) -> str:
    """An option with its value."""
    return " ".join(filter(None, [parameter.opts[0], parameter.metavar]))


def parameter(parameter: Any) -> tuple[str, str]:
    """A parameter with its meaning."""
    if parameter.param_type_name == "option":
        return f"`{option(parameter)}`", parameter.help
    default = "" if parameter.required else f" Default: `{parameter.default}`."
    return f"`{parameter.metavar}`", parameter.help + default


def resolved(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry with the definition that it refers to."""
    if "$ref" not in entry:
        return dict(entry)
    return schema()["$defs"][entry["$ref"].rpartition("/")[2]] | dict(entry)


def kind(entry: Mapping[str, Any]) -> str:
    """The kind and limits of an answer in words."""
    if "enum" in entry:
        return "one of " + ", ".join(f"`{value}`" for value in entry["enum"])
    match entry.get("type"):
        case "array":
            return "list"
        case "object":
            return "mapping"
        case "string":
            return (
                f"text, at most {entry['maxLength']} characters" if "maxLength" in entry else "text"
            )
        case list() as kinds:
            return " or ".join(kinds)
        case other:
            return str(other)


def yes(value: object) -> str:
    """A truth value as people read it in a table."""
    return "yes" if value else "no"


def table(head: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> list[str]:
    """A Markdown table, one line a row."""

    def line(cells: tuple[Any, ...]) -> str:
        return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"

    return [line(head), "|" + " --- |" * len(head), *(line(row) for row in rows)]


def main() -> None:
    """Write the pages."""
    for path, text in pages().items():
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
