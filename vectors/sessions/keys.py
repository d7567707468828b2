#!/usr/bin/env python3
"""Calculates a captured session's codes and keys with Python's hmac, independently of our code.

    keys.py            writes suite-N.keys beside every suite-N.txt
    keys.py --check    compares instead

Layouts: IPMI v2.0 sections 13.17 to 13.23 (messages), 13.28 to 13.32 (algorithms and keys).
"""
import hashlib
import hmac
import pathlib
import sys

PASSWORD = b"Complex_Pass"
HERE = pathlib.Path(__file__).parent
OPEN_REQUEST, OPEN_RESPONSE, RAKP1, RAKP2, RAKP3, RAKP4 = range(0x10, 0x16)


def datagrams(path):
    for line in path.read_text(encoding="ascii").splitlines():
        if line[0] in "<>":
            yield line[0], bytes.fromhex(line[2:])


def payload(datagram):
    """(payload type with its two flag bits, payload) of an RMCP+ packet, else (None, b'')."""
    if datagram[:4] != bytes.fromhex("0600ff07") or datagram[4] != 6:
        return None, b""
    length = int.from_bytes(datagram[14:16], "little")
    return datagram[5], datagram[16 : 16 + length]


def keys(path):
    messages, inside = {}, []
    for direction, datagram in datagrams(path):
        kind, body = payload(datagram)
        if kind is None:
            continue
        if OPEN_REQUEST <= kind <= RAKP4:
            messages[kind] = body
        else:
            inside.append((direction, datagram))
    opened, m1, m2, m3, m4 = (messages[k] for k in (OPEN_RESPONSE, RAKP1, RAKP2, RAKP3, RAKP4))
    console_id, managed_id = opened[4:8], opened[8:12]
    authentication, integrity = opened[16], opened[24]
    digest = {0: None, 1: hashlib.sha1, 3: hashlib.sha256}[authentication]

    def mac(key, *parts):
        return hmac.new(key, b"".join(parts), digest).digest() if digest else b""

    k_uid = PASSWORD.ljust(20, b"\0")
    rc, role, name = m1[8:24], m1[24:25], m1[28:]
    rm, guid = m2[8:24], m2[24:40]
    length = bytes([len(name)])
    code2 = mac(k_uid, console_id, managed_id, rc, rm, guid, role, length, name)
    code3 = mac(k_uid, rm, console_id, role, length, name)
    sik = mac(k_uid, rc, rm, role, length, name)
    check4 = mac(sik, rc, managed_id, guid)[: {0: 0, 1: 12, 3: 16}[authentication]]
    k1, k2 = mac(sik, b"\x01" * 20), mac(sik, b"\x02" * 20)
    # What the two ends themselves put on the wire has to agree before anything is written.
    assert m2[40:] == code2, f"{path.name}: RAKP 2"
    assert m3[8:] == code3, f"{path.name}: RAKP 3"
    assert m4[8:] == check4, f"{path.name}: RAKP 4"
    lines = [
        f"rakp2 {code2.hex()}", f"rakp3 {code3.hex()}", f"rakp4 {check4.hex()}",
        f"sik {sik.hex()}", f"k1 {k1.hex()}", f"k2 {k2.hex()}",
    ]
    size, algorithm = {0: (0, None), 1: (12, hashlib.sha1), 4: (16, hashlib.sha256)}[integrity]
    for direction, datagram in inside:
        if size:
            covered, code = datagram[4:-size], datagram[-size:]
            expected = hmac.new(k1, covered, algorithm).digest()[:size]
            assert code == expected, f"{path.name}: integrity code"
            lines.append(f"code {direction} {expected.hex()}")
    return "\n".join(lines) + "\n"


def main():
    paths = sorted(HERE.glob("suite-*.txt"))
    assert paths, "no captures"
    for path in paths:
        calculated, target = keys(path), path.with_suffix(".keys")
        if "--check" not in sys.argv:
            target.write_text(calculated, encoding="ascii")
        elif target.read_text(encoding="ascii") != calculated:
            sys.exit(f"{target.name} is not what {path.name} leads to")
    print(f"{len(paths)} captured sessions agree with Python's hmac")


main()
