"""The failures that are expected, as opposed to bugs, which keep their traceback."""


class ToolError(Exception):
    """Something the person at the terminal can put right; the message says how."""

    exit_code = 1


class UsageError(ToolError):
    """The command line or a configuration file is wrong."""

    exit_code = 2
