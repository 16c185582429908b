"""Times PyTorch for the comparison: reads a request as a JSON line, answers with the seconds of every call as a JSON line.

A request is {"case": name, "args": [...], "threads": n, "seconds": s}. What a case needs is built once and kept until another case is asked for.
"""
import ctypes
import json
import sys
import time

import torch
import torch.nn.functional as F

LEARNING_RATE = 1e-7


def gelu(count):
    x = torch.randn(count)
    return lambda: F.gelu(x, approximate="tanh")


def softmax(count):
    x = torch.randn(count // 1000, 1000)
    return lambda: torch.softmax(x, -1)


def norm(count):
    x, weight, bias = torch.randn(count // 1000, 1000), torch.ones(1000), torch.zeros(1000)
    return lambda: F.layer_norm(x, (1000,), weight, bias)


def adam(count):
    weight = torch.nn.Parameter(torch.randn(count))
    weight.grad = torch.randn(count)
    optimizer = torch.optim.Adam([weight], lr=LEARNING_RATE)
    return optimizer.step


def training(model, shape):
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    x, labels = torch.rand(shape), torch.arange(shape[0]) % 10

    def step():
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(model(x), labels).backward()
        optimizer.step()

    return step


def mlp(batch):
    nn = torch.nn
    return training(nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)), (batch, 784))


def lenet(batch):
    nn = torch.nn
    model = nn.Sequential(
        nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 7 * 7, 128), nn.ReLU(), nn.Linear(128, 10))
    return training(model, (batch, 1, 28, 28))


def conv(images, channels, size, outputs, backward):
    x, weight = torch.randn(images, channels, size, size), torch.randn(outputs, channels, 3, 3)
    if not backward:
        return lambda: F.conv2d(x, weight, padding=1)
    x.requires_grad_()
    weight.requires_grad_()
    cotangent = torch.randn(images, outputs, size, size)

    def both():
        x.grad = weight.grad = None
        F.conv2d(x, weight, padding=1).backward(cotangent)

    return both


def attention(heads, length, width, backward, weights):
    q, k, v, cotangent = (torch.randn(heads, length, width) for _ in range(4))
    if not backward:
        return lambda: torch.bmm(weights(q, k), v)
    operands = [t.requires_grad_() for t in (q, k, v)]

    def both():
        torch.autograd.grad(torch.bmm(weights(q, k), v), operands, cotangent)

    return both


def scores(q, k, bias=None):
    bias, beta = (torch.empty(()), 0) if bias is None else (bias, 1)
    return torch.baddbmm(bias, q, k.transpose(-1, -2), beta=beta, alpha=q.shape[-1] ** -0.5)


def attention_filled(heads, length, width, backward):
    hidden = torch.ones(length, length, dtype=torch.bool).triu(1)
    return attention(heads, length, width, backward, lambda q, k: torch.softmax(scores(q, k).masked_fill_(hidden, float("-inf")), -1))


def attention_added(heads, length, width, backward):
    mask = torch.full((length, length), float("-inf")).triu(1)
    return attention(heads, length, width, backward, lambda q, k: torch.softmax(scores(q, k).add_(mask), -1))


def attention_joined(heads, length, width, backward):
    mask = torch.full((length, length), float("-inf")).triu(1).expand(heads, length, length)
    return attention(heads, length, width, backward, lambda q, k: torch.softmax(scores(q, k, mask), -1))


JORDAN = (3.4445, -4.7750, 2.0315)


def polar_torch(batch, rows, columns, steps):
    """Quintic steps of Muon as its authors write them."""
    a, b, c = JORDAN
    g = torch.randn(batch, rows, columns)

    def run():
        x = g / (g.norm(dim=(-2, -1), keepdim=True) + 1e-7)
        for _ in range(steps):
            gram = x @ x.mT
            x = a * x + (b * gram + c * gram @ gram) @ x
        return x

    return run


def polar_numpy(batch, rows, columns, steps):
    """The same with numpy, a matrix at a time."""
    import numpy

    a, b, c = (numpy.float32(v) for v in JORDAN)
    matrices = numpy.random.default_rng(0).standard_normal((batch, rows, columns)).astype(numpy.float32)

    def one(g):
        x = g / (numpy.linalg.norm(g) + numpy.float32(1e-7))
        for _ in range(steps):
            gram = x @ x.T
            x = a * x + (b * gram + c * (gram @ gram)) @ x
        return x

    return lambda: [one(g) for g in matrices]


CASES = {f.__name__: f for f in (gelu, softmax, norm, adam, mlp, lenet, conv, attention_filled, attention_added, attention_joined, polar_torch, polar_numpy)}


def set_threads(count):
    """PyTorch's own threads, and those of OpenBLAS, which has a pool of its own that PyTorch does not govern."""
    torch.set_num_threads(count)
    try:
        ctypes.CDLL("libblas.so.3").openblas_set_num_threads(count)
    except (AttributeError, OSError):
        pass


def main():
    built, call = None, None
    for line in sys.stdin:
        request = json.loads(line)
        set_threads(request["threads"])
        wanted = (request["case"], *request["args"])
        if wanted != built:
            call = None
            built, call = wanted, CASES[request["case"]](*request["args"])
            call()
        samples, end = [], None
        call()
        while end is None or time.perf_counter() < end:
            end = end or time.perf_counter() + request["seconds"]
            start = time.perf_counter()
            call()
            samples.append(time.perf_counter() - start)
        print(json.dumps({"samples": samples}), flush=True)


if __name__ == "__main__":
    print(json.dumps({"version": torch.__version__}), flush=True)
    main()
