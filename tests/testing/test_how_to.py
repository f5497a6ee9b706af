"""The page about testing does what it shows."""

import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "testing.md"


def test_its_examples_pass(tmp_path: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    application, *tests = re.findall(r"^```python(?: title=\"[^\"]+\")?\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    (tmp_path / "application.py").write_text(application, encoding="utf-8")
    (tmp_path / "test_page.py").write_text("\n\n".join(tests), encoding="utf-8")
    settings = re.findall(r"^```toml\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    settings += ['pythonpath = ["."]', 'filterwarnings = ["error"]']
    (tmp_path / "pyproject.toml").write_text("\n".join(settings), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    count = sum(text.count("def test_") for text in tests)
    assert f"{count} passed" in done.stdout, done.stdout + done.stderr
