#!/usr/bin/env python3
"""Relays UDP between one console and one BMC and writes what passes as text.

    capture.py LISTEN_PORT BMC_PORT FILE "who the console is" "who the BMC is"

Ends when nothing has passed for two seconds. Loopback only.
"""
import socket
import sys


def main() -> None:
    listen, target, path, console, bmc = sys.argv[1:]
    front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    front.bind(("127.0.0.1", int(listen)))
    front.settimeout(10)
    back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    back.connect(("127.0.0.1", int(target)))
    back.settimeout(2)
    with open(path, "w", encoding="ascii") as out:
        out.write(f"# console: {console}\n# bmc: {bmc}\n")
        try:
            while True:
                datagram, peer = front.recvfrom(4096)
                front.settimeout(2)
                out.write(f"> {datagram.hex()}\n")
                back.send(datagram)
                answer = back.recv(4096)
                out.write(f"< {answer.hex()}\n")
                front.sendto(answer, peer)
        except TimeoutError:
            pass


main()
