"""Runs other drift detectors on the streams of export.ts: at their defaults, and tuned to raise no false alarm.

    python -m venv /tmp/peers && /tmp/peers/bin/pip install -r bench/peers/requirements.txt
    node --import tsx bench/peers/export.ts 10 | /tmp/peers/bin/python bench/peers/compare.py

ADWIN, Page-Hinkley and KSWIN are river's, fed one run at a time. The daily tests are what Evidently does by default
for a category (z test at p < .05 up to 1,000 reference rows, Jensen-Shannon >= .1 above), and what NannyML does (three
standard deviations of the reference chunks). "Tuned" knows the truth: the smallest threshold of a grid that raises no
alarm on the quiet streams of the same world. False alarms are per 1,000 stream-days, delays are medians in runs.
"""

import json
import statistics
import sys

import numpy as np
from river import drift
from scipy.spatial.distance import jensenshannon

RUNS_A_DAY = 480


def runs_of(stream, generator):
    """One 0 or 1 for each run, shuffled within its three minutes; and where monitoring and the change begin."""
    values, start, onset = [], 0, None
    for index, (n, events) in enumerate(stream["counts"]):
        if index == stream["start"]:
            start = len(values)
        if index == stream["onset"]:
            onset = len(values)
        chunk = np.array([1] * events + [0] * (n - events))
        generator.shuffle(chunk)
        values.extend(chunk.tolist())
    return values, start, onset


def sequential(make):
    def alarms(values, start):
        detector, found = make(), []
        for at, value in enumerate(values):
            detector.update(value)
            if detector.drift_detected:
                if at >= start:
                    found.append(at)
                detector = make()
        return found

    return alarms


def daily(rule):
    def alarms(values, start):
        reference = np.array(values[:start])
        chunks = reference[: len(reference) // RUNS_A_DAY * RUNS_A_DAY].reshape(-1, RUNS_A_DAY).mean(axis=1)
        return [
            at + RUNS_A_DAY
            for at in range(start, len(values) - RUNS_A_DAY, RUNS_A_DAY)
            if rule(reference, chunks, np.array(values[at : at + RUNS_A_DAY]))
        ]

    return alarms


def z_test(z):
    def rule(reference, _chunks, window):
        part = reference[-1000:]
        pooled = (part.sum() + window.sum()) / (len(part) + len(window))
        error = (pooled * (1 - pooled) * (1 / len(part) + 1 / len(window))) ** 0.5
        return error > 0 and abs(part.mean() - window.mean()) / error > z

    return rule


def jensen_shannon(level):
    def rule(reference, _chunks, window):
        a, b = reference.mean(), window.mean()
        return jensenshannon([a, 1 - a], [b, 1 - b], base=2) >= level

    return rule


def deviations(k):
    return lambda _reference, chunks, window: abs(window.mean() - chunks.mean()) > k * chunks.std()


FAMILIES = {
    "ADWIN (river)": (lambda delta: sequential(lambda: drift.ADWIN(delta=delta)), 0.002, [1e-3, 1e-5, 1e-8, 1e-12, 1e-18, 1e-30]),
    "Page-Hinkley (river)": (
        lambda level: sequential(lambda: drift.PageHinkley(threshold=level)),
        50,
        [10, 15, 20, 30, 40, 60, 80, 120, 180, 300],
    ),
    "KSWIN (river)": (lambda alpha: sequential(lambda: drift.KSWIN(alpha=alpha, seed=1)), 0.005, []),
    "z test a day (Evidently)": (lambda z: daily(z_test(z)), 1.96, [3, 3.5, 4, 5, 6, 8]),
    "Jensen-Shannon a day (Evidently)": (lambda level: daily(jensen_shannon(level)), 0.1, [0.05, 0.07, 0.1, 0.13, 0.17]),
    "deviations of chunks (NannyML)": (lambda k: daily(deviations(k)), 3, [3.5, 4, 4.5, 5, 6]),
}


def judge(alarms, streams):
    """False alarms per 1,000 stream-days on quiet streams, and the median delay of each case."""
    quiet_days, false, delays = 0, 0, {}
    for name, values, start, onset in streams:
        found = alarms(values, start)
        if onset is None:
            quiet_days += (len(values) - start) / RUNS_A_DAY
            false += len(found)
        else:
            after = [at - onset for at in found if at >= onset]
            delays.setdefault(name, []).append(after[0] if after else float("inf"))
    return 1000 * false / quiet_days, {name: statistics.median(own) for name, own in delays.items()}


def main():
    generator = np.random.default_rng(1)
    worlds = {}
    for line in sys.stdin:
        stream = json.loads(line)
        worlds.setdefault(stream["world"], []).append((stream["name"], *runs_of(stream, generator)))
    for world, streams in worlds.items():
        for family, (make, default, grid) in FAMILIES.items():
            rate, delays = judge(make(default), streams)
            print(f"{world:5} {family:34} default {default:<8} false {rate:8.1f}  delays {delays}", flush=True)
            for setting in grid:
                rate, delays = judge(make(setting), streams)
                if rate == 0:
                    print(f"{world:5} {family:34} tuned   {setting:<8} false {rate:8.1f}  delays {delays}", flush=True)
                    break


if __name__ == "__main__":
    main()
