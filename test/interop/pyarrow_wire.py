"""The few bytes of Flight SQL the pyarrow server needs, by hand: a statement arrives in an Any inside the descriptor."""


def _varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def fields(data):
    """The fields of one protobuf message: {number: last value}; a varint as int, everything else as bytes."""
    found, at = {}, 0
    while at < len(data):
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == 0:
            found[tag >> 3], at = _varint(data, at)
            continue
        if kind == 2:
            size, at = _varint(data, at)
        else:
            size = {1: 8, 5: 4}[kind]
        found[tag >> 3] = data[at:at + size]
        at += size
    return found


def command(data):
    """(message name, its fields) of a packed Any, or (None, {}) where the bytes are none."""
    try:
        packed = fields(data)
        name = packed[1].decode().rpartition("/")[2]
    except (IndexError, KeyError, ValueError, AttributeError, TypeError):
        return None, {}
    prefix = "arrow.flight.protocol.sql."
    return (name[len(prefix):], fields(packed.get(2, b""))) if name.startswith(prefix) else (None, {})


def update_result(rows):
    """DoPutUpdateResult { record_count = 1 }."""
    out = bytearray([0x08])
    while rows > 0x7F:
        out.append(rows & 0x7F | 0x80)
        rows >>= 7
    out.append(rows)
    return bytes(out)
