"""Runs other drift detectors on the streams of export.ts: at their defaults, and tuned to Evenkeel's false alarms.

    python -m venv /tmp/peers && /tmp/peers/bin/pip install -r bench/peers/requirements.txt
    node --import tsx bench/peers/export.ts --case "rate 2 → 20 %" | /tmp/peers/bin/python bench/peers/compare.py

Reads a replication a line, prints a JSON object for each peer and setting: false alarms on the quiet runs of all
replications, and the delay in runs of each, null where nothing was noticed. "Tuned" knows the truth: the most sensitive
setting that raises no more false alarms than Evenkeel did on the same quiet runs of the same signal.

Evidently and NannyML look at a day (480 runs) at a time, as their users do; river and frouros read one run at a time.
Numbers are standardised by the reference for those. A peer that is not installed says so.
"""

import json
import os
import sys
import warnings

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
warnings.filterwarnings("ignore")
CHUNK = 480


def chunks(values):
    return [(at + CHUNK, values[at : at + CHUNK]) for at in range(0, len(values) - CHUNK + 1, CHUNK)]


class Evidently:
    """Evidently's own choice of test; it depends on the size of the reference."""

    def __init__(self, rows):
        from evidently.legacy.calculations.stattests import get_stattest
        from evidently.legacy.core import ColumnType

        self.get, self.types, self.rows = get_stattest, ColumnType, rows
        self.default = None

    def scores(self, kind, reference, values):
        import pandas as pd

        past = pd.Series(reference if self.rows is None else reference[-self.rows :])
        column = self.types.Numerical if kind == "number" else self.types.Categorical
        found = []
        for at, window in chunks(values):
            now = pd.Series(window)
            test = self.get(past, now, column, None)
            by_p = "p_value" in test.display_name
            self.default = -test.default_threshold if by_p else test.default_threshold
            score = test(past, now, column, None).drift_score
            found.append((at, float(-score if by_p else score)))
        return found


class NannyML:
    """Missing values for a rate, Jensen-Shannon for a category, the average for a number."""

    def __init__(self):
        import nannyml

        self.nannyml = nannyml
        self.default = 3

    def scores(self, kind, reference, values):
        import pandas as pd

        frame = lambda runs: pd.DataFrame({"x": [None if run == 1 else 1.0 for run in runs] if kind == "rate" else runs})
        n = self.nannyml
        if kind == "rate":
            calculator = n.MissingValuesCalculator(column_names=["x"], chunk_size=CHUNK, normalize=True)
        elif kind == "number":
            calculator = n.SummaryStatsAvgCalculator(column_names=["x"], chunk_size=CHUNK)
        else:
            calculator = n.UnivariateDriftCalculator(column_names=["x"], treat_as_categorical=["x"], chunk_size=CHUNK)
        calculator.fit(frame(reference[: len(reference) // CHUNK * CHUNK]))
        result = calculator.calculate(frame(values[: len(values) // CHUNK * CHUNK]))
        now = result.filter(period="analysis").to_df(multilevel=False)
        value = next(name for name in now.columns if name.endswith("value"))
        if kind == "category":
            self.default = 0.1
            scores = now[value]
        else:
            past = result.filter(period="reference").to_df(multilevel=False)[value]
            scores = (now[value] - past.mean()).abs() / past.std(ddof=0)
        return [(CHUNK * (index + 1), float(score)) for index, score in enumerate(scores)]


def psi_scores():
    from frouros.detectors.data_drift.batch import PSI

    class Psi:
        default = 0.2

        def scores(self, _kind, reference, values):
            import numpy as np

            found = []
            detector = PSI()
            detector.fit(X=np.array(reference))
            for at, window in chunks(values):
                found.append((at, float(detector.compare(X=np.array(window))[0].distance)))
            return found

    return Psi()


class Sequential:
    """One run at a time; begins anew after each alarm."""

    def __init__(self, make, update, default, grid):
        self.make, self.update, self.default, self.grid = make, update, default, grid

    def alarms(self, setting, kind, reference, values, stop=None):
        scale = standard(reference) if kind == "number" else float
        detector = self.make(setting)
        for value in reference:
            if self.update(detector, scale(value)):
                detector = self.make(setting)
        found = []
        for at, value in enumerate(values):
            if not self.update(detector, scale(value)):
                continue
            found.append(at + 1)
            detector = self.make(setting)
            if stop is not None and at >= stop:
                break
        return found


def standard(reference):
    mean = sum(reference) / len(reference)
    deviation = (sum((value - mean) ** 2 for value in reference) / len(reference)) ** 0.5
    return lambda value: (value - mean) / deviation


def river(name, default, grid):
    from river import drift

    makes = {
        "ADWIN": lambda delta: drift.ADWIN(delta=delta),
        "PageHinkley": lambda level: drift.PageHinkley(threshold=level),
        "KSWIN": lambda alpha: drift.KSWIN(alpha=alpha, seed=1),
    }

    def update(detector, value):
        detector.update(value)
        return detector.drift_detected

    return Sequential(makes[name], update, default, grid)


def cusum(default, grid):
    from frouros.detectors.concept_drift import CUSUM, CUSUMConfig

    def update(detector, value):
        detector.update(value=value)
        return detector.status["drift"]

    return Sequential(lambda level: CUSUM(config=CUSUMConfig(lambda_=level)), update, default, grid)


ADWIN_GRID = [2e-3, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8, 1e-10, 1e-13, 1e-18, 1e-24, 1e-30, 1e-40]
LEVEL_GRID = [3, 5, 7, 10, 14, 20, 28, 40, 50, 70, 100, 140, 200, 300, 500, 1000, 2000, 5000]
# Name, kinds of signal, how it is made; those that read run by run cost most and come last.
PEERS = [
    ("Evidently", ("rate", "category", "number"), lambda: Evidently(None)),
    ("Evidently, 1,000 reference rows", ("rate", "category", "number"), lambda: Evidently(1000)),
    ("NannyML", ("rate", "category", "number"), NannyML),
    ("frouros PSI", ("number",), psi_scores),
    ("frouros CUSUM", ("rate", "number"), lambda: cusum(50, LEVEL_GRID)),
    ("river ADWIN", ("rate", "number"), lambda: river("ADWIN", 2e-3, ADWIN_GRID)),
    ("river Page-Hinkley", ("rate", "number"), lambda: river("PageHinkley", 50, LEVEL_GRID)),
    ("river KSWIN", ("number",), lambda: river("KSWIN", 5e-3, [5e-3, 1e-5, 1e-8])),
]
# A test of Kolmogorov and Smirnov at every run: a few replications must do.
SLOW = {"river KSWIN": 2}


def kind_of(value):
    return "category" if isinstance(value, str) else "rate" if value in (0, 1) else "number"


def delay_of(alarms, onset):
    return next((at - onset for at in alarms if at > onset), None)


def judge_scores(peer, kind, streams, allowed):
    """Scores are computed once; the tuned threshold is the lowest that leaves no more alarms than are allowed."""
    quiet = [peer.scores(kind, s["reference"], s["quiet"]) for s in streams]
    changed = [peer.scores(kind, s["reference"], s["changed"]) for s in streams]
    over = sorted((score for scores in quiet for _, score in scores), reverse=True)
    for setting, threshold in (("default", peer.default), ("tuned", over[allowed] + 1e-12)):
        found = [[at for at, score in scores if score >= threshold] for scores in changed]
        delays = [delay_of(alarms, s["onset"]) for alarms, s in zip(found, streams)]
        yield setting, threshold, sum(score >= threshold for score in over), delays


def judge_sequential(peer, kind, streams, allowed):
    """Settings from sensitive to dull; the tuned one is the first that raises no more alarms than are allowed."""

    def false_alarms(setting):
        return sum(len(peer.alarms(setting, kind, s["reference"], s["quiet"])) for s in streams)

    def delays(setting):
        every = (peer.alarms(setting, kind, s["reference"], s["changed"], s["onset"]) for s in streams)
        return [delay_of(alarms, s["onset"]) for alarms, s in zip(every, streams)]

    yield "default", peer.default, false_alarms(peer.default), delays(peer.default)
    low, high = 0, len(peer.grid)
    while low < high:
        middle = (low + high) // 2
        if false_alarms(peer.grid[middle]) <= allowed:
            high = middle
        else:
            low = middle + 1
    if low == len(peer.grid):
        yield "tuned", None, None, [None] * len(streams)
    else:
        yield "tuned", peer.grid[low], false_alarms(peer.grid[low]), delays(peer.grid[low])


def main():
    streams = [json.loads(line) for line in sys.stdin]
    kind = kind_of(streams[0]["reference"][0])
    allowed = sum(s["evenkeel"]["quietAlarms"] for s in streams)
    for name, kinds, make in PEERS:
        if kind not in kinds:
            continue
        try:
            peer = make()
        except ImportError as error:
            print(json.dumps({"peer": name, "missing": str(error.name)}), flush=True)
            continue
        judge = judge_scores if hasattr(peer, "scores") else judge_sequential
        few = streams[: SLOW.get(name, len(streams))]
        for setting, value, alarms, delays in judge(peer, kind, few, allowed):
            row = {"peer": name, "setting": setting, "value": value, "quietAlarms": alarms, "delays": delays}
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
