"""The page of settings and the code name the same variables."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
NAME = re.compile(r"\bFLORIN_[A-Z_]*[A-Z]\b")


def test_every_setting_of_the_code_is_on_the_page_and_the_page_names_no_other():
    in_code = {name for path in (ROOT / "src").rglob("*.py") for name in NAME.findall(path.read_text())}
    on_page = set(NAME.findall((ROOT / "docs/reference/settings.md").read_text()))

    assert on_page == in_code
