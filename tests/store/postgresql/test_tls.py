"""TLS to a real server with a certificate of an authority of our own: the right name, a wrong one, none at all."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from couchcal.cli.doctor_server import ServerPatient, tls
from couchcal.errors import CouchcalError
from couchcal.practice.opening import create_practice, open_database
from couchcal.store.locations import database_at, parse_location
from couchcal.store.postgresql.address import Address
from tests.support.postgresql import Cluster, require_postgresql


class Server(NamedTuple):
    """A server that speaks TLS, and the files of whom to trust and whom not."""

    cluster: Cluster
    port: int
    database: str
    authority: Path
    stranger: Path

    def url(self, host: str, user: str = "couchcal:geheim", **options: object) -> str:
        told = "&".join(f"{name}={value}" for name, value in options.items())
        return f"postgresql://{user}@{host}:{self.port}/{self.database}?{told}"


def _openssl(*arguments: str, cwd: Path) -> None:
    subprocess.run(("openssl", *arguments), cwd=cwd, check=True, capture_output=True, timeout=60)


def _certificates(folder: Path) -> None:
    """An authority, a stranger to it, and the server's certificate for `localhost` from the first."""
    for name in ("ca", "stranger"):
        _openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem", cwd=folder,
        )  # fmt: skip
    _openssl(
        "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
        "-keyout", "server.key", "-out", "server.csr", cwd=folder,
    )  # fmt: skip
    (folder / "names").write_text("subjectAltName=DNS:localhost\n")
    _openssl(
        "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
        "-extfile", "names", "-out", "server.pem", cwd=folder,
    )  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    require_postgresql()
    folder = tmp_path_factory.mktemp("tls")
    _certificates(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # the server runs as another user where root starts it, which may not look into the folder of the test
    cluster = Cluster.start(Path("/tmp") / f"couchcal-tls-{os.getpid()}", {"port": str(port)}, host="127.0.0.1")  # noqa: S108
    try:
        owner = (cluster.folder / "data").stat()
        for name in ("server.key", "server.pem"):
            place = cluster.folder / "data" / name
            place.write_bytes((folder / name).read_bytes())
            os.chown(place, owner.st_uid, owner.st_gid)
            place.chmod(0o600)
        (cluster.folder / "data" / "pg_hba.conf").write_text(
            "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n"
        )
        cluster.run("ALTER SYSTEM SET ssl_cert_file = 'server.pem'")
        cluster.run("ALTER SYSTEM SET ssl = on")
        cluster.run("ALTER ROLE couchcal PASSWORD 'geheim'")
        cluster.run("SELECT pg_reload_conf()")
        yield Server(cluster, port, cluster.create(), folder / "ca.pem", folder / "stranger.pem")
    finally:
        cluster.stop()


def _code(url: str) -> str:
    """How opening ends: the code of the error."""
    with pytest.raises(CouchcalError) as found:
        open_database(parse_location(url))
    assert "geheim" not in f"{found.value.message} {found.value.hint}"
    return str(found.value.code)


def test_the_right_name_from_a_trusted_authority_opens(server: Server) -> None:
    url = server.url("localhost", sslmode="verify-full", sslrootcert=server.authority)
    database = create_practice(parse_location(url), tz="UTC").database
    connection = database.connect()
    assert connection.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone() == (1,)
    connection.close()
    database.dispose()


def test_a_wrong_name_or_a_stranger_does_not(server: Server) -> None:
    assert _code(server.url("127.0.0.1", sslmode="verify-full", sslrootcert=server.authority)) == "tls"
    assert _code(server.url("localhost", sslmode="verify-full", sslrootcert=server.stranger)) == "tls"
    assert _code(server.url("localhost", sslmode="verify-full", sslrootcert="system")) == "tls"


def test_a_server_that_wants_tls_takes_nobody_without(server: Server) -> None:
    assert _code(server.url("localhost", sslmode="disable")) == "denied"


def test_the_password_may_be_in_a_file_and_is_checked(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = {"sslmode": "verify-full", "sslrootcert": server.authority}
    assert _code(server.url("localhost", user="couchcal:falsch", **tls)) == "denied"
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
    assert _code(server.url("localhost", user="couchcal", **tls)) == "denied"
    (tmp_path / "pgpass").write_text(f"localhost:{server.port}:*:couchcal:geheim\n")
    (tmp_path / "pgpass").chmod(0o600)
    database_at(parse_location(server.url("localhost", user="couchcal", **tls))).connect().close()


def test_a_server_without_tls_is_not_spoken_to_in_the_clear(server: Server) -> None:
    server.cluster.run("ALTER SYSTEM SET ssl = off")
    server.cluster.run("SELECT pg_reload_conf()")
    try:
        assert _code(server.url("localhost", sslmode="require")) == "tls"
    finally:
        server.cluster.run("ALTER SYSTEM SET ssl = on")
        server.cluster.run("SELECT pg_reload_conf()")


@pytest.mark.parametrize(("mode", "words"), [("verify-full", "is checked"), ("require", "nobody checks")])
def test_the_doctor_says_whether_the_server_is_checked(
    server: Server, monkeypatch: pytest.MonkeyPatch, mode: str, words: str
) -> None:
    trusted = {"sslrootcert": str(server.authority)} if mode == "verify-full" else {}
    address = parse_location(server.url("localhost", "couchcal:geheim", sslmode=mode, **trusted))
    assert isinstance(address, Address)
    monkeypatch.setattr(Address, "local", property(lambda _: False))  # as if it were another computer
    (found,) = tls(ServerPatient(address))
    assert words in found.detail
    assert found.state == ("ok" if mode == "verify-full" else "warn")
