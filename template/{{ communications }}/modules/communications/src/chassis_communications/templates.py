"""Messages as people read them: templates of the project, filled in.

Templates are files of the project and no input of anybody; the sandbox is for what is passed to
them. A variable that is missing is an error, never an empty place in a sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import (
    BaseLoader,
    PackageLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    select_autoescape,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from chassis.problems import Invalid
from chassis_communications.addresses import Channel
from chassis_communications.declared import PACKAGE, Declared, Template, declared

NO_TEMPLATE = "There is no such template."
NOT_FILLED = "The template cannot be filled in"
NO_TEXT = "This template has no text for this channel."


class NotKnown(Invalid):
    """A template, or its text for a channel, is not there: another version of the project may have it."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What people read."""

    text: str
    subject: str = ""
    html: str = ""


class Templates:
    """The templates that are declared."""

    def __init__(self, what: Declared, loader: BaseLoader) -> None:
        self._declared = what
        self._environment = ImmutableSandboxedEnvironment(
            loader=loader,
            undefined=StrictUndefined,
            autoescape=select_autoescape(("html",), default=False),
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def declare(self, name: str, template: Template) -> None:
        """Say what is so of a template of which the project says nothing."""
        templates = {name: template, **self._declared.templates}
        self._declared = self._declared.model_copy(update={"templates": templates})

    def of(self, name: str) -> Template:
        """Give what is declared of a template; raises NotKnown."""
        if name not in self._declared.templates:
            raise NotKnown(NO_TEMPLATE, field="template")
        return self._declared.templates[name]

    def render(self, name: str, channel: Channel | str, data: Mapping[str, Any]) -> Rendered:
        """Fill a template in; raises Invalid, for a variable that is missing too."""
        self.of(name)
        try:
            if channel == "sms":
                return Rendered(text=self._part(name, "sms.txt", data))
            subject = " ".join(self._part(name, "subject.txt", data).split())
            text, html = (self._part(name, part, data) for part in ("email.txt", "email.html"))
        except TemplateNotFound as error:
            raise NotKnown(NO_TEXT, field="channel") from error
        return Rendered(text=text, subject=subject, html=html)

    def hides(self, name: str) -> bool:
        """Say whether what is in a message is nobody else's business: it may let somebody in."""
        template = self._declared.templates.get(name)
        return template is None or template.category == "security"

    def part(self, name: str, part: str, data: Mapping[str, Any]) -> str:
        """Fill one file of a template in; raises Invalid."""
        try:
            return self._part(name, part, data)
        except TemplateNotFound as error:
            raise Invalid(f"{NOT_FILLED}: {error}", field="data") from error

    def _part(self, name: str, part: str, data: Mapping[str, Any]) -> str:
        try:
            return self._environment.get_template(f"{name}/{part}").render(data).strip() + "\n"
        except TemplateNotFound:
            raise
        except TemplateError as error:
            raise Invalid(f"{NOT_FILLED}: {error}", field="data") from error
        except Exception as error:  # a filter or an operator that does not fit the variable
            raise Invalid(f"{NOT_FILLED}: {type(error).__name__}", field="data") from error


def project_templates() -> Templates:
    """Give the templates of the project; raises DeclaredError."""
    return Templates(declared(), PackageLoader(PACKAGE))
