"""Reading the template: where it is, one version of it laid out, and what it renders."""

from ferrata.template.context import configuration, environment, variables
from ferrata.template.files import project_files
from ferrata.template.home import hooks, load_module, rules, updates
from ferrata.template.names import ANSWERS_FILE
from ferrata.template.opening import Template, newest_release, opened, releases, warn_if_dirty
from ferrata.template.rendering import render, updated, versions
from ferrata.template.sources import Source, built_in, find

__all__ = [
    "ANSWERS_FILE",
    "Source",
    "Template",
    "built_in",
    "configuration",
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
    "updated",
    "updates",
    "variables",
    "versions",
    "warn_if_dirty",
]
