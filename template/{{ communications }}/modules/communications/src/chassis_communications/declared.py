"""What the project declares of its messages, in `shared/messages/messages.toml`."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from chassis_communications.addresses import Channel
from chassis_communications.messages import Name

PACKAGE = "shared.messages"
FILE = "messages.toml"

Category = Literal["security", "service", "marketing"]


class DeclaredError(ValueError):
    """The file says something that cannot be meant; the text says what, and where."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Template(_Part):
    """A kind of message; its texts are in the folder of its name."""

    category: Category = "service"
    """Security is sent in quiet hours too; marketing only to those who want it."""
    repeatable: bool = False
    """Sent again where nobody knows whether it was sent: better twice than not at all."""
    sample: Mapping[str, Any] = {}
    """Variables to preview it with."""


class Rule(_Part):
    """A message that follows an event."""

    event: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.]*\.v[1-9][0-9]*$")]
    """Its type and version, such as `loan.created.v1`."""
    template: Name
    channel: Channel
    recipient: str
    """The field of the event's data that has the address, or an address."""
    data: Mapping[str, str] = {}
    """By variable of the template, the field of the event's data that it comes from, or a text in quotes."""

    @property
    def name(self) -> str:
        """Name its consumer: it stays, whatever else is added."""
        happened = self.event.rpartition(".")[0].replace(".", "_")
        return f"{self.channel}_{self.template}_when_{happened}"


class Declared(_Part):
    """All that is declared."""

    templates: Mapping[Name, Template] = {}
    rules: tuple[Rule, ...] = ()

    @model_validator(mode="after")
    def _rules_have_templates(self) -> "Declared":
        for rule in self.rules:
            if rule.template not in self.templates:
                msg = f"a rule names the template {rule.template}, which is not declared"
                raise ValueError(msg)
        if len({rule.name for rule in self.rules}) < len(self.rules):
            msg = "two rules send the same template after the same event by the same channel"
            raise ValueError(msg)
        return self


@cache
def declared() -> Declared:
    """Read what the project declares; raises DeclaredError."""
    return read(files(PACKAGE).joinpath(FILE).read_text(encoding="utf-8"))


def read(text: str) -> Declared:
    """Read a declaration; raises DeclaredError."""
    try:
        return Declared.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise DeclaredError(f"{FILE}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "rules"
        raise DeclaredError(f"{FILE}: {place}: {first['msg']}") from error
