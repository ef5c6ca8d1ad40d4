"""The template's code: that which came with this ferrata, and that of any other version."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from ferrata.base import Failure

PACKAGED = Path(__file__).parents[1] / "_template"
CHECKOUT = Path(__file__).resolve().parents[3]
BUNDLE = PACKAGED / "template.bundle"


def home() -> Path:
    """The folder with the schemas, the extension and the hooks that came with this ferrata."""
    folder = PACKAGED if PACKAGED.is_dir() else CHECKOUT
    if not (folder / "schemas").is_dir():
        raise Failure(
            f"no template at {folder}: the installation is incomplete; install ferrata again"
        )
    return folder


def rules() -> ModuleType:
    """The checks that came with this ferrata."""
    return load_module(home() / "extensions" / "answers.py")


def hooks() -> ModuleType:
    """The steps after generating that came with this ferrata."""
    return load_module(home() / "hooks" / "after_copy.py")


def updates() -> ModuleType:
    """The steps of an update that came with this ferrata."""
    return load_module(home() / "hooks" / "after_update.py")


def load_module(file: Path) -> ModuleType:
    """Load a module by its path, so that each template commit brings its own."""
    name = f"ferrata_template_{file.stem}_{abs(hash(file)):x}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise Failure(f"{file} is no Python module; the template is incomplete")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
