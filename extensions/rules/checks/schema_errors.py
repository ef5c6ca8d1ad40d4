"""What the JSON schema finds, said in words."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from .hints import as_yaml_reads_it, did_you_mean, proposal
from .problem import Problem, excerpt, path_text


def one_a_path(described: Iterable[Problem]) -> list[Problem]:
    """Keep the first problem of each path: a wrong type says more than what follows from it."""
    first: dict[str, Problem] = {}
    for problem in described:
        first.setdefault(problem.path, problem)
    return list(first.values())


def in_words(error: Any) -> Iterator[Problem]:  # noqa: C901, PLR0912  (one case for each keyword)
    """Say a schema error in words: what is wrong, what is allowed, what to ask."""
    path = path_text(error.absolute_path)
    expected = error.schema.get("x-expected")
    match error.validator:
        case "required":
            for name in error.validator_value:
                if name not in error.instance:
                    question = error.schema["properties"].get(name, {}).get("x-question")
                    yield Problem(path_text([*error.absolute_path, name]), "is missing.", question)
        case "additionalProperties":
            known = list(error.schema["properties"])
            for name in error.instance.keys() - set(known):
                yield Problem(path_text([*error.absolute_path, name]), _unknown(str(name), known))
        case "enum":
            allowed = ", ".join(str(value) for value in error.validator_value)
            meant = proposal(error.instance, error.validator_value)
            yield Problem(path, f"must be one of {allowed}; got: {excerpt(error.instance)}{meant}")
        case "type":
            kinds = error.validator_value
            kind = " or ".join(
                TYPE_NAMES[k] for k in ([kinds] if isinstance(kinds, str) else kinds)
            )
            why = as_yaml_reads_it(kinds, error.instance)
            yield Problem(path, f"must be {kind}; got: {excerpt(error.instance)}{why}")
        case "pattern" | "format":
            yield Problem(path, f"must be {expected}; got: {excerpt(error.instance)}")
        case "minLength":
            least = f"at least {error.validator_value} character(s)"
            yield Problem(path, f"must have {least}; got: {excerpt(error.instance)}")
        case "maxLength":
            yield Problem(
                path,
                f"must have at most {error.validator_value} characters; got {len(error.instance)}",
            )
        case "minItems":
            yield Problem(path, f"must have at least {error.validator_value} item(s); got none")
        case "maxItems":
            most = f"at most {error.validator_value} items"
            yield Problem(path, f"must have {most}; got {len(error.instance)}")
        case "uniqueItems":
            yield Problem(path, f"must name each item once; got: {excerpt(error.instance)}")
        case "minimum":
            least = f"at least {error.validator_value}"
            yield Problem(path, f"must be {least}; got: {excerpt(error.instance)}")
        case "maximum":
            most = f"at most {error.validator_value}"
            yield Problem(path, f"must be {most}; got: {excerpt(error.instance)}")
        case _:
            yield Problem(path, error.message)


TYPE_NAMES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}


def _unknown(name: str, known: Sequence[str]) -> str:
    meant = did_you_mean(name, known) or f"; known here: {', '.join(known)}"
    return f"is not a known key{meant}"
