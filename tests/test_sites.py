"""Caddyfiles in the shape of what people really run: their routes lead to backends in a lab."""

from __future__ import annotations

from pathlib import Path

import pytest

from caddylab import Answerer, Lab

SITES = sorted((Path(__file__).parent / "sites").glob("*.caddyfile"))


@pytest.fixture(scope="module", params=SITES, ids=lambda path: path.stem)
def site(request):
    with Lab.of(request.param, "process") as lab:
        yield lab


def test_each_route_leads_to_a_backend_of_its_own(site):
    assert site.routes
    for route in site.routes:
        traffic = site.fire(2, host=route.host or None, path=route.path, method=route.method)
        request = traffic.requests[0]
        assert request.answerer is Answerer.BACKEND, (str(route), traffic, request)
        assert f"{site.backend(request.answered_by)!r}"


def test_the_names_are_those_of_the_file(site):
    for route in site.routes:
        for upstream in route.upstreams:
            assert site.backend(upstream).healthy, upstream


def test_what_was_replaced_is_said(site):
    for each in site.substitutions:
        assert each.means.endswith("."), each
        assert each.stood, each
