"""The site builds without a warning, has every page, and loads nothing from elsewhere."""

import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import ROOT, run

# What makes a browser fetch something; links that a reader may follow are fine.
LOADS = re.compile(
    r"<(?:script|img|iframe|source)\b[^>]*\bsrc=[\"']?(?P<src>https?:[^\"'\s>]+)"
    r"|<link\b(?=[^>]*rel=[\"']?(?:stylesheet|preconnect|preload|icon))[^>]*"
    r"href=[\"']?(?P<href>https?:[^\"'\s>]+)"
    r"|(?:@import|url\()\s*[\"']?(?P<css>https?:[^\"')\s]+)"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site of a copy, so that nothing of the working tree is in the way."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(ROOT / "docs", folder / "docs", symlinks=True)
    shutil.copytree(ROOT / "schemas", folder / "schemas")
    shutil.copy(ROOT / "mkdocs.yml", folder)
    zensical = str(Path(sys.executable).with_name("zensical"))
    built = run(folder, zensical, "build", "--strict", NO_COLOR="1")
    assert built.returncode == 0, built.stdout + built.stderr
    assert "No issues found" in built.stdout + built.stderr
    return folder / "site"


def pages_of_nav(nav: Any) -> list[str]:
    match nav:
        case str():
            return [nav]
        case list():
            return [page for entry in nav for page in pages_of_nav(entry)]
        case _:
            return [page for entry in nav.values() for page in pages_of_nav(entry)]


def test_every_page_is_in_the_navigation() -> None:
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))["nav"]
    docs = ROOT / "docs"
    assert sorted(pages_of_nav(nav)) == sorted(
        page.relative_to(docs).as_posix() for page in docs.rglob("*.md")
    )


def test_every_page_is_built_and_nothing_else_is_published(site: Path) -> None:
    for page in (ROOT / "docs").rglob("*.md"):
        path = page.relative_to(ROOT / "docs").with_suffix("")
        folder = site / path.parent if path.name == "README" else site / path
        assert (folder / "index.html").is_file(), page
    assert {file.suffix for file in site.rglob("*") if file.is_file()}.isdisjoint({".py", ".yml"})


def test_the_schema_is_published(site: Path) -> None:
    published = (site / "schemas/answers.schema.json").read_bytes()
    assert published == (ROOT / "docs/schemas/answers.schema.json").read_bytes()


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for file in site.rglob("*"):
        if file.suffix in {".html", ".css"}:
            loads = LOADS.search(file.read_text("utf-8"))
            assert loads is None, f"{file.name}: {loads and loads[0]}"


def test_a_link_to_nowhere_stops_the_build(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text("# Home\n\n[nowhere](nowhere.md)\n", "utf-8")
    (tmp_path / "mkdocs.yml").write_text("site_name: Broken\nstrict: true\n", "utf-8")
    zensical = str(Path(sys.executable).with_name("zensical"))
    assert run(tmp_path, zensical, "build", "--strict").returncode != 0
