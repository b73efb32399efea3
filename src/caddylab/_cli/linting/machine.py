"""What has been found, for other programs: JSON, GitHub's annotations, SARIF 2.1.0."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from caddylab._caddy.advice.lint import RULES
from caddylab._cli.linting.findings import MISSING, UNKNOWN, Diagnostic, source, url
from caddylab._cli.linting.run import Failure, Result

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
REFUSED = "not-judged"
"""The name in place of a rule's where a file could not be judged."""

Json = dict[str, Any]


def as_json(result: Result) -> str:
    """One object; its lists are empty where nothing is to be said."""
    found = {
        "files": result.files,
        "findings": [_finding(finding) for finding in result.findings],
        "silenced": [{**_finding(f), "reason": reason} for f, reason in result.silenced],
        "silenced_in_vain": [{"rule": rule, "by": str(path)} for rule, path in result.idle],
        "not_judged": [
            {"file": f.file, "line": f.line, "message": f.message, "help": f.help or None}
            for f in result.failures
        ],
    }
    return json.dumps(found, indent=2, ensure_ascii=False)


def _finding(finding: Diagnostic) -> Json:
    return {
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "end_column": finding.end,
        "rule": finding.rule,
        "level": _level(finding),
        "message": finding.message,
        "help": finding.help,
        "url": finding.url,
    }


def _level(finding: Diagnostic) -> str:
    return "note" if finding.mere else "warning"


# --- GitHub -----------------------------------------------------------------------------------


def as_github(result: Result) -> str:
    """A workflow command for each, which GitHub shows beside the line."""
    lines = [
        _command("error", f.file, f.line, None, None, REFUSED, _words(f)) for f in result.failures
    ]
    lines += [
        _command(
            "notice" if f.mere else "warning", f.file, f.line, f.column, f.end, f.rule, _words(f)
        )
        for f in result.findings
    ]
    return "\n".join(lines)


def _words(found: Diagnostic | Failure) -> str:
    return f"{found.message} → {found.help}" if found.help else found.message


def _command(
    level: str, file: str, line: int | None, column: int | None, end: int | None, rule: str,
    words: str,
) -> str:  # fmt: skip
    fields = {
        "file": file, "line": line, "col": column, "endColumn": end and end - 1, "title": rule,
    }  # fmt: skip
    said = ",".join(f"{key}={_field(str(value))}" for key, value in fields.items() if value)
    return f"::{level} {said}::{_data(words)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _field(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


# --- SARIF ------------------------------------------------------------------------------------


def as_sarif(result: Result) -> str:
    """A log of one run; what is silenced is in it, as suppressed."""
    results = [_result(finding, []) for finding in result.findings]
    results += [
        _result(finding, [{"kind": "external", "justification": reason}])
        for finding, reason in result.silenced
    ]
    invocation = {
        "executionSuccessful": not result.failures,
        "exitCode": result.code,
        "toolExecutionNotifications": [_notification(f) for f in result.failures],
    }
    run = {
        "tool": {"driver": _driver()},
        "invocations": [invocation],
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _driver() -> Json:
    rules = [_rule(name, rule.title, rule.happens, rule.write) for name, rule in RULES.items()]
    title, happens = (
        "A directive that this Caddy does not know",
        ("The directive is a plugin's, or misspelt; the rest is judged without it."),
    )
    rules.append(_rule(UNKNOWN, title, happens, "`--caddy PATH` asks a Caddy that has it."))
    happens = "Caddy reads the file at once; the rest is judged without what names it."
    rules.append(_rule(MISSING, "A file that is not here", happens, "Judge it where the file is."))
    return {
        "name": "caddylab",
        "version": _version(),
        "informationUri": source(),
        "rules": rules,
    }


def _version() -> str:
    from importlib.metadata import version

    return version("caddylab")


def _rule(name: str, title: str, happens: str, write: str) -> Json:
    return {
        "id": name,
        "shortDescription": {"text": title.replace("`", "")},
        "fullDescription": {"text": happens.replace("`", "")},
        "help": {"text": write.replace("`", ""), "markdown": f"{happens}\n\n*Instead:* {write}"},
        "helpUri": url(name),
        "defaultConfiguration": {"level": "warning"},
    }


def _result(finding: Diagnostic, suppressions: list[Json]) -> Json:
    region = {
        "startLine": finding.line, "startColumn": finding.column, "endColumn": finding.end,
    }  # fmt: skip
    return {
        "ruleId": finding.rule,
        "level": _level(finding),
        "message": {"text": _words(finding)},
        "locations": [_location(finding.file, region if finding.line else None)],
        "suppressions": suppressions,
    }


def _notification(failure: Failure) -> Json:
    region = {"startLine": failure.line} if failure.line else None
    return {
        "level": "error",
        "message": {"text": _words(failure)},
        "locations": [_location(failure.file, region)],
    }


def _location(file: str, region: Json | None) -> Json:
    place: Json = {"artifactLocation": {"uri": quote(Path(file).as_posix())}}
    if region:
        place["region"] = region
    return {"physicalLocation": place}
