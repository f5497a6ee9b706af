"""One connection: requests in, one after the other, each handed on as it comes, and their answers out in this order.

It reads a head, starts a task for it, feeds the body to whoever reads it, and writes what the answer is. The next
request waits until the answer is complete and the body is through. Whoever answers calls `send`, or `start` and
`write`, and leaves with a complete answer or calls `abort`.
"""

import asyncio
from asyncio import Task

from mainspring.http import HttpError, HttpErrors
from mainspring.listener.answering import Answering
from mainspring.listener.bodies import AnyBody, Body, WholeBody
from mainspring.listener.errors import PeerGoneError
from mainspring.listener.heads import NO_HEAD, Fields, Head, next_head
from mainspring.listener.responses import LENGTHS, head_bytes
from mainspring.listener.service import Serve, Service

__all__ = ["Connection"]

# The states of a connection; plain numbers, since each request asks for them several times.
_IDLE = 0  # between requests, or in a head
_RECEIVING = 1  # in the body of a request
_BUSY = 2  # the request is here, its answer is not complete
_DRAINING = 3  # the answer is complete, and nobody wants the rest of the body
_CLOSING = 4  # nothing is read any more


class Connection(Answering):
    """A connection of a listener.

    Attributes:
        task: The task of the request it answers.
    """

    __slots__ = (
        "_buffer", "_deadline", "_fields", "_is_plain", "_is_reading_paused", "_may_be_plain", "_serve", "_since",
        "_state", "_timer", "_timer_at", "task",
    )  # fmt: skip

    _timer_at: float
    _since: float
    _serve: Serve
    _may_be_plain: bool

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self.task: asyncio.Task[None] | None = None
        self._state = _IDLE
        self._buffer = b""
        self._fields = NO_HEAD.fields
        self._deadline: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_reading_paused = False
        self._is_plain = False

    # What the transport says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A peer is there."""
        self.transport = transport
        service = self.service
        limit = service.limits.connections
        is_too_many = limit is not None and len(service.connections) >= limit
        service.connections.add(self)
        if is_too_many:
            service.log.warning("There are %s connections, and no room for more: others get 503.", limit)
            self.refuse(HttpErrors.ServiceUnavailable(code="TOO_MANY_CONNECTIONS", headers={"Retry-After": "1"}))
        else:
            self._expect_by(service.limits.headers_timeout)

    def data_received(self, data: bytes) -> None:
        """It has sent something."""
        state = self._state
        if state == _IDLE:
            self._read(self._buffer + data if self._buffer else data)
        elif state == _BUSY:
            self._keep(data)
        elif state != _CLOSING:
            self._more(data)

    def eof_received(self) -> bool:
        """It sends no more; perhaps it waits for an answer all the same (RFC 9112 section 9.6)."""
        self.is_ended = True
        if self._state != _BUSY:
            return False
        if self._gone is not None:
            self._watch_silence()
        return self.service.scheme == "http"  # TLS has no half of a connection

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the shape of a protocol
        """It is gone."""
        self.is_lost = self.is_ended = True
        self._state = _CLOSING
        self.service.forget(self)
        if self.task is not None and not self.task.done():
            self.service.keep(self.task)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._body is not None:
            self._body.fail(PeerGoneError())
        if self._gone is not None and not self._gone.done():
            self._gone.set_result(None)
        self.resume_writing()

    # Reading

    def _read(self, data: bytes) -> None:
        """Begin the request that these bytes hold, if its head is complete."""
        service = self.service
        try:
            found = next_head(data, service.limits, self._fields)
        except HttpError as error:
            self._read_none(data, error)
            return
        if found is None:
            self._wait_for_head(data)
            return
        head, end = found
        fields = head.fields
        if fields is not self._fields:
            self._adopt(fields)
        self._head, self._deadline = head, None
        self._is_plain = False if head.method == "HEAD" else self._may_be_plain
        if fields.length == 0:
            body: AnyBody | None = None
            self._state = _BUSY
            self._buffer = data[end:] if len(data) > end else b""
        else:
            body = self._begin_body(head, data, end)
        if not self._is_plain and service.note is not None:
            self._since = service.loop.time()
        before, loop, serve = self.task, service.loop, self._serve
        if loop.get_task_factory() is None:  # what the loop does then, for a fraction of what it costs
            self.task = Task(serve(self, head, body), name="request")
        else:
            self.task = loop.create_task(serve(self, head, body))
        if before is not None and not before.done():
            service.keep(before)

    def _adopt(self, fields: Fields) -> None:
        """Work out what is the same for all requests with these fields."""
        service = self.service
        self._fields = fields
        self._keeps = fields.keep_alive
        self._serve = service.serve if not fields.upgrade or service.upgrade is None else service.upgrade
        # Nothing of such a request is out of the ordinary, unless its method or its body is.
        self._may_be_plain = fields.is_1_1 and fields.keep_alive and service.note is None

    def _begin_body(self, head: Head, data: bytes, begin: int) -> AnyBody:
        """The body of a request, and where what came of it goes."""
        end = begin + head.fields.length
        if begin < end <= len(data):
            self._state = _BUSY
            self._buffer = data[end:] if len(data) > end else b""
            return WholeBody(data[begin:end])
        self._state = _RECEIVING
        self._buffer = b""
        self._body = body = Body(head, self.service.limits, self.transport)
        if len(data) > begin:
            self._more(data[begin:])
        return body

    def _read_none(self, data: bytes, error: HttpError) -> None:
        """Bytes that are no request, unless empty lines before it are all that is wrong (RFC 9112 section 2.2)."""
        at = 0
        while data.startswith(b"\r\n", at):
            at += 2
        if not at:
            self.refuse(error)
            return
        self._buffer = b""
        if len(data) > at:
            self._read(data[at:])

    def _wait_for_head(self, data: bytes) -> None:
        """Keep the beginning of a head. It has to be complete in time, whatever comes of it meanwhile."""
        if not self._buffer:
            self._expect_by(self.service.limits.headers_timeout)
        self._buffer = data

    def _keep(self, data: bytes) -> None:
        """Keep what follows the request that is being answered."""
        self._buffer += data
        if len(self._buffer) > self.service.limits.buffer and not self._is_reading_paused:
            self._is_reading_paused = True
            self.transport.pause_reading()

    def _more(self, data: bytes) -> None:
        """Hand on what belongs to the body."""
        body = self._body
        assert body is not None
        try:
            rest = body.feed(data)
        except HttpError:  # the reader hears of it; whatever follows means nothing
            self._keeps = self._is_plain = False
            if self._state == _DRAINING:
                self._close()
            else:
                self._state = _BUSY
                self._buffer = b""
                self.transport.pause_reading()
            return
        if body.is_received:
            self._buffer = rest
            if self._state == _DRAINING:
                self._answered()
            else:
                self._state = _BUSY
        elif self._state == _DRAINING and not body.is_worth_draining:
            self._close()

    def _next(self) -> None:
        """Go on with what came while the last request was answered."""
        if self._state != _IDLE:
            return
        if self._is_reading_paused:
            self._is_reading_paused = False
            self.transport.resume_reading()
        data, self._buffer = self._buffer, b""
        if data:
            self._read(data)
        if self.is_ended and self._state == _IDLE:
            self.transport.close()

    # Time

    def _expect_by(self, seconds: float) -> None:
        """The peer has to go on within that time. A timer runs once per period, not once per request."""
        loop = self.service.loop
        self._deadline = deadline = loop.time() + seconds
        if self._timer is not None:
            if self._timer_at <= deadline:
                return
            self._timer.cancel()
        self._timer_at = deadline
        self._timer = loop.call_at(deadline, self._look)

    def _look(self) -> None:
        self._timer = None
        deadline = self._deadline
        if deadline is None:
            return
        if deadline > self.service.loop.time() + 0.001:
            self._timer_at = deadline
            self._timer = self.service.loop.call_at(deadline, self._look)
        elif self._state == _CLOSING:
            self.transport.abort()
        elif self._state == _IDLE and self._buffer:
            self.refuse(HttpErrors.RequestTimeout(code="HEADERS_TIMEOUT"))
        else:
            self._state = _CLOSING
            self.transport.close()

    # Answering

    def answer(self, head: bytes, last: bytes, body: bytes) -> None:
        """Answer with a body that is there as a whole: what `send` does, for who has the head as bytes.

        Args:
            head: Status line and header lines without the length, as far as many answers begin with them.
            last: The end of the last line.
            body: The body.

        Raises:
            PeerGoneError: Nobody takes it.
        """
        service, received = self.service, self._body
        if not self._is_plain or self._state != _BUSY or service.is_closing:
            self._answer_slowly(head + last, body)
            return
        if received is not None:
            if not received.is_received:
                self._answer_slowly(head + last, body)
                return
            self._body = None
        now, clock = service.loop.time(), service.clock
        if now >= clock.until:
            clock.tick(now)
        self.transport.write(b"".join((clock.heads[head], last, LENGTHS[len(body)], body)))
        self._gone = None
        self._state = _IDLE
        if self._buffer or self.is_ended:
            service.loop.call_soon(self._next)
            return
        self._deadline = deadline = now + service.keep_alive
        if self._timer is None or self._timer_at > deadline:
            self._expect_by(service.keep_alive)

    def _answer_slowly(self, head: bytes, body: bytes) -> None:
        """The same where something is out of the ordinary."""
        if self.is_lost:
            raise PeerGoneError
        self._status = int(head[9:12])
        self._decide(closes=False)
        self._is_chunked, self._left, self._skips_body = False, len(body), self._head.method == "HEAD"
        self.transport.write(b"%b\r\n%b%b" % (head, self.date(), self._connection_line()))
        self.transport.write(b"content-length: %d\r\n\r\n" % len(body))
        self.write(body, more=False)

    def _complete(self) -> None:
        """The answer is complete. What is left of the request goes the same way, and then the next one comes."""
        service = self.service
        if service.note is not None:
            service.note(self, self._head, self._status, service.loop.time() - self._since)
        body = self._body
        if body is not None and not body.is_received:
            if not self._keeps:
                self._close()
                return
            body.drop()
            self._state = _DRAINING
            self._expect_by(service.limits.headers_timeout)
            return
        self._answered()

    def _answered(self) -> None:
        self._body = self._gone = None
        if not self._keeps or self.service.is_closing:
            self._close()
            return
        self._state = _IDLE
        if self._buffer or self.is_ended:
            self.service.loop.call_soon(self._next)
        else:
            self._expect_by(self.service.limits.keep_alive_timeout)

    # The end

    def refuse(self, error: HttpError) -> None:
        """Answer what is no request, and close: nothing that follows means anything."""
        self._state = _CLOSING
        self._keeps = False
        self._body = None
        lines, body = self.service.refuse(self, error)
        self.transport.write(head_bytes(error.status, lines, self.date(), b"connection: close\r\n") + body)
        self._linger()

    def _close(self) -> None:
        """Close, so that the peer gets all of the last answer."""
        is_through = not self._buffer and (self._body is None or self._body.is_received)
        self._state = _CLOSING
        if self._body is not None:
            self._body.drop()
        if is_through:
            self.transport.close()
        else:
            self._linger()

    def _linger(self) -> None:
        """Read on for a while: what arrives at a closed socket destroys what the peer has not read (section 9.6)."""
        self._buffer = b""
        if self.is_ended or self.transport.is_closing():
            self.transport.close()
            return
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.transport.resume_reading()
        self._expect_by(self.service.limits.linger)

    def abort(self) -> None:
        """Cut the connection: an answer that is not complete must not look as if it were."""
        self._state = _CLOSING
        self.transport.abort()

    def end(self) -> None:
        """End it as soon as its answer is complete; at once when there is none under way."""
        if self._state in (_IDLE, _DRAINING):
            self._state = _CLOSING
            self.transport.close()

    def hand_over(self, protocol: asyncio.Protocol) -> bytes:
        """Let another protocol have the connection; gives what came after the request that asked for it."""
        self._state = _CLOSING
        if self._timer is not None:
            self._timer.cancel()
        self.service.connections.add(protocol)
        self.service.forget(self)
        self.transport.set_protocol(protocol)
        if self._is_reading_paused:
            self.transport.resume_reading()
        rest, self._buffer = self._buffer, b""
        return rest

    @property
    def is_new(self) -> bool:
        """Whether nothing was asked on it yet."""
        return self.task is None and self._state == _IDLE and not self.is_ended
