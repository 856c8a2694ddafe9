"""A `sitecustomize` that breaks couchcal on demand, with a client's words in the message and in the locals.

While the file that `COUCHCAL_TEST_BREAK` names is there, each connection that is opened raises.
"""

from __future__ import annotations

from pathlib import Path

_SOURCE = """
import importlib.abc, importlib.machinery, os, sys

class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != "couchcal.store.connection":
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        whole = spec.loader.exec_module
        def exec_module(module):
            whole(module)
            opens = module.Database.connect
            def connect(self):
                flag = os.environ["COUCHCAL_TEST_BREAK"]
                if os.path.exists(flag):
                    secret = open(flag, encoding="utf-8").read()
                    raise RuntimeError("broken by " + secret)
                return opens(self)
            module.Database.connect = connect
        spec.loader.exec_module = exec_module
        return spec

sys.meta_path.insert(0, Finder())
"""


def written(folder: Path) -> Path:
    """The folder to put on the search path."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(_SOURCE, "utf-8")
    return folder
