"""Make the font of statements: `python requirements/statement_font.py`, with fonttools and Debian's fonts-noto-cjk.

Noto Sans CJK SC, Regular, as far as GB 2312 and Latin-1 go, with quadratic outlines, because the PDF library embeds no
others. Run by hand when the characters should be others; the result is in the repository, with its license.
"""

import os

from fontTools import subset
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTCollection, newTable

SOURCE = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
TARGET = os.path.join(os.path.dirname(__file__), "..", "src", "florin", "documents", "fonts", "NotoSansSC-subset.ttf")
MORE = "–—‘’“”…×÷±≈≤≥→←·•□〓€"


def characters():
    wanted = set(range(0x20, 0x7F)) | set(range(0xA0, 0x100)) | set(map(ord, MORE))
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            wanted.update(map(ord, bytes((high, low)).decode("gb2312", "ignore")))
    return wanted


def main():
    fonts = TTCollection(SOURCE).fonts
    font = next(one for one in fonts if one["name"].getDebugName(1) == "Noto Sans CJK SC")
    options = subset.Options(layout_features=[], hinting=False, notdef_outline=True)
    options.drop_tables += ["VORG", "vhea", "vmtx", "GPOS", "GSUB", "BASE", "GDEF"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters())
    subsetter.subset(font)
    make_quadratic(font)
    font.save(TARGET)


def make_quadratic(font):
    drawn, order, glyphs = font.getGlyphSet(), font.getGlyphOrder(), {}
    for name in order:
        pen = TTGlyphPen(drawn)
        drawn[name].draw(Cu2QuPen(pen, 1.0, reverse_direction=True))
        glyphs[name] = pen.glyph()
    font["loca"], font["glyf"] = newTable("loca"), newTable("glyf")
    font["glyf"].glyphOrder, font["glyf"].glyphs = order, glyphs
    largest = font["maxp"]
    largest.tableVersion = 0x00010000
    largest.maxZones = 1
    for name in ("TwilightPoints", "Storage", "FunctionDefs", "InstructionDefs", "StackElements", "ComponentElements"):
        setattr(largest, f"max{name}", 0)
    largest.maxSizeOfInstructions = 0
    del font["CFF "]
    font["post"].formatType, font["post"].extraNames, font["post"].mapping = 3.0, [], {}
    font.sfntVersion = "\x00\x01\x00\x00"


if __name__ == "__main__":
    main()
