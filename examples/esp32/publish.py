#!/usr/bin/env python3
"""The same in Python with nothing to install: python3 publish.py [high|low] [host] [port].

MQTT 3.1.1 by hand, as a microcontroller speaks it: CONNECT, PUBLISH with QoS 1, and waiting for
the acknowledgement, which says that the service has stored it. With paho-mqtt it is one call.
"""

import json
import socket
import struct
import sys


def packet(kind: int, body: bytes) -> bytes:
    """A packet with its length, seven bits a byte."""
    length, size = b"", len(body)
    while True:
        size, digit = divmod(size, 128)
        length += bytes([digit | (128 if size else 0)])
        if not size:
            return bytes([kind]) + length + body


def text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack("!H", len(raw)) + raw


def expect(connection: socket.socket, kind: int) -> bytes:
    """A packet of four bytes: CONNACK (0x20) or PUBACK (0x40)."""
    answer = b""
    while len(answer) < 4:
        part = connection.recv(4 - len(answer))
        if not part:
            sys.exit("the broker closed the connection")
        answer += part
    if answer[0] != kind:
        sys.exit(f"the broker answered with {answer.hex()}")
    return answer


def main() -> None:
    state, host, port = (sys.argv[1:] + ["high", "127.0.0.1", "1883"][len(sys.argv) - 1 :])[:3]
    high = {"message": "Water in the sump is high", "source": "pump-7"}
    low = {"action": "resolve", "source": "pump-7"}
    payload = json.dumps(high if state == "high" else low).encode()
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(packet(0x10, text("MQTT") + b"\x04\x02\x00\x1e" + text("pump-7-py")))
        if expect(connection, 0x20)[3] != 0:
            sys.exit("the broker does not let us in")
        topic = text("notifications/alerts/critical/pump")
        connection.sendall(packet(0x32, topic + b"\x00\x01" + payload))
        expect(connection, 0x40)
        connection.sendall(packet(0xE0, b""))


if __name__ == "__main__":
    main()
