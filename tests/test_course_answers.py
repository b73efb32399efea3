"""What chapters 9 to 11 say in prose and in folded answers, and no run beside it measures."""

from __future__ import annotations

import pytest
import uvicorn

from caddylab import Lab, Outcome

PAIR = "backend1:8080 backend2:8080"

in_processes = pytest.mark.parametrize("lab", ["process"], indirect=True)


def load(lab: Lab, *options: str, upstreams: str = PAIR) -> None:
    lab.restore()
    block = "\n\t\t".join([f":80 {{\n\treverse_proxy {upstreams} {{", *options])
    lab.load(f"{block}\n\t}}\n}}\n", warn=False)


def test_uvicorn_keeps_an_idle_connection_for_five_seconds():
    """Chapter 9."""
    assert uvicorn.Config("app").timeout_keep_alive == 5


@in_processes
class TestDeploys:
    """Chapter 9."""

    def test_half_a_pause_is_worth_nothing(self, lab):
        errors = []
        for pause in (0, 1, 2):
            load(lab, "lb_policy round_robin", "lb_retries 1", "fail_duration 2s")
            with lab.under_load() as run:
                lab.rolling_restart(0.3, pause=pause)
            errors.append(run.errors)
        assert min(errors[:2]) > 0
        assert errors[2] == 0

    @pytest.mark.parametrize(("body", "lost"), [(b"", 0), (b"pizza", 8)])
    def test_an_order_with_a_key_is_sent_again_if_it_has_no_body(self, lab, body, lost):
        load(lab, "lb_policy round_robin", "lb_try_duration 10s")
        for backend in lab.backends:
            backend.closes_idle(0.5)
        lab.fire(8, concurrency=8, path="/delay/1000")  # eight connections, also on a busy machine
        lab.pause(0.7)
        key = {"Idempotency-Key": "1"}
        assert lab.fire(8, concurrency=8, method="POST", body=body, headers=key).errors == lost

    def test_the_websockets_of_a_dead_backend_are_cut_and_no_others(self, lab):
        load(lab, "lb_policy round_robin")
        talking = lab.websockets(20)
        lab.backend(2).kill()
        lab.wait_until(lambda: talking.lost == 10, 20)
        assert talking.open_now == 10
        talking.close()

    def test_who_sends_another_text_is_left_out_though_it_answers_200(self, lab):
        load(lab, "health_uri /ready", "health_interval 200ms", "health_body backend.:.1")
        lab.wait_until_unhealthy(2)
        assert lab.fire(20).shares == {1: 20}


@pytest.mark.alone
@in_processes
class TestOverload:
    """Chapter 10; the backends have two workers each, and do 40 a second."""

    def test_a_limit_is_best_between_the_workers_and_the_patience(self, lab):
        good = {}
        for most in (1, 4, 10, 100):
            load(lab, "lb_policy round_robin", f"unhealthy_request_count {most}")
            lab.limited(2, takes=0.1)
            run = lab.fire(rate=80, duration=1.5, timeout=0.5)
            good[most] = run.good
        assert good[4] > max(good[1], good[100])
        assert good[1] < 35
        assert good[100] < 45
        assert run.outcomes[Outcome.UNAVAILABLE] == 0

    def test_two_tries_of_caddys_fit_into_half_a_second(self, lab):
        timeout = ("transport http {", "response_header_timeout 400ms", "}")
        load(lab, "lb_policy round_robin", "lb_retries 2", *timeout)
        lab.limited(2, takes=0.1)
        run = lab.gust(40, rate=20, duration=3.5, timeout=0.5)
        assert max(len(request.attempts) for request in run.requests) == 2
        assert run.good_after(2.8) < 20

    def test_one_backend_of_two_serves_two_thirds_of_what_comes_if_it_may_refuse(self, lab):
        good = []
        for limit in ((), ("unhealthy_request_count 4",)):
            load(lab, "lb_policy round_robin", "lb_retries 1", "fail_duration 10s", *limit)
            lab.limited(2, takes=0.1)
            with lab.backend(2).killed():
                good.append(lab.fire(rate=30, duration=3, timeout=0.5).good)
        assert good[0] < 45
        assert good[1] in range(45, 70)


@in_processes
class TestNames:
    """Chapter 11."""

    def test_a_question_to_a_silent_name_server_fails_after_ten_seconds(self, lab):
        lab.restore()
        lab.load(":80 {\n\treverse_proxy {\n\t\tdynamic a app 8080\n\t}\n}\n", warn=False)
        with lab.names.silent():
            run = lab.fire(1, timeout=20)
        assert run.outcomes == {Outcome.UNAVAILABLE: 1}
        assert 9 < run.slowest < 15

    def test_every_request_meets_the_old_address_when_its_retry_takes_the_next_turn(self, lab):
        lab.restore()
        dynamic = "dynamic a app 8080\n\t\tlb_policy round_robin\n\t\tlb_try_duration 5s"
        lab.load(f":80 {{\n\treverse_proxy {{\n\t\t{dynamic}\n\t}}\n}}\n", warn=False)
        lab.fire(2)
        with lab.names.moved(2):
            run = lab.fire(6)
        assert (run.good, run.attempts_made) == (6, 12)
