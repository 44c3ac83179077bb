"""Draws what a bench measured, as SVG: bars and lines on scales of tens, and flames. Python's standard library alone."""

import math
from html import escape

WIDTH, LEFT, ROW, FONT = 900, 330, 20, 'font-family="sans-serif" font-size="12"'
COLORS = ["#1b6ca8", "#d1495b", "#66a182", "#8d6a9f", "#edae49", "#555555", "#2e4057"]


def svg(height, parts):
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" {FONT}>\n<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n"


def text(x, y, words, more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{escape(words)}</text>'


def scale(values):
    """The powers of ten around these values, and where a value stands between them."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    high = max(high, low + 1)
    return range(low, high + 1), lambda value: (math.log10(value) - low) / (high - low)


def named(value):
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def bars(title, groups):
    """Of each group, a bar for each thing: `groups` is a list of names with lists of labels and values above 0."""
    tens, place = scale([value for _, things in groups for _, value in things])
    room = WIDTH - LEFT - 70
    parts, y = [text(10, 20, title, 'font-weight="bold"')], 40
    top = y
    for name, things in groups:
        parts.append(text(10, y + 14, name, 'font-weight="bold"'))
        y += ROW
        for number, (label, value) in enumerate(things):
            width = max(room * place(value), 1)
            parts.append(text(LEFT - 8, y + 14, label, 'text-anchor="end"'))
            parts.append(f'<rect x="{LEFT}" y="{y + 3}" width="{width:.1f}" height="{ROW - 6}" fill="{COLORS[number % len(COLORS)]}"/>')
            parts.append(text(LEFT + width + 5, y + 14, named(value)))
            y += ROW
        y += ROW / 2
    for ten in tens:
        x = LEFT + room * place(10.0**ten)
        parts.insert(1, f'<line x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{y}" stroke="#dddddd"/>')
        parts.append(text(x, y + 14, named(10.0**ten), 'text-anchor="middle" fill="#777777"'))
    return svg(y + 25, parts)


def lines(title, across, series):
    """One line for each of `series` (name and values) over the sizes in `across`."""
    tens, place = scale([value for _, values in series for value in values])
    sizes, along = scale(across)
    high, room, top = 380, WIDTH - LEFT - 40, 40
    x, y = (lambda size: LEFT + room * along(size)), (lambda value: top + high * (1 - place(value)))
    parts = [text(10, 20, title, 'font-weight="bold"')]
    for ten in tens:
        parts.append(f'<line x1="{LEFT}" y1="{y(10.0**ten):.1f}" x2="{LEFT + room}" y2="{y(10.0**ten):.1f}" stroke="#dddddd"/>')
        parts.append(text(LEFT - 6, y(10.0**ten) + 4, named(10.0**ten), 'text-anchor="end" fill="#777777"'))
    for size in sizes:
        parts.append(text(x(10.0**size), top + high + 18, named(10.0**size), 'text-anchor="middle" fill="#777777"'))
    for number, (name, values) in enumerate(series):
        color, dash = COLORS[number % len(COLORS)], "" if number < len(COLORS) else 'stroke-dasharray="5 3"'
        points = " ".join(f"{x(size):.1f},{y(value):.1f}" for size, value in zip(across, values, strict=True))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2" {dash}/>')
        parts.append(f'<line x1="10" y1="{top + 8 + number * 16}" x2="34" y2="{top + 8 + number * 16}" stroke="{color}" stroke-width="2" {dash}/>')
        parts.append(text(40, top + 12 + number * 16, name))
    return svg(max(top + high + 30, top + 20 + 16 * len(series)), parts)


def flames(title, stacks):
    """Where time is spent: `stacks` counts samples by their frames, the outermost first. What is less than a 300th is left out."""
    root, total = {}, sum(stacks.values())
    for frames, count in stacks.items():
        inside = root
        for frame in frames:
            node = inside.setdefault(frame, [0, {}])
            node[0] += count
            inside = node[1]
    parts, deepest = [], 0

    def draw(nodes, x, depth):
        nonlocal deepest
        for name, (count, inside) in sorted(nodes.items()):
            width = (WIDTH - 20) * count / total
            if count * 300 < total:
                continue
            deepest = max(deepest, depth)
            color = f"hsl({20 + sum(name.encode()) % 40}, 85%, {60 + sum(name.encode()) % 15}%)"
            parts.append((depth, x, width, color, f"{name} ({100 * count / total:.1f} %)"))
            draw(inside, x, depth + 1)
            x += width

    draw(root, 10.0, 0)
    height = 40 + (deepest + 1) * 15
    drawn = [text(10, 20, title, 'font-weight="bold"')]
    for depth, x, width, color, name in parts:
        y = height - 18 - depth * 15
        drawn.append(f'<g><title>{escape(name)}</title><rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="14" fill="{color}"/>')
        letters = int(width / 5.6)
        shown = name if len(name) <= letters else name[: letters - 1] + "…" if letters > 4 else ""
        drawn.append((text(x + 2, y + 11, shown, 'font-size="10"') if shown else "") + "</g>")
    return svg(height, drawn)
