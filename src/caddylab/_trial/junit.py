"""A rehearsal as JUnit's XML, which every CI shows."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as ET

from caddylab._trial.report import Rehearsal
from caddylab._trial.seen import Seen


def junit(report: Rehearsal, short: Mapping[str, str]) -> bytes:
    """The rows as test cases, with those that were expected and cannot happen to the site.

    Args:
        report: what users saw.
        short: which rows fall short of the expectations, and in what.
    """
    impossible = [Seen(row, trouble=why) for row, why in short.items() if row not in report.rows]
    rows = [*report.rows.values(), *impossible]
    skipped = [seen for seen in rows if seen.trouble and seen.row not in short]
    suite = ET.Element("testsuite", {
        "name": f"caddylab test {report.subject.name}", "tests": str(len(rows)),
        "failures": str(len(short)), "skipped": str(len(skipped)), "errors": "0",
        "time": f"{report.took:.1f}",
    })  # fmt: skip
    for seen in rows:
        case = ET.SubElement(suite, "testcase", {
            "classname": report.subject.name, "name": seen.row, "time": f"{seen.took:.2f}",
        })  # fmt: skip
        if seen.row in short:
            failure = ET.SubElement(case, "failure", {"message": short[seen.row]})
            failure.text = f"{seen!r}"
        elif seen.trouble:
            ET.SubElement(case, "skipped", {"message": seen.trouble})
        ET.SubElement(case, "system-out").text = repr(seen)
    text: bytes = ET.tostring(suite, encoding="utf-8", xml_declaration=True)
    return text
