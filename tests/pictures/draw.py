#!/usr/bin/env python3
"""Draws the pictures that the tests upload: kinds of files that the server reads and doesn't write.

    pip install pillow==13.0.0; apt-get install libavif-bin
    python3 tests/pictures/draw.py

All show the same: four quarters, each of one color, 48 by 32 pixels, upright as readers should see them.
"""

import struct
import subprocess
import tempfile
import zlib
from pathlib import Path

from PIL import Image, ImageOps

HERE = Path(__file__).parent
RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 160, 60), (30, 60, 200), (240, 240, 240)


def quarters(width=48, height=32, colors=(RED, GREEN, BLUE, WHITE)):
    picture = Image.new("RGB", (width, height))
    for y in range(height):
        for x in range(width):
            picture.putpixel((x, y), colors[(x * 2 >= width) + 2 * (y * 2 >= height)])
    return picture


def lying(orientation):
    """The picture as a camera keeps it that was held so; the EXIF data says how to turn it back."""
    back = {
        1: None, 2: Image.FLIP_LEFT_RIGHT, 3: Image.ROTATE_180, 4: Image.FLIP_TOP_BOTTOM,
        5: Image.TRANSPOSE, 6: Image.ROTATE_90, 7: Image.TRANSVERSE, 8: Image.ROTATE_270,
    }[orientation]
    picture = quarters() if back is None else quarters().transpose(back)
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SecretCam"
    exif.get_ifd(0x8825).update({1: "N", 2: (53.0, 33.0, 0.0)})
    check = picture.copy()
    check.info["exif"] = exif.tobytes()
    assert ImageOps.exif_transpose(check).tobytes() == quarters().tobytes()
    return picture, exif


def inks_profile():
    """A profile of inks (ICC.1, an 8-bit table) in which cyan prints red, and every other ink nothing: who ignores it
    can't be right by accident."""
    grid = 2
    table = b"".join(
        bytes((135, 209, 196)) if corner & 8 else bytes((255, 128, 128)) for corner in range(grid**4)
    )
    identity = bytes(range(256))
    matrix = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    lut = b"mft1\0\0\0\0" + bytes((4, 3, grid, 0)) + matrix + identity * 4 + table + identity * 3
    lut += b"\0" * (-len(lut) % 4)
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)
    words = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"inks\0" + b"\0" * 78
    words += b"\0" * (-len(words) % 4)
    tags = [(b"desc", words), (b"wtpt", white), (b"A2B0", lut), (b"A2B1", lut), (b"A2B2", lut)]
    at = 128 + 4 + 12 * len(tags)
    index, body = struct.pack(">I", len(tags)), b""
    for name, content in tags:
        index += name + struct.pack(">II", at + len(body), len(content))
        body += content
    size = at + len(body)
    header = struct.pack(">I4sI4s4s4s", size, b"\0\0\0\0", 0x02400000, b"prtr", b"CMYK", b"Lab ")
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28 + struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)
    return header.ljust(128, b"\0") + index + body


def interlaced(picture):
    """A PNG of 16 bits a channel in Adam7's seven passes, with a secret text."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    lines = b""
    for x0, y0, dx, dy in [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]:
        for y in range(y0, picture.height, dy):
            pixels = [picture.getpixel((x, y)) for x in range(x0, picture.width, dx)]
            if pixels:
                lines += b"\0" + b"".join(struct.pack(">3H", *(c * 257 for c in pixel)) for pixel in pixels)
    header = struct.pack(">IIBBBBB", picture.width, picture.height, 16, 2, 0, 0, 1)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"tEXt", b"Comment\0SecretText")
        + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    )


def main():
    for orientation in range(1, 9):
        picture, exif = lying(orientation)
        picture.save(HERE / f"lying-{orientation}.jpg", quality=95, subsampling=0, exif=exif)
        picture.save(HERE / f"lying-{orientation}.png", exif=exif)
        picture.save(HERE / f"lying-{orientation}.webp", lossless=True, exif=exif)
        picture.save(HERE / f"lying-{orientation}.avif", quality=90, exif=exif)
    still = quarters()
    still.save(HERE / "still.avif", quality=90, subsampling="4:4:4")
    still.convert("L").save(HERE / "gray.avif", quality=90)
    through = still.convert("RGBA")
    through.putalpha(Image.linear_gradient("L").resize(still.size))
    through.save(HERE / "through.avif", quality=90)
    still.convert("CMYK").save(HERE / "inks.jpg", quality=95)
    still.convert("CMYK").save(HERE / "inks-with-profile.jpg", quality=95, icc_profile=inks_profile())
    still.save(HERE / "progressive.jpg", quality=95, progressive=True)
    (HERE / "interlaced-16-bit.png").write_bytes(interlaced(still))
    frames = [quarters(), quarters(colors=(GREEN, BLUE, WHITE, RED)), quarters(colors=(BLUE, WHITE, RED, GREEN))]
    moving = {"save_all": True, "append_images": frames[1:], "duration": 100, "loop": 0}
    frames[0].save(HERE / "moving.gif", comment=b"SecretComment", **moving)
    frames[0].save(HERE / "moving.webp", lossless=True, **moving)
    frames[0].save(HERE / "moving.png", **moving)
    frames[0].save(HERE / "moving.avif", quality=90, **moving)
    # Four times as wide and high: a tile has 64 pixels at least.
    large = quarters(192, 128)
    avifenc(large, "tiles.avif", "--grid", "3x2")
    clear = large.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(large.size))
    avifenc(clear, "tiles-through.avif", "--grid", "3x2")
    avifenc(still, "pq.avif", "--cicp", "9/16/9", "--depth", "10")
    avifenc(still, "hlg.avif", "--cicp", "9/18/9", "--depth", "10")


def avifenc(picture, name, *arguments):
    with tempfile.NamedTemporaryFile(suffix=".png") as drawn:
        picture.save(drawn.name)
        subprocess.run(["avifenc", "--min", "4", "--max", "8", *arguments, drawn.name, HERE / name], check=True, capture_output=True)


if __name__ == "__main__":
    main()
