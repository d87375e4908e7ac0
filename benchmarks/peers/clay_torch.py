#!/usr/bin/env python3
"""Measures PyTorch on Clay's encoder, for comparison with Kiln on the same GPU in the same run.

The model has random weights and Clay large's dimensions (1024 wide, 24 blocks, 16 heads of 64, 1025 tokens). Each
variant is compared with float32 on one small batch before it is timed, and each is timed with CUDA events over
rotated inputs; the median counts. A variant that fails is reported and does not stop the others.

    clay_torch.py --out peers.json                       all variants
    clay_torch.py --out peers.json --only eager ceilings some of them
    clay_torch.py --out max.json --only max-autotune --max-autotune 60
    clay_torch.py --device cpu --rehearse                a tiny model on the CPU, to try the script without a GPU

Writes the JSON file after every result, so that those of an interrupted run are kept; the ceilings and the variants
that are usually fastest come first. A variant that fails, or takes longer than --limit, is reported as failed, and one
that the device cannot run as skipped, with the reason.
"""
import argparse
import copy
import json
import signal
import statistics
import sys
import time
import traceback

import torch
import torch._dynamo
import torch.nn.functional as F
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

EXECUTED_GFLOP = 697.1  # per chip of Clay large at 256 pixels, last block for the class token only
NOMINAL_GFLOP = 722.9


class Block(nn.Module):
    def __init__(self, dim, heads, head, mlp):
        super().__init__()
        self.heads, self.head = heads, head
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.qkv = nn.Linear(dim, 3 * heads * head, bias=False)
        self.out = nn.Linear(heads * head, dim, bias=False)
        self.up, self.down = nn.Linear(dim, mlp), nn.Linear(mlp, dim)

    def attend(self, q, k, v):
        x = F.scaled_dot_product_attention(q, k, v)
        return self.out(x.transpose(1, 2).flatten(2))

    def split(self, x, parts):
        batch, tokens, _ = x.shape
        return x.view(batch, tokens, parts, self.heads, self.head).permute(2, 0, 3, 1, 4)

    def forward(self, x):
        h = self.norm1(x).to(self.qkv.weight.dtype)
        x = x + self.attend(*self.split(self.qkv(h), 3))
        h = self.norm2(x).to(self.up.weight.dtype)
        return x + self.down(F.gelu(self.up(h)))

    def class_token(self, x):
        """Computes only token 0, the only output of the last block that is used."""
        h = self.norm1(x).to(self.qkv.weight.dtype)
        inner = self.heads * self.head
        q = self.split(F.linear(h[:, :1], self.qkv.weight[:inner]), 1)[0]
        k, v = self.split(F.linear(h, self.qkv.weight[inner:]), 2)
        x = x[:, :1] + self.attend(q, k, v)
        h = self.norm2(x).to(self.up.weight.dtype)
        return x + self.down(F.gelu(self.up(h)))


class Encoder(nn.Module):
    def __init__(self, dim=1024, depth=24, heads=16, head=64, mlp=4096, patches=1024, row=256, trimmed=True):
        super().__init__()
        self.trimmed = trimmed
        self.patch = nn.Linear(row, dim)
        self.class_token = nn.Parameter(torch.randn(1, 1, dim) * 0.02)
        self.position = nn.Parameter(torch.randn(1, patches, dim) * 0.5)
        self.blocks = nn.ModuleList(Block(dim, heads, head, mlp) for _ in range(depth))
        self.norm = nn.LayerNorm(dim)

    def forward(self, rows, residual=None):
        x = self.patch(rows)
        x = x.to(residual) if residual is not None else x
        x = x + self.position.to(x.dtype)
        x = torch.cat([self.class_token.to(x.dtype).expand(x.shape[0], -1, -1), x], 1)
        for block in self.blocks[:-1]:
            x = block(x)
        x = self.blocks[-1].class_token(x) if self.trimmed else self.blocks[-1](x)
        return self.norm(x[:, 0]).float()


class Clock:
    def __init__(self, device):
        self.cuda = device == "cuda"

    def seconds(self, work, rounds, warm_up=3):
        """Median seconds of `work`, which is called with the number of the round."""
        for i in range(warm_up):
            work(i)
        times = []
        for i in range(rounds):
            if self.cuda:
                begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
                begin.record()
                work(i)
                end.record()
                end.synchronize()
                times.append(begin.elapsed_time(end) / 1e3)
            else:
                begin = time.perf_counter()
                work(i)
                times.append(time.perf_counter() - begin)
        return statistics.median(times)


class Report:
    def __init__(self, path, device, model):
        self.path = path
        self.data = {"torch": torch.__version__, "device": device, "model": model, "results": []}
        if device == "cuda":
            self.data["gpu"] = torch.cuda.get_device_name()
            self.data["cuda"] = torch.version.cuda
            self.data["cudnn"] = torch.backends.cudnn.version()

    def add(self, name, **values):
        self.data["results"].append({"name": name, **values})
        print(name, " ".join(f"{k}={v:.4g}" if isinstance(v, float) else f"{k}={v}" for k, v in values.items()), flush=True)
        if self.path:
            with open(self.path, "w") as file:
                json.dump(self.data, file, indent=2)


class Expired(BaseException):
    """The time of a variant is over. No Exception: compilers catch those of a candidate and try the next one."""


def attempt(report, name, work, limit=0):
    """Runs work; a variant that fails, or takes longer than `limit` seconds if that is not 0, is reported as failed,
    and one whose packages are missing or too old, such as those of torch.compile, as skipped."""

    def expire(*_):
        raise Expired(f"longer than {limit} s")

    before = signal.signal(signal.SIGALRM, expire)
    signal.alarm(limit)
    try:
        try:
            work()
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, before)
    except ImportError as error:
        report.add(name, skipped=str(error).splitlines()[0])
    except (Exception, Expired) as error:  # a failed variant must not stop the others
        traceback.print_exc(limit=3)
        report.add(name, failed=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")


def size_of(arguments):
    if arguments.rehearse:
        return dict(dim=64, depth=2, heads=2, head=32, mlp=128, patches=64, row=256)
    return dict()


def encoders(arguments, report, clock):
    device = arguments.device
    tokens = 64 if arguments.rehearse else 1024
    batches = [2] if arguments.rehearse else arguments.batches
    rounds = 2 if arguments.rehearse else 10

    torch.manual_seed(1)
    with torch.device(device):  # 300 million random numbers would take seconds on the CPU
        reference = Encoder(**size_of(arguments)).eval()
    sample = torch.randn(2, tokens, 256, device=device)
    expected = reference(sample)

    def build(trimmed):
        model = copy.deepcopy(reference)
        model.trimmed = trimmed
        for part in [model.patch, *model.blocks]:
            for layer in part.modules():
                if isinstance(layer, nn.Linear):
                    layer.to(torch.bfloat16)
        return model

    def measure(name, run, batch, chips_per_call):
        inputs = [torch.randn(batch, tokens, 256, device=device, dtype=torch.bfloat16) for _ in range(3)]
        seconds = clock.seconds(lambda i: run(inputs[i % 3]), rounds)
        chips = chips_per_call / seconds
        # The constant is that of Clay large.
        flops = {} if arguments.rehearse else {"tflops_executed": chips * EXECUTED_GFLOP / 1e3}
        report.add(name, batch=batch, chips_per_second=chips, **flops)

    def variant(name, make, trimmed=True, needs_cuda=False, limit=arguments.limit):
        if arguments.only and not any(text in name for text in arguments.only):
            return
        if needs_cuda and device != "cuda":
            report.add(name, skipped="needs CUDA")
            return

        def work():
            model = build(trimmed)
            run = make(model)
            found = run(sample.to(torch.bfloat16))
            error = ((found - expected).norm() / expected.norm()).item()
            report.add(name, relative_error=error)
            for batch in batches:
                measure(name, run, batch, batch)

        attempt(report, name, work, limit)
        torch._dynamo.reset()
        if device == "cuda":
            torch.cuda.empty_cache()

    def eager(model):
        return lambda x: model(x, torch.float32)

    def all_bf16(model):
        half = model.to(torch.bfloat16)
        return lambda x: half(x)

    def backend(which, make=eager):
        def outer(model):
            run = make(model)

            def forced(x):
                with sdpa_kernel(which):
                    return run(x)

            return forced

        return outer

    def compiled(mode):
        def make(model):
            for block in model.blocks[:-1]:
                block.compile(mode=mode, dynamic=False)
            return lambda x: model(x, torch.float32)

        return make

    def compiled_bf16(model):
        half = model.to(torch.bfloat16)
        for block in half.blocks[:-1]:
            block.compile(dynamic=False)
        return lambda x: half(x)

    def graph(make):
        def outer(model):
            run = make(model)
            graphs = {}

            def replay(x):
                if x.shape not in graphs:
                    static = x.clone()
                    for _ in range(3):
                        run(static)
                    torch.cuda.synchronize()
                    captured = torch.cuda.CUDAGraph()
                    with torch.cuda.graph(captured):
                        result = run(static)
                    graphs[x.shape] = (captured, static, result)
                captured, static, result = graphs[x.shape]
                static.copy_(x)
                captured.replay()
                return result

            return replay

        return outer

    cudnn, flash = SDPBackend.CUDNN_ATTENTION, SDPBackend.FLASH_ATTENTION
    variant("eager, all bf16", all_bf16)
    variant("compiled blocks, all bf16", compiled_bf16)
    variant("compiled blocks, all bf16, CUDA graph", graph(compiled_bf16), needs_cuda=True)
    variant("compiled blocks, all bf16, cuDNN SDPA, CUDA graph", graph(backend(cudnn, compiled_bf16)), needs_cuda=True)
    variant("compiled blocks", compiled(None))
    variant("compiled blocks, CUDA graph", graph(compiled(None)), needs_cuda=True)
    variant("eager bf16, default SDPA", eager)
    variant("eager bf16, flash SDPA", backend(flash))
    variant("eager bf16, cuDNN SDPA", backend(cudnn), needs_cuda=True)
    variant("eager bf16, flash SDPA, untrimmed", backend(flash), trimmed=False)
    if arguments.max_autotune:
        variant("compiled blocks, max-autotune", compiled("max-autotune-no-cudagraphs"), limit=arguments.max_autotune)


def ceilings(arguments, report, clock):
    """Measures the device at the shapes of the encoder; the sum of these times gives the composite ceiling."""
    device = arguments.device
    batch, tokens, dim, inner, mlp, heads, head, depth = (
        (2, 65, 64, 64, 128, 2, 32, 2) if arguments.rehearse else (64, 1025, 1024, 1024, 4096, 16, 64, 24))
    rounds = 2 if arguments.rehearse else 20
    rows = batch * tokens
    total = {}

    def gemm(name, n, k):
        a = [torch.randn(rows, k, device=device, dtype=torch.bfloat16) for _ in range(2)]
        w = torch.randn(n, k, device=device, dtype=torch.bfloat16)
        seconds = clock.seconds(lambda i: F.linear(a[i % 2], w), rounds)
        total[name] = seconds
        report.add(f"ceiling gemm {name}", rows=rows, columns=n, inner=k, milliseconds=seconds * 1e3,
                   tflops=2.0 * rows * n * k / seconds / 1e12)

    for name, n, k in [("qkv", 3 * inner, dim), ("out", dim, inner), ("up", mlp, dim), ("down", dim, mlp)]:
        attempt(report, f"ceiling gemm {name}", lambda: gemm(name, n, k))

    def gemm_in_out(name, n, k):
        """The same with weights [in, out], as Kiln's are: the order may decide between kernels of the library."""
        a = [torch.randn(rows, k, device=device, dtype=torch.bfloat16) for _ in range(2)]
        w = torch.randn(k, n, device=device, dtype=torch.bfloat16)
        seconds = clock.seconds(lambda i: a[i % 2] @ w, rounds)
        report.add(f"gemm {name}, weights [in, out]", milliseconds=seconds * 1e3,
                   tflops=2.0 * rows * n * k / seconds / 1e12)

    for name, n, k in [("qkv", 3 * inner, dim), ("up", mlp, dim), ("down", dim, mlp)]:
        attempt(report, f"gemm {name}, weights [in, out]", lambda: gemm_in_out(name, n, k))

    def attention(name, which):
        q, k, v = (torch.randn(batch, heads, tokens, head, device=device, dtype=torch.bfloat16) for _ in range(3))
        with sdpa_kernel(which):
            seconds = clock.seconds(lambda i: F.scaled_dot_product_attention(q, k, v), rounds)
        total["attention"] = min(seconds, total.get("attention", float("inf")))
        report.add(f"ceiling attention {name}", milliseconds=seconds * 1e3,
                   tflops=4.0 * batch * heads * tokens * tokens * head / seconds / 1e12)

    for name, which in [("flash", SDPBackend.FLASH_ATTENTION), ("cudnn", SDPBackend.CUDNN_ATTENTION),
                        ("efficient", SDPBackend.EFFICIENT_ATTENTION)]:
        if name != "flash" and device != "cuda":
            report.add(f"ceiling attention {name}", skipped="needs CUDA")
            continue
        attempt(report, f"ceiling attention {name}", lambda: attention(name, which))

    def norm():
        x = [torch.randn(rows, dim, device=device) for _ in range(2)]
        layer = nn.LayerNorm(dim).to(device)
        seconds = clock.seconds(lambda i: layer(x[i % 2]), rounds)
        report.add("layer norm, float32 in and out", milliseconds=seconds * 1e3,
                   gigabytes_per_second=8.0 * rows * dim / seconds / 1e9)

    attempt(report, "layer norm", norm)

    def copy():
        x = torch.randn(rows * (1 if arguments.rehearse else 4), dim, device=device)
        y = torch.empty_like(x)
        seconds = clock.seconds(lambda i: y.copy_(x), rounds)
        rate = 8.0 * x.numel() / seconds
        # LayerNorm reads float32 and writes bfloat16, twice per block.
        total["norm"] = 2 * 6.0 * rows * dim / rate
        report.add("copy within the device", gigabytes_per_second=rate / 1e9)

    attempt(report, "copy", copy)

    def square():
        side = 128 if arguments.rehearse else 8192
        a, b = (torch.randn(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))
        seconds = clock.seconds(lambda i: a @ b, rounds)
        report.add("ceiling gemm square", side=side, tflops=2.0 * side**3 / seconds / 1e12)

    attempt(report, "ceiling gemm square", square)

    def fp8():
        a = torch.randn(rows, dim, device=device).to(torch.float8_e4m3fn)
        w = torch.randn(mlp, dim, device=device).to(torch.float8_e4m3fn)
        one = torch.ones((), device=device)
        work = lambda i: torch._scaled_mm(a, w.t(), scale_a=one, scale_b=one, out_dtype=torch.bfloat16)
        seconds = clock.seconds(work, rounds)
        report.add("ceiling gemm up, fp8", tflops=2.0 * rows * mlp * dim / seconds / 1e12)

    attempt(report, "ceiling gemm up, fp8", fp8)

    if {"qkv", "out", "up", "down", "attention", "norm"} <= total.keys():
        # The last block computes keys and values of all tokens, about a sixth of the work of another block.
        seconds = sum(total.values()) * (depth - 1) + total["qkv"] * 2 / 3 + total["norm"] / 2
        report.add("composite ceiling", batch=batch, chips_per_second=batch / seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", help="JSON file")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--batches", type=int, nargs="+", default=[64, 128])
    parser.add_argument("--only", nargs="+", help="parts of the names of variants, or 'ceilings'")
    parser.add_argument("--max-autotune", type=int, default=0, metavar="SECONDS",
                        help="include the variant that compiles for minutes, and end it after this time")
    parser.add_argument("--limit", type=int, default=45, metavar="SECONDS", help="for each other variant; 0 for none")
    parser.add_argument("--rehearse", action="store_true", help="a tiny model")
    arguments = parser.parse_args()
    torch.backends.cuda.matmul.allow_tf32 = False
    # One compilation per batch size for all blocks: a change of shapes must not trigger a dynamic one.
    torch._dynamo.config.automatic_dynamic_shapes = False
    torch._dynamo.config.cache_size_limit = 64
    report = Report(arguments.out, arguments.device, "rehearsal" if arguments.rehearse else "large")
    clock = Clock(arguments.device)
    with torch.inference_mode():
        if not arguments.only or "ceilings" in arguments.only:
            ceilings(arguments, report, clock)
        encoders(arguments, report, clock)
    best = max((r for r in report.data["results"] if "chips_per_second" in r and r["name"] != "composite ceiling"),
               key=lambda r: r["chips_per_second"], default=None)
    if best:
        report.add("best variant", variant=best["name"], batch=best["batch"], chips_per_second=best["chips_per_second"])
    failed = any("failed" in result for result in report.data["results"])
    return 1 if failed and not best else 0


if __name__ == "__main__":
    sys.exit(main())
