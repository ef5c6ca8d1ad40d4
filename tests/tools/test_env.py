import stat

import pytest
from tools.env import main

EXAMPLE = """# The address.
API_HOST=localhost

# secret
# Signs things.
SIGNING_KEY=
# Is not a secret by itself.
OTHER=
"""


@pytest.fixture
def example(project):
    (project / ".env.example").write_text(EXAMPLE)
    return project


def values(project) -> dict[str, str]:
    lines = (project / ".env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def test_secrets_become_random_and_the_rest_is_copied(example, capsys):
    assert main() == 0
    made = values(example)
    assert len(made["SIGNING_KEY"]) == 43
    assert (made["API_HOST"], made["OTHER"]) == ("localhost", "")
    assert (
        (example / ".env").read_text().startswith("# The address.\nAPI_HOST=localhost\n\n# secret")
    )
    assert stat.S_IMODE((example / ".env").stat().st_mode) == 0o600
    out = capsys.readouterr().out
    assert "SIGNING_KEY: set (random)\nOTHER: set\n" in out
    assert made["SIGNING_KEY"] not in out


def test_two_projects_have_different_secrets(example):
    main()
    first = values(example)["SIGNING_KEY"]
    (example / ".env").unlink()
    main()
    assert values(example)["SIGNING_KEY"] != first


def test_an_existing_file_keeps_its_values_and_gets_what_is_missing(example, capsys):
    (example / ".env").write_text("export API_HOST=mine\nOWN=1")
    assert main() == 0
    text = (example / ".env").read_text()
    assert text.startswith("export API_HOST=mine\nOWN=1\n# secret\n# Signs things.\nSIGNING_KEY=")
    assert text.endswith("# Is not a secret by itself.\nOTHER=\n")
    out = capsys.readouterr().out
    assert out == "SIGNING_KEY: added (random)\nOTHER: added\n"
    assert stat.S_IMODE((example / ".env").stat().st_mode) == 0o600


def test_a_complete_file_stays_byte_for_byte(example, capsys):
    main()
    before = (example / ".env").read_bytes()
    (example / ".env").chmod(0o644)
    capsys.readouterr()
    assert main() == 0
    assert (example / ".env").read_bytes() == before
    assert stat.S_IMODE((example / ".env").stat().st_mode) == 0o600
    assert capsys.readouterr().out == ".env is complete; nothing changed\n"


def test_without_an_example_it_says_so(project, capsys):
    assert main() == 1
    assert ".env.example is missing" in capsys.readouterr().err


def test_line_ends_and_odd_bytes_stay(example):
    (example / ".env").write_bytes(b"API_HOST=caf\xe9\r\n")

    assert main() == 0

    text = (example / ".env").read_bytes()
    assert text.startswith(b"API_HOST=caf\xe9\r\n# secret\r\n")
    assert text.count(b"\n") == text.count(b"\r\n")


def test_a_link_stays_one(example):
    (example / "secrets").mkdir()
    (example / "secrets/env").write_text("OWN=1\n")
    (example / ".env").symlink_to("secrets/env")

    assert main() == 0

    assert (example / ".env").is_symlink()
    assert (example / "secrets/env").read_text().startswith("OWN=1\n# The address.\nAPI_HOST=")


def test_a_link_to_outside_is_left_alone(example, tmp_path_factory, capsys):
    outside = tmp_path_factory.mktemp("outside") / "env"
    outside.write_text("OWN=1\n")
    (example / ".env").symlink_to(outside)

    assert main() != 0

    assert outside.read_text() == "OWN=1\n"
    assert "link to outside of the project" in capsys.readouterr().err


def test_an_example_with_odd_bytes_is_read(example):
    with (example / ".env.example").open("ab") as file:
        file.write(b"OWN=caf\xe9\n")

    assert main() == 0

    assert (example / ".env").read_bytes().endswith(b"OWN=caf\xe9\n")
