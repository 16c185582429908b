"""Writes goldens.json: results of layers, losses and optimizers by PyTorch in double precision, and by its plain tensor operations where it has no such layer.

    python3 tests/Fixtures/goldens.py > tests/Fixtures/goldens.json

Made with torch 1.13. The cases of a type are those of the same number in the tests that read them.
"""
import json
import math
import random

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
draw = random.Random(20)
layers, losses, optimizers = {}, {}, {}


def values(*shape, low=-1.5, high=1.5):
    """Numbers of two digits."""
    count = math.prod(shape)
    return torch.tensor([round(draw.uniform(low, high), 2) for _ in range(count)]).reshape(shape)


def layer(name, x, y, **tensors):
    """A case: weights and buffers by name, with '__' for a dot and a leading 'n' before digits."""
    named = {key.lstrip("n").replace("__", ".") if key[0] == "n" and key[1].isdigit() else key: t.detach().tolist() for key, t in tensors.items()}
    layers.setdefault(name, []).append({"x": x.tolist(), "y": y.detach().tolist(), "tensors": named})


def linear(x, w, b=None):
    return F.linear(x, w, b)


# Activations, on a vector, a matrix and three axes.
for name, functions in {
    "Relu": [F.relu] * 3,
    "LeakyRelu": [lambda x: F.leaky_relu(x, 0.01), lambda x: F.leaky_relu(x, 0.2), lambda x: F.leaky_relu(x, 0.5)],
    "Gelu": [F.gelu] * 3,
    "GeluTanh": [lambda x: F.gelu(x, approximate="tanh")] * 3,
    "Silu": [F.silu] * 3,
    "Tanh": [torch.tanh] * 3,
    "Sigmoid": [torch.sigmoid] * 3,
    "Softplus": [lambda x: F.softplus(x, threshold=1000)] * 3,
    "Softmax": [lambda x: F.softmax(x, -1), lambda x: F.softmax(x, 0), lambda x: F.softmax(x, 1)],
    "LogSoftmax": [lambda x: F.log_softmax(x, -1), lambda x: F.log_softmax(x, 0), lambda x: F.log_softmax(x, 1)],
    "Identity": [lambda x: x] * 3,
}.items():
    for f, shape in zip(functions, [(5,), (2, 3), (2, 2, 2)]):
        x = values(*shape, low=-4, high=4)
        layer(name, x, f(x))

# Maps and tables.
for (i, o, bias), rows in zip([(2, 3, True), (3, 1, False), (1, 2, True)], [(2,), (1,), (2, 2)]):
    w, b, x = values(o, i), values(o), values(*rows, i)
    layer("Linear", x, linear(x, w, b if bias else None), **({"weight": w, "bias": b} if bias else {"weight": w}))
for indices in ([0, 2, 2], [[3, 1], [0, 3]], [1]):
    w, x = values(4, 2), torch.tensor(indices)
    layer("Embed", x, F.embedding(x, w), weight=w)
for (i, o, k, stride, padding, dilation, groups, bias), size in zip(
        [(1, 2, (2, 2), 1, 0, 1, 1, True), (2, 2, (3, 2), (2, 1), (1, 0), 1, 2, False), (2, 1, (2, 2), 1, 1, 2, 1, True)], [(3, 3), (4, 3), (3, 4)]):
    w, b, x = values(o, i // groups, *k), values(o), values(1, i, *size)
    layer("Conv2D", x, F.conv2d(x, w, b if bias else None, stride, padding, dilation, groups), **({"weight": w, "bias": b} if bias else {"weight": w}))

# Images.
for (size, stride, padding), shape in zip([(2, 2, 0), ((2, 1), (1, 1), 0), (3, 2, 1)], [(1, 1, 4, 4), (1, 2, 3, 2), (2, 1, 4, 3)]):
    x = values(*shape)
    layer("AvgPool", x, F.avg_pool2d(x, size, stride, padding))
    layer("MaxPool", x, F.max_pool2d(x, size, stride, padding))
for shape in [(1, 2, 2, 3), (2, 1, 1, 1), (2, 2, 3, 1)]:
    x = values(*shape)
    layer("GlobalAvgPool", x, F.adaptive_avg_pool2d(x, 1).flatten(1))
for factor in [(2, 2), (1, 3), (3, 1)]:
    x = values(1, 2, 2, 1)
    layer("Upsample", x, F.interpolate(x, scale_factor=factor, mode="nearest"))
for shape in [(2, 3), (2, 1, 2, 2), (3,)]:
    x = values(*shape)
    layer("Flatten", x, x.reshape(shape[0], -1))
for to, shape in zip([(3, 2), (-1,), (2, -1, 1)], [(2, 6), (1, 2, 2), (1, 4)]):
    x = values(*shape)
    layer("Reshape", x, x.reshape(shape[0], *to))

# Norms.
for shape, own, eps in [((2, 3), (3,), 1e-5), ((1, 2, 2), (2, 2), 1e-3), ((2, 2, 4), (4,), 1e-5)]:
    w, b, x = values(*own), values(*own), values(*shape)
    layer("LayerNorm", x, F.layer_norm(x, own, w, b, eps), weight=w, bias=b)
for shape, eps in [((2, 3), 1e-5), ((4,), 1e-2), ((2, 2, 2), 1e-5)]:
    w, x = values(shape[-1]), values(*shape)
    layer("RmsNorm", x, x / torch.sqrt((x * x).mean(-1, keepdim=True) + eps) * w, weight=w)
for groups, channels, shape in [(1, 2, (2, 2, 2)), (2, 4, (1, 4, 1, 2)), (3, 3, (1, 3, 3))]:
    w, b, x = values(channels), values(channels), values(*shape)
    layer("GroupNorm", x, F.group_norm(x, groups, w, b, 1e-5), weight=w, bias=b)
for affine, shape in [(False, (2, 2, 3)), (True, (1, 2, 2, 2)), (True, (1, 3, 4))]:
    w, b, x = values(shape[1]), values(shape[1]), values(*shape)
    layer("InstanceNorm", x, F.instance_norm(x, weight=w if affine else None, bias=b if affine else None), **({"weight": w, "bias": b} if affine else {}))
for training, shape in [(False, (2, 3)), (True, (4, 2)), (True, (2, 2, 1, 2))]:
    c = shape[1]
    w, b, mean, var, x = values(c), values(c), values(c), values(c, low=0.2, high=2), values(*shape)
    layer("BatchNorm", x, F.batch_norm(x, mean.clone(), var.clone(), w, b, training), weight=w, bias=b, running_mean=mean, running_var=var)

# Sequences.
for name, kind, gates in [("Elman", torch.nn.RNN, 1), ("Gru", torch.nn.GRU, 3), ("Lstm", torch.nn.LSTM, 4)]:
    for (i, u, bias, reverse), shape in zip([(2, 2, True, False), (1, 2, False, False), (2, 1, True, True)], [(3, 2), (2, 2, 1), (1, 3, 2)]):
        own = {"weight_ih": values(gates * u, i), "weight_hh": values(gates * u, u)}
        if bias:
            own |= {"bias_ih": values(gates * u), "bias_hh": values(gates * u)}
        net = kind(i, u, bias=bias, batch_first=True)
        net.load_state_dict({f"{key}_l0": t for key, t in own.items()})
        x = values(*shape)
        y = net(x.flip(-2) if reverse else x)[0]
        layer(name, x, y.flip(-2) if reverse else y, **own)


def attention(x, own, heads, shared, causal, prefix="n"):
    width, depth, t = x.shape[-1], x.shape[-1] // heads, x.shape[-2]
    q, k, v = (linear(x, own[f"{prefix}{i}__weight"], own.get(f"{prefix}{i}__bias")) for i in range(3))
    q = q.reshape(*x.shape[:-1], heads, depth).transpose(-2, -3)
    k, v = (m.reshape(*x.shape[:-1], shared, depth).transpose(-2, -3).repeat_interleave(heads // shared, -3) for m in (k, v))
    scores = q @ k.transpose(-1, -2) / math.sqrt(depth)
    if causal:
        scores = scores.masked_fill(torch.ones(t, t).triu(1) > 0, -math.inf)
    joined = (F.softmax(scores, -1) @ v).transpose(-2, -3).reshape(*x.shape[:-1], width)
    return linear(joined, own[f"{prefix}3__weight"], own.get(f"{prefix}3__bias"))


def maps(width, shared_width, bias, prefix="n"):
    own = {}
    for i, outputs in enumerate([width, shared_width, shared_width, width]):
        own[f"{prefix}{i}__weight"] = values(outputs, width)
        if bias:
            own[f"{prefix}{i}__bias"] = values(outputs)
    return own


for (width, heads, shared, causal, bias), shape in zip([(4, 2, 2, False, True), (2, 1, 1, True, False), (4, 4, 2, True, True)], [(3, 4), (1, 2, 2), (2, 4)]):
    own, x = maps(width, width // heads * shared, bias), values(*shape)
    y = attention(x, own, heads, shared, causal)
    if shared == heads and bias:
        net = torch.nn.MultiheadAttention(width, heads, batch_first=True)
        net.load_state_dict({
            "in_proj_weight": torch.cat([own[f"n{i}__weight"] for i in range(3)]), "in_proj_bias": torch.cat([own[f"n{i}__bias"] for i in range(3)]),
            "out_proj.weight": own["n3__weight"], "out_proj.bias": own["n3__bias"]})
        assert torch.allclose(y, net(x, x, x)[0], atol=1e-14)
    layer("MultiHeadAttention", x, y, **own)
for (width, heads, hidden, depth), shape in zip([(2, 1, 3, None), (4, 2, 2, 2), (2, 2, 8, 3)], [(2, 2), (2, 4), (1, 3, 2)]):
    own = {"n0__weight": values(width), "n0__bias": values(width)}
    own |= maps(width, width, True, "n1__")
    own |= {"n2__weight": values(width), "n2__bias": values(width), "n3__0__weight": values(hidden, width), "n3__0__bias": values(hidden)}
    own |= {"n3__2__weight": values(width, hidden), "n3__2__bias": values(width)}
    keep, add = (1, 1) if depth is None else (1 - 1 / depth, 1 / depth)
    x = values(*shape)
    h = keep * x + add * attention(F.layer_norm(x, (width,), own["n0__weight"], own["n0__bias"]), own, heads, heads, False, "n1__")
    inner = F.gelu(linear(F.layer_norm(h, (width,), own["n2__weight"], own["n2__bias"]), own["n3__0__weight"], own["n3__0__bias"]))
    layer("TransformerBlock", x, keep * h + add * linear(inner, own["n3__2__weight"], own["n3__2__bias"]), **own)

# Positions, by complex exponentials.
for (base, first), (t, d) in zip([(10000, 0), (100, 3), (2, 0)], [(3, 4), (2, 2), (2, 6)]):
    x = values(t, d)
    angles = (torch.arange(t) + first)[:, None] * base ** (-torch.arange(d // 2) * 2.0 / d)
    turned = torch.complex(x[:, : d // 2], x[:, d // 2:]) * torch.exp(1j * angles)
    layer("RotaryPositions", x, torch.cat([turned.real, turned.imag], -1))
for base, (t, d) in zip([10000, 100, 2], [(3, 4), (2, 2), (2, 6)]):
    x = values(t, d)
    y = x.clone()
    for p in range(t):
        for i in range(d // 2):
            y[p, 2 * i] += math.sin(p * base ** (-2 * i / d))
            y[p, 2 * i + 1] += math.cos(p * base ** (-2 * i / d))
    layer("SinusoidalPositions", x, y)
for shape in [(3, 2), (1, 2), (2, 2, 2)]:
    w, x = values(3, 2), values(*shape)
    layer("LearnedPositions", x, x + w[: shape[-2]], weight=w)


# Random numbers: Philox-4x32-10 at the key (seed, 0) and the number of the element.
def philox(seed, counter):
    k0, k1, c0, c1, c2, c3 = seed, 0, counter, 0, 0, 0
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & 0xFFFFFFFF, (p0 >> 32) ^ c3 ^ k1, p0 & 0xFFFFFFFF
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c0, c1, c2, c3


def normal(seed, counter):
    a, b, c, d = philox(seed, counter)
    first, second = ((a >> 5) * 67108864.0 + (b >> 6)) / 2 ** 53, ((c >> 5) * 67108864.0 + (d >> 6)) / 2 ** 53
    return math.sqrt(-2 * math.log(1 - first)) * math.cos(2 * math.pi * second)


for seed, rate, shape in [(1, 0.5, (8,)), (2, 0.25, (3, 4)), (3, 0.8, (2, 2, 3))]:
    x = values(*shape)
    kept = torch.tensor([(philox(seed, i)[0] >> 8) / 2 ** 24 < 1 - rate for i in range(x.numel())]).reshape(shape)
    layer("Dropout", x, torch.where(kept, x / (1 - rate), torch.zeros(())))
for seed, inputs, features, deviation in [(1, 2, 2, 1.0), (2, 1, 3, 0.5), (3, 3, 1, 0.2)]:
    x = values(2, inputs)
    b = torch.tensor([normal(seed, i) for i in range(features * inputs)]).reshape(features, inputs) * deviation
    phase = 2 * math.pi * linear(x, b)
    layer("FourierFeatures", x, torch.cat([torch.cos(phase), torch.sin(phase)], -1))

# What puts layers together.
for rows in (1, 2, 3):
    a, b, c, d, x = values(3, 2), values(3), values(2, 3), values(2), values(rows, 2)
    layer("Sequence", x, linear(torch.tanh(linear(x, a, b)), c, d), n0__weight=a, n0__bias=b, n2__weight=c, n2__bias=d)
    layer("Sum", x, linear(x, a, b) + linear(x, c.T), n0__weight=a, n0__bias=b, n1__weight=c.T)
    layer("Concatenation", x, torch.cat([linear(x, a, b), x], -1), n0__weight=a, n0__bias=b)
    layer("Scaled", x, -2.5 * linear(x, a, b), n0__weight=a, n0__bias=b)
    e, f = values(2, 2), values(2)
    depth = [None, 2, 4][rows - 1]
    inner = linear(x, e, f)
    layer("Residual", x, x + inner if depth is None else (1 - 1 / depth) * x + inner / depth, n0__weight=e, n0__bias=f)
    layer("Tied", x, linear(torch.tanh(linear(x, e, f)), e, f), n0__weight=e, n0__bias=f)
for inputs, chosen, experts in [(2, 1, 2), (2, 2, 3), (3, 2, 2)]:
    router, x = values(experts, inputs), values(3, inputs)
    own = {"n0__weight": router}
    for e in range(experts):
        own |= {f"n{e + 1}__weight": values(2, inputs), f"n{e + 1}__bias": values(2)}
    y = torch.zeros(3, 2)
    for t in range(3):
        best = torch.topk(linear(x[t], router), chosen)
        for gate, e in zip(F.softmax(best.values, 0), best.indices.tolist()):
            y[t] += gate * linear(x[t], own[f"n{e + 1}__weight"], own[f"n{e + 1}__bias"])
    layer("MixtureOfExperts", x, y, **own)
for depth in (1, 2, 1):
    widths = [2, 3, 2][: depth + 1]
    own, x, skips, number = {}, values(2, 2), [], 0

    def apply(at, i, o):
        global number
        own[f"n{number}__weight"], own[f"n{number}__bias"] = values(o, i), values(o)
        number += 1
        return linear(at, own[f"n{number - 1}__weight"], own[f"n{number - 1}__bias"])

    h = x
    for i, o in zip(widths, widths[1:]):
        h = apply(h, i, o)
        skips.append(h)
    h = apply(h, widths[-1], 2)
    for skip in reversed(skips):
        h = apply(torch.cat([h, skip], 1), 2 + skip.shape[1], 2)
    layer("UNet", x, h, **own)
for context, inputs, outputs in [(1, 2, 1), (2, 1, 2), (2, 2, 2)]:
    count = (inputs + 1) * outputs
    c, w, b, x = values(context), values(count, context), values(count), values(2, inputs)
    made = linear(c, w, b)
    layer("Hypernetwork", x, linear(x, made[: inputs * outputs].reshape(outputs, inputs), made[inputs * outputs:]), context=c, n0__weight=w, n0__bias=b)
for i, o in [(2, 3), (1, 2), (3, 1)]:
    g, v, b, x = values(o, 1), values(o, i), values(o), values(2, i)
    net = torch.nn.utils.weight_norm(torch.nn.Linear(i, o))
    net.load_state_dict({"weight_g": g, "weight_v": v, "bias": b})
    layer("WeightNorm", x, net(x), weight_g=g, weight_v=v, bias=b)
    u, r, w = F.normalize(values(o), dim=0), F.normalize(values(i), dim=0), values(o, i)
    net = torch.nn.utils.spectral_norm(torch.nn.Linear(i, o)).eval()
    net.load_state_dict({"weight_orig": w, "weight_u": u, "weight_v": r, "bias": b})
    layer("SpectralNorm", x, net(x), weight_orig=w, bias=b, weight_u=u, weight_v=r)
for nodes, edges in [(3, [(0, 1), (1, 0), (1, 2), (2, 1)]), (2, []), (4, [(0, 1), (2, 1), (3, 1), (1, 3), (3, 0)])]:
    w, b, m, x = values(2, 1), values(2), values(2, 1), values(nodes, 1)
    a = torch.zeros(nodes, nodes)
    for s, t in edges:
        a[t, s] += 1
    d = (a.sum(1) + 1) ** -0.5
    layer("GraphConvolution", x, d[:, None] * (a + torch.eye(nodes)) * d @ linear(x, w, b), n0__weight=w, n0__bias=b)
    layer("MeanAggregation", x, linear(x, w, b) + linear(a @ x / a.sum(1, keepdim=True).clamp(min=1), m), n0__weight=w, n0__bias=b, n1__weight=m)


# Losses: operands and the result.
def loss(name, y, *operands):
    losses.setdefault(name, []).append({"operands": [t.tolist() for t in operands], "y": y.item()})


for shape, option in zip([(3,), (2, 3), (2, 2, 2)], (0, 1, 2)):
    x, t, p, n = values(*shape), values(*shape), values(*shape), values(*shape)
    odds, signs, soft = (t + 1.5) / 3, torch.sign(t + 0.001), F.softmax(t, -1)
    flat = lambda m: m.reshape(-1, m.shape[-1])
    labels = torch.tensor([draw.randrange(shape[-1]) for _ in range(math.prod(shape[:-1]))]).reshape(shape[:-1])
    loss("MeanSquaredError", F.mse_loss(x, t), x, t)
    loss("BinaryCrossEntropy", F.binary_cross_entropy_with_logits(x, odds), x, odds)
    loss("Huber", F.huber_loss(x, t, delta=[1, 0.5, 2][option]), x, t)
    loss("CrossEntropy", F.cross_entropy(flat(x), labels.reshape(-1), label_smoothing=[0, 0.1, 0.5][option]), x, labels)
    loss("KlDivergence", F.kl_div(F.log_softmax(flat(x), -1), flat(soft), reduction="batchmean"), x, soft)
    focus, weight = [(2, None), (1.5, 0.25), (3, 0.5)][option]
    prob = torch.sigmoid(x)
    a, b = (1, 1) if weight is None else (weight, 1 - weight)
    loss("Focal", (-a * odds * (1 - prob) ** focus * torch.log(prob) - b * (1 - odds) * prob ** focus * torch.log(1 - prob)).mean(), x, odds)
    alike = labels > 0
    loss("CosineEmbedding", F.cosine_embedding_loss(flat(x), flat(t), torch.where(alike, 1, -1).reshape(-1), margin=[0, 0.3, -0.5][option]), x, t, alike)
    margin = [1, 0.2, 3][option]
    loss("Triplet", F.relu(((x - p) ** 2).sum(-1) - ((x - n) ** 2).sum(-1) + margin).mean(), x, p, n)
    q, k = values(option + 2, 3), values(option + 2, 3)
    loss("InfoNce", F.cross_entropy(F.normalize(q) @ F.normalize(k).T / [0.1, 0.5, 1][option], torch.arange(option + 2)), q, k)
    quantile = [0.5, 0.9, 0.2][option]
    loss("Quantile", torch.maximum(quantile * (t - x), (quantile - 1) * (t - x)).mean(), x, t)
    loss("Hinge", F.relu(1 - signs * x).mean(), x, signs)
    steps, classes, count = [(3, 3, 2), (4, 2, 1), (5, 3, 3)][option]
    z, marks = values(2, steps, classes), torch.tensor([[draw.randrange(1, classes) for _ in range(count)] for _ in range(2)])
    full = torch.full((2,), steps), torch.full((2,), count)
    path = F.ctc_loss(F.log_softmax(z, -1).transpose(0, 1), marks, *full, reduction="none")
    loss("Ctc", path.mean(), z, marks)


# Optimizers: three runs of five steps from a start, with gradients given, and the weights after every step.
def run(name, make, clip=None):
    start = values(4)
    w = start.clone().requires_grad_()
    optimizer, schedule = make([w])
    gradients, path = [], []
    for _ in range(5):
        g = values(4, low=-3, high=3)
        gradients.append(g.tolist())
        w.grad = g.clone()
        if clip:
            clip([w])
        optimizer.step()
        if schedule:
            schedule.step()
        path.append(w.detach().tolist())
    optimizers.setdefault(name, []).append({"start": start.tolist(), "gradients": gradients, "path": path})


O, S = torch.optim, torch.optim.lr_scheduler
plain = lambda make: lambda p: (make(p), None)
sgd = lambda rate, **more: plain(lambda p: O.SGD(p, rate, **more))
for more in ({}, {"momentum": 0.9}, {"momentum": 0.5, "nesterov": True}):
    run("Sgd", sgd(0.1, **more))
for rate, b1, b2, eps in [(0.1, 0.9, 0.999, 1e-8), (0.03, 0.5, 0.9, 1e-3), (0.01, 0.0, 0.99, 1e-8)]:
    run("Adam", plain(lambda p: O.Adam(p, rate, (b1, b2), eps)))
    run("ScaleByAdam", plain(lambda p: O.Adam(p, 1, (b1, b2), eps)))
for rate, decay in [(0.1, 0.01), (0.05, 0.5), (0.2, 0.0)]:
    run("AdamW", plain(lambda p: O.AdamW(p, rate, weight_decay=decay)))
for decay, nesterov in [(0.9, False), (0.5, False), (0.8, True)]:
    run("Momentum", sgd(1, momentum=decay, nesterov=nesterov))
for limit in (1, 3, 100):
    run("ClipByGlobalNorm", sgd(1), clip=lambda p: p[0].grad.copy_(p[0].grad * min(1.0, limit / p[0].grad.norm().item())))
    run("ClipByValue", sgd(1), clip=lambda p: torch.nn.utils.clip_grad_value_(p, limit))
for decay in (0.1, 0.5, 0.01):
    # Weight decay before a rate of 1: SGD's own, which adds decay w to the gradient, comes to the same.
    run("WeightDecay", sgd(1, weight_decay=decay))
for factor in (0.5, 2, -1):
    run("ScaleBy", sgd(1), clip=lambda p: p[0].grad.mul_(factor))
for normalized in (False, True, True):
    run("DualityMap", sgd(1), clip=lambda p: p[0].grad.div_(p[0].grad.norm()) if normalized else None)


def scheduled(rate, make):
    def both(p):
        optimizer = O.SGD(p, rate)
        return optimizer, make(optimizer)
    return both


run("ScaleByLearningRate", scheduled(0.5, lambda o: S.CosineAnnealingLR(o, 5, 0.1)))
run("ScaleByLearningRate", scheduled(0.4, lambda o: S.StepLR(o, 2, 0.25)))
run("ScaleByLearningRate", scheduled(0.3, lambda o: S.LambdaLR(o, lambda step: min(1, (step + 1) / 3))))


def averaged(decay, nesterov, corrected):
    """Replaces the gradient by its running mean."""
    mean, count = None, 0

    def clip(p):
        nonlocal mean, count
        g = p[0].grad.clone()
        mean, count = torch.lerp(g, torch.zeros_like(g) if mean is None else mean, decay), count + 1
        ahead = torch.lerp(g, mean, decay) if nesterov else mean
        p[0].grad.copy_(ahead / (1 - decay**count) if corrected else ahead)
    return clip


for decay, nesterov, corrected in [(0.9, False, False), (0.6, True, False), (0.8, False, True)]:
    run("Average", sgd(1), clip=averaged(decay, nesterov, corrected))
run("Steepest", plain(lambda p: O.Adam(p, 1, (0.8, 0.95), 1e-3)))
run("Steepest", plain(lambda p: O.Adagrad(p, 1, eps=1e-2)))
run("Steepest", plain(lambda p: O.RMSprop(p, 1, 0.9, 1e-3)))


# Optimizers of matrices: three runs of five steps, the formulas written out with torch's linear algebra.
def run_matrix(name, shape, update):
    start = values(*shape)
    w, gradients, path = start.clone(), [], []
    for t in range(5):
        g = values(*shape, low=-3, high=3)
        gradients.append(g.tolist())
        w = w - update(t, g, w)
        path.append(w.tolist())
    optimizers.setdefault(name, []).append({"start": start.tolist(), "gradients": gradients, "path": path})


def root(s, power):
    """(S + 1e-12 lambda I)^-power."""
    d, q = torch.linalg.eigh(s)
    return (q * (d.clamp(min=0) + 1e-12 * d[-1]) ** -power) @ q.T


def unit(x):
    return x / x.norm()


class Shampoo:
    """The direction for a matrix."""
    def __init__(self, eps=1e-12, decay=None, interval=1, sides=2):
        self.eps, self.decay, self.interval, self.sides, self.s = eps, decay, interval, sides, None

    def __call__(self, t, g):
        new = [g @ g.T, g.T @ g]
        self.s = self.s or [self.eps * torch.eye(n) for n in g.shape]
        self.s = [a + b if self.decay is None else self.decay * a + (1 - self.decay) * b for a, b in zip(self.s, new)]
        if t % self.interval == 0:
            self.p = [root(a, 0.5 / self.sides) for a in self.s]
        return self.p[0] @ g @ self.p[1] if self.sides == 2 else self.p[0] @ g


class Mean:
    """A running mean freed of its start."""
    def __init__(self, decay, corrected=True):
        self.decay, self.corrected, self.m, self.t = decay, corrected, 0, 0

    def __call__(self, x):
        self.m, self.t = self.decay * self.m + (1 - self.decay) * x, self.t + 1
        return self.m / (1 - self.decay**self.t) if self.corrected else self.m


class Sum:
    """Momentum."""
    def __init__(self, decay, nesterov=False):
        self.decay, self.nesterov, self.m = decay, nesterov, 0

    def __call__(self, x):
        self.m = self.decay * self.m + x
        return x + self.decay * self.m if self.nesterov else self.m


class Adam:
    """The direction of Adam."""
    def __init__(self, b1, b2, eps=1e-8):
        self.m, self.v, self.eps = Mean(b1), Mean(b2), eps

    def __call__(self, g):
        return self.m(g) / (self.v(g * g).sqrt() + self.eps)


class AdaGrad:
    def __init__(self, eps):
        self.v, self.eps = 0, eps

    def __call__(self, g):
        self.v = self.v + g * g
        return g / (self.v.sqrt() + self.eps)


def shampoo(rate, momentum, direction):
    m = Sum(momentum)
    return lambda t, g, w: rate * m(direction(t, g))


def blocked():
    """Pieces of at most 2 x 2, each with roots of its own; a piece of length 1 along an axis has none there, and the exponents stay. At the gradient's length, with decay and Nesterov's momentum."""
    state, m = {}, Sum(0.5, True)

    def update(t, g, w):
        u = torch.zeros_like(g)
        for i in range(0, g.shape[0], 2):
            for j in range(0, g.shape[1], 2):
                b = g[i:i + 2, j:j + 2]
                left, right = state.get((i, j), tuple(1e-2 * torch.eye(n) for n in b.shape))
                left, right = left + b @ b.T, right + b.T @ b
                state[i, j] = left, right
                d = b
                if b.shape[0] > 1:
                    d = root(left, 0.25) @ d
                if b.shape[1] > 1:
                    d = d @ root(right, 0.25)
                u[i:i + 2, j:j + 2] = d
        return 0.2 * m(unit(u) * g.norm() + 0.1 * w)
    return update


run_matrix("Shampoo", (3, 2), shampoo(0.1, 0.9, Shampoo()))
run_matrix("Shampoo", (2, 3), shampoo(0.05, 0, Shampoo(1e-3, 0.9, 2)))
run_matrix("Shampoo", (3, 5), blocked())
run_matrix("OneSidedShampoo", (2, 3), shampoo(0.1, 0, Shampoo(sides=1)))
run_matrix("OneSidedShampoo", (2, 2), shampoo(0.2, 0.5, Shampoo(sides=1)))
one_sided = Shampoo(sides=1, interval=2)
run_matrix("OneSidedShampoo", (2, 3), lambda t, g, w: 0.1 * unit(one_sided(t, g)) * g.norm())
adam = Adam(0.9, 0.999)
run_matrix("Grafted", (2, 2), lambda t, g, w: unit(adam(g)) * g.norm())


def late(adam=Adam(0, 0.99), far=Sum(0.9)):
    def update(t, g, w):
        u, s = adam(g), 0.5 * far(g)
        return s if t < 2 else unit(u) * s.norm()
    return update


run_matrix("Grafted", (2, 3), late())
adagrad = AdaGrad(1e-3)
run_matrix("Grafted", (3, 2), lambda t, g, w: unit(g) * adagrad(g).norm())
for decay, nesterov in [(0.9, False), (0.5, False), (0.8, True)]:
    run("UpdateMomentum", sgd(1, momentum=decay, nesterov=nesterov))


def kl(rate, b1, b2, interval=1):
    mean, covariances, p = Mean(b1), [Mean(b2), Mean(b2)], [torch.eye(2), torch.eye(2)]

    def update(t, g, w):
        nonlocal p
        s = [c(x) for c, x in zip(covariances, [g @ p[1] @ p[1] @ g.T / 2, g.T @ p[0] @ p[0] @ g / 2])]
        if t % interval == 0:
            p = [root(x, 0.5) for x in s]
        return rate * p[0] @ mean(g) @ p[1]
    return update


run_matrix("KlShampoo", (2, 2), kl(0.1, 0.9, 0.99))
run_matrix("KlShampoo", (2, 2), kl(0.05, 0, 0.5))
run_matrix("KlShampoo", (2, 2), kl(0.2, 0.5, 0.9, 2))


class Bases:
    """Eigenbases of running means, used from the step after they were made on."""
    def __init__(self, decay, interval):
        self.interval, self.means, self.q = interval, [Mean(decay, False), Mean(decay, False)], [torch.eye(2), torch.eye(2)]

    def into(self, x):
        return self.q[0].T @ x @ self.q[1]

    def out(self, x):
        return self.q[0] @ x @ self.q[1].T

    def learn(self, t, g):
        s = [m(x) for m, x in zip(self.means, [g @ g.T, g.T @ g])]
        if t % self.interval == 0:
            self.q = [torch.linalg.eigh(x)[1].flip(1) if t == 0 else torch.linalg.qr(x @ q)[0] for x, q in zip(s, self.q)]


def soap(rate, b1=0.95, b2=0.95, eps=1e-8, interval=10, decay=0):
    bases, mean, squares = Bases(b2, interval), Mean(b1), Mean(b2)

    def update(t, g, w):
        u = bases.out(bases.into(mean(g)) / (squares(bases.into(g) ** 2).sqrt() + eps))
        bases.learn(t, g)
        return rate * (u + decay * w)
    return update


def splus(rate, b1=0.9, b2=0.999, interval=100, decay=0):
    bases, mean = Bases(b2, interval), Mean(b1)

    def update(t, g, w):
        u = bases.out(bases.into(mean(g)).sign())
        bases.learn(t, g)
        return rate * (u + decay * w)
    return update


for make in (lambda: soap(0.1), lambda: soap(0.05, 0.5, 0.9, 1e-3, 1), lambda: soap(0.2, 0, 0.8, 1e-2, 2, 0.1)):
    run_matrix("Soap", (2, 2), make())
for make in (lambda: splus(0.1), lambda: splus(0.05, 0, 0.9, 1), lambda: splus(0.2, 0.5, 0.8, 2, 0.1)):
    run_matrix("SPlus", (2, 2), make())
def own(name, step, shapes=((3,), (1,)), start=None):
    """A run of what torch has not: from the number of the step, gradients and weights by leaf to what is added to the weights."""
    joined = lambda leaves: torch.cat([t.reshape(-1) for t in leaves]).tolist()
    w = start or [values(*s) for s in shapes]
    case = {"shapes": shapes, "start": joined(w), "gradients": [], "path": []}
    for t in range(1, 6):
        g = [values(*s, low=-3, high=3) for s in shapes]
        w = [a + u for a, u in zip(w, step(t, g, w))]
        case["gradients"].append(joined(g))
        case["path"].append(joined(w))
    optimizers.setdefault(name, []).append(case)


def polar(a):
    u, _, v = torch.linalg.svd(a, full_matrices=False)
    return u @ v


def mean(decay, nesterov=False, corrected=False):
    """Running means of gradients by leaf."""
    means = {}

    def at(t, g):
        means.update({i: decay * means.get(i, 0) + (1 - decay) * x for i, x in enumerate(g)})
        return [(decay * means[i] + (1 - decay) * x if nesterov else means[i]) / (1 - decay**t if corrected else 1) for i, x in enumerate(g)]
    return at


def each(f):
    return lambda leaves: [f(t) for t in leaves]


def dual(rate, averaged, direction, decay=0.0):
    """Descent along a map of a mean, and decay of the weights."""
    return lambda t, g, w: [-rate * (d + decay * x) for d, x in zip(direction(averaged(t, g)), w)]


def length(leaves):
    return math.sqrt(sum((t * t).sum().item() for t in leaves))


plain_mean = lambda t, g: g
wide, tall, square = (2, 4), (4, 2), (3, 3)
aspect = lambda t: t.shape[0] / (t.numel() / t.shape[0])
flat_polar = lambda t: polar(t.reshape(t.shape[0], -1)).reshape(t.shape)
original = lambda t: flat_polar(t) * math.sqrt(max(1, aspect(t)))
matched = lambda t: flat_polar(t) * 0.2 * math.sqrt(max(t.shape[0], t.numel() / t.shape[0]))
modular = lambda t: flat_polar(t) * math.sqrt(aspect(t))
for momentum, nesterov, decay, scaled, shapes in [
        (0.95, True, 0.1, original, (wide, tall)), (0.8, False, 0.0, matched, (square, (2, 3, 2))), (0.5, True, 0.2, modular, (tall, (3, 1, 2)))]:
    own("Muon", dual(0.1, mean(momentum, nesterov), each(scaled), decay), shapes)


def neurons(decay):
    state = {}

    def at(leaves):
        result = []
        for i, t in enumerate(leaves):
            o = t.reshape(t.shape[0], -1)
            axis = 1 if o.shape[0] >= o.shape[1] else 0
            state[i] = decay * state.get(i, 0) + (1 - decay) * (o * o).mean(axis, keepdim=True)
            even = o / state[i].clamp(min=1e-10).sqrt()
            result.append((even * o.norm() / even.norm()).reshape(t.shape))
        return result
    return at


def both(first, second):
    return lambda leaves: second(first(leaves))


for momentum, b2, decay, scaled, shapes in [(0.95, 0.95, 0.1, original, (wide, tall)), (0.5, 0.8, 0.0, matched, (square, (2, 3, 2))), (0.9, 0.0, 0.3, modular, (tall,))]:
    own("NorMuon", dual(0.1, mean(momentum, True), both(each(scaled), neurons(b2)), decay), shapes)
    own("NormalizeNeurons", dual(1, plain_mean, neurons(b2)), shapes)


def rank_one(rate, momentum, decay):
    """Dion for one row or one column, where the first right factor does not matter."""
    state = {}

    def at(t, g, w):
        result = []
        for i, x in enumerate(g):
            b = state.get(i, 0) + x
            state[i] = b - (1 - momentum) * b
            result.append(-rate * (math.sqrt(aspect(x)) * b / b.norm() + decay * w[i]))
        return result
    return at


for rate, momentum, decay, shapes in [(0.1, 0.95, 0.1, ((1, 3),)), (0.2, 0.5, 0.0, ((4, 1), (1, 2))), (0.05, 0.0, 0.5, ((1, 1), (3, 1)))]:
    own("Dion", rank_one(rate, momentum, decay), shapes)

for momentum, decay, share in [(0.95, 0.0, 1), (0.5, 0.2, 1), (0.0, 0.0, 3)]:
    parts = [1 / (1 + share), share / (1 + share)]
    own("Dualized", dual(0.1, mean(momentum), lambda g, parts=parts: [s * modular(t) for s, t in zip(parts, g)], decay), ((3, 2), (2, 3)))
for low, high in [(-1, 1), (0, 2), (-0.5, 0.25)]:
    own("ProjectWeights", lambda t, g, w: [(a - b).clamp(low, high) - a for a, b in zip(w, g)])
for first, second in [(0.1, 0.2), (1, 0), (0.5, 0.25)]:
    own("Grouped", lambda t, g, w: [-first * g[0], -second * g[1]])
    own("ScaleByLeaf", lambda t, g, w: [-first * g[0], -second * g[1]])

signs = each(torch.sign)
for rate, momentum, decay in [(0.1, 0.0, 0.0), (0.05, 0.9, 0.1), (0.2, 0.5, 0.0)]:
    own("SignDescent", dual(rate, mean(momentum), signs, decay))
    own("NormalizedSgd", dual(rate, mean(momentum), lambda g: [t / length(g) for t in g], decay))


def blended(b1, b2):
    means = {}

    def at(t, g):
        old = {i: means.get(i, torch.zeros_like(x)) for i, x in enumerate(g)}
        means.update({i: b2 * old[i] + (1 - b2) * x for i, x in enumerate(g)})
        return [b1 * old[i] + (1 - b1) * x for i, x in enumerate(g)]
    return at


for rate, b1, b2, decay in [(0.1, 0.9, 0.99, 0.0), (0.02, 0.5, 0.8, 0.3), (0.3, 0.0, 0.9, 0.1)]:
    own("Lion", dual(rate, blended(b1, b2), signs, decay))
for rate, eps in [(0.1, 1e-10), (0.5, 1e-2), (1, 1)]:
    run("AdaGrad", plain(lambda p: O.Adagrad(p, rate, eps=eps)))
for rate, decay, eps in [(0.1, 0.99, 1e-8), (0.01, 0.5, 1e-3), (0.3, 0.0, 1)]:
    run("RmsProp", plain(lambda p: O.RMSprop(p, rate, decay, eps)))


def nadam(rate, b1, b2, slope):
    """That of torch from 2.0 on: 1.13 has today's weight twice in tomorrow's product."""
    first, squares, product = mean(b1), mean(b2, corrected=True), 1
    weight = lambda t: b1 * (1 - 0.5 * 0.96 ** (t * slope))

    def at(t, g, w):
        nonlocal product
        product *= weight(t)
        now, then = (1 - weight(t)) / (1 - product), weight(t + 1) / (1 - product * weight(t + 1))
        return [-rate * (now * x + then * m) / (v.sqrt() + 1e-8) for x, m, v in zip(g, first(t, g), squares(t, [x * x for x in g]))]
    return at


for rate, b1, b2, slope in [(0.1, 0.9, 0.999, 0.004), (0.02, 0.5, 0.9, 0.1), (0.3, 0.8, 0.0, 1.0)]:
    own("NAdam", nadam(rate, b1, b2, slope))


def moments(b1, b2, combine):
    """Both means of Adam, freed of their start, by leaf."""
    first, squares = mean(b1, corrected=True), mean(b2, corrected=True)
    return lambda t, g: [combine(m, v) for m, v in zip(first(t, g), squares(t, [x * x for x in g]))]


for rate, b1, b2, eps in [(0.1, 0.9, 0.999, 1e-8), (0.05, 0.5, 0.9, 1e-2), (0.02, 0.0, 0.5, 1)]:
    own("AdamSania", dual(rate, moments(b1, b2, lambda m, v: m / (v + eps)), each(lambda t: t)))


def through(power, eps, floor):
    def at(m, v):
        if m.dim() < 2:
            return m / (v.sqrt() + 1e-8)
        d = (v**power + eps).sqrt()
        d = torch.maximum(d, floor * (d * d).mean().sqrt())
        return flat_polar(m / d) / d
    return at


for rate, b1, b2, power, eps, decay, floor in [(0.1, 0.9, 0.999, 0.5, 1e-8, 0.0, 1e-3), (0.05, 0.5, 0.9, 1.0, 1e-8, 0.2, 0.5), (0.2, 0.0, 0.8, 0.5, 0.1, 0.0, 0.0)]:
    own("MuAdam", dual(rate, moments(b1, b2, through(power, eps, floor)), each(lambda t: t), decay), (wide, (2,), (2, 2, 3)))


def trusted(rate, averaged, decay):
    def at(t, g, w):
        u = [d + decay * x for d, x in zip(averaged(t, g), w)]
        return [-rate * d * (x.norm() / d.norm()) for d, x in zip(u, w)]
    return at


for rate, decay in [(0.1, 0.0), (0.02, 0.3), (0.5, 0.01)]:
    own("TrustRatio", trusted(rate, plain_mean, decay))
for rate, b1, b2, eps, decay in [(0.1, 0.9, 0.999, 1e-6, 0.01), (0.05, 0.5, 0.9, 1e-2, 0.0), (0.2, 0.0, 0.99, 1e-6, 0.5)]:
    own("Lamb", trusted(rate, moments(b1, b2, lambda m, v: m / (v.sqrt() + eps)), decay))


def prodigy(rate, map, size):
    origin = None

    def at(t, g, w):
        nonlocal rate, origin
        origin = origin or w
        rate = max(rate, sum((x * (o - a)).sum() for x, o, a in zip(g, origin, w)).item() / size(g))
        return [-rate * map(x) for x in g]
    return at


entries, nuclear = lambda g: sum(t.abs().sum().item() for t in g), lambda g: sum(torch.linalg.svdvals(t).sum().item() for t in g)
own("Prodigy", prodigy(1e-6, torch.sign, entries))
own("Prodigy", prodigy(0.1, torch.sign, entries), (wide,))
own("Prodigy", prodigy(1e-3, polar, nuclear), (wide, square))


def prodigy_adam(rate, b1, b2, eps, decay, initial):
    d, r, origin, first, second, path, kept = initial, 0, None, {}, {}, {}, math.sqrt(b2)

    def at(t, g, w):
        nonlocal d, r, origin
        origin = origin or w
        factor = rate(t - 1)
        r = kept * r + (1 - kept) * factor * d**2 * sum((x * (o - a)).sum() for x, o, a in zip(g, origin, w)).item()
        for i, x in enumerate(g):
            first[i] = b1 * first.get(i, 0) + (1 - b1) * d * x
            second[i] = b2 * second.get(i, 0) + (1 - b2) * (d * x)**2
            path[i] = kept * path.get(i, 0) + (1 - kept) * factor * d**2 * x
        moved = [-factor * d * (first[i] / (second[i].sqrt() + d * eps) + decay * a) for i, a in enumerate(w)]
        d = max(d, r / sum(s.abs().sum().item() for s in path.values()))
        return moved
    return at


def automatic(gain, spectral):
    def at(t, g, w):
        taps = lambda x: x.reshape(*x.shape[:2], -1).permute(2, 0, 1)
        scale = lambda x: math.sqrt(x.shape[0] / x.shape[1] / taps(x).shape[0])
        size = nuclear if spectral else lambda s: sum(x.norm().item() for x in s)
        total = sum(scale(x) * size(list(taps(x))) for x in g) / len(g)
        eta = gain * math.log((1 + math.sqrt(1 + 4 * total)) / 2)
        return [-eta / len(g) * scale(x) * torch.stack([polar(s) if spectral else s / s.norm() for s in taps(x)]).permute(1, 2, 0).reshape(x.shape) for x in g]
    return at


own("AutomaticGradientDescent", automatic(1, False), (wide, square))
own("AutomaticGradientDescent", automatic(10, False), ((3, 2, 2, 2), tall))
own("AutomaticGradientDescent", automatic(1, True), ((2, 3, 1, 2), wide))


def orthogonal(rate):
    def at(t, g, w):
        moved = []
        for a, x in zip(w, g):
            skew = a.T @ x - x.T @ a
            u, s, v = torch.linalg.svd(skew)
            x = u @ torch.diag((s > 1e-12 * s[0]).double()) @ v
            moved.append(polar(a @ (torch.eye(len(a)) - rate * x)) - a)
        return moved
    return at


for rate, size in [(0.1, 2), (0.5, 3), (0.03, 4)]:
    own("OrthogonalDescent", orthogonal(rate), ((size, size),), [polar(values(size, size))])
for rate in (0.1, 1, 0.3):
    run("SkipNonFinite", sgd(rate))
    run("RequireFinite", sgd(rate))
for case in [(lambda t: 1, 0.9, 0.999, 1e-8, 0.0, 1e-6), (lambda t: 1, 0.5, 0.9, 1e-2, 0.3, 0.5), (lambda t: 2 - t / 5, 0.0, 0.5, 1e-8, 0.0, 0.1)]:
    own("ProdigyAdam", prodigy_adam(*case))

schedules = {}


def schedule(name, rate, make):
    optimizer = O.SGD([torch.zeros(1)], rate)
    course = make(optimizer)
    rates = []
    for _ in range(8):
        rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        course.step()
    schedules.setdefault(name, []).append(rates)


for rate in (0.3, 1.0, 0.0):
    schedule("Constant", rate, lambda o: S.LambdaLR(o, lambda step: 1.0))
for rate, total, final in [(0.5, 7, 0.1), (1, 12, 0), (2, 9, 1.5)]:
    schedule("Cosine", rate, lambda o: S.CosineAnnealingLR(o, total, final))
for rate, total, final in [(0.5, 7, 0.1), (1, 12, 0), (2, 5, 3)]:
    schedule("Linear", rate, lambda o: S.LambdaLR(o, lambda step: (final + (rate - final) * (1 - min(1, step / total))) / rate))
for rate, every, factor in [(0.4, 2, 0.25), (1, 1, 0.9), (3, 5, 2)]:
    schedule("Step", rate, lambda o: S.StepLR(o, every, factor))
for rate, steps in [(0.3, 3), (1, 5), (2, 1)]:
    schedule("LinearWarmup", rate, lambda o: S.LambdaLR(o, lambda step: min(1, (step + 1) / steps)))

print("{")
parts = [("layers", layers), ("losses", losses), ("optimizers", optimizers), ("schedules", schedules)]
for number, (part, kinds) in enumerate(parts):
    print(f'"{part}": {{')
    for i, (name, cases) in enumerate(kinds.items()):
        print(f'"{name}": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]" + ("," if i + 1 < len(kinds) else ""))
    print("}" + ("," if number + 1 < len(parts) else ""))
print("}")
