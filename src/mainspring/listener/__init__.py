"""The HTTP/1.1 listener: bytes in, requests out, and answers back as bytes. It knows no framework behind it.

`Listener` serves a socket; what answers requests is a function it is given.
"""

from mainspring.listener.bodies import AnyBody, Body
from mainspring.listener.connection import Connection
from mainspring.listener.errors import IncompleteResponseError, PeerGoneError
from mainspring.listener.heads import NO_HEAD, Fields, Head
from mainspring.listener.limits import Limits
from mainspring.listener.proxy_protocol import ProxiedConnection
from mainspring.listener.responses import STATUS_LINES
from mainspring.listener.service import Service
from mainspring.listener.serving import Listener

__all__ = [
    "NO_HEAD",
    "STATUS_LINES",
    "AnyBody",
    "Body",
    "Connection",
    "Fields",
    "Head",
    "IncompleteResponseError",
    "Limits",
    "Listener",
    "PeerGoneError",
    "ProxiedConnection",
    "Service",
]
