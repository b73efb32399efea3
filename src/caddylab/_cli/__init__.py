"""What each command of `caddylab` does: a module each, which adds its parser and runs it."""

import argparse
from typing import TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
