"""What a tool says is wrong becomes one line."""

import pytest

from ferrata.template import hooks


@pytest.mark.parametrize(
    ("output", "said"),
    [
        pytest.param("", "exit code 7 without a word", id="nothing"),
        pytest.param("one\ntwo\n", "one", id="no error marked"),
        pytest.param("Using x\nerror: no\n", "no", id="error"),
        pytest.param(
            "error: Failed\n  cause: Failed to fetch: `x`\n  cause: client\n  cause: dns error\n",
            "Failed: Failed to fetch: `x`: dns error",
            id="causes",
        ),
        pytest.param(
            "error: Failed\n  Caused by: dns   error\n",
            "Failed: dns error",
            id="one cause, older uv",
        ),
        pytest.param(
            "  \u00d7 No solution found\n  \u2570\u2500\u25b6 Because a\n",
            "No solution found",
            id="boxes",
        ),
        pytest.param(
            'Traceback (most recent call last):\n  File "x"\nValueError: no\n',
            "ValueError: no",
            id="a program that broke",
        ),
    ],
)
def test_reason(output, said):
    assert hooks()._reason(output, 7) == said
