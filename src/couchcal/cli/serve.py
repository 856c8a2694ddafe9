"""`couchcal serve`: the booking page."""

from __future__ import annotations

import argparse
import logging
import signal
import socket
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING

from couchcal.cli.commands import Handler
from couchcal.cli.context import Practice, opened
from couchcal.cli.plain import note, one_line
from couchcal.clock import system_clock
from couchcal.errors import Refused, UsageProblem
from couchcal.practice.booking_link import booking_link, slug

if TYPE_CHECKING:
    import uvicorn

    from couchcal.web.limits import Network

HOST, PORT = "127.0.0.1", 8080
NO_SLUG = Refused(
    "the practice has no booking link yet", "couchcal settings set practice.slug quiet-room", code="no_slug"
)


def _configure_serve(parser: ArgumentParser) -> None:
    parser.add_argument("--host", default=HOST, metavar="ADDRESS", help=f"the address to listen at ({HOST})")
    parser.add_argument("--port", default=PORT, type=_port, metavar="N", help=f"the port ({PORT})")
    parser.add_argument("--no-worker", action="store_true", help="another process runs the worker")
    parser.add_argument(
        "--open-network",
        action="store_true",
        help="listen at an address that other computers reach, without encryption: only behind a proxy",
    )
    parser.add_argument(
        "--proxy",
        action="append",
        default=[],
        type=_network,
        metavar="ADDRESS",
        help="a proxy, or a network of them, whose X-Forwarded-For counts; this computer's always does",
    )


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError("a port is a number up to 65535")
    return int(text)


def _network(text: str) -> Network:
    from ipaddress import ip_network

    try:
        return ip_network(text)
    except ValueError:
        raise argparse.ArgumentTypeError("give an address or a network, such as 10.0.0.0/24") from None


def _serve(args: Namespace) -> int:
    if not args.open_network and not _is_loopback(args.host):
        raise UsageProblem(
            f"at {args.host} other computers would reach the page without encryption",
            "put a proxy with TLS in front of 127.0.0.1 (couchcal guide booking), or say --open-network",
        )
    with opened(args) as practice, _bound(args.host, args.port) as listener:
        own_slug = slug(practice.connection)
        if not own_slug:
            raise NO_SLUG
        from couchcal.web.server import share_memory
        from couchcal.worker.pacing import short_turns

        share_memory()
        server = _server(practice, args.proxy)
        # one thread has the connections, others make the pages
        with _logged(), short_turns(), _ended_by_signals(server), _worker(practice, wanted=not args.no_worker):
            host, port = listener.getsockname()[:2]
            origin = f"http://{f'[{host}]' if ':' in host else host}:{port}"
            sys.stdout.write(f"{booking_link(origin, own_slug)}\n")
            sys.stdout.flush()
            server.run(sockets=[listener])
    return 0


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def _bound(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens, so that a port that is taken is told before anything else begins."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family)
    except OSError:
        raise UsageProblem(f"{host} is no address of this computer", "couchcal serve --host 127.0.0.1") from None
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(128)
        except OSError as error:
            raise Refused(
                f"nothing can listen at {host}, port {port}: {error.strerror}", "choose another with --port"
            ) from None
        yield listener


def _server(practice: Practice, proxies: list[Network]) -> uvicorn.Server:
    from couchcal.mail import config
    from couchcal.web.altcha import Altcha
    from couchcal.web.app import create_app
    from couchcal.web.server import server
    from couchcal.web.site import LOOPBACK, Site

    public_url = practice.settings.mail.public_url
    mail = bool(public_url) and config.set_up()
    if not mail:
        note(
            "no mail is set up: every booking waits for your decision, no address is checked (couchcal guide mail)"
        )
    site = Site(
        practice.database,
        mail=mail,
        https=public_url.startswith("https:"),
        proxies=(*LOOPBACK, *proxies),
        public_url=public_url,
        contact=config.own_address(),
        altcha=Altcha() if practice.settings.booking.altcha else None,
    )
    return server(create_app(site))


@contextmanager
def _logged() -> Iterator[None]:
    """Lines of the server on standard error, as long as it runs."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Line())
    levels = {logging.getLogger("couchcal.web"): logging.INFO, logging.getLogger("uvicorn"): logging.WARNING}
    before = [(logger, logger.handlers, logger.propagate, logger.level) for logger in levels]
    for logger, level in levels.items():
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)
    try:
        yield
    finally:
        for logger, handlers, propagate, level in before:
            logger.handlers, logger.propagate = handlers, propagate
            logger.setLevel(level)


@contextmanager
def _worker(practice: Practice, *, wanted: bool) -> Iterator[None]:
    """The background work beside the server, which has the first word."""
    if not wanted:
        yield
        return
    from couchcal.worker import Worker

    worker = Worker(practice.database, log=_log, polite=True)
    worker.start()
    try:
        yield
    finally:
        worker.stop()


@contextmanager
def _ended_by_signals(server: uvicorn.Server) -> Iterator[None]:
    """The server ends at these signals, also before it has begun. It raises those it heard itself once more when
    it is done; by then they change nothing."""

    def end(*_: object) -> None:
        server.should_exit = True

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Line(logging.Formatter):
    """The instant and what happened, on one line."""

    def format(self, record: logging.LogRecord) -> str:
        moment = system_clock().strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"{moment} {one_line(record.getMessage())}"


def _log(line: str) -> None:
    moment = system_clock().strftime("%Y-%m-%dT%H:%M:%SZ")
    sys.stderr.write(f"{moment} {one_line(line)}\n")
    sys.stderr.flush()


HANDLERS = {"serve": Handler(_configure_serve, _serve)}
