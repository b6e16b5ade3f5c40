"""Names of aioice and aiortc that are used though they are not promised to stay."""

import asyncio
import importlib.metadata
import inspect
import socket

import pytest
from aioice import ice, stun
from aiortc import RTCDtlsTransport, RTCSctpTransport, rtcsctptransport

from p2p.link.channel import CHUNK_BYTES
from p2p.link.dtls import make_certificate
from p2p.link.mux import RECEIVE_BYTES, Mux

CONNECTION_NAMES = (
    "_local_candidates _local_candidates_start _local_candidates_end _protocols _check_list "
    "_remote_candidates _nominated _closing _query_consent_task _early_checks _early_checks_done"
)
SCTP_NAMES = (
    "_association_state _last_received_tsn _advertised_rwnd _rto _srtt _rttvar "
    "_data_channel_queue _outbound_queue _sent_queue _cwnd _t1_failures"
)


@pytest.mark.parametrize(("package", "minor"), [("aioice", "0.13."), ("aiortc", "1.16.")])
def test_the_minor_versions_are_those_this_was_written_for(package, minor):
    assert importlib.metadata.version(package).startswith(minor)


@pytest.mark.parametrize(
    ("owner", "names"),
    [
        (
            ice.Connection,
            "check_incoming check_complete query_consent request_received build_request "
            "sort_check_list check_start_task _find_pair _valid_username gather_candidates",
        ),
        (ice.StunProtocol, "request send_stun send_data close connection_lost"),
        (
            RTCDtlsTransport,
            "_do_handshake _recv_next _register_data_receiver _send_data _set_role start stop",
        ),
        (
            RTCSctpTransport,
            "_handle_data _receive _send_chunk _update_rto _t1_start _t1_expired _t3_expired "
            "_set_state _receive_sack_chunk",
        ),
    ],
)
def test_what_is_overridden_or_called_is_there(owner, names):
    for name in names.split():
        assert callable(getattr(owner, name)), name


async def test_attributes_that_are_read_are_there():
    connection = ice.Connection(True)
    for name in CONNECTION_NAMES.split():
        assert hasattr(connection, name), name
    dtls = RTCDtlsTransport(None, [make_certificate()])
    for name in ["_data_receiver", "_role", "_rx_srtp", "_tx_srtp", "_ssl", "_task", "encrypted"]:
        assert hasattr(dtls, name), name
    sctp = RTCSctpTransport(dtls)
    for name in SCTP_NAMES.split():
        assert hasattr(sctp, name), name


def test_signatures_are_as_they_were():
    assert list(inspect.signature(ice.StunProtocol.request).parameters)[1:] == [
        "request",
        "addr",
        "integrity_key",
        "retransmissions",
    ]
    assert list(inspect.signature(ice.Connection.check_incoming).parameters)[1:] == [
        "message",
        "addr",
        "protocol",
    ]
    assert stun.RETRY_RTO == 0.5


def test_the_inside_of_pynacl_is_as_packets_are_sealed_in_place():
    from nacl._sodium import ffi, lib

    long, data = "unsigned long long", ["unsigned char *"]
    names = [*data, f"{long} *", *data, long, *data, long, *data * 3]
    assert ffi.typeof(lib.crypto_aead_aes256gcm_encrypt).args == tuple(map(ffi.typeof, names))


async def test_asyncio_reads_no_more_than_it_is_told_to():
    sizes = []

    class Sock(socket.socket):
        def recvfrom(self, size):
            sizes.append(size)
            return super().recvfrom(size)

    sock = Sock(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.setblocking(False)
    loop = asyncio.get_running_loop()
    _, mux = await loop.create_datagram_endpoint(lambda: Mux(sock), sock=sock)
    mux.send(b"\xc0", ("127.0.0.1", mux.local_port))
    async with asyncio.timeout(3.0):
        while not mux.counters["own"]:  # noqa: ASYNC110  nothing here has an event to wait for
            await asyncio.sleep(0.005)
    mux.close()
    await asyncio.sleep(0)
    assert set(sizes) == {RECEIVE_BYTES}


def test_the_size_of_a_chunk_is_looked_up_when_it_is_made():
    source = inspect.getsource(RTCSctpTransport._send)
    assert "USERDATA_MAX_LENGTH" in source
    assert rtcsctptransport.USERDATA_MAX_LENGTH == CHUNK_BYTES
