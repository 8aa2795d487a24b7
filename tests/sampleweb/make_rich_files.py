"""Draws the files of sampleweb/rich/files anew: fonts and pictures in formats that Python's library does not write.

python -m venv drawing && drawing/bin/pip install pillow fonttools brotli
drawing/bin/python tests/sampleweb/make_rich_files.py
"""

# mypy: ignore-errors

from __future__ import annotations

from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from PIL import Image, ImageDraw

FILES = Path(__file__).parents[2] / "sampleweb" / "rich" / "files"

ROWS = """
A .XXX. X...X X...X XXXXX X...X X...X X...X
B XXXX. X...X X...X XXXX. X...X X...X XXXX.
C .XXXX X.... X.... X.... X.... X.... .XXXX
D XXXX. X...X X...X X...X X...X X...X XXXX.
E XXXXX X.... X.... XXXX. X.... X.... XXXXX
F XXXXX X.... X.... XXXX. X.... X.... X....
G .XXXX X.... X.... X..XX X...X X...X .XXXX
H X...X X...X X...X XXXXX X...X X...X X...X
I .XXX. ..X.. ..X.. ..X.. ..X.. ..X.. .XXX.
J ..XXX ...X. ...X. ...X. ...X. X..X. .XX..
K X...X X..X. X.X.. XX... X.X.. X..X. X...X
L X.... X.... X.... X.... X.... X.... XXXXX
M X...X XX.XX X.X.X X.X.X X...X X...X X...X
N X...X XX..X XX..X X.X.X X..XX X..XX X...X
O .XXX. X...X X...X X...X X...X X...X .XXX.
P XXXX. X...X X...X XXXX. X.... X.... X....
Q .XXX. X...X X...X X...X X.X.X X..X. .XX.X
R XXXX. X...X X...X XXXX. X.X.. X..X. X...X
S .XXXX X.... X.... .XXX. ....X ....X XXXX.
T XXXXX ..X.. ..X.. ..X.. ..X.. ..X.. ..X..
U X...X X...X X...X X...X X...X X...X .XXX.
V X...X X...X X...X X...X X...X .X.X. ..X..
W X...X X...X X...X X.X.X X.X.X XX.XX X...X
X X...X X...X .X.X. ..X.. .X.X. X...X X...X
Y X...X X...X .X.X. ..X.. ..X.. ..X.. ..X..
Z XXXXX ....X ...X. ..X.. .X... X.... XXXXX
"""


def font(name: str, dot: int) -> FontBuilder:
    """Capitals (for small letters too) of square dots, `dot` of 100 units wide."""
    shapes = {row[0]: row[2:].split() for row in ROWS.strip().splitlines()}
    glyphs = {".notdef": TTGlyphPen(None).glyph(), "space": TTGlyphPen(None).glyph()}
    for letter, rows in shapes.items():
        pen = TTGlyphPen(None)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if cell == "X":
                    x, y = 60 + 100 * column, 700 - 100 * number
                    pen.moveTo((x, y))
                    pen.lineTo((x + dot, y))
                    pen.lineTo((x + dot, y - dot))
                    pen.lineTo((x, y - dot))
                    pen.closePath()
        glyphs[letter] = pen.glyph()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(list(glyphs))
    codes = {32: "space"} | {ord(one): one for one in shapes} | {ord(one.lower()): one for one in shapes}
    builder.setupCharacterMap(codes)
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics({one: (360 if one == "space" else 620, 0) for one in glyphs})
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": name, "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200, usWinAscent=800, usWinDescent=200)
    builder.setupPost(keepGlyphNames=False)
    builder.updateHead(created=0, modified=0)
    return builder


def photo(width: int, height: int, ground: tuple[int, int, int], figure: tuple[int, int, int]) -> Image.Image:
    """A lantern on a ground that says by its colour which file was chosen."""
    image = Image.new("RGB", (width, height), ground)
    draw = ImageDraw.Draw(image)
    middle, unit = width // 2, height // 8
    draw.rectangle((0, height - unit, width, height), fill=tuple(part // 2 for part in ground))
    draw.rectangle((middle - unit, 2 * unit, middle + unit, 6 * unit), fill=figure)
    draw.polygon([(middle - 2 * unit, 2 * unit), (middle + 2 * unit, 2 * unit), (middle, unit // 2)], fill=(40, 40, 40))
    draw.ellipse((middle - unit // 2, 3 * unit, middle + unit // 2, 5 * unit), fill=(255, 240, 170))
    return image


def main() -> None:
    FILES.mkdir(exist_ok=True)
    for name, dot in (("lantern", 100), ("ember", 70)):
        for flavor in ("woff2", "woff"):
            built = font(name.title(), dot).font
            built.recalcTimestamp = False
            built.flavor = flavor
            built.save(FILES / f"{name}.{flavor}")
    photo(640, 360, (32, 128, 128), (220, 60, 40)).save(FILES / "wide.avif", quality=60)
    photo(640, 360, (224, 128, 32), (60, 60, 200)).save(FILES / "wide.webp", quality=60, method=6)
    photo(640, 360, (128, 64, 160), (240, 200, 60)).save(FILES / "wide.jpg", quality=60, optimize=True)
    photo(320, 320, (64, 144, 64), (240, 240, 240)).save(FILES / "square.webp", quality=60, method=6)
    photo(320, 320, (144, 64, 64), (240, 240, 240)).save(FILES / "square.jpg", quality=60, optimize=True)


if __name__ == "__main__":
    main()
