"""Where a door decides otherwise than the specification says, and why. A test that is listed here must fail there.

What is listed is what a server decides before an application is asked, or does not let it decide; nothing of our own.
The same table is in docs/http-on-other-servers.md.
"""

from dataclasses import dataclass

__all__ = ["DIFFERENCES", "DOORS", "WIRED", "Difference"]

#: The doors that have a socket, and all of them.
WIRED = ("mainspring", "uvicorn", "hypercorn", "granian")
DOORS = ("in-process", *WIRED)


@dataclass(frozen=True)
class Difference:
    """A test that fails at some doors.

    Attributes:
        line: The line of the specification.
        test: The test that holds it, with the id of its case where only that case fails.
        doors: Where it fails.
        why: What happens instead.
        always: Whether it happens every time; what hangs on the moment may also go well.
    """

    line: str
    test: str
    doors: tuple[str, ...]
    why: str
    always: bool = True


DIFFERENCES = (
    # HTTP itself
    Difference(
        "HTTP-004", "test_a_verb_that_nobody_knows", ("uvicorn",), "400 in plain text: llhttp has a list of verbs"
    ),
    Difference("HTTP-004", "test_a_verb_that_nobody_knows[get]", ("hypercorn",), "verbs are folded to upper case"),
    Difference("HTTP-020", "test_no_line_tells_what_serves", ("granian",), "it always says `server: granian`"),
    # Connections
    Difference(
        "HTTP-038", "test_an_old_client_that_stays", ("uvicorn", "hypercorn"), "it closes after an answer to HTTP/1.0"
    ),
    Difference(
        "HTTP-038", "test_an_idle_connection_is_closed", ("granian",), "`headers_timeout` counts between requests too"
    ),
    Difference("HTTP-038", "test_a_client_that_sends_no_more_is_answered", ("granian",), "half a connection is none"),
    Difference("HTTP-039", "test_empty_lines_before_a_request", ("hypercorn",), "h11 refuses them with 400"),
    Difference(
        "REST-138", "test_a_request_behind_a_body_that_nobody_read", ("granian",), "it closes behind the first answer"
    ),
    Difference(
        "HTTP-042", "test_a_stream_to_an_old_client_ends_with_the_connection", ("uvicorn",), "HTTP/1.0 gets chunks"
    ),
    # 100
    Difference(
        "HTTP-041",
        "test_a_client_that_is_refused_before_its_body",
        ("hypercorn",),
        "100 is sent before anybody is asked",
    ),
    Difference(
        "HTTP-041", "test_an_expectation_that_nobody_knows", ("uvicorn", "hypercorn", "granian"), "it is ignored"
    ),
    # What is refused
    Difference(
        "ERR-001",
        "test_a_refusal_is_an_error_like_any_other",
        ("uvicorn", "hypercorn", "granian"),
        "plain text, or no body",
    ),
    Difference("HTTP-039", "test_what_is_no_request[spaces]", ("uvicorn",), "llhttp takes two spaces for one"),
    Difference(
        "HTTP-039", "test_what_is_no_request[version]", ("uvicorn",), "a line without a version is taken for HTTP/1.1"
    ),
    Difference("HTTP-039", "test_what_is_no_request[folded]", ("hypercorn",), "h11 unfolds lines"),
    Difference("HTTP-039", "test_what_is_no_request[newline]", ("hypercorn", "granian"), "lines may end with LF alone"),
    Difference("HTTP-039", "test_what_is_no_request[both]", ("granian",), "the chunks count, the length is ignored"),
    Difference("HTTP-039", "test_what_is_no_request[twice]", ("hypercorn", "granian"), "501; granian: served"),
    Difference("HTTP-039", "test_chunks_that_are_none", ("granian",), "500, since the application is asked before"),
    Difference("HTTP-039", "test_chunks_that_are_none[huge]", ("hypercorn",), "it waits for the rest of the chunk"),
    Difference(
        "HTTP-039", "test_a_version_that_is_not_spoken", ("uvicorn", "hypercorn", "granian"), "400; hypercorn: served"
    ),
    Difference("HTTP-017", "test_hosts[none]", ("uvicorn", "granian"), "served"),
    Difference("HTTP-017", "test_hosts[two]", ("uvicorn", "granian"), "served"),
    Difference(
        "HTTP-017",
        "test_hosts[malformed]",
        ("uvicorn", "hypercorn", "granian"),
        "served, unless `allowed_hosts` is set",
    ),
    # Limits
    Difference("HTTP-040", "test_a_long_request_line", ("uvicorn", "hypercorn", "granian"), "served to 64 KB and more"),
    Difference("HTTP-040", "test_many_header_lines", ("uvicorn", "hypercorn"), "served"),
    Difference("HTTP-040", "test_long_header_lines", ("uvicorn", "hypercorn", "granian"), "served to 64 KB and more"),
    Difference(
        "HTTP-040", "test_a_head_that_is_never_complete", ("uvicorn", "hypercorn"), "`headers_timeout` is refused"
    ),
    Difference(
        "HTTP-040", "test_no_more_connections_than_there_may_be", ("hypercorn",), "`max_connections` is refused"
    ),
    Difference("HTTP-037", "test_a_message_that_is_too_large", ("granian",), "it closes above 64 MB, without a code"),
    Difference(
        "HTTP-037",
        "test_the_server_stops",
        ("granian",),
        "now and then the connection is cut before its code is sent",
        always=False,
    ),
    # Stopping
    Difference(
        "HTTP-044",
        "test_what_was_just_sent_is_answered",
        ("granian",),
        "connections on which nothing was said yet are closed at once",
        always=False,
    ),
    Difference("HTTP-045", "test_what_outlasts_the_grace_period_is_cut_off", ("granian",), "the client gets a 500"),
)
