"""`lab.reset()`: whatever was done to it, a lab is as a new one afterwards, on both runtimes."""

from __future__ import annotations

import pytest

from caddylab import Lab, LabClosed

STICKY = ":80 {\n\treverse_proxy backend1:8080 backend2:8080 {\n\t\tlb_policy cookie\n\t}\n}\n"


def spoil_nothing(lab):
    pass


def hang(lab):
    lab.backend(2).hung()


def cut_off_and_kill(lab):
    lab.backend(1).partitioned()
    lab.backend(2).kill()


def spoil_the_app(lab):
    lab.backend(1).slow(30)
    lab.backend(2).failing()


def jam(lab):
    """Both are so busy with what nobody waits for any more that they hear nothing else."""
    lab.load(STICKY.replace("cookie", "round_robin"))
    lab.fire(8, concurrency=8, path="/slow-block?ms=20000", background=True)
    lab.fire(4, concurrency=4, path="/delay/20000", background=True)
    lab.wait_until(lambda: all(backend.in_flight for backend in lab.backends), 5)


SPOILERS = [spoil_nothing, hang, cut_off_and_kill, spoil_the_app, jam]


@pytest.mark.parametrize("spoil", SPOILERS)
def test_the_lab_is_as_a_new_one(lab, spoil):
    lab.load(STICKY)
    spoil(lab)
    lab.reset()
    assert [backend.state for backend in lab.backends] == ["up", "up"]
    assert [backend.opinion for backend in lab.backends] == ["healthy", "healthy"]
    assert all(fault.end for fault in lab.faults)
    assert lab.load("happy-path").warnings == []
    again = lab.fire(16, timeout=3)
    assert (again.errors, again.backends) == (0, [2, 1] * 8)


def test_it_ends_traffic_and_keeps_the_records(lab):
    going_on = lab.fire(rate=20, duration=60, background=True)
    lab.wait_until(lambda: len(going_on) > 5, 5)
    lab.reset()
    assert going_on.done
    assert len(going_on) > 5


def test_clients_are_new_and_the_plain_caddyfile_is_back(lab):
    lab.load(STICKY)
    lab.fire(2, clients=2)
    lab.reset()
    assert "lb_policy" not in lab.caddyfile
    lab.load(STICKY)
    visits = lab.fire(1)
    assert visits.clients[0].cookies  # set anew: it had none to send
    assert visits.run.id not in str(lab.fire(1).run.id)


def test_a_closed_lab_has_nothing_to_reset():
    lab = Lab(runtime="process")
    lab.close()
    with pytest.raises(LabClosed):
        lab.reset()
