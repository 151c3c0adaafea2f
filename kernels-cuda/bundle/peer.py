"""PyTorch's attention in FP16 on the shapes of GpuBenchmarks, and how much faster our INT8 decode is. Leaves JSON.

Use: peer.py BENCHMARKS FILE      BENCHMARKS is what GpuBenchmarks left
"""
import datetime
import json
import sys

BAR = 1.7


def write(result):
    result["date"] = datetime.datetime.now(datetime.timezone.utc).isoformat()
    with open(sys.argv[2], "w") as file:
        json.dump(result, file, indent=1)


def absent(reason):
    print("THE PEER IS NOT MEASURED: " + reason)
    write({"torch": None, "reason": reason, "figures": [], "bars": []})
    sys.exit(0)


try:
    import torch
    import torch.nn.functional as functional
except ImportError as e:
    absent("PyTorch is not here (%s)" % e)
if not torch.cuda.is_available():
    absent("PyTorch sees no GPU")


def ours(head_size, tokens, batch):
    """Microseconds of our dense INT8 decode; None where it was not measured."""
    with open(sys.argv[1]) as file:
        for figure in json.load(file)["figures"]:
            if (figure["name"] == "alisa_decode_int8_h%d" % head_size and figure["tokens"] == tokens
                    and figure["batch"] == batch):
                return figure["us"]
    return None


def fastest(run):
    """Microseconds of one of 30 runs, the best of three times that."""
    best = float("inf")
    for attempt in range(4):
        begin = torch.cuda.Event(enable_timing=True)
        end = torch.cuda.Event(enable_timing=True)
        begin.record()
        for _ in range(30):
            run()
        end.record()
        end.synchronize()
        if attempt:
            best = min(best, begin.elapsed_time(end) / 30 * 1e3)
    return best


figures, bars = [], []
for head_size in (64, 128):
    for tokens in (32 << 10, 128 << 10):
        for batch in (1, 8):
            shape = (batch, 8, tokens, head_size)
            key = torch.randn(shape, dtype=torch.float16, device="cuda")
            value = torch.randn(shape, dtype=torch.float16, device="cuda")
            # The four query heads of a group are rows of one head: each key and value is read once. Beside it, the same
            # as PyTorch's own grouped heads: the faster counts.
            rows = torch.randn((batch, 8, 4, head_size), dtype=torch.float16, device="cuda")
            heads = rows.reshape(batch, 32, 1, head_size)
            ways = {"rows": lambda: functional.scaled_dot_product_attention(rows, key, value),
                    "enable_gqa": lambda: functional.scaled_dot_product_attention(heads, key, value, enable_gqa=True)}
            times = {}
            for name, way in ways.items():
                try:
                    times[name] = fastest(way)
                except (RuntimeError, TypeError) as e:
                    print("%s is not measured: %s" % (name, str(e).splitlines()[0]))
            if not times:
                continue
            figures.append({"name": "torch sdpa fp16", "head size": head_size, "tokens": tokens, "batch": batch,
                            "us": min(times.values()), "ways": times})
            print(json.dumps(figures[-1]))
            us = ours(head_size, tokens, batch)
            if us:
                ratio = min(times.values()) / us
                bars.append({"bar": "INT8 dense against torch sdpa fp16, heads of %d, batch %d, %d tokens"
                                    % (head_size, batch, tokens), "is": ratio, "least": BAR, "met": ratio >= BAR})
                print(json.dumps(bars[-1]))
write({"torch": torch.__version__, "gpu": torch.cuda.get_device_name(), "figures": figures, "bars": bars})
