"""Files that a stranger or a broken disk has made, and texts that nobody can draw."""

from __future__ import annotations

import base64
import gzip
import json
import os
import random
import subprocess
import sys
import zlib
from collections import Counter
from pathlib import Path

import mutants
import pytest

from caddylab import CaddyfileError, Lab, Traffic, TrafficError, compare, predict
from caddylab._exercises import board, progress
from caddylab.cli import main

RECORDINGS = sorted(Path(__file__).parent.parent.glob("course/demos/recordings/*.json.gz"))
SCRIPT = "<!--<script>"


@pytest.fixture(scope="module")
def recorded() -> bytes:
    return min((path.read_bytes() for path in RECORDINGS), key=len)


@pytest.fixture(scope="module")
def run() -> Traffic:
    return Traffic.load(RECORDINGS[0])


def refused(content: bytes, path: Path, match: str = "holds no run") -> None:
    path.write_bytes(content)
    with pytest.raises(TrafficError, match=match):
        Traffic.load(path)


def harmless(changed: bytes, recorded: bytes) -> bool:
    """Whether the bit is one that means nothing, such as the last ones of the last byte."""
    try:
        return gzip.decompress(changed) == gzip.decompress(recorded)
    except (OSError, EOFError, zlib.error):
        return False


def flip(recorded: bytes, times: int, folder: Path) -> int:
    """Flip bits, one at a time; how many of them meant something, and were refused."""
    chance, meant = random.Random(times), 0
    for _ in range(times):
        changed = mutants.flipped(recorded, chance)
        if not harmless(changed, recorded):
            refused(changed, folder / "run.json.gz")
            meant += 1
    return meant


class TestRecordings:
    def test_a_flipped_bit(self, recorded, tmp_path):
        flip(recorded, 40, tmp_path)

    @pytest.mark.attack
    def test_flipped_bits_for_long(self, recorded, tmp_path, figure):
        figure(f"{flip(recorded, 5000, tmp_path)} flipped bits that mean something: all refused")

    def test_a_file_that_is_cut_off_or_goes_on(self, recorded, tmp_path):
        for content in (recorded[:-1], recorded[:100], recorded[:2], recorded + b"x", b""):
            refused(content, tmp_path / "run.json.gz")

    def test_deep_json(self, tmp_path):
        for text in (b"[" * 200_000, b'{"format":1,"plan":' + b"[" * 200_000):
            refused(text, tmp_path / "run.json")

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "9" * 5000, '"\\ud800"'])
    def test_what_is_no_number(self, recorded, tmp_path, number):
        tree = json.loads(gzip.decompress(recorded))
        tree["began"] = tree["requests"][0][2] = "HERE"
        text = json.dumps(tree).replace('"HERE"', number)
        refused(text.encode(), tmp_path / "run.json")

    def test_an_opinion_that_caddy_cannot_have(self, recorded, tmp_path):
        tree = json.loads(gzip.decompress(recorded))
        tree["opinions"] = [[1, "in love", tree["began"], None, "", ""]]
        refused(json.dumps(tree).encode(), tmp_path / "run.json")

    @pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells the most")
    def test_a_bomb_is_not_unpacked(self, tmp_path):
        """A megabyte that would be a gigabyte, in a process that may have half of that."""
        packer = zlib.compressobj(9, wbits=31)
        bomb = b"".join(packer.compress(b" " * 2**20) for _ in range(1024)) + packer.flush()
        path = tmp_path / "run.json.gz"
        path.write_bytes(bomb)
        code = (
            "import re, sys\n"
            "from caddylab import Traffic, TrafficError\n"
            "try:\n    Traffic.load(sys.argv[1])\n"
            "except TrafficError:\n"
            "    print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])\n"
        )  # getrusage would count what this process had when it began the other one
        said = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True)
        assert int(said.stdout) * 1024 < 500e6, said.stderr

    def test_a_pipe_of_that_name(self, tmp_path):
        os.mkfifo(tmp_path / "run.json")
        with pytest.raises(TrafficError, match="is no file"):
            Traffic.load(tmp_path / "run.json")

    def test_changed_values(self, tmp_path):
        tally(60, tmp_path)

    @pytest.mark.attack
    @pytest.mark.timeout(7200)
    def test_changed_values_for_long(self, tmp_path, figure):
        seen = tally(3000, tmp_path)
        figure(f"{sum(seen.values())} changed recordings: {dict(seen)}, no foreign error")


def tally(times: int, folder: Path) -> Counter[str]:
    """What came of files with one value changed; a foreign error ends it."""
    chance, contents = random.Random(times), [path.read_bytes() for path in RECORDINGS]
    return Counter(
        mutants.result_of(
            mutants.changed(chance.choice(contents), chance),
            folder / "run.json.gz",
            pictures=n % 20 == 0,
        )
        for n in range(times)
    )


class TestTexts:
    def test_every_character_can_be_drawn(self, run):
        """In one picture; vl-convert would end this very process."""
        odd = [*range(0x20), *range(0x7F, 0xA0), 0xFFFE, 0xFFFF, 0x2028]
        name = "".join(map(chr, odd))
        bundle = compare(run, run, first=name)._repr_mimebundle_()
        assert base64.b64decode(bundle[0]["image/png"]).startswith(b"\x89PNG")
        assert "␀␁" in json.dumps(bundle[0], ensure_ascii=False)

    def test_a_chart_of_the_learners_own(self):
        import altair as alt
        import pandas as pd

        chart = alt.Chart(pd.DataFrame({"x\0": ["a\0b"]}), title="\x01").mark_point()
        assert "image/png" in chart._repr_mimebundle_()[0]

    def test_what_it_is_saved_as(self, run, tmp_path):
        for end in ("png", "svg", "html", "json"):
            compare(run, run, first="a\0b").save(str(tmp_path / f"x.{end}"))

    def test_a_replay_of_a_strangers_texts(self, recorded, tmp_path):
        tree = json.loads(gzip.decompress(recorded))
        for attempt in (a for row in tree["requests"] for a in row[11]):
            attempt[5] = SCRIPT + "\0</script>"
        path = tmp_path / "run.json"
        path.write_text(json.dumps(tree))
        run = Traffic.load(path)
        page = run.replay().save(tmp_path / "replay.html").read_text()
        data = page.partition("replay(document")[2]
        assert "<!--" not in data
        assert data.count("<") == "</script></main></body></html>".count("<")
        assert "image/png" in run.replay()._repr_mimebundle_()

    def test_a_replay_where_nothing_can_be_written(self, run, tmp_path):
        for path in (tmp_path / "none" / "x.html", tmp_path, f"{tmp_path}/a\0b", "x" * 300):
            with pytest.raises(TrafficError, match="could not be saved as"):
                run.replay().save(path)
            with pytest.raises(TrafficError, match="could not be saved as"):
                run.save(path)


PASSED = '{"task":"01.1","at":1700000000,"passed":true}'
ODD_LINES = [
    "[]", "5", '"x"', "null", "[" * 100_000, "{", '{"task":[]}', '{"task":{}}', '{"task":"01.1"}',
    '{"task":"01.1","at":"x","passed":true}', '{"task":"01.1","at":1e30,"passed":true}',
    '{"task":"01.1","at":NaN,"passed":true}', '{"task":"01.1","at":null,"passed":true}',
    '{"task":"01.1","at":-1e18,"passed":true}', '{"task":"01.2","at":1,"passed":"x"}',
    '{"task":"01.2","at":1,"hint":[]}', '{"task":"01.2","at":1,"passed":false,"symptom":{}}',
    '{"task":"01.2","at":1,"passed":false}', "\0", "\ud800",
]  # fmt: skip


class TestProgress:
    @pytest.fixture(autouse=True)
    def folder(self, tmp_path, monkeypatch) -> Path:
        monkeypatch.chdir(tmp_path)
        return tmp_path

    def test_odd_lines_spoil_no_other(self, folder, capsys):
        text = "\n".join([*ODD_LINES, PASSED])
        (folder / progress.FILE).write_bytes(text.encode(errors="surrogatepass") + b"\n\xff\xfe\n")
        assert main(["progress", "--csv"]) == 0
        assert "2023-11-14T22:13:20+00:00" in capsys.readouterr().out
        assert main(["progress"]) == 0
        assert board.of_learners([folder])[folder.name].standings[0].passed == 1700000000

    def test_a_pipe_or_a_folder_of_that_name(self, folder):
        (folder / "a").mkdir()
        os.mkfifo(folder / "a" / progress.FILE)
        (folder / "b" / progress.FILE).mkdir(parents=True)
        assert main(["progress"]) == 0
        os.chdir(folder / "a")
        progress.note("01.1", passed=True)  # where nobody reads, nobody waits

    @pytest.mark.parametrize(
        "content", ["[" * 100_000, "[]", '{"Which?": 5}', '{"Which?": []}', "\0"]
    )
    def test_odd_notes(self, folder, content):
        (folder / "predictions.json").write_text(content)
        predict("Which?", ["this", "that"]).choose("this")
        assert json.loads((folder / "predictions.json").read_text()) == {"Which?": "this"}
        assert predict("Which?", ["this", "that"]).answer == "this"
        assert [path.name for path in folder.iterdir()] == ["predictions.json"]

    def test_a_pipe_in_place_of_notes_or_of_a_caddyfile(self, folder):
        os.mkfifo(folder / "predictions.json")
        predict("Which?", ["this", "that"]).choose("this")
        os.mkfifo(folder / "Caddyfile")
        with Lab(runtime="process") as lab, pytest.raises(CaddyfileError):
            lab.load(folder / "Caddyfile")
