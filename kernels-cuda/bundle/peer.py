"""PyTorch's attention in FP16 on the shapes of GpuBenchmarks: a list of figures in JSON. Use: peer.py FILE"""
import json
import sys

try:
    import torch
    import torch.nn.functional as functional
except ImportError:
    print("PyTorch is not here: the peer is not measured")
    sys.exit(0)
if not torch.cuda.is_available():
    print("PyTorch sees no GPU: the peer is not measured")
    sys.exit(0)

figures = []
for head_size in (64, 128):
    for tokens in (32 << 10, 128 << 10):
        for batch in (1, 8):
            shape = (batch, 8, tokens, head_size)
            key = torch.randn(shape, dtype=torch.float16, device="cuda")
            value = torch.randn(shape, dtype=torch.float16, device="cuda")
            # The four query heads of a group are rows of one head: each key and value is read once.
            query = torch.randn((batch, 8, 4, head_size), dtype=torch.float16, device="cuda")
            best = float("inf")
            for attempt in range(4):
                begin = torch.cuda.Event(enable_timing=True)
                end = torch.cuda.Event(enable_timing=True)
                begin.record()
                for _ in range(30):
                    functional.scaled_dot_product_attention(query, key, value)
                end.record()
                end.synchronize()
                if attempt:
                    best = min(best, begin.elapsed_time(end) / 30)
            figures.append({"name": "torch sdpa fp16", "head_size": head_size, "tokens": tokens, "batch": batch,
                            "us": best * 1e3})
            print(figures[-1])
with open(sys.argv[1], "w") as file:
    json.dump({"torch": torch.__version__, "figures": figures}, file, indent=1)
