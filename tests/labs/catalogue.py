"""The labs there are: the modules `lab_*.py` of this folder."""
import glob
import importlib.util
import os

HERE = os.path.dirname(os.path.abspath(__file__))


def labs():
    """{name: module} of all labs, in the order of their names."""
    found = {}
    for path in sorted(glob.glob(os.path.join(HERE, "lab_*.py"))):
        module = os.path.basename(path)[:-3]
        spec = importlib.util.spec_from_file_location(module, path)
        found[module[4:].replace("_", "-")] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(found[module[4:].replace("_", "-")])
    return found


def title(module):
    """The first line of a lab's documentation."""
    return module.__doc__.strip().split("\n")[0].rstrip(".")


def in_uml(module):
    return getattr(module, "IN_UML", False)
