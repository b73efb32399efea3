"""tools/install.py: what a learner has told pip, uv hears too."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "tools" / "install.py"
PIP = [sys.executable, "-m", "pip"]


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """uv's settings for a configuration file of pip's and for variables of the environment."""

    def read(text, **environment):
        for name in [name for name in os.environ if name.startswith("PIP_")]:
            monkeypatch.delenv(name)
        file = tmp_path / "pip.conf"
        file.write_text(text)
        monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(SCRIPT))["uv_settings"](PIP)

    return read


def test_indexes_and_certificates_are_passed_on(settings):
    found = settings(
        "[global]\nindex-url = https://a.test/simple\ncert = /ca.pem\n"
        "extra-index-url = https://b.test/simple\n  https://c.test/simple\n"
        "find-links = wheels more-wheels\n[install]\ntrusted-host = a.test b.test\n"
    )
    assert found["UV_DEFAULT_INDEX"] == "https://a.test/simple"
    assert found["UV_INDEX"] == "https://b.test/simple https://c.test/simple"
    assert found["UV_FIND_LINKS"] == "wheels,more-wheels"
    assert found["UV_INSECURE_HOST"] == "a.test b.test"
    assert found["SSL_CERT_FILE"] == "/ca.pem"


def test_a_variable_comes_before_the_file_and_the_command_before_the_rest(settings):
    text = "[global]\nproxy = global\ncert = global\n[install]\nproxy = install\n"
    found = settings(text, PIP_CERT="variable")
    assert (found["ALL_PROXY"], found["SSL_CERT_FILE"]) == ("install", "variable")


def test_settings_of_no_meaning_to_uv_are_left_out(settings):
    found = settings("[global]\ntimeout = 9\n[freeze]\nindex-url = https://a.test\n")
    assert not {"https://a.test", "9"} & set(found.values())


def test_an_old_python_is_told_what_to_do(tmp_path):
    old = f"import sys, runpy; sys.version_info = (3, 9, 0); runpy.run_path({str(SCRIPT)!r}, "
    code = old + "run_name='__main__')"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert "needs Python 3.11 or newer" in told.stderr
