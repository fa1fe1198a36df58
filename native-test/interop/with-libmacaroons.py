"""libmacaroons' C library through ctypes.

Debian 12 has 0.3.0, which reads and writes format 1 alone: the chain is the same in both formats, so this program changes
the packaging from one to the other, and libmacaroons does all of the HMAC.
"""
import base64
import ctypes
import sys

from compare import compare

C = ctypes.CDLL("libmacaroons.so.0")
for function in ("macaroon_create", "macaroon_deserialize", "macaroon_add_first_party_caveat", "macaroon_verifier_create"):
    getattr(C, function).restype = ctypes.c_void_p
C.macaroon_serialize_size_hint.restype = ctypes.c_size_t
CHECK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_char), ctypes.c_size_t)
AGREE = CHECK(lambda _, predicate, size: 0)


class Unreadable(Exception):
    pass


def unbase64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def to_format_1(text):
    binary = unbase64(text)
    out, at = b"", 1
    while at < len(binary):
        kind = binary[at]
        at += 1
        if kind == 0:
            continue
        size = shift = 0
        while True:
            size |= (binary[at] & 127) << shift
            shift += 7
            at += 1
            if binary[at - 1] < 128:
                break
        data = binary[at:at + size]
        at += size
        # an identifier is the macaroon's own in the first section, and a caveat's in the others
        label = {1: b"location", 2: b"cid" if b"identifier " in out else b"identifier", 6: b"signature"}[kind]
        line = label + b" " + data + b"\n"
        out += b"%04x" % (len(line) + 4) + line
    return base64.urlsafe_b64encode(out).rstrip(b"=")


def to_format_2(text):
    packets, at, out = unbase64(text), 0, b"\2"
    kinds = {b"location": 1, b"identifier": 2, b"cid": 2, b"signature": 6}
    while at < len(packets):
        size = int(packets[at:at + 4], 16)
        label, data = packets[at + 4:at + size - 1].split(b" ", 1)
        at += size
        if label in (b"cid", b"signature"):
            out += b"\0"
        if label == b"signature":
            out += b"\0"
        length, count = b"", len(data)
        while count >= 128:
            length += bytes([count & 127 | 128])
            count >>= 7
        out += bytes([kinds[label]]) + length + bytes([count]) + data
    return base64.urlsafe_b64encode(out).rstrip(b"=").decode()


def read(text):
    error = ctypes.c_int(0)
    packets = to_format_1(text)
    if to_format_2(packets.decode()) != text:
        raise Unreadable("not as it would be written")
    macaroon = C.macaroon_deserialize(packets, ctypes.byref(error))
    if not macaroon:
        raise Unreadable(error.value)
    return macaroon


def write(macaroon):
    size = C.macaroon_serialize_size_hint(ctypes.c_void_p(macaroon))
    text = ctypes.create_string_buffer(size)
    error = ctypes.c_int(0)
    assert C.macaroon_serialize(ctypes.c_void_p(macaroon), text, ctypes.c_size_t(size), ctypes.byref(error)) == 0
    return to_format_2(text.value.decode())


def add(macaroon, caveats):
    error = ctypes.c_int(0)
    for caveat in caveats:
        predicate = caveat.encode()
        longer = C.macaroon_add_first_party_caveat(
            ctypes.c_void_p(macaroon), predicate, ctypes.c_size_t(len(predicate)), ctypes.byref(error))
        assert longer, error.value
        destroy(macaroon)
        macaroon = longer
    return macaroon


def destroy(macaroon):
    C.macaroon_destroy(ctypes.c_void_p(macaroon))


def extend(text, caveats):
    macaroon = add(read(text), caveats)
    longer = write(macaroon)
    destroy(macaroon)
    return longer


def verifies(text, key):
    error = ctypes.c_int(0)
    try:
        macaroon = read(text)
    except (Unreadable, KeyError, IndexError, ValueError):
        return False
    verifier = ctypes.c_void_p(C.macaroon_verifier_create())
    C.macaroon_verifier_satisfy_general(verifier, AGREE, None, ctypes.byref(error))
    status = C.macaroon_verify(verifier, ctypes.c_void_p(macaroon), key, ctypes.c_size_t(len(key)), None, ctypes.c_size_t(0),
                               ctypes.byref(error))
    C.macaroon_verifier_destroy(verifier)
    destroy(macaroon)
    return status == 0


def main(action, *arguments):
    if action == "compare":
        return compare(extend, verifies)
    if action == "issue":
        error = ctypes.c_int(0)
        key, identifier = bytes.fromhex(arguments[0]), arguments[1].encode()
        macaroon = C.macaroon_create(b"", ctypes.c_size_t(0), key, ctypes.c_size_t(len(key)), identifier,
                                     ctypes.c_size_t(len(identifier)), ctypes.byref(error))
        print(write(add(macaroon, arguments[2:])))
        return 0
    text = sys.stdin.read().strip()
    if action == "attenuate":
        print(extend(text, arguments))
        return 0
    good = verifies(text, bytes.fromhex(arguments[0]))
    print("verified" if good else "bad signature")
    return 0 if good else 6


sys.exit(main(*sys.argv[1:]))
