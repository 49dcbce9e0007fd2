"""OSC messages, well-formed and not."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dreamvid.errors import UsageError
from dreamvid.live.controls.osc import Osc, messages

bundles = pytest.importorskip("pythonosc.osc_bundle_builder")
builders = pytest.importorskip("pythonosc.osc_message_builder")
clients = pytest.importorskip("pythonosc.udp_client")


def packet(address: str, *values: Any) -> bytes:
    builder = builders.OscMessageBuilder(address)
    for value in values:
        builder.add_arg(value)
    built: bytes = builder.build().dgram
    return built


class Heard:
    """Controls that remember."""

    def __init__(self) -> None:
        self.got: list[tuple[str, Any]] = []
        self.came = threading.Event()

    def send(self, kind: str, name: str, value: Any = None) -> None:
        self.got.append((name, value))
        self.came.set()


def test_messages_are_read() -> None:
    assert list(messages(packet("/dreamvid/strength", 0.5))) == [("strength", 0.5)]
    assert list(messages(packet("/dreamvid/layer", "parts", 3))) == [("layer", "parts")]
    assert list(messages(packet("/dreamvid/reset"))) == [("reset", None)]
    assert list(messages(packet("/other/strength", 0.5))) == []


def test_bundles_are_read() -> None:
    bundle = bundles.OscBundleBuilder(bundles.IMMEDIATELY)
    for name in ("strength", "detail"):
        builder = builders.OscMessageBuilder(f"/dreamvid/{name}")
        builder.add_arg(1.0)
        bundle.add_content(builder.build())
    assert dict(messages(bundle.build().dgram)) == {"strength": 1.0, "detail": 1.0}


@given(st.binary(max_size=200))
def test_no_packet_raises(data: bytes) -> None:
    list(messages(data))
    list(messages(packet("/dreamvid/strength", 0.5)[:7] + data))
    list(messages(b"#bundle\0" + data))


def test_it_listens_and_survives_what_is_broken() -> None:
    osc, heard = Osc("0"), Heard()
    osc.start(heard)  # type: ignore[arg-type]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for broken in (b"", b"#bundle", b"\xff" * 3000, b"/dreamvid/strength\0\0,f"):
            sender.sendto(broken, ("127.0.0.1", osc.port))
    client = clients.SimpleUDPClient("127.0.0.1", osc.port)
    client.send_message("/dreamvid/preset", "fur")
    assert heard.came.wait(60)
    client._sock.close()
    osc.close()
    assert heard.got == [("preset", "fur")]


@pytest.mark.parametrize("place", ["port", "127.0.0.1:", "70000", "-1", "192.0.2.1:9000"])
def test_a_place_where_it_cannot_listen_is_refused(place: str) -> None:
    with pytest.raises(UsageError, match="osc"):
        Osc(place)


def test_a_port_that_is_taken_is_refused() -> None:
    first = Osc("0")
    with pytest.raises(UsageError, match="another port"):
        Osc(str(first.port))
    first.close()


def test_only_this_machine_is_heard_by_default() -> None:
    osc = Osc("0")
    assert osc._socket.getsockname()[0] == "127.0.0.1"
    osc.close()
