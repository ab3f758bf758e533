# SPDX-License-Identifier: LGPL-2.1-or-later
"""What can be seen on a screen: the file in which Xvfb keeps it (-fbdir), which is XWD version 7, as
points, and as PNG for people."""

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

# XWDFileHeader, see X11/XWDFile.h: all CARD32, whose byte order is always that of the network.
_FIELDS = """
header_size file_version pixmap_format pixmap_depth pixmap_width pixmap_height xoffset byte_order
bitmap_unit bitmap_bit_order bitmap_pad bits_per_pixel bytes_per_line visual_class red_mask
green_mask blue_mask bits_per_rgb colormap_entries ncolors
""".split()
_VERSION, _LITTLE_ENDIAN, _COLOUR = 7, 0, 12  # the last: bytes of each entry of the colour map


@dataclass(frozen=True)
class Picture:
    width: int
    height: int
    rgb: bytes  # three for each point

    @classmethod
    def of_screen(cls, path):
        data = Path(path).read_bytes()
        header = dict(zip(_FIELDS, struct.unpack_from(f">{len(_FIELDS)}I", data), strict=True))
        assert header["file_version"] == _VERSION and header["bits_per_pixel"] == 32, header
        assert header["byte_order"] == _LITTLE_ENDIAN, header  # Xvfb's -depth 24: B, G, R, nothing
        width, height, line = (
            header[name] for name in ("pixmap_width", "pixmap_height", "bytes_per_line")
        )
        start = header["header_size"] + header["ncolors"] * _COLOUR
        rgb = bytearray(3 * width * height)
        bgrx = b"".join(
            data[start + y * line : start + y * line + 4 * width] for y in range(height)
        )
        for colour in range(3):
            rgb[colour::3] = bgrx[2 - colour :: 4]
        return cls(width, height, bytes(rgb))

    def crop(self, x, y, width, height):
        """The part that lies in this box."""
        x, y = max(0, x), max(0, y)
        width, height = min(width, self.width - x), min(height, self.height - y)
        lines = [3 * (self.width * row + x) for row in range(y, y + height)]
        rgb = b"".join(self.rgb[start : start + 3 * width] for start in lines)
        return Picture(width, height, rgb)

    def point(self, x, y):
        """Red, green and blue there."""
        start = 3 * (self.width * y + x)
        return tuple(self.rgb[start : start + 3])

    def changed_lines(self, other):
        """In how many of its lines it is not the same as another of the same size."""
        size = 3 * self.width
        starts = range(0, len(self.rgb), size)
        return sum(self.rgb[i : i + size] != other.rgb[i : i + size] for i in starts)

    def colours(self):
        """How many different ones there are: 1 where there is nothing to be seen."""
        return len({self.rgb[i : i + 3] for i in range(0, len(self.rgb), 3)})

    def save(self, path):
        """As PNG, see RFC 2083."""
        line = 3 * self.width
        rows = (self.rgb[y * line : (y + 1) * line] for y in range(self.height))
        shape = struct.pack(">2I5B", self.width, self.height, 8, 2, 0, 0, 0)  # 8 bits, RGB
        chunks = (
            (b"IHDR", shape), (b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows))),
            (b"IEND", b""),
        )  # fmt: skip
        data = b"\x89PNG\r\n\x1a\n"
        for name, body in chunks:
            data += struct.pack(">I", len(body)) + name + body
            data += struct.pack(">I", zlib.crc32(name + body))
        path = Path(path)
        part = path.with_suffix(".part")
        part.write_bytes(data)
        part.rename(path)


def is_dimmed(picture):
    """Whether the page of a browser that fills the screen, a white one, lies in the shadow of a
    window that wants an answer first."""
    return 0 < sum(picture.point(picture.width - 30, picture.height - 60)) < 3 * 0xC0
