"""Prints the requests per second of 16 of locust's FastHttpUsers at one URL.

A separate program, because locust replaces Python's sockets with gevent's.
"""

from __future__ import annotations

import sys

import gevent
from locust import FastHttpUser, constant, task
from locust.env import Environment


class Visitor(FastHttpUser):
    wait_time = constant(0)

    @task
    def visit(self) -> None:
        self.client.get("/test-api")


def main(url: str, seconds: float, users: int = 16, warm_up: float = 1.5) -> None:
    Visitor.host = url
    runner = Environment(user_classes=[Visitor]).create_local_runner()
    runner.start(users, spawn_rate=1000)
    gevent.sleep(warm_up)
    total = runner.stats.total
    before = total.num_requests
    gevent.sleep(seconds)
    print((total.num_requests - before) / seconds, total.num_failures, runner.user_count)
    runner.quit()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
