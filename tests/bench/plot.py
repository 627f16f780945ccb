#!/usr/bin/env python3
"""Draw run.sh's lines, of one run or several, as one SVG picture: throughput against clients, caller's cost
against an event's size.

    plot.py LINES.jsonl >results.svg
"""
import json
import math
import statistics
import sys

WIDTH, HEIGHT, LEFT, TOP = 420, 260, 60, 40
COLOURS = {"null": "#1f6feb", "null, builder": "#8250df", "etl": "#1a7f37", "etl, builder": "#9a6700"}


def medians(points):
    return sorted((x, statistics.median(ys)) for x, ys in points.items())


def series(lines):
    """Millions of events a second: {name: [(clients, rate)]}; [(bytes, ns)]. Of several runs, medians."""
    rates, costs = {}, {}
    for line in lines:
        if line["bench"] == "relay" and line["sink"] in ("null", "etl"):
            name = line["sink"] + (", builder" if line["way"] == "builder" else "")
            of_name = rates.setdefault(name, {})
            of_name.setdefault(line["clients"], []).append(line["events_per_second"] / 1e6)
        elif line["bench"] == "caller":
            for size, ns in line["by_size"].items():
                costs.setdefault(int(size), []).append(ns)
    return {name: medians(points) for name, points in rates.items()}, medians(costs)


def nice(value):
    step = 10 ** math.floor(math.log10(value))
    return next(step * factor for factor in (1, 2, 5, 10) if step * factor >= value)


class Chart:
    """One panel; x is logarithmic."""

    def __init__(self, x, title, across, up, most, first, last):
        self.x, self.most = x + LEFT, nice(most)
        self.first, self.span = math.log(first), math.log(last) - math.log(first)
        self.out = [f'<text x="{x + LEFT}" y="22" font-weight="bold">{title}</text>']
        self.text(self.x + WIDTH / 2, TOP + HEIGHT + 36, across, "middle")
        self.text(self.x, TOP - 6, up, "start")
        for i in range(6):
            y = TOP + HEIGHT - HEIGHT * i / 5
            self.out.append(f'<line x1="{self.x}" x2="{self.x + WIDTH}" y1="{y}" y2="{y}" stroke="#ddd"/>')
            self.text(self.x - 6, y + 4, f"{self.most * i / 5:g}", "end")

    def text(self, x, y, words, anchor):
        self.out.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{words}</text>')

    def at(self, x, y):
        across = self.x + WIDTH * (math.log(x) - self.first) / self.span
        return across, TOP + HEIGHT - HEIGHT * y / self.most

    def line(self, points, colour):
        places = [self.at(*point) for point in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        self.out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for x, y in places:
            self.out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>')

    def ticks(self, values):
        for value in values:
            self.text(self.at(value, 0)[0], TOP + HEIGHT + 16, f"{value:,}", "middle")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        rates, costs = series([json.loads(line) for line in file if line.startswith("{")])
    most = max(rate for points in rates.values() for _, rate in points)
    left = Chart(0, "Throughput", "clients", "million events a second", most, 1, 1000)
    left.ticks([1, 2, 8, 1000])
    for row, (name, points) in enumerate(rates.items()):
        left.line(points, COLOURS[name])
        y = TOP + 14 + 16 * row
        left.out.append(f'<text x="{LEFT + WIDTH - 4}" y="{y}" text-anchor="end" fill="{COLOURS[name]}">{name}</text>')
    right = Chart(WIDTH + LEFT + 30, "Caller's cost, prepared", "bytes of values", "ns an event",
                  max(ns for _, ns in costs), costs[0][0], costs[-1][0])
    right.ticks([size for size, _ in costs])
    right.line(costs, COLOURS["null"])
    width, height = 2 * (WIDTH + LEFT) + 60, TOP + HEIGHT + 50
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
          'font-family="sans-serif" font-size="12">')
    print(f'<rect width="{width}" height="{height}" fill="white"/>')
    print("\n".join(left.out + right.out) + "\n</svg>")


if __name__ == "__main__":
    main()
