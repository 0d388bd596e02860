"""The plot for docs/scaling.md: the settings that hold each rate, on two logarithmic scales."""

import math
import sys
from html import escape
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "compare"))

from plot import STYLE, text  # noqa: E402

WIDTH, HEIGHT = 880, 330
LEFT, RIGHT, TOP, BOTTOM = 64, 230, 54, 270
LINES = [  # the member of a row, its name, its default, its class
    ("reserved", "ReceiverReservedConcurrency", 50, "ours"),
    ("environments", "environments that work", None, "bar"),
    ("concurrency", "ProcessorMaximumConcurrency", 10, "other"),
]
MORE = """.line{fill:none;stroke-width:2.5}.line.ours{stroke:#0969da}.line.bar{stroke:#9aa4af}.line.other{stroke:#bc4c00}
.dot.ours{fill:#0969da}.dot.bar{fill:#9aa4af}.dot.other{fill:#bc4c00}.default{stroke-width:1;stroke-dasharray:5 4}
@media (prefers-color-scheme:dark){.line.ours{stroke:#4493f8}.line.bar{stroke:#656c76}.line.other{stroke:#f0883e}
.dot.ours{fill:#4493f8}.dot.bar{fill:#656c76}.dot.other{fill:#f0883e}}
"""


def svg(rows):
    title = "The settings that hold a rate of callbacks, by the model"
    spoken = "; ".join(f"{row['rate']} a second: " + ", ".join(f"{name} {row[key]}" for key, name, _, _ in LINES) for row in rows)
    rates = [row["rate"] for row in rows]
    high = max(row[key] or 0 for row in rows for key, _, _, _ in LINES)
    x, y = scale(rates[0], rates[-1], LEFT, WIDTH - RIGHT), scale(1, high, BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(f'{title}. {spoken}')}</title>",
        f"<style>{STYLE}{MORE}</style>",
        f'<rect class="ground" x="0.5" y="0.5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="6"/>',
        text(16, 28, title, "text head"),
        text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 18, "callbacks a second", "quiet", "middle"),
    ]
    for rate in rates:
        parts += [grid(x(rate), TOP, x(rate), BOTTOM), text(x(rate), BOTTOM + 18, f"{rate:,}", "quiet small", "middle")]
    for value in (10**power for power in range(int(math.log10(high)) + 1)):
        parts += [grid(LEFT, y(value), WIDTH - RIGHT, y(value)), text(LEFT - 8, y(value) + 4, f"{value:,}", "quiet small", "end")]
    for key, name, default, kind in LINES:
        points = [(x(row["rate"]), y(row[key])) for row in rows if row[key]]
        parts.append(f'<polyline class="line {kind}" points="{" ".join(f"{px:.1f},{py:.1f}" for px, py in points)}"/>')
        parts += [f'<circle class="dot {kind}" cx="{px:.1f}" cy="{py:.1f}" r="3.5"/>' for px, py in points]
        parts.append(text(points[-1][0] + 10, points[-1][1] + 4, name, "text small"))
        if default:
            parts.append(f'<line class="line default {kind}" x1="{LEFT}" y1="{y(default):.1f}" x2="{WIDTH - RIGHT}" y2="{y(default):.1f}"/>')
            parts.append(text(LEFT + 6, y(default) - 5, f"default {default}", "quiet small"))
    return "\n".join([*parts, "</svg>", ""])


def scale(low, high, begin, end):
    """From values to places, logarithmic."""
    return lambda value: begin + (end - begin) * math.log10(value / low) / math.log10(high / low)


def grid(x1, y1, x2, y2):
    return f'<line class="grid" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
