import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.errors import MainspringError
from mainspring.http import Headers, TrustedProxies, TrustedProxiesError, authority, forwarding_of, split_host

FIELDS = {
    "x-forwarded-for": "203.0.113.7, 10.0.0.2",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "shop.example:8443",
    "x-forwarded-prefix": "/shop/",
}


def found(fields, peer="10.0.0.1", trusted="10.0.0.0/8"):
    return forwarding_of(Headers.of(fields), peer, TrustedProxies(trusted))


@pytest.mark.parametrize("trusted", [None, [], False, "192.0.2.0/24", ["192.0.2.1"]])
def test_nobody_is_believed_who_is_not_trusted(trusted):
    """HTTP-013"""
    assert found(FIELDS, trusted=trusted) is None


@pytest.mark.parametrize("trusted", ["10.0.0.0/8", ["10.0.0.1", "10.0.0.2"], 2, "10.0.0.1, 10.0.0.2"])
def test_a_trusted_proxy_says_who_the_client_is(trusted):
    """HTTP-013"""
    said = found(FIELDS, trusted=trusted)
    assert (said.client, said.scheme, said.host, said.port, said.prefix) == (
        "203.0.113.7",
        "https",
        "shop.example",
        8443,
        "/shop",
    )


def test_the_client_is_the_first_from_the_end_that_is_no_trusted_proxy():
    """HTTP-013"""
    assert found({"x-forwarded-for": "1.1.1.1, 203.0.113.7, 10.0.0.2"}).client == "203.0.113.7"
    assert found({"x-forwarded-for": "1.1.1.1, 203.0.113.7, 10.0.0.2"}, trusted=1).client == "10.0.0.2"
    assert found({"x-forwarded-for": "1.1.1.1, 203.0.113.7"}, trusted="*").client == "1.1.1.1"
    assert found({"x-forwarded-for": "10.0.0.3, 10.0.0.2"}).client == "10.0.0.3"


def test_the_standard_field_wins_over_the_others():
    """HTTP-013"""
    fields = {
        **FIELDS,
        "forwarded": 'for=9.9.9.9, for="[2001:db8::7]:4711";proto=https;host="a.example:81", for=10.0.0.2;proto=http',
    }
    said = found(fields)
    assert (said.client, said.client_port, said.scheme, said.host, said.port) == (
        "2001:db8::7",
        4711,
        "https",
        "a.example",
        81,
    )


def test_a_forwarded_port_wins_over_that_of_the_forwarded_host():
    """HTTP-014"""
    assert found({**FIELDS, "x-forwarded-port": "444"}).port == 444
    assert found({**FIELDS, "x-forwarded-port": "nonsense"}).port == 8443
    assert found({**FIELDS, "x-forwarded-port": "0"}).port == 8443


@pytest.mark.parametrize(
    ("scheme", "host", "port", "text"),
    [
        ("https", "a.example", 443, "a.example"),
        ("http", "a.example", 80, "a.example"),
        ("http", "a.example", 443, "a.example:443"),
        ("https", "a.example", None, "a.example"),
        ("http", "::1", 8080, "[::1]:8080"),
        ("http", "[::1]", 80, "[::1]"),
    ],
)
def test_the_default_port_of_a_scheme_is_not_shown(scheme, host, port, text):
    """HTTP-014, REST-008"""
    assert authority(scheme, host, port) == text


def test_garbage_is_ignored():
    """HTTP-014"""
    said = found(
        {
            "x-forwarded-for": "nonsense, 203.0.113.7",
            "x-forwarded-proto": "gopher",
            "x-forwarded-host": "a b/../c",
            "x-forwarded-port": "99999",
            "x-forwarded-prefix": "//evil.example",
        }
    )
    assert said.client == "203.0.113.7"
    assert (said.scheme, said.host, said.port, said.prefix) == (None, None, None, "")


@pytest.mark.parametrize("config", [["nonsense"], "10.0.0.0/99", -1, 3.5, [None]])
def test_an_entry_that_is_no_proxy_is_refused(config):
    """HTTP-013"""
    with pytest.raises(TrustedProxiesError, match="trusted_proxies") as caught:
        TrustedProxies(config)
    assert isinstance(caught.value, MainspringError)


def test_ipv4_addresses_in_ipv6_clothes_are_the_same():
    """HTTP-013"""
    assert TrustedProxies("10.0.0.0/8").trusts("::ffff:10.1.2.3")
    assert not TrustedProxies("10.0.0.0/8").trusts("::1")
    assert TrustedProxies(["unix"]).trusts(None)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a.example", ("a.example", None)),
        ("a.example:80", ("a.example", 80)),
        ("[::1]:80", ("[::1]", 80)),
        ("", None),
        (None, None),
        ("a b", None),
        ("a:b", None),
        ("a:99999", None),
        ("a/b", None),
        ("user@a", None),
    ],
)
def test_a_host_field_is_read_strictly(text, parts):
    """HTTP-017"""
    assert split_host(text) == parts


@given(st.text(st.characters(max_codepoint=255)), st.text(st.characters(max_codepoint=255)))
def test_any_forwarded_text_gives_something_harmless(one, other):
    """HTTP-014"""
    for fields in (
        {"forwarded": one},
        {"x-forwarded-for": one, "x-forwarded-prefix": other, "x-forwarded-host": other},
    ):
        said = found(fields, trusted="*")
        assert said.prefix == "" or (said.prefix.startswith("/") and not said.prefix.startswith("//"))
        assert said.host is None or " " not in said.host
