#!/usr/bin/env python3
"""make_png.py OUT: a small grey PNG, a shaded ball, with the standard library alone."""
import math
import struct
import sys
import zlib

WIDTH, HEIGHT = 56, 24


def shade(x, y):
    u, v = (x - WIDTH / 2 + 0.5) / (WIDTH / 2), (y - HEIGHT / 2 + 0.5) / (HEIGHT / 2)
    d = u * u + v * v
    if d >= 1:
        return 0
    light = (-u * 0.5 - v * 0.6 + math.sqrt(1 - d) * 0.62)
    return max(16, min(255, int(255 * light)))


def chunk(kind, data):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))


rows = b''.join(b'\0' + bytes(shade(x, y) for x in range(WIDTH)) for y in range(HEIGHT))
with open(sys.argv[1], 'wb') as f:
    f.write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', WIDTH, HEIGHT, 8, 0, 0, 0, 0))
            + chunk(b'IDAT', zlib.compress(rows, 9)) + chunk(b'IEND', b''))
