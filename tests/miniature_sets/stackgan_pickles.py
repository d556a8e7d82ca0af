"""The published StackGAN pickles in miniature, written byte by byte as Python 2 wrote them."""

import struct
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from PIL import Image

OPTIONS: dict[str, str] = {}

BIRDS = ("001.Black_footed_Albatross", "002.Laysan_Albatross", "017.Cardinal", "029.American_Crow")
"""The last is the test split's."""

T = 1024


def make(root: Path) -> None:
    for split, birds in (("train", BIRDS[:3]), ("test", BIRDS[3:])):
        write_split(root / split, birds)


def write_split(folder: Path, birds: Iterable[str], each: int = 4) -> None:
    """A split with 76images and embeddings by protocol 0, the rest by protocol 2, as in the wild."""
    names = [f"{bird}/{bird[4:].title()}_{n:04d}_{n + 18}" for bird in birds for n in range(each)]
    numbers = [int(name[:3]) for name in names]
    large = [picture(number, n % each) for n, number in enumerate(numbers)]
    small = [np.asarray(Image.fromarray(image).resize((76, 76))) for image in large]
    generator = np.random.default_rng(len(names))
    embeddings = [generator.normal(size=(3, T)).astype("<f4") for _ in names]
    folder.mkdir(parents=True)
    (folder / "filenames.pickle").write_bytes(strings_0(names))
    (folder / "class_info.pickle").write_bytes(numbers_0(numbers))
    (folder / "76images.pickle").write_bytes(arrays_0(small))
    (folder / "304images.pickle").write_bytes(b"".join(arrays_2(large)))
    (folder / "char-CNN-RNN-embeddings.pickle").write_bytes(b"".join(arrays_2(embeddings)))


def picture(number: int, n: int, side: int = 304) -> np.ndarray:
    """A smooth picture, the colour of its class, uint8 [side, side, 3]."""
    y, x = np.mgrid[0:side, 0:side] / side
    planes = [
        127 + 90 * np.sin(3 * (x + 0.2 * n) + number),
        127 + 90 * np.cos(3 * y + number),
        200 * x * y + n,
    ]
    return np.stack(planes, axis=-1).astype(np.uint8)


def strings_0(names: Iterable[str]) -> bytes:
    """A list of str by protocol 0, which Python 2's pickle.dump takes if not told otherwise."""
    out = b"(lp0\n"
    for number, name in enumerate(names, 1):
        out += b"S" + escaped(name.encode()) + b"\np%d\na" % number
    return out + b"."


def numbers_0(numbers: Iterable[int]) -> bytes:
    return b"(lp0\n" + b"".join(b"I%d\na" % number for number in numbers) + b"."


def arrays_0(arrays: Iterable[np.ndarray]) -> bytes:
    """A list of arrays by protocol 0."""
    memo = 0

    def put() -> bytes:
        nonlocal memo
        memo += 1
        return b"p%d\n" % (memo - 1)

    out = [b"(l" + put()]
    kind = b""
    for array in arrays:
        if not kind:
            start = b"cnumpy.core.multiarray\n_reconstruct\n" + put() + b"(cnumpy\nndarray\n" + put()
        else:
            start = b"g1\n(g2\n"
        shape = b"(I0\nt" + put() + b"S'b'\n" + put() + b"t" + put() + b"R" + put()
        out += [start, shape, b"(I1\n(", b"".join(b"I%d\n" % n for n in array.shape), b"t", put()]
        if not kind:
            code, order = array.dtype.str[1:].encode(), array.dtype.str[:1].encode()
            out += [b"cnumpy\ndtype\n", put(), b"(S'", code, b"'\n", put(), b"I0\nI1\nt", put(), b"R"]
            kind = b"g%d\n" % memo
            out += [put(), b"(I3\nS'", order, b"'\n", put(), b"NNNI-1\nI-1\nI0\nt", put(), b"b"]
        else:
            out.append(kind)
        out += [b"I00\nS", escaped(array.tobytes()), b"\n", put(), b"t", put(), b"ba"]
    return b"".join([*out, b"."])


def arrays_2(arrays: Iterable[np.ndarray], data: Callable[[bytes], bytes] | None = None) -> Iterable[bytes]:
    """The parts of a list of arrays by protocol 2, their content by BINSTRING."""
    memo = 0

    def put() -> bytes:
        nonlocal memo
        memo += 1
        return b"q%c" % (memo - 1) if memo <= 256 else b"r" + struct.pack("<I", memo - 1)

    yield b"\x80\x02]" + put() + b"("
    kind = b""
    for array in arrays:
        if not kind:
            yield b"cnumpy.core.multiarray\n_reconstruct\n" + put() + b"cnumpy\nndarray\n" + put()
        else:
            yield b"h\x01h\x02"
        yield b"K\x00\x85" + put() + b"U\x01b" + put() + b"\x87" + put() + b"R" + put() + b"(K\x01"
        shape = b"".join(b"M" + struct.pack("<H", n) for n in array.shape)
        yield (shape + b"\x87" if array.ndim == 3 else b"(" + shape + b"t") + put()
        if not kind:
            code, order = array.dtype.str[1:].encode(), array.dtype.str[:1].encode()
            yield b"cnumpy\ndtype\n" + put() + b"U\x02" + code + put() + b"K\x00K\x01\x87" + put() + b"R"
            kind = b"h%c" % memo
            yield put() + b"(K\x03U\x01" + order + put() + b"NNN" + 2 * b"J\xff\xff\xff\xff" + b"K\x00t"
            yield put() + b"b"
        else:
            yield kind
        content = array.tobytes()
        yield b"\x89" + (data(content) if data else b"T" + struct.pack("<i", len(content)) + content)
        yield put() + b"t" + put() + b"b"
    yield b"e."


def escaped(content: bytes) -> bytes:
    """What Python 2's repr gives for a str."""
    quote = b'"' if b"'" in content and b'"' not in content else b"'"
    special = {0x5C: b"\\\\", 0x0A: b"\\n", 0x0D: b"\\r", 0x09: b"\\t", quote[0]: b"\\" + quote}
    table = [special.get(n) or (bytes([n]) if 0x20 <= n < 0x7F else b"\\x%02x" % n) for n in range(256)]
    return quote + b"".join(table[n] for n in content) + quote
