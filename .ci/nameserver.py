"""A name server that knows no names and says so at once (NXDOMAIN), on 127.0.0.1:53.

Podman's own name server forwards every name that it does not know to the machine's, and without a
network it would wait for an answer in vain.
"""

import os
import socket

NO_SUCH_NAME = b"\x81\x83"  # an answer, recursion available, response code 3


def answer(query: bytes) -> bytes:
    """`query` as an answer: its question alone, with the flags of an answer."""
    end_of_name = query.index(b"\0", 12)
    question = query[12 : end_of_name + 5]
    return query[:2] + NO_SUCH_NAME + b"\0\1" + bytes(6) + question


def main() -> None:
    """Answer queries forever, in the background."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    if os.fork():
        return
    while True:
        query, client = server.recvfrom(4096)
        if b"\0" in query[12:]:
            server.sendto(answer(query), client)


if __name__ == "__main__":
    main()
