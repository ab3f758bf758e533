# SPDX-License-Identifier: LGPL-2.1-or-later
"""What was measured: candidates that took turns, in rounds.  The first candidate of a measurement is
what the others are compared with; each value is compared with that of the same round, so that what
the machine did meanwhile hits both."""

import json
import statistics


class Table:
    def __init__(self):
        self.rows = {}  # (measurement, candidate): values, one per round

    def note(self, measurement, candidate, value):
        self.rows.setdefault((measurement, candidate), []).append(value)

    def median(self, measurement, candidate):
        return statistics.median(self.rows[measurement, candidate])

    def lines(self):
        """(measurement, candidate, median, low, high, median ratio to the first candidate)"""
        first = {}
        for (measurement, candidate), values in self.rows.items():
            base = first.setdefault(measurement, values)
            # A busy machine may give a brief turn nothing at all.
            ratios = [value / b for value, b in zip(values, base) if b > 0]
            ratio = statistics.median(ratios) if ratios else float("nan")
            yield measurement, candidate, statistics.median(values), min(values), max(values), ratio

    def print(self):
        heading = None
        for measurement, candidate, median, low, high, ratio in self.lines():
            if measurement != heading:
                heading = measurement
                print(f"\n{heading}\n{'':2}{'':28}{'median':>10}{'from':>10}{'to':>10}{'ratio':>8}")
            print(f"  {candidate:28}{median:10.1f}{low:10.1f}{high:10.1f}{ratio:8.2f}")
        print()

    def write(self, path):
        rows = [
            {"measurement": measurement, "candidate": candidate, "values": values}
            for (measurement, candidate), values in self.rows.items()
        ]
        path.write_text(json.dumps(rows, indent=1) + "\n")
