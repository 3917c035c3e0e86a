"""What one running Relais holds for itself: its data folder, its Redis, its port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from config import PROJECT
from helpdesk.supervision.claims import (
    ClaimRefused,
    FolderClaim,
    claim_port,
    listen,
    lock_inherited_by_redis,
)
from helpdesk.supervision.interruptions import Interruptions


@pytest.fixture
def wait():
    interruptions = Interruptions()
    with interruptions.watched():
        yield interruptions


def test_a_data_folder_is_used_by_one_at_a_time(tmp_path):
    first = FolderClaim(tmp_path)
    with pytest.raises(ClaimRefused, match=rf"already running on .* \(process {os.getpid()}\)"):
        FolderClaim(tmp_path)
    first.release()
    FolderClaim(tmp_path).release()


def test_an_orderly_end_is_told_from_a_run_cut_short(tmp_path):
    claim = FolderClaim(tmp_path)
    assert not claim.was_cut_short
    claim.release()
    program = (
        "import os, pathlib, helpdesk.supervision.claims as claims\n"
        f"claim = claims.FolderClaim(pathlib.Path({str(tmp_path)!r})); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=True)  # it dies without a release
    later = FolderClaim(tmp_path)
    assert later.was_cut_short
    later.release()
    assert not FolderClaim(tmp_path).was_cut_short


def test_a_folder_that_cannot_be_written_says_so(tmp_path):
    with pytest.raises(ClaimRefused, match=r"The data folder cannot be used: .*missing"):
        FolderClaim(tmp_path / "missing")


def test_the_redis_lock_outlives_its_maker(tmp_path, wait):
    lock = lock_inherited_by_redis(tmp_path, wait, patience=0)
    inherited = os.dup(lock)
    os.close(lock)
    with pytest.raises(ClaimRefused, match="The Redis of an earlier run still works"):
        lock_inherited_by_redis(tmp_path, wait, patience=0.2)
    os.close(inherited)
    os.close(lock_inherited_by_redis(tmp_path, wait, patience=0))


def test_a_taken_port_is_refused_with_what_to_do(wait):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ClaimRefused, match=f"Port {port} of 127.0.0.1 is taken .*--port"):
            claim_port("127.0.0.1", port, wait, patience=0)


def test_a_port_that_gets_free_is_waited_for(wait):
    other = socket.create_server(("127.0.0.1", 0))
    port = other.getsockname()[1]
    pauses = []

    class Waiting:
        def pause(self, seconds: float) -> None:
            pauses.append(seconds)
            other.close()

    with claim_port("127.0.0.1", port, Waiting(), patience=5) as listener:  # type: ignore[arg-type]
        assert listener.getsockname()[1] == port
    assert pauses


def test_clients_are_refused_until_the_socket_listens(wait):
    with claim_port("127.0.0.1", 0, wait, patience=0) as listener:
        address = listener.getsockname()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=2)
        listen(listener)
        socket.create_connection(address, timeout=2).close()


def test_of_two_that_took_the_same_silent_port_one_listens(wait):
    with claim_port("127.0.0.1", 0, wait, patience=0) as first:
        port = first.getsockname()[1]
        with claim_port("127.0.0.1", port, wait, patience=0) as second:
            listen(first)
            with pytest.raises(ClaimRefused, match=f"Port {port} .* is taken"):
                listen(second)


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("no.such.host.invalid", "is not the name or address"),
        ("192.0.2.1", "is not an address of this machine"),
    ],
)
def test_a_wrong_host_is_refused_with_what_to_do(wait, host, said):
    with pytest.raises(ClaimRefused, match=f"{host} {said}.*--host"):
        claim_port(host, 8000, wait, patience=0)
