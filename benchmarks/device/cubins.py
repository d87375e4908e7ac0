#!/usr/bin/env python3
"""Runs Kiln's compiled kernels without Java, at the shapes of Clay large, and compares them with PyTorch in float32.

For a first run on a device on which `kiln selftest` does not start: it tells the kernels from everything around them.
Each kernel runs in a process of its own, because one that traps leaves its process unable to use the device.

    cubins.py kiln-selftest/lib/kernels --out cubins.json [--architecture sm_90] [--only attention]

Needs CuPy and PyTorch; without them it ends with 127. It has not run on a GPU yet.
"""
import argparse
import json
import math
import pathlib
import subprocess
import sys
import tempfile

HASH_BYTES = 32  # the SHA-256 in front of the code
BATCH, TOKENS, DIM, HEADS, HEAD, MLP = 16, 1025, 1024, 16, 64, 4096
INNER = HEADS * HEAD
ROWS = BATCH * TOKENS
OPEN = []
TOLERANCE = 1e-2  # relative L2, of results in bfloat16
CASES = ["attention_64", "attention_64_sm90", "product_qkv", "product_gelu_up", "product_add_down", "norm"]


def module(directory, title, architecture):
    import cupy

    files = sorted(pathlib.Path(directory).glob(f"{title}-{architecture}-*.cubin"))
    if not files:
        sys.exit(f"{directory}: expected {title}-{architecture}-*.cubin, found none")
    # CuPy reads the file when a kernel is used first, so it stays until the process ends.
    code = tempfile.NamedTemporaryFile(suffix=".cubin")
    OPEN.append(code)
    code.write(files[-1].read_bytes()[HASH_BYTES:])
    code.flush()
    return cupy.RawModule(path=code.name)


class Launch:
    def __init__(self, kernel, grid, threads, shared, *arguments):
        import cupy
        import torch

        self.kernel, self.grid, self.threads, self.shared = kernel, grid, threads, shared
        if shared > 48 << 10:
            kernel.max_dynamic_shared_size_bytes = shared
        self.arguments = arguments
        self.stream = cupy.cuda.ExternalStream(torch.cuda.current_stream().cuda_stream)

    def __call__(self):
        with self.stream:
            self.kernel(self.grid, (self.threads,), self.arguments, shared_mem=self.shared)


def pointer(tensor):
    import numpy

    return numpy.uint64(tensor.data_ptr())


def attention(directory, architecture, name):
    import numpy as np
    import torch
    import torch.nn.functional as F

    qkv = (torch.randn(BATCH, TOKENS, 3, HEADS, HEAD, device="cuda") * 0.5).to(torch.bfloat16)
    out = torch.full((BATCH, TOKENS, HEADS, HEAD), math.nan, device="cuda", dtype=torch.bfloat16)
    q, k, v = (part.float().transpose(1, 2) for part in qkv.unbind(2))
    # Scores are logarithms to base 2.
    expected = F.scaled_dot_product_attention(q, k, v, scale=math.log(2)).transpose(1, 2)
    if name.endswith("sm90"):
        kernel = module(directory, "attention_sm90", architecture + "a").get_function("kiln_" + name)
        grid, threads, shared = (1 + (TOKENS - 1 + 127) // 128, HEADS, BATCH), 256, 1024 + 128 * 128 + 8 * 64 * 128
        sizes = (np.int32(TOKENS), np.int32(HEADS))
    else:
        kernel = module(directory, "encoder", architecture).get_function("kiln_" + name)
        grid, threads, shared = ((TOKENS + 63) // 64, HEADS, BATCH), 128, 5 * 64 * (HEAD + 8) * 2
        sizes = (np.int32(TOKENS), np.int32(TOKENS), np.int32(HEADS))
    launch = Launch(kernel, grid, threads, shared, pointer(qkv), pointer(out), *sizes)
    return launch, out, lambda: expected, 4.0 * BATCH * HEADS * TOKENS * TOKENS * HEAD, 0


def product(directory, architecture, name):
    import numpy as np
    import torch
    import torch.nn.functional as F

    inner, columns = {"qkv": (DIM, 3 * INNER), "up": (DIM, MLP), "down": (MLP, DIM)}[name.split("_")[-1]]
    a = torch.randn(ROWS, inner, device="cuda").to(torch.bfloat16)
    w = (torch.randn(inner, columns, device="cuda") / math.sqrt(inner)).to(torch.bfloat16)
    bias = torch.randn(columns, device="cuda")
    add, gelu = "add" in name, "gelu" in name
    out = torch.zeros(ROWS, columns, device="cuda", dtype=torch.float32 if add else torch.bfloat16)

    def expected():
        plain = a.float() @ w.float()
        return F.gelu(plain + bias) if gelu else plain + bias if add else plain

    kernel = module(directory, "encoder", architecture).get_function("kiln_" + name.rsplit("_", 1)[0])
    launch = Launch(kernel, ((columns + 127) // 128, (ROWS + 127) // 128, 1), 256, 4 * (128 * 40 + 32 * 136) * 2,
                    pointer(a), np.int64(inner), pointer(w), np.int32(ROWS), np.int32(columns), np.int32(inner),
                    pointer(bias), pointer(out), np.int64(columns), np.int32(0))
    return launch, out, expected, 2.0 * ROWS * inner * columns, 0


def norm(directory, architecture, name):
    import numpy as np
    import torch
    import torch.nn.functional as F

    x = torch.randn(ROWS, DIM, device="cuda")
    weight, bias = torch.randn(DIM, device="cuda"), torch.randn(DIM, device="cuda")
    out = torch.zeros(ROWS, DIM, device="cuda", dtype=torch.bfloat16)
    kernel = module(directory, "encoder", architecture).get_function("kiln_" + name)
    launch = Launch(kernel, ((ROWS + 7) // 8, 1, 1), 256, 0, pointer(x), np.int64(DIM), pointer(weight), pointer(bias),
                    pointer(out), np.int32(ROWS), np.int32(DIM))
    return launch, out, lambda: F.layer_norm(x, (DIM,), weight, bias), 0, ROWS * DIM * 6


def run(case, directory, architecture):
    import torch

    torch.manual_seed(1)
    torch.backends.cuda.matmul.allow_tf32 = False
    make = attention if case.startswith("attention") else product if case.startswith("product") else norm
    launch, out, expected, flops, bytes_moved = make(directory, architecture, case)
    launch()
    torch.cuda.synchronize()
    reference = expected()
    error = ((out.float() - reference).norm() / reference.norm()).item()
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begin.record()
    for _ in range(10):
        launch()
    end.record()
    end.synchronize()
    seconds = begin.elapsed_time(end) / 1e4
    result = {"relative_error": error, "correct": error <= TOLERANCE, "milliseconds": seconds * 1e3}
    if flops:
        result["tflops"] = flops / seconds / 1e12
    else:
        result["gigabytes_per_second"] = bytes_moved / seconds / 1e9
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kernels", help="directory of compiled kernels")
    parser.add_argument("--out", help="JSON file")
    parser.add_argument("--architecture", default="sm_90")
    parser.add_argument("--only", nargs="+", help="parts of names")
    parser.add_argument("--case", choices=CASES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.case:
        print(json.dumps(run(arguments.case, arguments.kernels, arguments.architecture)))
        return 0
    try:
        import cupy  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        print(f"cubins.py: {error}", file=sys.stderr)
        return 127
    results = {}
    for case in CASES:
        if case.endswith("sm90") and arguments.architecture != "sm_90":
            continue
        if arguments.only and not any(text in case for text in arguments.only):
            continue
        command = [sys.executable, __file__, arguments.kernels, "--architecture", arguments.architecture]
        command += ["--case", case]
        try:
            process = subprocess.run(command, capture_output=True, text=True, timeout=30)
            lines = (process.stdout if process.returncode == 0 else process.stderr).strip().splitlines()
            results[case] = json.loads(lines[-1]) if process.returncode == 0 else {"failed": lines[-1] if lines else ""}
        except subprocess.TimeoutExpired:
            results[case] = {"failed": "longer than 30 s"}
        print(case, results[case], flush=True)
        if arguments.out:
            pathlib.Path(arguments.out).write_text(json.dumps(results, indent=1))
    return 0 if all(result.get("correct") for result in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
