"""Names of upstreams in somebody's own file that look like the course's, and ports of checks."""

from __future__ import annotations

import pytest

from caddylab import CaddyfileError, Lab


def proxy(upstreams, *options):
    inner = "".join(f"\t\t{option}\n" for option in options)
    return f":80 {{\n\treverse_proxy {upstreams} {{\n\t\tlb_policy round_robin\n{inner}\t}}\n}}\n"


@pytest.fixture(scope="module")
def course():
    with Lab(runtime="process") as lab:
        yield lab


@pytest.mark.parametrize(
    ("upstreams", "numbers"),
    [
        ("backend1:3000 backend1:4000", [1, 2]),
        ("backend2:3000 backend2:4000 backend1:80", [2, 3, 1]),
        ("backend20:3000", [1]),
        ("backend20:3000 backend1:3000", [1, 2]),
        ("unix//run/backend1.sock backend1:3000", [2, 1]),
        ("backend3:9000 app:80", [3, 1]),  # here the number can mean one thing only
    ],
)
def test_each_address_of_an_own_file_is_a_backend_of_its_own(upstreams, numbers):
    with Lab.of(proxy(upstreams), "process") as lab:
        assert lab.numbers == dict(zip(upstreams.split(), numbers, strict=True))
        assert len(lab.backends) == max(numbers)
        assert {n for n, many in lab.fire(12).shares.items() if many} == set(numbers)
        assert {each.stood for each in lab.substitutions} == set(upstreams.split())


@pytest.mark.parametrize("runtime", ["process", pytest.param("podman", marks=pytest.mark.podman)])
def test_they_are_called_as_in_the_file(runtime):
    with Lab.of(proxy("backend1:3000 backend1:4000"), runtime) as lab:
        assert [backend.name for backend in lab.backends] == ["backend1:3000", "backend1:4000"]
        assert lab.backend("backend1:4000") is lab.backend(2)
        assert "backend1:4000: 2" in str(lab.fire(4))


def test_too_many_numbers_for_a_pool_share_it_evenly():
    names = [f"backend{n}:80" for n in range(1, 7)]
    with Lab.of(proxy(" ".join(names)), "process", pool=2) as lab:
        assert list(lab.numbers.values()) == [1, 2, 1, 2, 1, 2]


def test_whoever_has_to_share_shares_with_such_as_are_spoken_to_alike():
    text = proxy("backend1:80 backend2:80") + "http://s.test {\n\treverse_proxy https://x\n}\n"
    with Lab.of(text, "process", pool=2) as lab:
        assert [lab.fire(2, route=route).good for route in lab.routes] == [2, 2]


@pytest.mark.parametrize(
    ("upstreams", "told"),
    [("backend1:8080 backend2:8080", []), ("backend1:8080 backend2:3000", ["backend2:3000"])],
)
def test_the_courses_own_addresses_are_no_replacements(course, tmp_path, upstreams, told):
    file = tmp_path / "Caddyfile"
    file.write_text(proxy(upstreams))
    course.load(file)
    assert [each.stood for each in course.substitutions] == told
    assert course.numbers == {name: n for n, name in enumerate(upstreams.split(), 1)}


def test_nor_in_a_lab_of_the_courses_own_file():
    with Lab.of("happy-path", "process") as lab:
        assert list(lab.substitutions) == []
        assert lab.backends[0].name == "backend 1"


def test_in_the_course_a_backend_is_meant_whatever_its_port(course):
    course.load(proxy("backend1:8080 backend1:9000"))
    assert set(course.numbers.values()) == {1}
    with pytest.raises(CaddyfileError, match=r"For more backends: `Lab\(backends=9\)`"):
        course.load(proxy("backend9:8080"))


EVERY = "health_interval 100ms"


@pytest.mark.parametrize(
    ("upstreams", "option", "dead", "opinions"),
    [
        ("app:1 web:1", "health_port 3000", 2, ["healthy", "unhealthy"]),
        ("app:1 web:1", "health_port 1", 2, ["healthy", "unhealthy"]),
        ("backend1:3000 backend1:4000", "health_port 4000", 1, ["healthy", "healthy"]),
        ("backend1:3000 backend1:4000", "health_port 4000", 2, ["unhealthy", "unhealthy"]),
    ],
)
def test_checks_at_a_port_ask_the_program_that_is_there(upstreams, option, dead, opinions):
    with Lab.of(proxy(upstreams, option, EVERY), "process") as lab:
        lab.wait_until(lambda: {each.opinion for each in lab.backends} == {"healthy"}, 10)
        lab.backend(dead).kill()
        asked = len(lab.backend(3 - dead).requests())
        lab.wait_until(lambda: [each.opinion for each in lab.backends] == opinions, 10)
        if dead == 2 and len(set(opinions)) == 2:
            lab.wait_until(lambda: len(lab.backend(1).requests()) > asked + 2, 10)


def test_who_is_asked_in_the_place_of_others_answers_as_the_check_wants():
    options = ["health_port 4000", "health_uri /well", "health_status 204", EVERY]
    text = proxy("shop:3000", *options) + "http://other.test {\n\treverse_proxy shop:4000\n}\n"
    with Lab.of(text, "process") as lab:
        asked = lab.backend("shop:4000")

        def answers():
            return {each["path"]: each["status"] for each in asked.requests()}

        lab.wait_until(lambda: "/well" in answers(), 10)
        assert answers()["/well"] == 204
        assert lab.backend("shop:3000").opinion == "healthy"


def test_a_check_that_would_ask_another_program_is_said():
    text = proxy("a:1 b:1", "health_port 4000") + "http://o.test {\n\treverse_proxy b:4000\n}\n"
    with Lab.of(text, "process") as lab:
        [said] = [each for each in lab.substitutions if each.stood == "health_port 4000"]
        assert said.means == "In production checks ask b:4000; here each backend itself."
