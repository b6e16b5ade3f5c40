"""A member and a relay load of aiortc and aioice only what links use."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_member_in_line_mode_has_no_codec_of_ffmpeg_and_no_multicast_dns():
    code = (
        "import sys; sys.path.insert(0, '.');"
        "import p2p.node, audio.pipeline, tui.line_mode.line_mode;"
        "print('p2p.link.transports' in sys.modules,"
        " [m for m in ('av', 'dns', 'aioice.mdns', 'textual') if m in sys.modules])"
    )
    assert run(code) == "True []"


@pytest.mark.skipif(sys.platform != "linux", reason="reads what is mapped from /proc")
def test_no_library_of_ffmpeg_is_mapped():
    code = (
        "import sys; sys.path.insert(0, '.'); import p2p.node, audio.pipeline;"
        "maps = open('/proc/self/maps').read();"
        "print('_sodium' in maps, 'libavcodec' in maps)"
    )
    assert run(code) == "True False"


def test_whoever_imports_them_afterwards_gets_all_of_them():
    code = (
        "import sys; sys.path.insert(0, '.'); from p2p.link import transports;"
        "import aioice.mdns, aiortc, av;"
        "print(aiortc.RTCSctpTransport is transports.RTCSctpTransport,"
        " aiortc.RTCPeerConnection.__module__, av.AudioFrame.__module__,"
        " aioice.mdns.is_mdns_hostname('a.local'))"
    )
    assert run(code) == "True aiortc.rtcpeerconnection av.audio.frame True"


def test_where_they_were_imported_before_nothing_is_replaced():
    code = (
        "import sys; sys.path.insert(0, '.'); import aiortc; from p2p.link import transports;"
        "print(aiortc.RTCSctpTransport is transports.RTCSctpTransport,"
        " transports.ice.mdns.is_mdns_hostname('a.local'), sys.modules['aiortc'] is aiortc)"
    )
    assert run(code) == "True True True"
