"""The plot for the README: two panels of bars on a logarithmic scale, legible on a light and on a dark page."""

import math
from html import escape

PANELS = [  # title, figure, digits after the point
    ("Cold start: CPU of init and first callback, ms", "cold_cpu_ms", 1),
    ("Warm: CPU per callback, µs", "warm_cpu_us", 0),
]
WIDTH, NAMES, PANEL, GAP = 880, 96, 360, 32
TOP, ROW, BAR = 54, 30, 18
LABEL = 92  # what a panel keeps free to the right of its longest bar

# The picture has a ground of its own: the page's theme need not be the system's, which is what a picture is told.
STYLE = """
.ground{fill:#ffffff;stroke:#d1d9e0}.text{fill:#1f2328}.quiet{fill:#59636e}.label{stroke:#ffffff}.grid{stroke:#d1d9e0}.bar{fill:#9aa4af}.ours{fill:#0969da}
@media (prefers-color-scheme:dark){
.ground{fill:#0d1117;stroke:#3d444d}.text{fill:#f0f6fc}.quiet{fill:#9198a1}.label{stroke:#0d1117}.grid{stroke:#3d444d}.bar{fill:#656c76}.ours{fill:#4493f8}}
text{font:13px -apple-system,"Segoe UI",Helvetica,Arial,sans-serif}.head{font-weight:600}.small{font-size:11px}
.mine{font-weight:600}.label{paint-order:stroke;stroke-width:5px;stroke-linejoin:round}
"""


def svg(medians, ours, about):
    """The medians by subject; `ours` stands out, and the others are told in multiples of it."""
    height = TOP + ROW * len(medians) + 56
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{escape(spoken(medians))}</title>",
        f"<style>{STYLE}</style>",
        f'<rect class="ground" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="6"/>',
    ]
    for row, name in enumerate(medians):
        parts.append(text(NAMES, TOP + ROW * row + ROW / 2 + 4, name, "text mine" if name == ours else "text", "end"))
    for number, (title, key, digits) in enumerate(PANELS):
        left = NAMES + 10 + number * (PANEL + GAP)
        parts += panel(left, title, {name: figures[key] for name, figures in medians.items()}, ours, digits)
    note = f"{about['machine']}; {about['date']}. Logarithmic: each line is ten times the last."
    parts.append(text(16, height - 12, note, "quiet small"))
    return "\n".join([*parts, "</svg>", ""])


def panel(left, title, values, ours, digits):
    """Bars from the power of ten below the smallest value."""
    low = math.floor(math.log10(min(values.values())) - 0.1)
    high = math.log10(max(values.values()))
    per_decade = (PANEL - LABEL) / (high - low)
    bottom = TOP + ROW * len(values)
    parts = [text(left, 28, title, "text head")]
    for decade in range(low, math.floor(high) + 1):
        x = left + per_decade * (decade - low)
        parts.append(f'<line class="grid" x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{bottom}"/>')
        parts.append(text(x, bottom + 14, f"{10**decade:g}", "quiet small", "middle"))
    for row, (name, value) in enumerate(values.items()):
        y, width = TOP + ROW * row, per_decade * (math.log10(value) - low)
        kind, ratio = ("ours", "") if name == ours else ("bar", f" · {times(value / values[ours])}")
        top = y + (ROW - BAR) / 2
        parts.append(f'<rect class="{kind}" x="{left}" y="{top}" width="{width:.1f}" height="{BAR}" rx="2"/>')
        label = f"{value:.{digits if value < 100 else 0}f}{ratio}"
        parts.append(text(left + width + 6, y + ROW / 2 + 4, label, "text label mine" if name == ours else "text label"))
    return parts


def text(x, y, words, kind, anchor="start"):
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def times(ratio):
    """A ratio in two digits or so."""
    digits = 2 if ratio < 1 else 1 if ratio < 10 else 0
    return f"{ratio:.{digits}f}×"


def spoken(medians):
    """For those who do not see the picture."""
    each = [f"{name} {its['cold_cpu_ms']:.1f} ms and {its['warm_cpu_us']:.0f} µs" for name, its in medians.items()]
    return f"CPU of a cold start and of a warm callback: {'; '.join(each)}"
