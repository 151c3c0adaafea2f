"""Reads a saved session by the definition of its format, with numpy and nothing else.

Usage: read_session.py FILE

Prints what the session is, checks every checksum, and says how large its keys and values are. The tensors are described
in docs/architecture.md; `tensors(path)` gives them as a dictionary of arrays.
"""
import json
import sys

import numpy as np

TYPES = {"I8": np.int8, "BF16": np.uint16, "I32": np.int32, "U32": np.uint32, "F32": np.float32}
BLOCK_TOKENS = 64


def header(path):
    """The bytes in front of the tensors, and what they say."""
    with open(path, "rb") as file:
        length = file.read(8)
        text = file.read(int.from_bytes(length, "little"))
    return length + text, json.loads(text)


def tensors(path):
    """The metadata, and the tensors by name. BF16 comes as the upper halves of floats."""
    front, described = header(path)
    data = np.memmap(path, dtype=np.uint8, mode="r", offset=len(front))
    metadata = described.pop("__metadata__")
    found = {}
    end = 0
    for name, tensor in sorted(described.items(), key=lambda item: item[1]["data_offsets"]):
        start, stop = tensor["data_offsets"]
        assert start == end, f"{name} does not follow the tensor before it"
        found[name] = np.frombuffer(data[start:stop], dtype=TYPES[tensor["dtype"]]).reshape(tensor["shape"])
        end = stop
    assert end == len(data), "bytes behind the last tensor"
    return metadata, found


def crc32c_table():
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(0x82F63B78), table >> 1)
    return [int(value) for value in table]


TABLE = crc32c_table()


def crc32c(data):
    """Castagnoli's checksum, byte by byte: slow, and plainly right."""
    crc = 0xFFFFFFFF
    for byte in bytes(data):
        crc = TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def check(path):
    """Compares all checksums, as their tensor lists them."""
    front, _ = header(path)
    _, found = tensors(path)
    sums = [crc32c(front)]
    for name, array in found.items():
        if name == "kv":
            sums += [crc32c(piece.tobytes()) for block in array for piece in block]
        elif name == "recent":
            sums += [crc32c(piece.tobytes()) for piece in array]
        elif name != "checksums":
            sums.append(crc32c(array.tobytes()))
    listed = np.array(sums, dtype=np.uint32)
    expected = np.append(listed, np.uint32(crc32c(listed.tobytes())))
    assert np.array_equal(found["checksums"], expected), "a checksum differs"


def keys(found, metadata, head_size):
    """Keys of a session in floats: [layers, KV heads, tokens, head_size], as they are stored. INT8 ones are rotated
    at random among their channels, which changes no score; see SignedHadamard."""
    kv = found["kv"]
    blocks, layers = kv.shape[:2]
    tokens = len(found["tokens"])
    if metadata["alisa.codec"] == "F32":  # channel by channel over the tokens of a block
        heads = kv[..., : head_size * BLOCK_TOKENS].reshape(blocks, layers, -1, head_size, BLOCK_TOKENS)
        rows = heads.transpose(1, 2, 0, 4, 3)
    elif metadata["alisa.codec"] == "INT8":  # key and value of a token, then scales of keys, then of values
        row = (head_size + 3) // 4 * 4
        pieces = kv[..., : 2 * row * BLOCK_TOKENS].reshape(blocks, layers, -1, BLOCK_TOKENS, 2, row)
        codes = kv[..., 2 * row * BLOCK_TOKENS :].view(np.uint8)[..., :BLOCK_TOKENS].astype(np.int32)
        scales = np.exp2((codes >> 3) - 23.0) * (1 + (codes & 7) / 8)
        rows = (pieces[..., 0, :head_size] * scales[..., None]).transpose(1, 2, 0, 3, 4)
    else:  # keys, then values: token by token over all heads
        floats = (kv.astype(np.uint32) << 16).view(np.float32)
        rows = floats[:, :, 0].reshape(blocks, layers, BLOCK_TOKENS, -1, head_size).transpose(1, 3, 0, 2, 4)
    layers, heads = rows.shape[:2]
    return rows.reshape(layers, heads, -1, head_size)[:, :, :tokens]


def main(path):
    metadata, found = tensors(path)
    check(path)
    for key, text in sorted(metadata.items()):
        print(f"{key}: {text}")
    for name, array in found.items():
        print(f"{name}: {array.dtype} {list(array.shape)}")
    print("ids:", " ".join(str(i) for i in found["tokens"]))
    print("all checksums agree")


if __name__ == "__main__":
    main(sys.argv[1])
