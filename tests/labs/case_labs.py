"""Every lab is a test: `scripts/system-tests labs`, and `labs_uml` for those that need IPVS."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import catalogue  # noqa: E402
import labkit  # noqa: E402
from ka import case  # noqa: E402
from stage import Stage  # noqa: E402


def register(name, module):
    def test(lab):
        stage = Stage(quiet=True)
        try:
            labkit.play(lab, name, module.play, stage)
        except Exception:
            print(stage.text())
            raise
    test.__name__, test.__doc__ = "lab_" + name.replace("-", "_"), module.__doc__
    case("labs_uml" if catalogue.in_uml(module) else "labs")(test)


@case("labs")
def labs_are_documented(_):
    """Every lab has configurations, a section in doc/labs.md and a line in its table; and there is no section without a lab."""
    with open(os.path.join(labkit.TOP, "doc", "labs.md")) as f:
        text = f.read()
    names = set(catalogue.labs())
    assert names == set(re.findall(r"^## (.*)$", text, re.M)), "sections of doc/labs.md"
    assert names == set(re.findall(r"^\| \[([\w-]+)\]\(#", text, re.M)), "the table of doc/labs.md"
    assert names == set(os.listdir(labkit.CONFIGS)), "folders of test-configs/labs"


for name, module in catalogue.labs().items():
    register(name, module)
