#!/usr/bin/env python3
"""Writes fixtures/series-names.json: the series name of every metric id of the dictionary.

An implementation of the naming rules that shares nothing with the product's, so that the two can
be compared. Reads metrics.json and series-overrides.json from ../src/oceanstor/data, or from the
folder given as the first argument; a second argument replaces the output file.
"""

import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

# Rules 1 to 4 as (text, replacement), applied from top to bottom.
REPLACEMENTS = [
    ("(%)", "percent"),
    *((mark, "") for mark in "().,:[]"),
    ("/", "_"),
    ("-", "_"),
    ("+\u221e", "inf"),
    ("+", "plus"),
    ("\u221e", "inf"),
]

# From the rules' own examples: a check that does not depend on the dictionary's size or order.
EXAMPLES = {
    21: "huawei_block_bandwidth_mb_s",
    18: "huawei_usage_percent",
    1182: "huawei_read_i_o_granularity_distribution_0k4kpercent",
    1183: "huawei_read_i_o_granularity_distribution_128kinfpercent",
    40: "huawei_read_i_o_granularity_distribution_512kinf_percent",
    384: "huawei_avg_read_i_o_response_timeus",
    24: "huawei_avg_read_i_o_sizekb",
    1164: "huawei_avg_full_copy_read_request_size_kb",
    542: "huawei_s3_delete_failed_numberclient's_cause",
    1635: "huawei_%_read",
    2: "huawei_\u8bfbi_o\u6bd4\u7387percent",
    150: "huawei_\u8bfbi_o\u7c92\u5ea6\u5206\u5e03\uff1a\u2264_8kpercent",
}


def sanitise(name):
    for text, replacement in REPLACEMENTS:
        name = name.replace(text, replacement)
    words = "_".join(name.lower().split())
    # Splitting at the underscores drops the empty pieces: repeated, leading and trailing ones.
    return "_".join(piece for piece in words.split("_") if piece)


def read_table(folder, *names):
    for name in names:
        path = folder / name
        if path.exists():
            return json.loads(path.read_text(encoding="utf-8"))
    raise SystemExit(f"no {names[0]} in {folder}")


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "src/oceanstor/data"
    output = Path(sys.argv[2]) if len(sys.argv) > 2 else HERE / "fixtures/series-names.json"
    metrics = read_table(folder, "metrics.json")
    overrides = read_table(folder, "series-overrides.json", "upstream-series-overrides.json")
    series = {entry["id"]: "huawei_" + sanitise(entry["name"]) for entry in metrics}
    unknown = [entry["id"] for entry in overrides if entry["id"] not in series]
    if unknown:
        raise SystemExit(f"overrides for ids that are not in the dictionary: {unknown}")
    series.update((entry["id"], entry["series"]) for entry in overrides)
    wrong = {id: series.get(id) for id, name in EXAMPLES.items() if series.get(id) != name}
    if wrong:
        raise SystemExit(f"names that differ from the rules' examples: {wrong}")
    table = {str(id): series[id] for id in sorted(series)}
    text = json.dumps(table, ensure_ascii=False, indent=2)
    output.write_text(text + "\n", encoding="utf-8")
    print(f"{len(table)} ids, {len(set(table.values()))} names -> {output}")


if __name__ == "__main__":
    main()
