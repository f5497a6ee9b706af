"""From the ``ssl`` setting to a TLS context."""

import ssl
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from mainspring.rest.errors import SettingError
from mainspring.rest.settings import as_options

__all__ = ["ssl_context"]


def ssl_context(setting: Any) -> ssl.SSLContext:
    """The context for ``{"cert_file", "key_file", "ca_file", "password"}``, ``{"pfx_file", "password"}``, or itself.

    Raises:
        SettingError: Nothing is given, or what is given cannot be loaded.
    """
    if isinstance(setting, ssl.SSLContext):
        return setting
    options = as_options(setting, "ssl") if setting is not None else {}
    password = options.get("password") or options.get("passphrase")
    try:
        if options.get("pfx_file"):
            return _from_pfx(Path(options["pfx_file"]).read_bytes(), password)
        if not options.get("cert_file"):
            raise SettingError("ssl", setting, "https needs cert_file and key_file, or an ssl.SSLContext")
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        # A function is called only when the key is encrypted; without one OpenSSL would ask the terminal, and wait.
        context.load_cert_chain(options["cert_file"], options.get("key_file"), password or _no_password)
        if options.get("ca_file"):
            context.load_verify_locations(options["ca_file"])
            context.verify_mode = ssl.CERT_OPTIONAL
    except (OSError, ValueError) as error:  # of OpenSSL too; cryptography says ValueError of a wrong password
        if isinstance(error, SettingError):
            raise
        shown = {key: value for key, value in options.items() if key not in ("password", "passphrase")}
        raise SettingError("ssl", shown, str(error)) from error
    return context


def _no_password() -> str:
    raise ValueError("the key is encrypted; give its password")


def _from_pfx(data: bytes, password: str | None) -> ssl.SSLContext:
    """A context from PKCS#12. The standard library reads PEM only; the optional package ``cryptography`` converts."""
    try:
        serialization: Any = import_module("cryptography.hazmat.primitives.serialization")
        pkcs12: Any = import_module("cryptography.hazmat.primitives.serialization.pkcs12")
    except ImportError as error:
        raise SettingError(
            "ssl", "pfx_file", "PKCS#12 needs the package cryptography; install it, or use PEM"
        ) from error
    key, certificate, others = pkcs12.load_key_and_certificates(data, password.encode() if password else None)
    if key is None or certificate is None:
        raise SettingError("ssl", "pfx_file", "it holds no key or no certificate")
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    chain = b"".join(each.public_bytes(serialization.Encoding.PEM) for each in (certificate, *others))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    with tempfile.NamedTemporaryFile() as file:  # readable by its owner only, gone at the end of the block
        file.write(pem + chain)
        file.flush()
        context.load_cert_chain(file.name)
    return context
