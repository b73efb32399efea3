"""Make `.venv` from nothing and install the locked dependencies and the package into it.

    python3 tools/install.py [--dev]

This needs only Python 3.11 or newer. Packages are installed by uv, ten times faster than by pip,
with pip's configuration (indexes, certificates, proxy); where uv is not to be had, by pip.
"""

import ast
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

# uv's names for the settings that it does not read from pip's configuration.
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "cert": "SSL_CERT_FILE",
    "trusted-host": "UV_INSECURE_HOST",
    "proxy": "ALL_PROXY",
}


def main():
    """Install for a learner, or with `--dev` for somebody who runs the tests."""
    if sys.version_info < (3, 11):  # noqa: UP036 (for older Pythons)
        sys.exit(
            "The course needs Python 3.11 or newer; this one is "
            f"{sys.version.split()[0]} ({sys.executable}). "
            "Install a newer one and name it: make PYTHON=python3.12 course"
        )
    dev = "--dev" in sys.argv[1:]
    os.chdir(ROOT)
    make_venv()
    install = installer(compiled=dev)  # tests start hundreds of Pythons, a learner a few
    install("--require-hashes", "-r", "requirements-dev.lock" if dev else "requirements.lock")
    install("--no-deps", "--editable", ".")


def make_venv():
    """Create `.venv`, or leave a working one as it is."""
    if works("import pip"):
        return
    clear = [] if works("import sys; sys.exit(sys.version_info < (3, 11))") else ["--clear"]
    if subprocess.call([sys.executable, "-m", "venv", *clear, VENV]) != 0:
        sys.exit(
            "Python could not make a virtual environment (its own words are above). On Debian "
            "and Ubuntu this mends it: sudo apt install python3-venv"
        )


def works(code):
    """Whether `.venv` has a Python that can run this."""
    command = [PYTHON, "-c", code]
    return PYTHON.exists() and subprocess.call(command, stderr=subprocess.DEVNULL) == 0


def installer(compiled):
    """A function that takes the arguments of an installation and runs it, by uv or else by pip.

    Unless packages are to be `compiled`, uv leaves that to their first import.
    """
    pip = [PYTHON, "-m", "pip"]
    has_uv = subprocess.call([*pip, "install", "--quiet", "--upgrade", "uv"]) == 0
    if not has_uv:
        print("Without uv; pip takes about a minute.", flush=True)
    uv = [PYTHON, "-m", "uv", "pip", "install", "--python", PYTHON]
    uv += ["--compile-bytecode"] if compiled else []
    command = uv if has_uv else [*pip, "install"]
    environment = {**uv_settings(pip), **os.environ} if has_uv else os.environ

    def install(*arguments):
        if subprocess.call([*command, *arguments], env=environment) != 0:
            sys.exit("The installation failed; the reason is above.")

    return install


def uv_settings(pip):
    """pip's configuration as uv's environment variables."""
    # Like pip, and unlike uv by default, look in every index for the file with the right hash.
    settings = {"UV_INDEX_STRATEGY": "unsafe-best-match"}
    for key, value in pip_settings(pip).items():
        if key in UV_NAMES:
            comma = key == "find-links"
            settings[UV_NAMES[key]] = (",".join if comma else " ".join)(value.split())
    return settings


def pip_settings(pip):
    """pip's settings for `pip install`: the environment before [install] before [global]."""
    listing = subprocess.run([*pip, "config", "list"], capture_output=True, text=True, check=True)
    sections = {"global": {}, "install": {}, ":env:": {}}
    for line in listing.stdout.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.partition(".")
        if section in sections:
            sections[section][key] = ast.literal_eval(value)
    return {**sections["global"], **sections["install"], **sections[":env:"]}


if __name__ == "__main__":
    main()
