#!/usr/bin/env python3
"""Calculates a captured session's codes and keys with Python's hmac, independently of our code.

    keys.py            writes suite-N.keys beside every suite-N.txt, v15-TYPE.keys beside v15-TYPE.txt
    keys.py --check    compares instead

Layouts: IPMI v2.0 sections 13.6 (IPMI v1.5 packets), 13.17 to 13.23 (messages), 13.28 to 13.32
(algorithms and keys), 22.17.1 (authentication codes of IPMI v1.5).
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
    digest = {0: None, 1: hashlib.sha1, 2: hashlib.md5, 3: hashlib.sha256}[authentication]

    def mac(key, *parts):
        return hmac.new(key, b"".join(parts), digest).digest() if digest else b""

    k_uid = PASSWORD.ljust(20, b"\0")
    rc, role, name = m1[8:24], m1[24:25], m1[28:]
    rm, guid = m2[8:24], m2[24:40]
    length = bytes([len(name)])
    code2 = mac(k_uid, console_id, managed_id, rc, rm, guid, role, length, name)
    code3 = mac(k_uid, rm, console_id, role, length, name)
    sik = mac(k_uid, rc, rm, role, length, name)
    check4 = mac(sik, rc, managed_id, guid)[: {0: 0, 1: 12, 2: 16, 3: 16}[authentication]]
    k1, k2 = mac(sik, b"\x01" * 20), mac(sik, b"\x02" * 20)
    # What the two ends themselves put on the wire has to agree before anything is written.
    assert m2[40:] == code2, f"{path.name}: RAKP 2"
    assert m3[8:] == code3, f"{path.name}: RAKP 3"
    assert m4[8:] == check4, f"{path.name}: RAKP 4"
    lines = [
        f"rakp2 {code2.hex()}", f"rakp3 {code3.hex()}", f"rakp4 {check4.hex()}",
        f"sik {sik.hex()}", f"k1 {k1.hex()}", f"k2 {k2.hex()}",
    ]
    # MD5-128 has the password around the data instead of a key.
    size, code_of = {
        0: (0, None),
        1: (12, lambda data: hmac.new(k1, data, hashlib.sha1).digest()),
        2: (16, lambda data: hmac.new(k1, data, hashlib.md5).digest()),
        3: (16, lambda data: hashlib.md5(k_uid + data + k_uid).digest()),
        4: (16, lambda data: hmac.new(k1, data, hashlib.sha256).digest()),
    }[integrity]
    for direction, datagram in inside:
        if size:
            covered, code = datagram[4:-size], datagram[-size:]
            expected = code_of(covered)[:size]
            assert code == expected, f"{path.name}: integrity code"
            lines.append(f"code {direction} {expected.hex()}")
    return "\n".join(lines) + "\n"


def md2(data):
    """RFC 1319, which Python's hashlib has only where OpenSSL still does."""
    pad = 16 - len(data) % 16
    data += bytes([pad]) * pad
    checksum, last = [0] * 16, 0
    for start in range(0, len(data), 16):
        for i in range(16):
            checksum[i] ^= PI[data[start + i] ^ last]
            last = checksum[i]
    data += bytes(checksum)
    state = [0] * 16
    for start in range(0, len(data), 16):
        block = list(data[start : start + 16])
        x = state + block + [a ^ b for a, b in zip(state, block)]
        t = 0
        for turn in range(18):
            for i in range(48):
                x[i] ^= PI[t]
                t = x[i]
            t = (t + turn) % 256
        state = x[:16]
    return bytes(state)


def pi_table():
    """The permutation of 0 to 255 that RFC 1319 makes of the digits of pi: a shuffle (Fisher and
    Yates') that takes its random numbers from them."""
    def digits():
        # Gibbons' spigot.
        q, r, t, k, n, l = 1, 0, 1, 1, 3, 3
        while True:
            if 4 * q + r - t < n * t:
                yield n
                q, r, n = 10 * q, 10 * (r - n * t), 10 * (3 * q + r) // t - 10 * n
            else:
                q, r, t, k, n, l = (
                    q * k, (2 * q + r) * l, t * l, k + 1, (q * (7 * k + 2) + r * l) // (t * l), l + 2
                )

    stream = digits()

    def below(n):
        take, modulus = (1, 10) if n <= 10 else (2, 100) if n <= 100 else (3, 1000)
        while True:
            value = 0
            for _ in range(take):
                value = value * 10 + next(stream)
            if value < n * (modulus // n):
                return value % n

    table = list(range(256))
    for i in range(1, 256):
        j = below(i + 1)
        table[i], table[j] = table[j], table[i]
    return table


PI = pi_table()
# The first and last of the permutation, as RFC 1319 prints it.
assert PI[:4] == [41, 46, 67, 201] and PI[-2:] == [131, 20]
assert md2(b"abc").hex() == "da853b0d3f88d99b30283a69e6ded6bb"


def v15_codes(path):
    """Every code of a session of IPMI v1.5, recalculated."""
    password, lines = PASSWORD.ljust(16, b"\0"), []
    for direction, datagram in datagrams(path):
        if datagram[:4] != bytes.fromhex("0600ff07"):
            continue
        kind, number, session = datagram[4], datagram[5:9], datagram[9:13]
        if kind == 0:
            continue
        code, payload = datagram[13:29], datagram[30 : 30 + datagram[29]]
        data = password + session + payload + number + password
        expected = {1: md2, 2: lambda d: hashlib.md5(d).digest(), 4: lambda _: password}[kind](data)
        assert code == expected, f"{path.name}: authentication code"
        lines.append(f"code {direction} {code.hex()}")
    return "".join(line + "\n" for line in lines)


def main():
    paths = sorted(HERE.glob("suite-*.txt")) + sorted(HERE.glob("v15-*.txt"))
    assert paths, "no captures"
    for path in paths:
        calculate = keys if path.name.startswith("suite-") else v15_codes
        calculated, target = calculate(path), path.with_suffix(".keys")
        if "--check" not in sys.argv:
            target.write_text(calculated, encoding="ascii")
        elif target.read_text(encoding="ascii") != calculated:
            sys.exit(f"{target.name} is not what {path.name} leads to")
    print(f"{len(paths)} captured sessions agree with Python's hmac")


main()
