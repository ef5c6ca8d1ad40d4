"""Reading the template: where it is, one version of it laid out, and what it renders."""

from ferrata.template.context import configuration, environment, variables
from ferrata.template.files import project_files
from ferrata.template.home import hooks, load_module, rules
from ferrata.template.names import ANSWERS_FILE
from ferrata.template.opening import Template, newest_release, opened, releases, warn_if_dirty
from ferrata.template.rendering import copier_environment, render, update
from ferrata.template.sources import Source, built_in, find

__all__ = [
    "ANSWERS_FILE",
    "Source",
    "Template",
    "built_in",
    "configuration",
    "copier_environment",
    "environment",
    "find",
    "hooks",
    "load_module",
    "newest_release",
    "opened",
    "project_files",
    "releases",
    "render",
    "rules",
    "update",
    "variables",
    "warn_if_dirty",
]
