#!/usr/bin/env python3
"""Draws every picture of the demonstration newspaper.

How to run (from this folder):

    pip install pillow
    python3 draw.py                 # draws all pictures
    python3 draw.py tram-night.jpg  # draws only those named

Each picture is drawn at twice its size and scaled down, which smooths the
edges. Nothing is random between runs: every scene seeds its own generator
from its file name. The charts and the map need the free DejaVu fonts.
JPEG quality is lowered step by step until a picture is under LIMIT bytes;
charts are saved as PNG with a palette.
"""

import io
import math
import random
import sys

from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

LIMIT = 88_000
SS = 2


def rgb(c, a=None):
    c = c.lstrip("#")
    t = tuple(int(c[i : i + 2], 16) for i in (0, 2, 4))
    return t if a is None else t + (a,)


def mix(c1, c2, t):
    a, b = rgb(c1), rgb(c2)
    return "#%02x%02x%02x" % tuple(round(a[i] + (b[i] - a[i]) * t) for i in range(3))


class Scene:
    """A canvas in final-size coordinates, drawn at SS times that size."""

    def __init__(self, w, h, bg="#ffffff"):
        self.w, self.h = w, h
        self.img = Image.new("RGB", (w * SS, h * SS), rgb(bg))
        self.d = ImageDraw.Draw(self.img, "RGBA")

    @staticmethod
    def _p(pts):
        return [(x * SS, y * SS) for x, y in pts]

    def grad(self, stops, y0=0, y1=None, x0=0, x1=None):
        """Vertical gradient; stops are (position 0..1, color)."""
        y1 = self.h if y1 is None else y1
        x1 = self.w if x1 is None else x1
        n = max(1, int((y1 - y0) * SS))
        col = Image.new("RGB", (1, n))
        px = col.load()
        for i in range(n):
            t = i / max(1, n - 1)
            for (p, c), (q, e) in zip(stops, stops[1:]):
                if t <= q:
                    px[0, i] = rgb(mix(c, e, (t - p) / (q - p) if q > p else 0))
                    break
        self.img.paste(col.resize((int((x1 - x0) * SS), n)), (int(x0 * SS), int(y0 * SS)))

    def rect(self, x0, y0, x1, y1, c, a=None, r=0):
        if x1 <= x0 or y1 <= y0:
            return
        box = [x0 * SS, y0 * SS, x1 * SS - 1, y1 * SS - 1]
        if r:
            self.d.rounded_rectangle(box, r * SS, fill=rgb(c, a))
        else:
            self.d.rectangle(box, fill=rgb(c, a))

    def poly(self, pts, c, a=None):
        self.d.polygon(self._p(pts), fill=rgb(c, a))

    def ell(self, cx, cy, rx, ry, c, a=None):
        self.d.ellipse([(cx - rx) * SS, (cy - ry) * SS, (cx + rx) * SS, (cy + ry) * SS], fill=rgb(c, a))

    def ring(self, cx, cy, r, c, w, a=None):
        self.d.ellipse([(cx - r) * SS, (cy - r) * SS, (cx + r) * SS, (cy + r) * SS], outline=rgb(c, a), width=int(w * SS))

    def arc(self, cx, cy, r, s, e, c, w):
        self.d.arc([(cx - r) * SS, (cy - r) * SS, (cx + r) * SS, (cy + r) * SS], s, e, fill=rgb(c), width=int(w * SS))

    def pie(self, cx, cy, rx, ry, s, e, c, a=None):
        self.d.pieslice([(cx - rx) * SS, (cy - ry) * SS, (cx + rx) * SS, (cy + ry) * SS], s, e, fill=rgb(c, a))

    def line(self, pts, c, w, a=None, cap=False):
        self.d.line(self._p(pts), fill=rgb(c, a), width=max(1, round(w * SS)), joint="curve")
        if cap:
            for x, y in (pts[0], pts[-1]):
                self.ell(x, y, w / 2, w / 2, c, a)

    def glow(self, cx, cy, r, c, a=160):
        m = ImageOps.invert(Image.radial_gradient("L"))
        n = int(2 * r * SS)
        # The built-in gradient reaches black at the corners; cut it to the circle.
        m = m.point(lambda v: max(0, int((v - 75) * 255 / 180)))
        m = m.point(lambda v: int((v / 255) ** 1.6 * a)).resize((n, n), Image.BICUBIC)
        self.img.paste(Image.new("RGB", (n, n), rgb(c)), (int((cx - r) * SS), int((cy - r) * SS)), m)

    def beam(self, pts, c, a, blur=6):
        m = Image.new("L", self.img.size, 0)
        ImageDraw.Draw(m).polygon(self._p(pts), fill=a)
        m = m.filter(ImageFilter.GaussianBlur(blur * SS))
        self.img.paste(Image.new("RGB", self.img.size, rgb(c)), (0, 0), m)

    def mirror(self, y, y1, tint, t, squash=1.0):
        """Reflect the strip above y into the strip y..y1, tinted."""
        n = int((y1 - y) * SS)
        src = int(n / squash)
        top = self.img.crop((0, int(y * SS) - src, self.w * SS, int(y * SS)))
        ref = ImageOps.flip(top).resize((self.w * SS, n)).filter(ImageFilter.GaussianBlur(3 * SS))
        ref = Image.blend(ref, Image.new("RGB", ref.size, rgb(tint)), t)
        self.img.paste(ref, (0, int(y * SS)))

    def text(self, x, y, s, size, c, bold=False, serif=False, anchor="la", angle=0):
        f = font(size * SS, bold, serif)
        if angle:
            w, h = int(f.getlength(s)) + 8, int(size * SS * 1.4)
            t = Image.new("L", (w, h), 0)
            ImageDraw.Draw(t).text((w / 2, h / 2), s, font=f, fill=255, anchor="mm")
            t = t.rotate(angle, expand=True, resample=Image.BICUBIC)
            self.img.paste(Image.new("RGB", t.size, rgb(c)), (int(x * SS - t.width / 2), int(y * SS - t.height / 2)), t)
        else:
            self.d.text((x * SS, y * SS), s, font=f, fill=rgb(c), anchor=anchor)

    def waves(self, y0, y1, c, rnd, n=60, a=70, lo=30, hi=160):
        for _ in range(n):
            t = rnd.random()
            y = y0 + (y1 - y0) * t
            l = (lo + (hi - lo) * rnd.random()) * (0.35 + 0.65 * t)
            x = rnd.random() * self.w
            h = 1 + 2.4 * t
            self.ell(x, y, l / 2, h, c, a)

    def birds(self, pts, c, w=2):
        for x, y, s in pts:
            self.line([(x - s, y - s * 0.35), (x - s * 0.4, y - s * 0.45), (x, y)], c, w)
            self.line([(x, y), (x + s * 0.4, y - s * 0.5), (x + s, y - s * 0.3)], c, w)

    def final(self):
        return self.img.resize((self.w, self.h), Image.LANCZOS)


_fonts = {}


def font(size, bold=False, serif=False):
    name = "DejaVu%s%s.ttf" % ("Serif" if serif else "Sans", "-Bold" if bold else "")
    key = (name, size)
    if key not in _fonts:
        _fonts[key] = ImageFont.truetype(name, int(size))
    return _fonts[key]


def hills(s, base, amp, c, rnd, step=40, k=2):
    ph = [rnd.random() * 6.28 for _ in range(3)]
    pts = [(0, s.h)]
    for x in range(0, s.w + step, step // k):
        t = x / s.w
        y = base - amp * (0.5 + 0.3 * math.sin(5 * t + ph[0]) + 0.15 * math.sin(11 * t + ph[1]) + 0.05 * math.sin(23 * t + ph[2]))
        pts.append((x, y))
    s.poly(pts + [(s.w, s.h)], c)


def skyline(s, base, lo, hi, c, rnd, wmin=26, wmax=70, lit=None, chance=0.3, x0=0, x1=None):
    x, x1 = x0, s.w if x1 is None else x1
    while x < x1:
        w = rnd.randint(wmin, wmax)
        h = rnd.randint(lo, hi)
        s.rect(x, base - h, x + w, base, c)
        k = rnd.random()
        if k < 0.25:
            s.poly([(x, base - h), (x + w / 2, base - h - w * 0.45), (x + w, base - h)], c)
        elif k < 0.35:
            s.line([(x + w / 2, base - h), (x + w / 2, base - h - 26)], c, 2)
        if lit:
            yy = base - h + 10
            while yy < base - 14:
                xx = x + 8
                while xx < x + w - 10:
                    if rnd.random() < chance:
                        s.rect(xx, yy, xx + 5, yy + 7, lit if rnd.random() < 0.8 else "#fff3c9")
                    xx += 11
                yy += 15
        x += w + rnd.randint(0, 6)


def crane(s, x, base, k, c, cab="#f2b84b", flip=1):
    """A ship-to-shore gantry crane; k is the scale."""

    def P(u, v):
        return (x + flip * u * k, base - v * k)

    for u in (0, 90):
        s.line([P(u, 0), P(u, 210)], c, 9 * k)
        s.rect(P(u, 0)[0] - 14 * k, base - 8 * k, P(u, 0)[0] + 14 * k, base, c)
    s.line([P(0, 70), P(90, 70)], c, 7 * k)
    s.line([P(0, 72), P(90, 205)], c, 3.5 * k)
    s.line([P(-240, 212), P(190, 212)], c, 10 * k)
    s.line([P(90, 212), P(60, 318)], c, 7 * k)
    s.line([P(0, 212), P(60, 318)], c, 5 * k)
    s.line([P(60, 316), P(-225, 216)], c, 2.6 * k)
    s.line([P(60, 316), P(-105, 216)], c, 2.6 * k)
    s.line([P(60, 316), P(185, 216)], c, 2.6 * k)
    x0, y0 = P(150, 240)
    s.rect(x0 - 28 * k, y0 - 8 * k, x0 + 28 * k, y0 + 26 * k, c)
    cx, cy = P(-130, 206)
    s.rect(cx - 13 * k, cy, cx + 13 * k, cy + 22 * k, cab)
    s.line([P(-130, 184), P(-130, 110)], c, 2 * k)
    s.line([P(-118, 184), P(-118, 110)], c, 2 * k)
    bx, by = P(-124, 112)
    s.rect(bx - 30 * k, by, bx + 30 * k, by + 22 * k, "#c8553d")


def person(s, x, base, h, c, vest=None, head=None):
    s.ell(x, base - h * 0.9, h * 0.085, h * 0.1, head or c)
    s.rect(x - h * 0.14, base - h * 0.79, x + h * 0.14, base - h * 0.4, vest or c, r=h * 0.06)
    s.rect(x - h * 0.12, base - h * 0.44, x - h * 0.015, base, c)
    s.rect(x + h * 0.015, base - h * 0.44, x + h * 0.12, base, c)
    if vest:
        s.rect(x - h * 0.14, base - h * 0.6, x + h * 0.14, base - h * 0.565, "#f7f3df")


def turbine(s, x, base, k, c, rot, tp=None):
    top = base - 260 * k
    s.poly([(x - 7 * k, base), (x - 3.4 * k, top), (x + 3.4 * k, top), (x + 7 * k, base)], c)
    if tp:
        s.rect(x - 9 * k, base - 34 * k, x + 9 * k, base, tp)
        s.rect(x - 16 * k, base - 38 * k, x + 16 * k, base - 33 * k, tp)
    for i in range(3):
        a = math.radians(rot + 120 * i)
        ca, sa = math.cos(a), math.sin(a)

        def P(u, v):
            return (x + u * ca - v * sa, top + u * sa + v * ca)

        s.poly([P(0, -3 * k), P(28 * k, -9 * k), P(150 * k, -0.8 * k), P(150 * k, 0.8 * k), P(20 * k, 4 * k), P(0, 3 * k)], c)
    s.ell(x, top, 8 * k, 8 * k, c)


def fish(s, x, y, k, c, belly, flip=1, ang=0.0):
    ca, sa = math.cos(ang), math.sin(ang)

    def P(u, v):
        u *= flip
        return (x + (u * ca - v * sa) * k, y + (u * sa + v * ca) * k)

    up = [P(-60 + 120 * t, -22 * math.sin(math.pi * t ** 0.8)) for t in [i / 24 for i in range(25)]]
    dn = [P(-60 + 120 * t, 20 * math.sin(math.pi * t ** 0.8)) for t in [i / 24 for i in range(25)]]
    s.poly([P(48, 0), P(84, -22), P(76, 0), P(84, 22)], c)
    s.poly([P(-8, -20), P(14, -33), P(30, -14)], c)
    s.poly(up + dn[::-1], c)
    mid = [P(-58 + 114 * t, 3) for t in (1, 0)]
    s.poly(dn + mid, belly)
    s.line([P(-34, -13), P(-28, 0), P(-34, 12)], mix(c, "#000000", 0.25), 2 * k)
    ex, ey = P(-45, -5)
    s.ell(ex, ey, 4 * k, 4 * k, "#f8f6ea")
    s.ell(ex, ey, 2.2 * k, 2.2 * k, "#12202b")


# ---------------------------------------------------------------- scenes


def harbor_cranes(rnd):
    s = Scene(1600, 900)
    hz = 610
    s.grad([(0, "#20264f"), (0.35, "#5a3f78"), (0.62, "#c55f6d"), (0.85, "#f4a259"), (1, "#fbd78f")], 0, hz)
    s.glow(560, 560, 420, "#ffe7ad", 170)
    s.ell(560, 566, 62, 62, "#fff2cf")
    for y, x, l in ((180, 300, 420), (236, 980, 520), (300, 240, 330), (352, 760, 460)):
        s.rect(x, y, x + l, y + 12, "#f7b58a", 60, r=6)
        s.rect(x + 60, y + 16, x + l - 40, y + 25, "#f7b58a", 45, r=4)
    hills(s, hz, 90, "#8c5078", rnd)
    skyline(s, hz, 20, 74, "#6a3d6b", rnd, 20, 48)
    s.grad([(0, "#f0a868"), (0.25, "#b9607a"), (1, "#232a55")], hz, 900)
    s.beam([(500, hz), (620, hz), (760, 900), (360, 900)], "#ffe2a3", 120, 18)
    s.waves(hz + 8, 890, "#fbd9a0", rnd, 70, 60)
    s.waves(hz + 20, 890, "#1b2147", rnd, 60, 60)
    # ship
    hull = "#1c2346"
    s.poly([(330, 612), (1010, 612), (985, 692), (380, 692)], hull)
    s.poly([(374, 676), (990, 676), (985, 696), (382, 696)], "#a23b42")
    cols = ["#d1654a", "#2f6f7e", "#e3a857", "#50427a", "#8d3f56", "#3b8f86"]
    for i in range(12):
        n = (3, 4, 4, 5, 5, 4, 5, 5, 4, 3, 4, 3)[i]
        for j in range(n):
            s.rect(392 + i * 40, 612 - (j + 1) * 24, 392 + i * 40 + 38, 612 - j * 24 - 2, rnd.choice(cols))
    s.rect(890, 470, 960, 612, "#ece3d2")
    s.rect(880, 470, 970, 488, "#ece3d2")
    for j in range(5):
        s.rect(898, 496 + j * 22, 952, 504 + j * 22, "#38406b")
    s.rect(914, 430, 938, 470, "#d1654a")
    # quay
    s.poly([(930, 700), (1600, 660), (1600, 900), (820, 900)], "#141936")
    s.poly([(930, 700), (1600, 660), (1600, 676), (926, 716)], "#2a3160")
    crane(s, 1420, 674, 1.28, "#191f42")
    crane(s, 1190, 690, 1.5, "#141936")
    for x, y, c in ((1040, 780, 0), (1130, 780, 3), (1220, 780, 1), (1085, 742, 2), (1330, 800, 4), (1420, 800, 0), (1510, 800, 5), (1375, 762, 1), (1465, 762, 3)):
        s.rect(x, y, x + 86, y + 37, mix(cols[c], "#141936", 0.35))
        for k in range(6):
            s.line([(x + 12 + k * 13, y + 5), (x + 12 + k * 13, y + 32)], mix(cols[c], "#141936", 0.6), 2)
    s.rect(820, 834, 1600, 900, "#0f132b")
    for x in (980, 1260, 1540):
        s.glow(x, 730, 60, "#ffd98a", 120)
        s.line([(x, 834), (x, 730)], "#0f132b", 5)
        s.ell(x, 730, 7, 7, "#fff0c4")
    s.birds([(700, 330, 20), (750, 300, 15), (660, 385, 13), (250, 430, 16)], "#2b2550", 3)
    return s


def shore_power(rnd):
    s = Scene(1200, 800)
    s.grad([(0, "#bfe3e6"), (0.6, "#e9f3e6"), (1, "#f6ead0")], 0, 560)
    s.ell(220, 150, 70, 70, "#fff6d9")
    hills(s, 560, 120, "#9cc7c4", rnd)
    for x, r in ((90, 10), (190, 50), (300, 95)):
        turbine(s, x, 520, 0.75, "#f9fbf6", r)
    s.grad([(0, "#4f9aa0"), (1, "#1f5566")], 540, 800)
    s.waves(550, 640, "#bfe3e6", rnd, 30, 90)
    # hull
    s.poly([(430, 0), (1200, 0), (1200, 640), (560, 640), (470, 420)], "#173f5f")
    s.poly([(430, 0), (520, 0), (560, 420), (640, 640), (560, 640), (470, 420)], "#225a80")
    s.poly([(540, 590), (1200, 590), (1200, 650), (566, 650)], "#b5473c")
    s.rect(500, 120, 1200, 132, "#f1ead8", 220)
    for i in range(7):
        x = 600 + i * 95
        s.ell(x, 210, 27, 27, "#0f2c45")
        s.ell(x, 210, 20, 20, "#f8d888" if i in (1, 2, 5) else "#79b6c4")
        s.pie(x, 210, 20, 20, 200, 290, "#ffffff", 70)
    # open hatch
    s.rect(760, 320, 960, 470, "#0c2338", r=10)
    s.glow(860, 395, 150, "#ffd37a", 150)
    s.rect(776, 336, 944, 454, "#2b3d4c", r=6)
    for i in range(3):
        s.ell(810 + i * 50, 395, 19, 19, "#d8dfe0")
        s.ell(810 + i * 50, 395, 11, 11, "#20303d")
    s.rect(960, 316, 1080, 474, "#dfe5e1", r=8)
    s.poly([(1026, 340), (996, 404), (1018, 404), (1008, 452), (1046, 382), (1022, 382)], "#f0a52e")
    # cables
    for i, o in enumerate((0, 50, 100)):
        pts = []
        x0, y0, x1, y1 = 262 + i * 22, 470, 810 + o, 395
        for k in range(41):
            t = k / 40
            x = x0 + (x1 - x0) * t
            y = y0 + (y1 - y0) * t + (190 + 30 * i) * 4 * t * (1 - t) * 0.9
            pts.append((x, y))
        s.line(pts, "#a94a17", 19)
        s.line([(x, y - 3) for x, y in pts], "#f07f2d", 12)
        s.ell(x1, y1, 17, 17, "#f07f2d")
        s.ell(x1, y1, 9, 9, "#a94a17")
    # quay
    s.poly([(0, 690), (1200, 660), (1200, 800), (0, 800)], "#8f8a80")
    s.poly([(0, 690), (1200, 660), (1200, 678), (0, 710)], "#c9c2b0")
    for i in range(12):
        s.line([(i * 110, 712 - i * 2.6), (i * 110 - 30, 800)], "#7b766d", 3)
    # pedestal
    s.rect(190, 420, 350, 704, "#e9e6dc", r=10)
    s.rect(190, 420, 230, 704, "#cfcabb", r=10)
    s.rect(214, 446, 326, 520, "#23465a", r=6)
    for i, c in enumerate(("#6fcf97", "#6fcf97", "#f2c94c")):
        s.ell(238 + i * 32, 546, 8, 8, c)
    s.poly([(282, 574), (246, 636), (270, 636), (258, 682), (304, 616), (276, 616)], "#f0a52e")
    s.line([(228, 494), (250, 474), (270, 484), (292, 462), (314, 470)], "#6fcf97", 4)
    person(s, 470, 716, 230, "#26323e", "#f5c518", "#8a5a3b")
    s.pie(470, 496, 25, 25, 180, 360, "#f2f2ec")
    s.rect(440, 493, 500, 499, "#f2f2ec", r=3)
    s.rect(1010, 640, 1070, 700, "#3a3f45", r=8)
    s.rect(996, 628, 1084, 652, "#4b5158", r=10)
    return s


def tram_night(rnd):
    s = Scene(1600, 900)
    st = 640
    s.grad([(0, "#0a1330"), (0.6, "#1c2f5e"), (1, "#4a4a80")], 0, st)
    for _ in range(90):
        x, y = rnd.random() * 1600, rnd.random() * 360
        s.ell(x, y, 1.3, 1.3, "#dfe8ff", 180)
    s.glow(1280, 150, 190, "#cfd8ff", 110)
    s.ell(1280, 150, 50, 50, "#f4f1e0")
    for x, y, k in ((1266, 136, 9), (1292, 160, 12), (1290, 128, 5), (1268, 168, 6)):
        s.ell(x, y, k, k, "#dcd8c6")
    skyline(s, st, 150, 330, "#1b2750", rnd, 60, 120, "#8f7f64", 0.14)
    skyline(s, st, 90, 210, "#121b3d", rnd, 90, 170, "#f2bf62", 0.32)
    # clock tower
    s.rect(310, 250, 390, st, "#0e1633")
    s.poly([(300, 250), (350, 150), (400, 250)], "#0e1633")
    s.glow(350, 300, 80, "#ffe2a0", 130)
    s.ell(350, 300, 30, 30, "#fff0c8")
    s.line([(350, 300), (350, 280)], "#0e1633", 4)
    s.line([(350, 300), (364, 308)], "#0e1633", 4)
    # ground
    s.grad([(0, "#20284e"), (1, "#0a0f24")], st, 900)
    # tram
    tx, ty, tw, th = 430, 420, 900, 230
    s.line([(0, 318), (1600, 318)], "#0a0f24", 3)
    s.line([(860, 420), (900, 372), (850, 320)], "#0a0f24", 5)
    s.rect(tx + 60, ty - 14, tx + tw - 80, ty + 10, "#d9dde6", r=8)
    s.poly([(tx + 40, ty), (tx + tw - 60, ty), (tx + tw - 14, ty + 60), (tx + tw, ty + 190), (tx + tw - 14, ty + th), (tx + 14, ty + th), (tx, ty + 190), (tx + 8, ty + 50)], "#e9ecef")
    s.poly([(tx + 2, ty + 150), (tx + tw - 4, ty + 150), (tx + tw, ty + 190), (tx + tw - 14, ty + th), (tx + 14, ty + th), (tx, ty + 190)], "#14857f")
    s.rect(tx + 3, ty + 143, tx + tw - 5, ty + 151, "#f2b84b")
    for i in range(9):
        x = tx + 34 + i * 90
        if i in (2, 6):
            s.rect(x, ty + 26, x + 72, ty + th - 16, "#f9d98d", r=6)
            s.line([(x + 36, ty + 26), (x + 36, ty + th - 16)], "#6b5a36", 4)
        else:
            s.rect(x, ty + 30, x + 78, ty + 132, "#fbe1a0", r=8)
            for _ in range(rnd.randint(0, 2)):
                px = x + rnd.randint(16, 60)
                s.ell(px, ty + 84, 11, 13, "#4b3b4f")
                s.rect(px - 18, ty + 98, px + 18, ty + 132, "#4b3b4f", r=9)
    s.poly([(tx + tw - 82, ty + 28), (tx + tw - 58, ty + 28), (tx + tw - 30, ty + 66), (tx + tw - 20, ty + 132), (tx + tw - 82, ty + 132)], "#cfe3ef")
    s.rect(tx + tw - 300, ty - 12, tx + tw - 170, ty + 12, "#11152b", r=4)
    s.text(tx + tw - 235, ty, "4  Hospital", 16, "#ffb648", bold=True, anchor="mm")
    s.rect(tx + 430, ty + 4, tx + 442, ty + th, "#8d97a5")
    for x in (520, 640, 790, 1030, 1130, 1260):
        s.ell(x, ty + th + 2, 19, 19, "#0a0f24")
    s.rect(tx + 30, ty + th - 8, tx + tw - 30, ty + th + 6, "#1a2038")
    s.mirror(672, 860, "#0d1330", 0.62, 0.8)
    s.rect(0, 656, 1600, 674, "#232c57")
    s.line([(0, 700), (1600, 700)], "#5b679c", 4)
    s.line([(0, 744), (1600, 744)], "#5b679c", 5)
    s.beam([(1322, 600), (1600, 560), (1600, 760), (1322, 625)], "#fff2c4", 120, 14)
    s.glow(1322, 606, 70, "#fff6d6", 220)
    s.ell(1320, 606, 9, 9, "#ffffff")
    for x in (110, 1480):
        s.line([(x, 860), (x, 300)], "#080c1d", 9)
        s.line([(x, 318), (x + (90 if x < 800 else -90), 318)], "#080c1d", 5)
        s.glow(x, 292, 100, "#ffd98a", 140)
        s.ell(x, 292, 12, 12, "#fff4cf")
    s.rect(0, 850, 1600, 900, "#070b1a")
    for x, h in ((200, 190), (260, 175), (300, 120)):
        person(s, x, 864, h, "#070b1a")
    s.poly([(1380, 864), (1380, 850), (1560, 850), (1560, 864)], "#070b1a")
    return s


def tide_gauge(rnd):
    s = Scene(1000, 1250)
    s.grad([(0, "#86b9c9"), (0.5, "#cfe3dd"), (1, "#f3e6c8")], 0, 800)
    s.ell(230, 240, 74, 74, "#fff4d2")
    for x, y, l in ((60, 330, 280), (320, 180, 240), (120, 420, 200)):
        s.rect(x, y, x + l, y + 22, "#ffffff", 130, r=11)
    hills(s, 800, 90, "#7fa9ad", rnd)
    s.rect(96, 690, 122, 780, "#f4efe2")
    s.rect(96, 712, 122, 734, "#c9503f")
    s.poly([(92, 690), (109, 668), (126, 690)], "#c9503f")
    s.grad([(0, "#4c8c98"), (1, "#123c52")], 780, 1250)
    s.waves(790, 1240, "#cfe6e4", rnd, 60, 80)
    # quay wall
    s.poly([(470, 470), (1000, 470), (1000, 1250), (520, 1250)], "#6f6a66")
    for j in range(14):
        y = 480 + j * 58
        off = 0 if j % 2 else 60
        for i in range(6):
            x = 480 + i * 118 + off - 40
            g = mix("#8a837b", "#5e5a58", rnd.random())
            if j > 8:
                g = mix(g, "#35594f", 0.5)
            s.rect(max(x, 476 + j * 3.2), y, min(x + 112, 1000), y + 52, g, r=5)
    s.rect(450, 440, 1000, 484, "#a59d91")
    s.rect(450, 476, 1000, 486, "#7c766f")
    # staff
    s.rect(556, 330, 670, 1180, "#f7f4ea")
    s.rect(556, 330, 566, 1180, "#cfcabb")
    for i in range(34):
        y = 346 + i * 25
        if i % 5 == 0:
            s.rect(590, y - 4, 670, y + 4, "#1b2f3d")
            n = 14 - i // 5 * 2
            s.text(612, y + 26, str(n), 30, "#c23b2e" if n >= 12 else "#1b2f3d", bold=True, anchor="mm")
        else:
            s.rect(636, y - 2.4, 670, y + 2.4, "#1b2f3d")
    # gauge hut
    s.rect(700, 190, 930, 446, "#2f6672")
    s.poly([(670, 200), (815, 90), (960, 200)], "#c9503f")
    s.poly([(670, 200), (815, 90), (815, 200)], "#b24435")
    s.ell(815, 290, 66, 66, "#f6efdc")
    s.ring(815, 290, 66, "#1b2f3d", 6)
    for i in range(12):
        a = math.radians(i * 30)
        s.line([(815 + 50 * math.cos(a), 290 + 50 * math.sin(a)), (815 + 58 * math.cos(a), 290 + 58 * math.sin(a))], "#1b2f3d", 4)
    s.line([(815, 290), (846, 254)], "#c23b2e", 6, cap=True)
    s.ell(815, 290, 7, 7, "#1b2f3d")
    s.rect(740, 384, 890, 446, "#1f4853")
    s.line([(815, 90), (815, 40)], "#1b2f3d", 5)
    s.poly([(815, 40), (870, 54), (815, 70)], "#f2b84b")
    # water line over wall
    s.poly([(0, 1010), (150, 996), (320, 1012), (520, 1000), (720, 1014), (900, 1000), (1000, 1010), (1000, 1250), (0, 1250)], "#1d5468", 205)
    s.poly([(0, 1090), (220, 1076), (430, 1094), (650, 1078), (830, 1092), (1000, 1080), (1000, 1250), (0, 1250)], "#143f55", 225)
    s.waves(1016, 1240, "#d7ece8", rnd, 26, 90)
    s.line([(470, 1006), (720, 1012), (1000, 1006)], "#e9f5f0", 4, a=180)
    s.rect(440, 470, 470, 560, "#3a3f45", r=8)
    s.birds([(330, 560, 26), (400, 520, 18), (250, 600, 16)], "#3a5560", 3)
    s.poly([(615, 330), (600, 312), (606, 292), (632, 288), (664, 306), (640, 312), (632, 330)], "#f8f6ee")
    s.ell(608, 288, 12, 11, "#f8f6ee")
    s.poly([(598, 288), (582, 292), (598, 294)], "#f2b84b")
    s.ell(604, 286, 2, 2, "#1b2f3d")
    return s


def flood_gates(rnd):
    s = Scene(1600, 900)
    hz = 430
    s.grad([(0, "#2b3a4a"), (0.5, "#546b79"), (1, "#b7bdb0")], 0, hz + 60)
    for i in range(16):
        x, y = rnd.random() * 1600, 20 + rnd.random() * 200
        s.ell(x, y, 150 + rnd.random() * 160, 30 + rnd.random() * 34, mix("#2b3a4a", "#6f8490", rnd.random()), 110)
    s.beam([(980, 0), (1120, 0), (1420, 500), (1040, 500)], "#f3e8c4", 60, 30)
    hills(s, hz + 40, 110, "#4f6672", rnd)
    skyline(s, hz + 70, 40, 130, "#3c515e", rnd, 30, 70, "#e9c27a", 0.12)
    s.grad([(0, "#6b8791"), (1, "#3d5c69")], hz + 60, 640)
    s.waves(hz + 66, 560, "#c9d6d4", rnd, 30, 60)
    # gates between towers
    towers = [80, 450, 820, 1190, 1540]
    for a, b in zip(towers, towers[1:]):
        s.poly([(a, 470), (b, 470), (b, 700), (a, 700)], "#c5772e")
        s.rect(a, 470, b, 488, "#e0954a")
        for i in range(1, 7):
            x = a + (b - a) * i / 7
            s.rect(x - 4, 488, x + 4, 700, "#9c5a1f")
        for y in (540, 600, 660):
            s.rect(a, y, b, y + 7, "#9c5a1f")
        s.line([(a + 30, 690), (b - 30, 500)], "#a8642a", 6)
    for x in towers:
        s.poly([(x - 62, 900), (x - 46, 400), (x + 46, 400), (x + 62, 900)], "#b9b8ae")
        s.poly([(x + 12, 900), (x + 8, 400), (x + 46, 400), (x + 62, 900)], "#8f938e")
        s.rect(x - 70, 330, x + 70, 404, "#d7d4c6", r=6)
        s.rect(x + 8, 330, x + 70, 404, "#b4b4a8", r=6)
        s.pie(x, 332, 70, 54, 180, 360, "#2f6672")
        for k in (-44, -14, 16):
            s.rect(x + k, 350, x + k + 22, 378, "#f6d58c")
        s.line([(x, 280), (x, 230)], "#37454f", 4)
        s.glow(x, 228, 36, "#ff6b52", 190)
        s.ell(x, 228, 6, 6, "#ff8b74")
    s.rect(0, 404, 1600, 416, "#37454f")
    for x in range(0, 1600, 40):
        s.line([(x, 404), (x, 384)], "#37454f", 2)
    s.line([(0, 384), (1600, 384)], "#37454f", 3)
    # heavy sea in front
    for n, (y, amp, c, fo) in enumerate(((640, 22, "#3f6f7c", "#dbe8e4"), (700, 30, "#2d5969", "#e4efeb"), (770, 36, "#1f4557", "#eaf3ef"), (840, 34, "#143344", "#d5e5e3"))):
        ph = n * 1.9
        crest = []
        for x in range(0, 1601, 8):
            u = x / (118 + 14 * n) + ph
            crest.append((x, y - amp * (abs(math.sin(u)) ** 0.7) + amp * 0.3 * math.sin(u * 0.6)))
        s.poly([(0, 900)] + crest + [(1600, 900)], c)
        s.line([(x, yy + 3) for x, yy in crest], fo, 5, a=210)
        for _ in range(26):
            i = rnd.randrange(len(crest))
            s.ell(crest[i][0] + rnd.randint(-8, 8), crest[i][1] + rnd.randint(-10, 20), rnd.random() * 7, rnd.random() * 3.4, fo, 170)
    for x in (265, 1000, 1370):
        for _ in range(30):
            s.ell(x + rnd.gauss(0, 40), 610 - abs(rnd.gauss(0, 55)), 2 + rnd.random() * 8, 2 + rnd.random() * 7, "#eef5f2", 150)
    for _ in range(150):
        x, y = rnd.random() * 1700, rnd.random() * 900
        s.line([(x, y), (x - 8, y + 24)], "#e3ecec", 1.2, a=60)
    return s


BRICK = ["#a8503c", "#b9624a", "#93453a", "#c0724f", "#8b4a45"]


def warehouse(s, x, base, w, floors, c, rnd, lit=0.2, roof="#54404a"):
    fh = 74
    h = floors * fh + 20
    s.rect(x, base - h, x + w, base, c)
    s.rect(x + w - 16, base - h, x + w, base, mix(c, "#2a1a24", 0.3))
    s.poly([(x - 8, base - h), (x + w / 2, base - h - w * 0.36), (x + w + 8, base - h)], mix(c, "#2a1a24", 0.12))
    s.line([(x - 10, base - h + 2), (x + w / 2, base - h - w * 0.36), (x + w + 10, base - h + 2)], roof, 9)
    cx = x + w / 2
    s.ell(cx, base - h - w * 0.13, 17, 17, "#e9d9b8")
    s.ell(cx, base - h - w * 0.13, 11, 11, "#33424f")
    s.line([(cx, base - h - w * 0.3), (cx + 42, base - h - w * 0.3)], "#2d2630", 6)
    s.line([(cx + 38, base - h - w * 0.3), (cx + 38, base - h - 4)], "#2d2630", 2)
    n = max(2, int((w - 70) // 62))
    for f in range(floors):
        y = base - h + 24 + f * fh
        s.rect(x, y + fh - 14, x + w, y + fh - 9, mix(c, "#f1d9b8", 0.22))
        for i in range(n):
            if n % 2 and i == n // 2:
                s.rect(cx - 24, y + 2, cx + 24, y + fh - 16, "#3c5a50")
                s.line([(cx, y + 2), (cx, y + fh - 16)], "#27403a", 3)
                continue
            wx = x + w * (i + 0.5) / n
            g = "#f9d58a" if rnd.random() < lit else rnd.choice(["#3f5566", "#4c6475", "#35495a"])
            s.pie(wx, y + 15, 17, 15, 180, 360, "#e3c9a2")
            s.pie(wx, y + 16, 13, 12, 180, 360, g)
            s.rect(wx - 13, y + 15, wx + 13, y + 48, g)
            s.line([(wx, y + 6), (wx, y + 48)], "#efe3cc", 2)
            s.line([(wx - 13, y + 28), (wx + 13, y + 28)], "#efe3cc", 2)
            s.rect(wx - 17, y + 48, wx + 17, y + 53, "#e3c9a2")
    for _ in range(int(w * floors / 9)):
        bx, by = x + rnd.random() * (w - 22), base - rnd.random() * h
        s.rect(bx, by, bx + 12, by + 4, mix(c, "#3a1f22", 0.35), 90)


def warehouses(rnd):
    s = Scene(1600, 900)
    base = 630
    s.grad([(0, "#8fc3d4"), (0.55, "#d8e6d8"), (1, "#fbe3b8")], 0, base)
    s.glow(1250, 260, 300, "#fff4cf", 170)
    s.ell(1250, 260, 54, 54, "#fffaea")
    for x, y, l in ((120, 120, 320), (260, 160, 220), (840, 90, 260), (1320, 140, 220)):
        s.rect(x, y, x + l, y + 26, "#ffffff", 130, r=13)
    skyline(s, base, 150, 310, "#b4c7c3", rnd, 50, 90)
    x = -40
    for i, (w, f) in enumerate(((270, 4), (230, 5), (300, 4), (250, 3), (290, 5), (240, 4), (300, 4))):
        warehouse(s, x, base, w, f, BRICK[(i * 2) % 5], rnd, 0.16, ["#54404a", "#45505c"][i % 2])
        x += w + 2
    s.rect(0, base, 1600, base + 16, "#cfc3ab")
    s.rect(0, base + 16, 1600, base + 40, "#8b8478")
    s.mirror(base + 40, 900, "#3f7483", 0.5, 0.62)
    s.waves(base + 56, 890, "#e6efe2", rnd, 60, 70)
    s.waves(base + 56, 890, "#234c5b", rnd, 40, 60)
    for x in (150, 520, 905, 1290):
        s.line([(x, base + 2), (x, base - 84)], "#2b2f38", 5)
        s.ell(x, base - 88, 9, 9, "#fbe9b8")
    for x in (340, 375, 700, 1100, 1135, 1420):
        person(s, x, base + 6, 56 + rnd.randint(0, 8), rnd.choice(["#26323e", "#7b2f3a", "#2f5d62"]))
    # canal boat
    s.poly([(560, 768), (1010, 768), (986, 806), (600, 806)], "#1f4557")
    s.rect(556, 760, 1016, 772, "#c9503f", r=4)
    s.rect(640, 716, 900, 762, "#e8dcc0", r=6)
    for i in range(5):
        s.rect(658 + i * 48, 728, 688 + i * 48, 750, "#2f6672", r=4)
    s.rect(930, 724, 940, 762, "#26323e")
    s.rect(600, 806, 990, 812, "#0f2c3a", 90, r=3)
    return s


def loft_section(rnd):
    s = Scene(1200, 800, "#f3ecdc")
    s.ell(1090, 130, 60, 60, "#fff6c8")
    s.rect(0, 0, 1200, 690, "#e3ece4", 150)
    s.rect(0, 690, 1200, 800, "#b9a98b")
    s.rect(0, 690, 1200, 700, "#8f8168")
    X0, X1, top, fh = 170, 1030, 190, 125
    s.poly([(X0 - 30, top), ((X0 + X1) / 2, 40), (X1 + 30, top)], "#5b4650")
    s.poly([(X0 + 40, top), ((X0 + X1) / 2, 66), (X1 - 40, top)], "#efe3cb")
    rooms = ["#f6d9a5", "#cfe2d4", "#f2c4a6", "#c9d8e6", "#ead2dd", "#dfe3b9"]
    for f in range(4):
        y = top + f * fh
        for i in range(4):
            a = X0 + (X1 - X0) * i / 4
            b = X0 + (X1 - X0) * (i + 1) / 4
            dark = i in (1, 2)
            c = rooms[(f * 3 + i * 2) % 6]
            if f == 3:
                c = "#a9b7bb"
            elif dark:
                c = mix(c, "#3b3440", 0.32)
            s.rect(a, y, b, y + fh, c)
            if f < 3:
                if not dark:
                    e, q = (a, 1) if i == 0 else (b, -1)
                    s.poly([(e, y + 26), (e, y + 84), (e + q * 120, y + 112), (e + q * 205, y + 112)], "#fff6c8", 150)
                    lx = a + 100 if i == 0 else b - 100
                    s.rect(lx - 70, y + 78, lx + 14, y + 112, "#2f6672", r=8)
                    s.rect(lx - 70, y + 60, lx - 54, y + 112, "#28555f", r=6)
                    s.rect(lx + 40, y + 88, lx + 84, y + 94, "#7a4a2e")
                    s.line([(lx + 46, y + 94), (lx + 46, y + 113)], "#7a4a2e", 4)
                    s.line([(lx + 78, y + 94), (lx + 78, y + 113)], "#7a4a2e", 4)
                    person(s, lx + 24, y + 113, 84, rnd.choice(["#7b2f3a", "#26323e", "#3c5a50"]), head="#8a5a3b")
                else:
                    s.rect(a + 30, y + 70, a + 90, y + 113, "#e7e0d0", r=4)
                    s.rect(a + 110, y + 50, a + 150, y + 113, "#8d97a5", r=4)
                    s.line([(a + 60, y), (a + 60, y + 22)], "#3b3440", 3)
                    s.pie(a + 60, y + 34, 16, 13, 180, 360, "#f2b84b")
            else:
                for k in range(2):
                    bx, by = a + 42 + k * 96, y + 94
                    fc = ["#c9503f", "#2f6672", "#d9a44a"][(i + k) % 3]
                    for wx in (bx, bx + 54):
                        s.ring(wx, by, 19, "#36444e", 3.5)
                    s.line([(bx, by), (bx + 16, by - 28), (bx + 44, by - 28), (bx + 24, by), (bx, by)], fc, 4)
                    s.line([(bx + 24, by), (bx + 14, by - 36)], fc, 4)
                    s.line([(bx + 54, by), (bx + 42, by - 40), (bx + 54, by - 42)], fc, 4)
                    s.line([(bx + 6, by - 37), (bx + 22, by - 37)], "#36444e", 5)
        s.rect(X0, y + fh - 12, X1, y + fh, "#7a4a2e")
    for i in range(1, 4):
        x = X0 + (X1 - X0) * i / 4
        s.rect(x - 7, top, x + 7, top + 4 * fh, "#8b5a3a")
    for x in (X0 - 24, X1 - 2):
        s.rect(x, top - 4, x + 26, top + 4 * fh, "#a8503c")
        for f in range(4):
            s.rect(x + 3, top + 26 + f * fh, x + 23, top + 84 + f * fh, "#bfe0ea")
    s.rect(0, 566 + 44, X0 - 24, 690, "#5b98a6")
    s.rect(X1 + 24, 566 + 44, 1200, 690, "#5b98a6")
    s.line([(0, 610), (X0 - 24, 610)], "#e9f5f0", 4)
    s.line([(X1 + 24, 610), (1200, 610)], "#e9f5f0", 4)
    s.text(70, 640, "design flood", 17, "#ffffff", bold=True, anchor="mm")
    s.text(600, 735, "24 ft  |  windowless middle: kitchens, baths, stores  |  24 ft", 22, "#3b2f26", bold=True, anchor="mm")
    s.line([(X0, 764), (X0 + 215, 764)], "#3b2f26", 3)
    s.line([(X1 - 215, 764), (X1, 764)], "#3b2f26", 3)
    return s


def library_night(rnd):
    s = Scene(1600, 900)
    g = 700
    s.grad([(0, "#0b1030"), (0.6, "#27295c"), (1, "#6a4a7a")], 0, g)
    for _ in range(140):
        s.ell(rnd.random() * 1600, rnd.random() * 460, 1.4, 1.4, "#e8ecff", 190)
    s.glow(260, 170, 150, "#dfe4ff", 120)
    s.ell(260, 170, 42, 42, "#f6f2de")
    s.ell(278, 160, 38, 38, "#1a1d48")
    skyline(s, g, 90, 230, "#1d1f4a", rnd, 50, 110, "#d9a65a", 0.12)
    s.glow(800, 520, 620, "#ffb858", 90)
    # building
    st, sh = "#d8b98a", "#a98560"
    s.rect(300, 380, 1300, g, mix(st, "#3a2a4a", 0.35))
    s.rect(280, 360, 1320, 392, mix(st, "#3a2a4a", 0.15))
    s.rect(290, 392, 1310, 400, "#5c4452")
    s.poly([(540, 300), (800, 190), (1060, 300)], mix(st, "#3a2a4a", 0.12))
    s.poly([(590, 292), (800, 206), (1010, 292)], mix(sh, "#3a2a4a", 0.4))
    s.ell(800, 262, 22, 22, "#ffdf98")
    s.rect(530, 296, 1070, 366, mix(st, "#3a2a4a", 0.05))
    s.text(800, 332, "CENTRAL  LIBRARY", 34, "#4b3550", bold=True, serif=True, anchor="mm")
    # dome
    s.pie(800, 214, 120, 130, 180, 360, "#3f6f6d")
    s.pie(800, 214, 120, 130, 270, 360, "#315a5c")
    s.rect(676, 196, 924, 218, mix(st, "#3a2a4a", 0.3))
    s.rect(790, 50, 810, 90, "#3f6f6d")
    s.poly([(540, 300), (800, 190), (1060, 300)], mix(st, "#3a2a4a", 0.12))
    s.poly([(600, 292), (800, 208), (1000, 292)], mix(sh, "#3a2a4a", 0.4))
    s.ell(800, 262, 20, 20, "#ffdf98")
    for x in (345, 435, 1105, 1195):
        s.pie(x + 30, 450, 36, 36, 180, 360, "#ffd27c")
        s.rect(x - 6, 450, x + 66, 600, "#ffd27c")
        for k in (0.33, 0.66):
            s.line([(x - 6 + 72 * k, 420), (x - 6 + 72 * k, 600)], "#7a5535", 3)
        for y in (480, 520, 560):
            s.line([(x - 6, y), (x + 66, y)], "#7a5535", 3)
        for _ in range(9):
            bx = x - 2 + rnd.random() * 58
            s.rect(bx, 574, bx + 7, 598, rnd.choice(["#8c3f3a", "#2f6672", "#5b427a", "#3c5a50"]))
    s.rect(545, 372, 1055, g - 60, "#3a2745")
    s.grad([(0, "#ffdc8e"), (1, "#f6a850")], 410, g - 60, 720, 880)
    s.line([(800, 410), (800, g - 60)], "#7a5535", 5)
    for x in (735, 865):
        s.rect(x - 8, 430, x + 8, g - 70, "#c98a44", 120)
    for x in (560, 650, 925, 1015):
        s.rect(x - 3, 430, x + 28, 560, "#ffca70", 160)
    for x in (545, 620, 690, 876, 948, 1022):
        s.rect(x, 380, x + 34, g - 60, "#ead0a0")
        s.rect(x + 22, 380, x + 34, g - 60, "#b9946a")
        for k in (8, 15):
            s.line([(x + k, 392), (x + k, g - 72)], "#cfae7c", 2)
        s.rect(x - 7, 368, x + 41, 384, "#f0dbb0")
        s.rect(x - 7, g - 72, x + 41, g - 58, "#d9bb8a")
    for i in range(5):
        s.rect(520 - i * 22, g - 60 + i * 15, 1080 + i * 22, g - 44 + i * 15, mix("#d9bb8a", "#4a3a55", 0.1 + i * 0.13))
    s.grad([(0, "#2a2750"), (1, "#0d0f28")], g + 14, 900)
    s.rect(0, g, 428, g + 15, "#2f2c58")
    s.rect(1172, g, 1600, g + 15, "#2f2c58")
    s.beam([(690, g), (910, g), (1180, 900), (420, 900)], "#ffc468", 105, 26)
    for x, h in ((700, 92), (745, 96), (905, 90)):
        person(s, x, g - 10 + (x % 7), h, "#241b38")
    for x, h in ((560, 150), (1040, 158), (1085, 148)):
        person(s, x, 850, h, "#110f26")
        s.poly([(x - 16, 850), (x + 16, 850), (x + (x - 800) * 0.12 + 10, 892), (x + (x - 800) * 0.12 - 20, 892)], "#090a1c", 120)
    for x, k in ((120, 1.2), (1460, 1.3), (1560, 0.9), (30, 0.85)):
        s.rect(x - 9 * k, g - 120 * k, x + 9 * k, g + 60, "#0f1029")
        for dx, dy, r in ((0, -220, 90), (-60, -160, 70), (60, -165, 72), (0, -130, 80)):
            s.ell(x + dx * k, g + dy * k + 20, r * k, r * k * 0.9, mix("#141a3a", "#23345a", (dy + 220) / 200))
    for x in (210, 1390):
        s.line([(x, 790), (x, 560)], "#0a0b20", 7)
        s.glow(x, 548, 90, "#ffd98a", 150)
        s.ell(x, 548, 13, 13, "#fff4cf")
    return s


def reading_room(rnd):
    s = Scene(1000, 1250)
    s.grad([(0, "#3b2a3c"), (1, "#5a3c3c")])
    # shelves both sides
    for side in (0, 1):
        x0, x1 = (0, 270) if side == 0 else (730, 1000)
        s.rect(x0, 120, x1, 960, "#4a2f28")
        for r in range(7):
            y = 138 + r * 116
            s.rect(x0 + 12, y, x1 - 12, y + 98, "#2c1b1c")
            x = x0 + 16
            while x < x1 - 26:
                w = rnd.randint(11, 24)
                h = rnd.randint(58, 92)
                if rnd.random() < 0.9:
                    c = rnd.choice(["#a8503c", "#2f6672", "#d9a44a", "#6b4a7a", "#3c5a50", "#c9b48a", "#84364a", "#31526f"])
                    s.rect(x, y + 98 - h, min(x + w - 2, x1 - 14), y + 98, c)
                    s.rect(x + 2, y + 98 - h + 12, min(x + w - 4, x1 - 16), y + 98 - h + 16, "#f0dfb4", 150)
                x += w
            s.rect(x0, y + 98, x1, y + 110, "#6d4636")
    # window
    s.rect(320, 330, 680, 860, "#1a2350")
    s.pie(500, 332, 180, 190, 180, 360, "#1a2350")
    s.grad([(0, "#16204c"), (1, "#4c4f86")], 331, 860, 320, 680)
    for _ in range(46):
        s.ell(326 + rnd.random() * 348, 190 + rnd.random() * 420, 1.6, 1.6, "#eef0ff", 200)
    s.poly([(300, 130), (700, 130), (700, 140), (300, 140)], "#3b2a3c")
    s.glow(590, 330, 110, "#e6e8ff", 130)
    s.ell(590, 330, 36, 36, "#f7f2dd")
    skyline(s, 860, 60, 190, "#141838", rnd, 34, 64, "#f2bf62", 0.3, 320, 650)
    crane(s, 520, 860, 0.7, "#10142e")
    # mask corners outside the arch
    m = Image.new("L", s.img.size, 0)
    md = ImageDraw.Draw(m)
    md.rectangle([280 * SS, 120 * SS, 720 * SS, 332 * SS], fill=255)
    md.pieslice([320 * SS, 142 * SS, 680 * SS, 522 * SS], 180, 360, fill=0)
    s.img.paste(Image.new("RGB", s.img.size, rgb("#41303f")), (0, 0), m)
    for x in (320, 410, 500, 590, 680):
        t = (x - 500) / 180
        y = 332 - 190 * math.sqrt(max(0, 1 - t * t))
        s.line([(x, y), (x, 860)], "#caa572", 7 if x in (320, 680) else 5)
    for y in (420, 530, 640, 750, 860):
        s.line([(320, y), (680, y)], "#caa572", 5)
    s.d.arc([320 * SS, 142 * SS, 680 * SS, 522 * SS], 180, 360, fill=rgb("#caa572"), width=8 * SS)
    s.rect(300, 856, 700, 880, "#caa572")
    s.rect(0, 960, 1000, 1250, "#3a2528")
    # readers behind the table
    for x, c, hc, hd in ((210, "#2f6672", "#2a1a1c", "#b98056"), (450, "#a8503c", "#5a3620", "#e0b48c"), (790, "#6b4a7a", "#1d1622", "#7c4f34")):
        s.rect(x - 82, 900, x + 82, 1080, c, r=58)
        s.rect(x - 20, 860, x + 20, 920, hd)
        s.ell(x, 838, 46, 54, hd)
        s.pie(x, 826, 52, 54, 175, 365, hc)
    # table and lamps
    s.poly([(60, 1040), (940, 1040), (1000, 1110), (1000, 1160), (0, 1160), (0, 1110)], "#8b5a3a")
    s.poly([(60, 1040), (940, 1040), (1000, 1110), (0, 1110)], "#a8714a")
    s.rect(0, 1110, 1000, 1250, "#5f3c2c")
    for x in (330, 620):
        s.glow(x, 1040, 230, "#ffdc8a", 140)
        s.line([(x, 1066), (x, 970)], "#d9a44a", 8)
        s.rect(x - 34, 1060, x + 34, 1074, "#d9a44a", r=6)
        s.rect(x - 80, 932, x + 80, 976, "#2f8f6d", r=22)
        s.rect(x - 76, 962, x + 76, 976, "#fff3c4", r=6)
    for x in (210, 450, 790):
        s.poly([(x - 78, 1060), (x, 1072), (x, 1100), (x - 92, 1088)], "#fbf5e3")
        s.poly([(x + 78, 1060), (x, 1072), (x, 1100), (x + 92, 1088)], "#efe6cd")
        for k in range(3):
            s.line([(x - 74, 1067 + k * 7), (x - 12, 1077 + k * 7)], "#b9ac90", 2)
            s.line([(x + 74, 1067 + k * 7), (x + 12, 1077 + k * 7)], "#b9ac90", 2)
    return s


def fish_market(rnd):
    s = Scene(1600, 900)
    s.grad([(0, "#20454e"), (0.6, "#3c757a"), (1, "#7fae9f")])
    # glazed end wall
    s.pie(800, 470, 560, 420, 180, 360, "#f6e3b4")
    s.rect(240, 468, 1360, 640, "#f6e3b4")
    s.glow(800, 430, 420, "#fff8de", 200)
    for i in range(13):
        x = 240 + i * 1120 / 12
        t = (x - 800) / 560
        s.line([(x, 470 - 420 * math.sqrt(max(0, 1 - t * t))), (x, 640)], "#2c5a60", 5)
    for y in (190, 290, 390, 490):
        t = (470 - y) / 420
        hw = 560 * math.sqrt(max(0, 1 - t * t)) if y < 470 else 560
        s.line([(800 - hw, y), (800 + hw, y)], "#2c5a60", 4)
    # masts seen through
    for x in (520, 700, 930, 1080):
        s.line([(x, 640), (x, 450)], "#7d8f86", 4)
        s.line([(x, 470), (x + 60, 600)], "#7d8f86", 2)
    for r, w, c in ((610, 26, "#16353d"), (720, 34, "#122c34"), (860, 44, "#0e242b")):
        s.arc(800, 560, r, 180, 360, c, w)
        s.rect(800 - r, 556, 800 - r + w, 900, c)
        s.rect(800 + r - w, 556, 800 + r, 900, c)
    s.poly([(0, 760), (240, 640), (1360, 640), (1600, 760), (1600, 900), (0, 900)], "#b7b9a4")
    for i in range(-8, 9):
        s.line([(800 + i * 70, 640), (800 + i * 190, 900)], "#9fa38f", 3)
    for y in (660, 690, 735, 800):
        x = max(0, 240 - (y - 640) * 2)
        s.line([(x, y), (1600 - x, y)], "#9fa38f", 3)
    for x, h, c in ((640, 120, "#37505a"), (700, 128, "#7b2f3a"), (880, 124, "#26323e"), (930, 116, "#46603f"), (1010, 122, "#37505a")):
        person(s, x, 720, h, c, head="#8a5a3b")
    # stalls
    for x0, w, base, c1, n in ((20, 520, 850, "#c9503f", 5), (1060, 520, 850, "#1d6f7a", 5)):
        s.rect(x0 + 14, 520, x0 + 26, base, "#3d3026")
        s.rect(x0 + w - 26, 520, x0 + w - 14, base, "#3d3026")
        k = 10
        for i in range(k):
            a, b = x0 + w * i / k, x0 + w * (i + 1) / k
            c = c1 if i % 2 == 0 else "#f8f1df"
            s.poly([(a + (x0 + w / 2 - a) * 0.1, 450), (b + (x0 + w / 2 - b) * 0.1, 450), (b, 534), (a, 534)], c)
            s.pie((a + b) / 2, 533, w / k / 2, 18, 0, 180, mix(c, "#1a1a1a", 0.12))
        person(s, x0 + w * 0.34, base - 60, 200, "#26323e", "#f3efe2", "#a06c48")
        person(s, x0 + w * 0.7, base - 60, 192, "#37505a", "#dfe7e4", "#7c4f34")
        s.poly([(x0 - 6, 740), (x0 + w + 6, 740), (x0 + w + 26, 800), (x0 - 26, 800)], "#eaf4f4")
        s.rect(x0 - 26, 800, x0 + w + 26, 880, "#6a4a35")
        s.rect(x0 - 26, 800, x0 + w + 26, 812, "#835e44")
        for _ in range(90):
            s.ell(x0 + rnd.random() * w, 744 + rnd.random() * 52, 5, 3, "#ffffff", 170)
        for i in range(n):
            fish(s, x0 + 60 + i * w / n, 762 + (i % 2) * 12, 0.52, ["#5f8393", "#c96f52", "#6d7a86", "#d79a62", "#4f7f86"][i % 5], "#eef1e8", 1, -0.12)
            s.rect(x0 + 40 + i * w / n, 806, x0 + 84 + i * w / n, 832, "#fbf6e4", r=3)
            s.line([(x0 + 48 + i * w / n, 816), (x0 + 76 + i * w / n, 816)], "#4b4038", 3)
            s.line([(x0 + 48 + i * w / n, 824), (x0 + 66 + i * w / n, 824)], "#4b4038", 3)
    for x, y in ((330, 300), (560, 250), (800, 230), (1040, 250), (1270, 300)):
        s.line([(x, 0), (x, y - 20)], "#0e242b", 4)
        s.glow(x, y + 14, 90, "#ffe9a8", 150)
        s.pie(x, y + 8, 38, 32, 180, 360, "#c9503f")
        s.ell(x, y + 10, 14, 10, "#fff8dc")
    return s


def fish_crates(rnd):
    s = Scene(1200, 800, "#33454c")
    for i in range(7):
        for j in range(12):
            s.rect(j * 110 - (i % 2) * 55, i * 120, j * 110 + 106 - (i % 2) * 55, i * 120 + 116, mix("#3b4e55", "#2c3c43", rnd.random()), r=6)
    kinds = [("#5d7f92", "#e9efe9"), ("#c9714f", "#f5dfc6"), ("#4f7c6f", "#e2ecd6"), ("#8c8f97", "#f0eee6"), ("#b08a45", "#f5ebcf"), ("#6a5a80", "#e8e0ea")]
    box = ["#e0a13a", "#2f7f8a", "#c8553d", "#e0a13a", "#c8553d", "#2f7f8a"]
    for n in range(6):
        cx, cy = 210 + (n % 3) * 390, 210 + (n // 3) * 380
        x0, y0, x1, y1 = cx - 178, cy - 165, cx + 178, cy + 165
        s.rect(x0 + 10, y0 + 14, x1 + 12, y1 + 16, "#172227", 150, r=16)
        s.rect(x0, y0, x1, y1, box[n], r=16)
        s.rect(x0 + 14, y0 + 14, x1 - 14, y1 - 14, mix(box[n], "#1a1a1a", 0.35), r=8)
        s.rect(x0 + 18, y0 + 20, x1 - 18, y1 - 18, "#dcecef", r=6)
        for sx in (x0 + 3, x1 - 9):
            s.rect(sx, cy - 36, sx + 6, cy + 36, mix(box[n], "#1a1a1a", 0.45), r=3)
        for _ in range(120):
            s.ell(x0 + 30 + rnd.random() * 296, y0 + 30 + rnd.random() * 270, 4 + rnd.random() * 8, 3 + rnd.random() * 6, rnd.choice(["#ffffff", "#c6dfe5", "#eef7f8"]), 190)
        c, b = kinds[n]
        if n == 4:
            for i in range(9):
                px, py = x0 + 72 + (i % 3) * 106, y0 + 68 + (i // 3) * 96
                for sgn in (-1, 1):
                    for k in range(3):
                        s.line([(px, py), (px + sgn * 34, py - 4 + k * 13), (px + sgn * 46, py + 8 + k * 13)], "#8a4a24", 5)
                    s.line([(px + sgn * 20, py - 14), (px + sgn * 36, py - 32)], "#a3562a", 8)
                    s.ell(px + sgn * 36, py - 36, 10, 12, "#a3562a")
                s.ell(px, py, 36, 25, "#b9652f")
                s.pie(px, py, 36, 25, 0, 180, "#cf8046")
                for k in (-10, 10):
                    s.ell(px + k, py - 20, 4, 4, "#2a1a14")
        else:
            rows = 4 if n != 1 else 3
            for r in range(rows):
                for k in range(2):
                    fx = cx - 80 + k * 150 + (r % 2) * 14
                    fy = y0 + 66 + r * (262 / rows)
                    fish(s, fx, fy, 1.02 if n == 1 else 0.88, mix(c, "#ffffff", rnd.random() * 0.18), b, 1 if (r + k) % 2 else -1, rnd.uniform(-0.14, 0.14))
        s.rect(cx - 48, y1 - 34, cx + 48, y1 - 4, "#fbf6e4", r=4)
        s.text(cx, y1 - 19, "LOT %d" % (3107 + n * 4), 18, "#2a2a2a", bold=True, anchor="mm")
    return s


def wind_farm(rnd):
    s = Scene(1920, 1080)
    hz = 700
    s.grad([(0, "#2f6f9a"), (0.45, "#7fb6c4"), (0.8, "#f6d9a8"), (1, "#f8b98a")], 0, hz)
    s.glow(1330, 660, 520, "#fff0c4", 190)
    s.ell(1330, 640, 70, 70, "#fff7df")
    for x, y, l, a in ((120, 240, 520, 90), (260, 290, 300, 70), (900, 160, 460, 80), (1420, 300, 420, 110), (1020, 420, 380, 120), (300, 470, 300, 100)):
        s.rect(x, y, x + l, y + 30, "#ffffff", a, r=15)
        s.rect(x + 70, y - 20, x + l - 90, y + 14, "#ffffff", a, r=17)
    for i in range(16):
        x = 60 + i * 120 + (i % 3) * 18
        turbine(s, x, hz + 2, 0.34, "#d9e3df", 11 * i + 5)
    s.grad([(0, "#f2c08f"), (0.12, "#8fb3b3"), (0.5, "#2f7086"), (1, "#0f3b57")], hz, 1080)
    s.beam([(1260, hz), (1400, hz), (1600, 1080), (1060, 1080)], "#fff0c4", 110, 24)
    s.waves(hz + 6, 1070, "#f9e3bd", rnd, 90, 70, 30, 220)
    s.waves(hz + 30, 1070, "#0f3b57", rnd, 70, 60, 30, 220)
    for x, b, k, r in ((1120, 742, 0.95, 40), (1690, 760, 1.15, 72), (240, 770, 1.2, 15), (820, 800, 1.55, 95), (480, 852, 2.2, 66)):
        shade = mix("#f7f8f2", "#c9d8da", max(0, 1.4 - k))
        turbine(s, x, b, k, shade, r, "#f0b62f")
        for j in range(7):
            s.ell(x + rnd.randint(-6, 6) * k, b + 6 + j * 8 * k, (26 - j * 2) * k * 0.7, 2.2 * k, "#f7f1d8", 80)
    # boat
    s.poly([(1180, 888), (1480, 888), (1440, 940), (1210, 940)], "#b5402f")
    s.rect(1176, 880, 1486, 892, "#f4ede0", r=3)
    s.poly([(1240, 820), (1370, 820), (1392, 880), (1236, 880)], "#f6f2e6")
    for i in range(3):
        s.poly([(1256 + i * 40, 832), (1286 + i * 40, 832), (1288 + i * 40, 854), (1254 + i * 40, 854)], "#1f4557")
    s.line([(1290, 820), (1290, 768)], "#37454f", 4)
    s.line([(1276, 784), (1304, 784)], "#37454f", 3)
    s.poly([(1080, 938), (1210, 926), (1220, 944), (1060, 950)], "#f7f7ee", 200)
    s.ell(1330, 944, 150, 8, "#f7f7ee", 150)
    s.birds([(980, 420, 26), (1050, 380, 20), (900, 470, 16), (1520, 520, 20)], "#33505c", 3)
    return s


def service_vessel(rnd):
    s = Scene(1200, 800)
    hz = 500
    s.grad([(0, "#5b7f95"), (0.6, "#a9c3c6"), (1, "#e6e3d2")], 0, hz)
    for _ in range(12):
        s.ell(rnd.random() * 1200, 60 + rnd.random() * 160, 130 + rnd.random() * 120, 24 + rnd.random() * 22, "#dfe8e8", 60)
    for i in range(5):
        turbine(s, 90 + i * 130, hz, 0.5 + 0.06 * (i % 2), "#c7d6d8", 20 + i * 31)
    s.grad([(0, "#7fa6ad"), (1, "#1e5468")], hz, 800)
    s.waves(hz + 5, 640, "#e6efe9", rnd, 40, 80)
    # tower base at right
    s.poly([(900, 0), (1050, 0), (1066, 400), (884, 400)], "#f3f5f0")
    s.poly([(1000, 0), (1050, 0), (1066, 400), (1010, 400)], "#cfd8d6")
    s.rect(868, 400, 1082, 720, "#f0b62f")
    s.rect(1016, 400, 1082, 720, "#cf9720")
    s.rect(800, 386, 1150, 408, "#d9a024")
    for x in range(806, 1150, 28):
        s.line([(x, 386), (x, 336)], "#8a6a1c", 4)
    s.line([(800, 338), (1150, 338)], "#8a6a1c", 5)
    s.line([(800, 362), (1150, 362)], "#8a6a1c", 3)
    s.rect(940, 290, 1000, 386, "#37505a", r=6)
    s.text(975, 470, "G-27", 46, "#26323e", bold=True, anchor="mm")
    for y in range(500, 710, 22):
        s.line([(842, y), (868, y)], "#6d5417", 4)
    s.line([(842, 410), (842, 720)], "#6d5417", 6)
    # vessel
    s.poly([(40, 590), (760, 590), (800, 560), (770, 690), (90, 690)], "#173f5f")
    s.poly([(70, 660), (778, 660), (770, 696), (92, 696)], "#b5473c")
    s.rect(40, 580, 770, 594, "#f1ead8")
    s.poly([(130, 420), (380, 420), (400, 580), (110, 580)], "#f6f2e6")
    s.rect(150, 350, 350, 424, "#e7e0cd", r=8)
    for i in range(4):
        s.rect(162 + i * 46, 364, 200 + i * 46, 396, "#1f4557", r=4)
    for i in range(5):
        s.rect(138 + i * 50, 456, 172 + i * 50, 486, "#1f4557", r=5)
    s.line([(250, 350), (250, 250)], "#37454f", 6)
    s.line([(220, 280), (280, 280)], "#37454f", 5)
    s.ell(250, 246, 8, 8, "#e35b45")
    s.rect(420, 540, 520, 582, "#e07b2f", r=4)
    s.rect(424, 500, 500, 540, "#2f7f8a", r=4)
    # gangway
    s.rect(560, 430, 610, 582, "#5b6870")
    s.poly([(560, 400), (620, 390), (860, 372), (860, 392), (620, 420), (560, 440)], "#e35b45")
    for i in range(9):
        x = 600 + i * 30
        y = 396 - i * 2.6
        s.line([(x, y), (x, y - 42)], "#7d2a1e", 3)
    s.line([(590, 356), (860, 330)], "#7d2a1e", 4)
    person(s, 742, 384, 104, "#26323e", "#f2d21f", "#a06c48")
    s.pie(742, 290, 12, 12, 180, 360, "#ffffff")
    person(s, 668, 392, 104, "#26323e", "#f07f2d", "#7c4f34")
    s.pie(668, 298, 12, 12, 180, 360, "#ffffff")
    for n, (y, amp, c) in enumerate(((668, 14, "#2f6f83"), (716, 18, "#225b70"), (760, 16, "#17465a"))):
        crest = [(x, y - amp * math.sin(x / (70 + 12 * n) + n * 2)) for x in range(0, 1201, 8)]
        s.poly([(0, 800)] + crest + [(1200, 800)], c)
        s.line(crest, "#e6f1ee", 4, a=170)
    for _ in range(40):
        s.ell(975 + rnd.gauss(0, 80), 668 + rnd.gauss(0, 10), rnd.random() * 9, rnd.random() * 5, "#f2f8f5", 190)
    s.birds([(520, 180, 24), (580, 150, 17), (700, 220, 18)], "#3a5560", 3)
    return s


def solar_roofs(rnd):
    s = Scene(1600, 900)
    s.grad([(0, "#58a6c9"), (0.6, "#bfe0dc"), (1, "#fbe8bd")], 0, 520)
    s.glow(320, 170, 280, "#fff7d4", 210)
    s.ell(320, 170, 66, 66, "#fffbe9")
    for x, y, l in ((700, 110, 300), (1050, 170, 360), (1240, 90, 240)):
        s.rect(x, y, x + l, y + 30, "#ffffff", 170, r=15)
    s.grad([(0, "#9fd0d4"), (1, "#5ba3ae")], 410, 520)
    hills(s, 420, 40, "#8dbcba", rnd)
    s.grad([(0, "#9fd0d4"), (1, "#5ba3ae")], 416, 520)
    for x in (1180, 1340):
        crane(s, x, 470, 0.6, "#44697a")
    for x in (120, 210, 300):
        turbine(s, x, 420, 0.3, "#f6faf5", x % 60)
    skyline(s, 520, 30, 110, "#6f9aa0", rnd, 36, 80, x0=380, x1=1100)
    skyline(s, 600, 60, 130, "#d0a184", rnd, 60, 110, "#5b4a55", 0.4)
    # market hall: saw-tooth roof with panels
    rows = ((560, 110, 250), (650, 130, 300), (760, 150, 360))
    for ri, (y, h, w) in enumerate(rows):
        off = -ri * 70 - 30
        n = int((1600 - off) / w) + 1
        s.rect(0, y, 1600, y + 60 + ri * 30, ["#c98263", "#b56f55", "#a35f4a"][ri])
        for i in range(n):
            x = off + i * w
            # roof plane as a parallelogram facing the sun
            k = h
            s.poly([(x, y), (x + w * 0.30, y - k), (x + w * 0.98, y - k), (x + w * 0.98 - w * 0.30 + w * 0.30, y)], "#8c5648")
            s.poly([(x, y), (x + w * 0.26, y - k), (x + w * 0.98, y - k), (x + w * 0.80, y)], "#7c4b42")
            for a in range(5):
                for b in range(3):
                    u0, u1 = 0.05 + a * 0.184, 0.05 + a * 0.184 + 0.17
                    v0, v1 = 0.08 + b * 0.3, 0.08 + b * 0.3 + 0.27

                    def R(u, v):
                        lx = x + w * 0.26 * v
                        rx = x + w * 0.80 + w * 0.18 * v
                        return (lx + (rx - lx) * u, y - k * v)

                    c = mix("#1d3f72", "#3f7fb4", (a * 0.13 + b * 0.16 + rnd.random() * 0.12))
                    s.poly([R(u0, v0), R(u1, v0), R(u1, v1), R(u0, v1)], c)
                    m0, m1 = (u0 + u1) / 2, (v0 + v1) / 2
                    s.line([R(m0, v0), R(m0, v1)], "#9cc3dd", 1.4, a=150)
                    s.line([R(u0, m1), R(u1, m1)], "#9cc3dd", 1.4, a=150)
            s.poly([(x + w * 0.80, y), (x + w * 0.98, y - k), (x + w * 1.0, y - k), (x + w * 1.0, y)], "#e8d9b6")
        for i in range(30):
            wx = i * 58 + 16
            s.rect(wx, y + 16, wx + 24, y + 46 + ri * 14, "#4a3440", r=3)
            s.rect(wx + 3, y + 19, wx + 21, y + 43 + ri * 14, "#f2cf8a" if (i * 7 + ri) % 5 == 0 else "#7b98a5")
        s.line([(0, y + 2), (1600, y + 2)], "#f0dfbd", 5)
    s.rect(0, 862, 1600, 900, "#5d4038")
    person(s, 1170, 764, 120, "#26323e", "#f2d21f", "#8a5a3b")
    s.pie(1170, 656, 14, 14, 180, 360, "#ffffff")
    person(s, 1110, 764, 116, "#26323e", "#f07f2d", "#a06c48")
    s.pie(1110, 660, 14, 14, 180, 360, "#ffffff")
    s.birds([(560, 250, 24), (620, 220, 18), (860, 300, 16)], "#2f5563", 3)
    return s


def portrait(bg0, bg1, accent, coat, shirt, skin, hair, style):
    def draw(rnd):
        s = Scene(800, 800)
        s.grad([(0, bg0), (1, bg1)])
        s.ell(400, 400, 310, 310, accent, 90)
        s.ell(400, 400, 250, 250, accent, 110)
        dark = mix(skin, "#2a1420", 0.22)
        if style == "long":
            s.ell(400, 350, 172, 190, hair)
            s.rect(232, 350, 568, 600, hair, r=70)
        if style == "bun":
            s.ell(400, 142, 66, 62, hair)
        # shoulders
        s.poly([(110, 800), (126, 650), (200, 586), (330, 550), (470, 550), (600, 586), (674, 650), (690, 800)], coat)
        s.ell(204, 652, 84, 78, coat)
        s.ell(596, 652, 84, 78, coat)
        s.poly([(318, 550), (400, 724), (482, 550)], shirt)
        s.poly([(320, 546), (292, 566), (366, 800), (400, 800), (400, 722)], mix(coat, "#000000", 0.2))
        s.poly([(480, 546), (508, 566), (434, 800), (400, 800), (400, 722)], mix(coat, "#000000", 0.3))
        # neck, face
        s.poly([(340, 450), (460, 450), (470, 560), (400, 634), (330, 560)], dark)
        s.ell(400, 360, 122, 148, skin)
        s.pie(400, 360, 122, 148, 270, 450, mix(skin, "#2a1420", 0.09))
        for x in (278, 522):
            s.ell(x, 372, 20, 30, skin if x < 400 else mix(skin, "#2a1420", 0.09))
        if style == "short":
            s.pie(400, 332, 132, 154, 180, 360, hair)
            s.poly([(290, 334), (316, 270), (480, 286), (512, 334)], skin)
            s.poly([(400, 278), (480, 286), (512, 334), (400, 334)], mix(skin, "#2a1420", 0.09))
            s.rect(268, 330, 284, 372, hair)
            s.rect(516, 330, 532, 372, hair)
        elif style == "long":
            s.pie(400, 318, 134, 140, 176, 364, hair)
            s.poly([(270, 330), (300, 250), (460, 230), (530, 330), (470, 276), (370, 300), (290, 390)], hair)
        elif style == "bun":
            s.pie(400, 330, 130, 150, 182, 358, hair)
            s.pie(400, 334, 112, 72, 180, 360, skin)
            s.pie(400, 334, 112, 72, 270, 360, mix(skin, "#2a1420", 0.09))
            s.rect(272, 398, 280, 430, "#f2b84b", r=4)
            s.rect(520, 398, 528, 430, "#f2b84b", r=4)
        elif style == "beard":
            s.pie(400, 384, 126, 140, 8, 172, hair)
            s.ell(400, 404, 92, 62, mix(skin, "#2a1420", 0.02))
            s.rect(352, 436, 448, 456, hair, r=10)
            s.pie(400, 330, 132, 130, 186, 354, hair)
            s.rect(262, 250, 538, 300, "#26323e", r=18)
            s.pie(400, 262, 138, 120, 180, 360, "#31424f")
            for i in range(7):
                s.line([(290 + i * 37, 254), (290 + i * 37, 296)], "#3b5060", 4)
        # glasses for one
        if style == "short":
            for x in (350, 450):
                s.ring(x, 368, 40, "#22262e", 7)
                s.ell(x, 368, 34, 34, "#ffffff", 40)
            s.line([(388, 364), (412, 364)], "#22262e", 7)
        s.poly([(398, 372), (388, 420), (412, 424)], mix(skin, "#2a1420", 0.2))
        for x in (350, 450):
            s.ell(x, 370, 8, 9, "#22202a")
            s.arc(x, 360, 34, 215, 325, mix(hair, "#000000", 0.2), 7)
        s.arc(400, 436, 34, 25, 155, mix(skin, "#7a1f2a", 0.55), 7)
        return s

    return draw


# ---------------------------------------------------------------- charts

INK, GRAY, GRID, PAPER = "#1b2f3d", "#5d6b73", "#d9d4c6", "#fbf8f0"


def frame(w, h, title, sub, source):
    s = Scene(w, h, PAPER)
    s.rect(40, 34, 110, 42, "#c9503f")
    s.text(40, 58, title, 34, INK, bold=True, serif=True)
    s.text(40, 106, sub, 21, GRAY)
    s.text(40, h - 34, source, 16, GRAY, anchor="lm")
    s.text(w - 40, h - 34, "The Harbour Ledger", 16, GRAY, bold=True, serif=True, anchor="rm")
    s.line([(40, h - 58), (w - 40, h - 58)], GRID, 2)
    return s


def bars(w, h, title, sub, source, data, ymax, step, fmt, color, hot=(), limit=None):
    def draw(rnd):
        s = frame(w, h, title, sub, source)
        L, R, T, B = 100, w - 60, 176, h - 110

        def Y(v):
            return B - (B - T) * v / ymax

        v = 0
        while v <= ymax:
            s.line([(L, Y(v)), (R, Y(v))], GRID if v else INK, 2)
            s.text(L - 14, Y(v), str(v), 19, GRAY, anchor="rm")
            v += step
        n = len(data)
        bw = (R - L) / n
        for i, (lab, val) in enumerate(data):
            x = L + bw * (i + 0.5)
            c = "#c9503f" if i in hot else color
            s.rect(x - bw * 0.3, Y(val), x + bw * 0.3, B, c)
            s.text(x, Y(val) - 16, fmt % val, 24, c, bold=True, anchor="mm")
            s.text(x, B + 24, lab, 20, INK, anchor="mm")
        if limit:
            val, lab = limit
            x = L
            while x < R:
                s.line([(x, Y(val)), (min(x + 16, R), Y(val))], INK, 3)
                x += 26
            s.text(L + 8, Y(val) - 18, lab, 20, INK, bold=True, anchor="lm")
        return s

    return draw


def hbars(w, h, title, sub, source, data, total, color):
    def draw(rnd):
        s = frame(w, h, title, sub, source)
        T, L, R = 168, 370, w - 150
        mx = max(v for _, v in data)
        rh = (h - 100 - T - 80) / len(data)
        for i, (lab, v) in enumerate(data):
            y = T + rh * i
            s.text(L - 18, y + rh * 0.4, lab, 21, INK, anchor="rm")
            s.rect(L, y + rh * 0.1, L + (R - L) * v / mx, y + rh * 0.7, mix(color, "#9cc9c5", i / len(data)))
            s.text(L + (R - L) * v / mx + 12, y + rh * 0.4, "+$%dM" % v, 24, INK, bold=True, anchor="lm")
        y = T + rh * len(data) + 10
        s.line([(40, y), (w - 40, y)], INK, 3)
        s.text(L - 18, y + 36, total[0], 23, INK, bold=True, anchor="rm")
        s.text(L, y + 36, total[1], 27, "#c9503f", bold=True, anchor="lm")
        return s

    return draw


def lines(w, h, title, sub, source, series, labels, ymax, step, fmt, every, ymin=0, area=False):
    def draw(rnd):
        s = frame(w, h, title, sub, source)
        L, R, T, B = 100, w - (190 if len(series) > 1 else 110), 170, h - 110

        def Y(v):
            return B - (B - T) * (v - ymin) / (ymax - ymin)

        n = len(labels)

        def X(i):
            return L + (R - L) * i / (n - 1)

        v = ymin
        while v <= ymax + 1e-9:
            s.line([(L, Y(v)), (R, Y(v))], GRID if v > ymin else INK, 2)
            s.text(L - 14, Y(v), fmt % v, 19, GRAY, anchor="rm")
            v += step
        for i in range(0, n, every):
            s.text(X(i), B + 26, labels[i], 19, INK, anchor="mm")
            s.line([(X(i), B), (X(i), B + 8)], INK, 2)
        for name, vals, c in series:
            pts = [(X(i), Y(v)) for i, v in enumerate(vals)]
            if area:
                s.poly([(L, B)] + pts + [(R, B)], mix(c, PAPER, 0.75))
            s.line(pts, c, 5)
            for p in (pts if n < 16 else [pts[0], pts[-1]]):
                s.ell(p[0], p[1], 7, 7, c)
                s.ell(p[0], p[1], 3.4, 3.4, PAPER)
            s.text(pts[-1][0] + 16, pts[-1][1] - (12 if name else 0), fmt % vals[-1], 23, c, bold=True, anchor="lm")
            if name:
                s.text(pts[-1][0] + 16, pts[-1][1] + 14, name, 20, c, anchor="lm")
        return s

    return draw


def stacked(w, h, title, sub, source, cats, rows, ymax, step):
    def draw(rnd):
        s = frame(w, h, title, sub, source)
        L, R, T, B = 100, w - 330, 170, h - 110

        def Y(v):
            return B - (B - T) * v / ymax

        v = 0
        while v <= ymax:
            s.line([(L, Y(v)), (R, Y(v))], GRID if v else INK, 2)
            s.text(L - 14, Y(v), str(v), 19, GRAY, anchor="rm")
            v += step
        bw = (R - L) / len(rows)
        for i, (lab, vals) in enumerate(rows):
            x, acc = L + bw * (i + 0.5), 0
            for (name, c), val in zip(cats, vals):
                s.rect(x - bw * 0.31, Y(acc + val), x + bw * 0.31, Y(acc), c)
                s.text(x, (Y(acc) + Y(acc + val)) / 2, str(val), 18, "#ffffff", bold=True, anchor="mm")
                acc += val
            s.text(x, Y(acc) - 18, str(acc), 24, INK, bold=True, anchor="mm")
            s.text(x, B + 26, lab, 20, INK, anchor="mm")
        for i, (name, c) in enumerate(reversed(cats)):
            y = T + 40 + i * 52
            s.rect(R + 36, y - 13, R + 62, y + 13, c)
            s.text(R + 76, y, name, 20, INK, anchor="lm")
        return s

    return draw


def map_line4(rnd):
    s = Scene(1200, 900, "#efe9d8")
    # parks, districts
    for pts, c in (
        ([(60, 120), (420, 90), (470, 300), (140, 360)], "#e6dec8"),
        ([(480, 100), (860, 110), (840, 330), (520, 340)], "#e9e2ce"),
        ([(560, 420), (900, 400), (940, 640), (600, 660)], "#e6dec8"),
    ):
        s.poly(pts, c)
    s.poly([(240, 150), (380, 130), (410, 240), (300, 280), (230, 230)], "#c9d8ae")
    s.ell(880, 250, 90, 58, "#c9d8ae")
    # streets
    for i in range(14):
        s.line([(0, 60 + i * 66), (1200, 20 + i * 72)], "#fbf7ec", 7)
        s.line([(40 + i * 92, 0), (i * 88, 900)], "#fbf7ec", 6)
    # bay and river
    sea = [(0, 560), (120, 590), (210, 640), (300, 650), (360, 720), (470, 740), (560, 800), (600, 900), (0, 900)]
    s.poly(sea, "#a9ced6")
    s.poly([(0, 620), (110, 650), (200, 700), (290, 715), (350, 780), (440, 800), (520, 850), (550, 900), (0, 900)], "#97c1cc")
    river = [(430, 740), (480, 640), (590, 570), (660, 470), (760, 420), (900, 430), (1010, 350), (1200, 330)]
    s.line(river, "#a9ced6", 40)
    for x, y in ((150, 592), (230, 632), (330, 690)):
        s.poly([(x, y), (x + 26, y - 6), (x + 4, y + 60), (x - 22, y + 56)], "#d8cfb8")
    # older lines
    s.line([(0, 250), (300, 420), (420, 520), (700, 300), (900, 60)], "#a8a396", 7)
    s.line([(120, 0), (300, 420), (330, 560), (270, 640)], "#a8a396", 7)
    # Line 4
    stops = [("Central Quay", 290, 590, "l"), ("Ropewalk", 380, 560, "b"), ("Market Hall", 440, 480, "l"), ("Cooper's Reach", 530, 420, "t"), ("Tollgate", 640, 380, "t"), ("Sallow Bridge", 730, 430, "r"), ("Brickfields", 780, 530, "r"), ("College", 860, 610, "r"), ("Saltmarsh Hospital", 880, 730, "r")]
    pts = [(x, y) for _, x, y, _ in stops]
    s.line(pts, "#ffffff", 20)
    s.line(pts, "#14857f", 13, cap=True)
    for n, x, y, side in stops:
        s.ell(x, y, 14, 14, "#14857f")
        s.ell(x, y, 9, 9, "#ffffff")
        dx, dy, an = {"l": (-24, 0, "rm"), "r": (24, 0, "lm"), "t": (0, -34, "mm"), "b": (0, 36, "mm")}[side]
        f = font(21 * SS, True)
        w = f.getlength(n) / SS
        bx = x + dx - (w if an == "rm" else w / 2 if an == "mm" else 0)
        s.rect(bx - 7, y + dy - 16, bx + w + 7, y + dy + 16, "#fbf8f0", 225, r=5)
        s.text(x + dx, y + dy, n, 21, INK, bold=True, anchor=an)
    s.ring(730, 430, 34, "#c9503f", 5)
    s.text(170, 800, "Merrow Bay", 30, "#4f8492", serif=True, anchor="mm")
    s.text(1090, 312, "River Sallow", 22, "#4f8492", serif=True, anchor="mm")
    s.text(316, 205, "Lantern Hill", 21, "#6f7f55", serif=True, anchor="mm")
    s.rect(0, 0, 1200, 104, PAPER)
    s.rect(40, 22, 110, 30, "#c9503f")
    s.text(40, 40, "Line 4, from Central Quay to Saltmarsh Hospital", 32, INK, bold=True, serif=True)
    s.rect(800, 800, 1180, 882, PAPER, 235, r=6)
    s.line([(820, 826), (876, 826)], "#14857f", 10)
    s.text(890, 826, "Line 4 (building)", 18, INK, anchor="lm")
    s.line([(820, 858), (876, 858)], "#a8a396", 7)
    s.text(890, 858, "Existing lines", 18, INK, anchor="lm")
    s.ring(1068, 858, 13, "#c9503f", 4)
    s.text(1090, 858, "bridge", 18, INK, anchor="lm")
    s.text(1140, 140, "N", 22, INK, bold=True, anchor="mm")
    s.poly([(1140, 156), (1128, 196), (1140, 188), (1152, 196)], INK)
    return s


def wobble(start, end, n, seed, noise, season):
    r = random.Random(seed)
    out = []
    for i in range(n):
        v = start + (end - start) * i / (n - 1) + season * math.sin(i / 12 * 2 * math.pi + 1.2) + r.uniform(-noise, noise)
        out.append(round(v, 2))
    out[0], out[-1] = start, end
    return out


MONTHS = [["year 1", "", "", "", "", "", "", "", "", "", "", ""], ["year 2"] + [""] * 11, ["year 3"] + [""] * 11]
MONTHS = [m for y in MONTHS for m in y]

PICTURES = {
    "harbor-cranes-dusk.jpg": harbor_cranes,
    "shore-power-plug.jpg": shore_power,
    "tram-night.jpg": tram_night,
    "tide-gauge.jpg": tide_gauge,
    "flood-gates-storm.jpg": flood_gates,
    "warehouses-canal.jpg": warehouses,
    "warehouse-section.png": loft_section,
    "library-night.jpg": library_night,
    "reading-room.jpg": reading_room,
    "fish-market.jpg": fish_market,
    "fish-crates.jpg": fish_crates,
    "wind-farm-sunrise.jpg": wind_farm,
    "service-vessel.jpg": service_vessel,
    "solar-roofs.jpg": solar_roofs,
    "map-line-4.png": map_line4,
    "chart-port-demand.png": bars(1200, 800, "The port will outgrow its cable", "Projected peak electricity demand of the port, megawatts", "Source: Merrow Port Authority planning file", [("this year", 12), ("in 2 years", 17), ("in 4 years", 27), ("in 6 years", 41), ("in 8 years", 52)], 60, 10, "%d", "#2f6672", (2, 3, 4), (24, "North Basin feeder: 24 MW")),
    "chart-line-4-overrun.png": hbars(1200, 800, "Where the extra $61 million went", "Increase over the approved Line 4 budget, by cause", "Source: City Transit Office, quarterly report", [("Moving pipes and cables", 24), ("Sallow Bridge strengthening", 15), ("Contaminated ground", 9), ("Rail and steel prices", 8), ("Elevators and ramps", 5)], ("New total", "$409M, up from $348M"), "#14857f"),
    "chart-high-water.png": lines(1200, 675, "Eleven inches in eleven decades", "Mean high water at Pilot Stairs, inches above the 1910s average", "Source: Pilot Stairs tide register", [("", [0, 0.7, 1.3, 2.0, 2.6, 3.1, 3.9, 4.8, 6.1, 7.8, 9.9, 11.4], "#1d6f8a")], ["1910s", "1920s", "1930s", "1940s", "1950s", "1960s", "1970s", "1980s", "1990s", "2000s", "2010s", "2020s"], 12, 2, "%g", 1, area=True),
    "chart-library-hours.png": bars(1200, 675, "The late shift at the library", "Average number of people in the building, pilot nights", "Source: Central Library door counters, 96 nights", [("8 p.m.", 142), ("9 p.m.", 131), ("10 p.m.", 118), ("11 p.m.", 97), ("midnight", 64)], 160, 40, "%d", "#6b4a7a", (4,)),
    "chart-fish-prices.png": lines(1200, 800, "Three fish, three stories", "Average weekly auction price by month, dollars per pound", "Source: Ledger analysis of 41,208 auction slips", [("cod", wobble(3.10, 4.45, 36, 3, 0.16, 0.22), "#2f6672"), ("crab", wobble(2.20, 3.85, 36, 8, 0.14, -0.18), "#c9503f"), ("mackerel", wobble(1.05, 0.98, 36, 5, 0.07, 0.1), "#b08a45")], MONTHS, 5, 1, "$%.2f", 12),
    "chart-turbine-downtime.png": stacked(1200, 675, "Waiting is most of the work", "Hours a Gannet Bank turbine stood still, average per year, by cause", "Source: Gannet Bank operating log", [("Repair itself", "#5d6b73"), ("Waiting for parts", "#b08a45"), ("Waiting for weather", "#2f6672"), ("Waiting for a vessel", "#c9503f")], [("year 1", (36, 60, 96, 58)), ("year 2", (37, 64, 104, 88)), ("year 3", (38, 69, 111, 127)), ("year 4", (39, 71, 118, 164))], 400, 100),
    "portrait-calloway.jpg": portrait("#1f5566", "#4f9aa0", "#bfe3e6", "#7b2f3a", "#f6efdd", "#c98d66", "#3a2226", "bun"),
    "portrait-renn.jpg": portrait("#c8553d", "#e9a15a", "#fbe0b0", "#26323e", "#dfe7e4", "#eac09a", "#7a4a22", "short"),
    "portrait-achterberg.jpg": portrait("#4b3f72", "#8a78b0", "#e6def2", "#2f6d5f", "#fbf5e3", "#f0cdb0", "#b9652f", "long"),
    "portrait-dellacourt.jpg": portrait("#7a6a2c", "#d3b45a", "#f8ecc0", "#31526f", "#f3efe2", "#8a5a3b", "#1d1619", "beard"),
}


def palette(img, most=96):
    """The commonest colors that differ visibly: right for flat drawings, where
    the usual methods lose small spots of a strong color."""
    chosen = []
    for _, c in sorted(img.getcolors(1 << 24), key=lambda e: (-e[0], e[1])):
        if all(sum(abs(a - b) for a, b in zip(c, o)) > 14 for o in chosen):
            chosen.append(c)
            if len(chosen) == most:
                break
    p = Image.new("P", (1, 1))
    flat = [v for c in chosen for v in c]
    p.putpalette(flat + flat[:3] * (256 - len(chosen)))
    return p


def save(name, img):
    if name.endswith(".png"):
        img = img.quantize(palette=palette(img), dither=Image.NONE)
        img.save(name, optimize=True)
        return
    for q in range(86, 40, -3):
        buf = io.BytesIO()
        img.save(buf, "JPEG", quality=q, optimize=True, progressive=True)
        if buf.tell() < LIMIT:
            break
    with open(name, "wb") as f:
        f.write(buf.getvalue())


if __name__ == "__main__":
    for name in sys.argv[1:] or PICTURES:
        save(name, PICTURES[name](random.Random(name)).final())
        print(name)
