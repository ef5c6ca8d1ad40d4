"""The Jinja extension of the template, as Copier loads it: by path, once for each version.

An update works with two versions of the template at once, while Python imports a name only once.
So the package beside this file is loaded here under a name of its own, made from the folder that it
lies in; it is loaded anew each time, for the same folder may have another version by then. Inside,
imports are ordinary relative ones, all of them at the top: a later one could meet another version.
"""

import hashlib
import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def _loaded(folder: Path) -> ModuleType:
    """Load a package under a name that no other folder has."""
    name = f"ferrata_{folder.name}_{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}"
    _forget(name)
    spec = importlib.util.spec_from_file_location(name, folder / "__init__.py")
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder} is no Python package; the template is incomplete")
    package = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(package)
    return package


def _forget(package: str) -> None:
    """Let Python look for a package and its modules again."""
    for name in [*sys.modules]:
        if name == package or name.startswith(f"{package}."):
            del sys.modules[name]
    importlib.invalidate_caches()


package = _loaded(Path(__file__).resolve().parent / "rules")
globals().update({name: getattr(package, name) for name in package.__all__})
