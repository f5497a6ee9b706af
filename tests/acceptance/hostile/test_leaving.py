"""Clients that go away, or read as slowly as they can."""

import socket
import struct
import time

from tests.acceptance.hostile.conftest import LARGE, answers_in, received

REQUEST = b"GET %b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def reset(client: socket.socket) -> None:
    """Go away without a word: with a reset instead of an end."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def test_clients_that_leave_in_the_middle_of_an_answer(target):
    """HTTP-025, HTTP-034"""
    with target.bounded(16):
        for path in (b"/streams", b"/downloads", b"/files/a.txt") * 10:
            client = target.connect()
            client.sendall(REQUEST % path)
            assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
            reset(client)
    target.is_undisturbed()


def test_clients_that_leave_in_the_middle_of_their_request(target):
    """HTTP-033"""
    head = b"POST /uploads HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\n"
    head += b"Content-Length: 100000000\r\n\r\n"
    for sent in (b"GET /hel", b"GET /hello HTTP/1.1\r\nHost", head, head + b"x" * 1_000_000):
        for _ in range(10):
            client = target.connect()
            client.sendall(sent)
            reset(client)
    target.is_undisturbed()


def test_clients_that_do_not_read_are_not_sent_more_than_buffers_hold(target):
    """HTTP-021, HTTP-048"""
    with target.bounded(24):
        clients = [target.connect(receive_buffer=4096) for _ in range(50)]
        for client, path in zip(clients, [b"/streams", b"/downloads"] * 25, strict=True):
            client.sendall(REQUEST % path)
        for _ in range(5):
            target.is_undisturbed()
            time.sleep(0.1)
        for client in clients:
            reset(client)


def test_a_download_needs_no_memory(target):
    """HTTP-051"""
    with target.bounded(4), target.connect() as client:
        client.sendall(REQUEST % b"/downloads")
        (answer,) = answers_in(received(client))
    assert len(answer.body) == LARGE


def test_only_one_answer_to_who_says_no_more(target):
    """HTTP-038"""
    with target.connect() as client:
        client.sendall(REQUEST % b"/hello" + REQUEST % b"/hello")
        assert len(answers_in(received(client))) == 1


def test_idle_connections_are_closed(target):
    """HTTP-038"""
    with target.connect() as client:
        client.sendall(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
        started = time.monotonic()
        assert len(answers_in(received(client))) == 1
        assert 4 < time.monotonic() - started < 20
