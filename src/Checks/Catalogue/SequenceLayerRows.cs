using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Checks;

/// <summary>Attention, positions and recurrence.</summary>
internal static class SequenceLayerRows
{
    public static OpInfo[] All { get; } =
    [
        ModuleRow.Of("MultiHeadAttention layer", Attention) with { SingleTolerance = 1e-5, Cost = 4 },
        new("MultiHeadAttention layer with memory and mask", Masked) { SingleTolerance = 1e-5, Cost = 4 },
        ModuleRow.Of("TransformerBlock layer", Block) with { SingleTolerance = 2e-5, Cost = 4 },
        ModuleRow.Of("RotaryPositions layer", Rotary),
        ModuleRow.Of("SinusoidalPositions layer", Sinusoidal),
        ModuleRow.Of("LearnedPositions layer", Learned),
        ModuleRow.Of("FourierFeatures layer", Fourier) with { SingleTolerance = 2e-5 },
        ModuleRow.Of("Elman layer", g => Recurrent(g, 1)) with { Covers = ["LoopOp"], SingleTolerance = 1e-5 },
        ModuleRow.Of("Gru layer", g => Recurrent(g, 3)) with { Covers = ["LoopOp"], SingleTolerance = 1e-5, Cost = 6 },
        ModuleRow.Of("Lstm layer", g => Recurrent(g, 4)) with { Covers = ["LoopOp"], SingleTolerance = 1e-5, Cost = 6 },
        new("Gru layer from a state", g => FromState(g, 3)) { Covers = ["LoopOp"], SingleTolerance = 1e-5, Cost = 6 },
        new("Lstm layer from a state", g => FromState(g, 4)) { Covers = ["LoopOp"], SingleTolerance = 1e-5, Cost = 6 },
    ];

    private static ModuleCase Attention(Generator g)
    {
        (int shared, int group, int depth) = (g.Integer(1, 2), g.Integer(1, 2), 2 * g.Integer(1, 2));
        bool causal = g.OneIn(2), bias = g.OneIn(2), turned = g.OneIn(2);
        AttentionScale scale = g.Pick(AttentionScale.InverseRoot, AttentionScale.Inverse);
        int heads = shared * group, width = heads * depth;
        return new(
            new MultiHeadAttention(width, heads, shared, causal, bias, scale, turned ? new RotaryPositions(50) : null),
            new(Tokens(g, width)) { Domain = (-1, 1) },
            (w, x) => Attend(w, "", x, x, null, heads, shared, causal, scale == AttentionScale.Inverse ? 1.0 / depth : 1 / Math.Sqrt(depth), turned ? 50 : 0))
        {
            Weight = _ => (-1, 1),
            Attributes = $"{heads} heads, {shared} of keys, depth {depth}, causal {causal}, bias {bias}, {scale}, rotary {turned}",
        };
    }

    /// <summary>Attention to a memory of its own length and width, with a mask of any kind, for all heads or for each.</summary>
    private static OpCase Masked(Generator g)
    {
        int shared = g.Integer(1, 2), heads = shared * g.Integer(1, 2), width = heads * g.Integer(1, 2), memoryWidth = g.Integer(1, 2);
        bool isBool = g.OneIn(2);
        var layer = new MultiHeadAttention(width, heads, shared, memoryWidth: memoryWidth, bias: false);
        Autograd.Weights form = layer.Initialize(RandomKey.FromSeed(0), DType.F64);
        Shape lead = g.OneIn(2) ? [] : [2], x = lead.Concat([g.Integer(1, 3), width]), memory = lead.Concat([g.Integer(1, 3), memoryWidth]);
        Shape scores = [x[^2], memory[^2]], mask = g.Pick(0, 1, 2) switch { 0 => scores, 1 => scores.Insert(0, 1), _ => scores.Insert(0, heads) };
        return new(
            xs => layer.Forward(form.WithLeaves(xs.AsSpan(0, 4)), xs[4], xs[5], xs[6], default),
            [
                .. form.Tensors.Select(t => t.Shape).Append(x).Append(memory).Select(s => new Operand(s) { Domain = (-1, 1), TakesWild = false }),
                new(mask) { Domain = isBool ? (0, 1) : (-2, 2), DType = isBool ? DType.Bool : DType.F64, TakesWild = false },
            ],
            a => Attend(
                form.Names.Select((n, i) => (n, a[i])).ToDictionary(p => p.n, p => p.Item2, StringComparer.Ordinal), "", a[4], a[5],
                isBool ? Naive.Map([a[6]], v => v[0] == 0 ? double.NegativeInfinity : 0) : a[6], heads, shared, false, 1 / Math.Sqrt(width / heads), 0))
        { Attributes = $"{heads} heads, {shared} of keys, mask {mask}" };
    }

    private static ModuleCase Block(Generator g)
    {
        int width = 2 * g.Integer(1, 2), hidden = g.Integer(1, 4);
        int? depth = g.OneIn(2) ? 4 : null;
        double keep = depth is null ? 1 : 0.75, share = depth is null ? 1 : 0.25;
        var block = new TransformerBlock(new MultiHeadAttention(width, 2), width, hidden, n => new LayerNorm(n, eps: 0.1), new Tanh(), depth);
        return new(block, new(Tokens(g, width)) { Domain = (-1, 1) }, (w, x) =>
        {
            Grid seen = Attend(w, "1.", Norm(w, "0.", x), Norm(w, "0.", x), null, 2, 2, false, 1 / Math.Sqrt(width / 2), 0);
            Grid y = Naive.Map([x, seen], v => (keep * v[0]) + (share * v[1]));
            Grid inner = Naive.Map([MatrixLayerRows.Affine(Norm(w, "2.", y), w["3.0.weight"], w["3.0.bias"])], v => Math.Tanh(v[0]));
            return Naive.Map([y, MatrixLayerRows.Affine(inner, w["3.2.weight"], w["3.2.bias"])], v => (keep * v[0]) + (share * v[1]));
        })
        { Weight = _ => (-1, 1), Attributes = $"depth {depth}" };
    }

    private static Grid Norm(IReadOnlyDictionary<string, Grid> w, string at, Grid x) => Naive.Lines(x, x.Rank - 1, line =>
    {
        double mean = line.Average(), variance = Naive.Variance(line, 0);
        return [.. line.Select((v, i) => ((v - mean) / Math.Sqrt(variance + 0.1) * w[at + "weight"][i]) + w[at + "bias"][i])];
    });

    /// <summary>Attention head by head; a base of 0 leaves positions out. The mask may have an axis of heads.</summary>
    private static Grid Attend(
        IReadOnlyDictionary<string, Grid> w, string at, Grid x, Grid memory, Grid? mask, int heads, int shared, bool causal, double scale, double wavelength)
    {
        Grid map(int i, Grid from) => MatrixLayerRows.Affine(from, w[$"{at}{i}.weight"], w.GetValueOrDefault($"{at}{i}.bias"));
        Grid q = map(0, x), k = map(1, memory), v = map(2, memory);
        int depth = q.Shape[^1] / heads, axis = x.Rank - 1;
        Grid[] results = new Grid[heads];
        for (int h = 0; h < heads; h++)
        {
            int own = h / (heads / shared), head = h;
            Grid part(Grid from, int index) => Grid.Build(from.Shape.With(axis, depth), i => from[[.. i[..axis], (index * depth) + i[axis]]]);
            Grid turn(Grid from) => wavelength == 0 ? from : Turn(from, wavelength);
            Grid? seen = mask is { Rank: 3 } ? Grid.Build(mask.Shape[1..], i => mask[mask.Shape[0] == 1 ? 0 : head, i[0], i[1]]) : mask;
            results[h] = Naive.Attention(turn(part(q, h)), turn(part(k, own)), part(v, own), seen, scale, causal);
        }
        return map(3, Naive.Concat(results, axis));
    }

    private static Grid Turn(Grid x, double wavelength) => Grid.Build(x.Shape, at =>
    {
        int half = x.Shape[^1] / 2, i = at[^1] % half;
        double angle = at[^2] * Math.Pow(wavelength, -(double)i / half);
        int[] other = [.. at[..^1], (at[^1] + half) % (2 * half)];
        return (x[at] * Math.Cos(angle)) + (x[other] * Math.Sin(angle) * (at[^1] < half ? -1 : 1));
    });

    private static ModuleCase Rotary(Generator g) => new(new RotaryPositions(50), new(Tokens(g, 2 * g.Integer(1, 3))), (_, x) => Turn(x, 50));

    private static ModuleCase Sinusoidal(Generator g)
    {
        int half = g.Integer(1, 3);
        return new(new SinusoidalPositions(100), new(Tokens(g, 2 * half)), (_, x) => Grid.Build(x.Shape, at =>
        {
            double angle = at[^2] * Math.Pow(100, -(double)(at[^1] / 2) / half);
            return x[at] + (at[^1] % 2 == 0 ? Math.Sin(angle) : Math.Cos(angle));
        }));
    }

    private static ModuleCase Learned(Generator g)
    {
        Shape x = Tokens(g, g.Integer(1, 4));
        return new(new LearnedPositions(x[^2] + g.Integer(0, 2) + (x[^2] == 0 ? 1 : 0), x[^1]), new(x), (w, a) => Grid.Build(a.Shape, at => a[at] + w["weight"][at[^2], at[^1]]));
    }

    private static ModuleCase Fourier(Generator g)
    {
        int inputs = g.Integer(1, 3), features = g.Integer(1, 3);
        double normal(int i) => 0.3 * Math.Sqrt(-2 * Math.Log(1 - NaiveRandom.Unit(5, 0, i, 0))) * Math.Cos(2 * Math.PI * NaiveRandom.Unit(5, 0, i, 2));
        return new(new FourierFeatures(inputs, features, RandomKey.FromSeed(5), 0.3), new(g.Shape(maxRank: 2) is var s ? s.Insert(s.Rank, inputs) : s), (_, x) =>
            Grid.Build(x.Shape.With(x.Rank - 1, 2 * features), at =>
            {
                double phase = 0;
                for (int i = 0; i < inputs; i++) phase += 2 * Math.PI * normal((at[^1] % features * inputs) + i) * x[[.. at[..^1], i]];
                return at[^1] < features ? Math.Cos(phase) : Math.Sin(phase);
            }));
    }

    private static ModuleCase Recurrent(Generator g, int gates)
    {
        (Module layer, int inputs, int units, bool reversed) = Cell(g, gates);
        return new(layer, new(Tokens(g, inputs)) { Domain = (-1, 1) }, (w, x) => Recur(w, x, gates, units, reversed, (_, _) => 0, (_, _) => 0).Outputs)
        {
            Weight = _ => (-1, 1),
            Attributes = $"{inputs} to {units}, reversed {reversed}",
        };
    }

    /// <summary>The outputs, and as further steps the last state and, where there is one, the last cell.</summary>
    private static OpCase FromState(Generator g, int gates)
    {
        (Module layer, int inputs, int units, bool reversed) = Cell(g, gates);
        Autograd.Weights form = layer.Initialize(RandomKey.FromSeed(0), DType.F64);
        int leaves = form.LeafCount;
        Shape x = [g.Smooth ? 1 : 2, g.Integer(0, 2), inputs], state = [x[0], units];
        return new(
            xs =>
            {
                Autograd.Weights w = form.WithLeaves(xs.AsSpan(0, leaves));
                if (layer is Gru gru)
                {
                    (Tensor y, Tensor last) = gru.Forward(w, xs[leaves], xs[leaves + 1]);
                    return Ops.Concat([y, Ops.Unsqueeze(last, -2)], -2);
                }
                (Tensor outputs, Tensor h, Tensor c) = ((Lstm)layer).Forward(w, xs[leaves], xs[leaves + 1], xs[leaves + 2]);
                return Ops.Concat([outputs, Ops.Unsqueeze(h, -2), Ops.Unsqueeze(c, -2)], -2);
            },
            [.. form.Tensors.Select(t => t.Shape).Append(x).Concat(gates == 4 ? [state, state] : [state]).Select(s => new Operand(s) { Domain = (-1, 1), TakesWild = false })],
            a =>
            {
                var w = form.Names.Select((n, i) => (n, a[i])).ToDictionary(p => p.n, p => p.Item2, StringComparer.Ordinal);
                (Grid y, Grid h, Grid c) = Recur(w, a[leaves], gates, units, reversed, (i, u) => a[leaves + 1][i, u], (i, u) => gates == 4 ? a[leaves + 2][i, u] : 0);
                Grid step(Grid last) => Naive.Reshape(last, [x[0], 1, units]);
                return Naive.Concat(gates == 4 ? [y, step(h), step(c)] : [y, step(h)], 1);
            })
        { Attributes = $"{inputs} to {units}, reversed {reversed}" };
    }

    // Either few weights, whose whole Jacobian is compared, or so many that directions are; between them lie the dear cases.
    private static (Module Layer, int Inputs, int Units, bool Reversed) Cell(Generator g, int gates)
    {
        bool small = g.OneIn(2), bias = g.OneIn(2), reversed = g.OneIn(2);
        (int inputs, int units) = small ? (1, 1) : (2, gates == 1 ? 7 : 4);
        Module layer = gates switch { 1 => new Elman(inputs, units, bias, reversed), 3 => new Gru(inputs, units, bias, reversed), _ => new Lstm(inputs, units, bias, reversed) };
        return (layer, inputs, units, reversed);
    }

    private static (Grid Outputs, Grid State, Grid Cell) Recur(
        IReadOnlyDictionary<string, Grid> w, Grid x, int gates, int units, bool reversed, Func<int, int, double> firstState, Func<int, int, double> firstCell)
    {
        int steps = x.Shape[^2], line = 0;
        Grid bias(string name) => w.GetValueOrDefault(name) ?? new([gates * units], new double[gates * units]);
        Grid given = bias("bias_ih"), own = bias("bias_hh");
        Shape state = x.Shape[..^2].Concat([units]);
        double[] results = new double[x.Shape[..^1].Concat([units]).Count], states = new double[state.Count], cells = new double[state.Count];
        foreach (int[] lead in Grid.Indices(x.Shape[..^2]))
        {
            double[] h = [.. Enumerable.Range(0, units).Select(u => firstState(line, u))], c = [.. Enumerable.Range(0, units).Select(u => firstCell(line, u))];
            for (int run = 0; run < steps; run++)
            {
                int t = reversed ? steps - 1 - run : run;
                double[] before = h;
                double input(int gate, int u) => given[(gate * units) + u] + Enumerable.Range(0, x.Shape[^1]).Sum(i => w["weight_ih"][(gate * units) + u, i] * x[[.. lead, t, i]]);
                double hidden(int gate, int u) => own[(gate * units) + u] + Enumerable.Range(0, units).Sum(j => w["weight_hh"][(gate * units) + u, j] * before[j]);
                double gate(int i, int u) => 1 / (1 + Math.Exp(-input(i, u) - hidden(i, u)));
                double[] next = new double[units];
                for (int u = 0; u < units; u++)
                {
                    if (gates == 1) next[u] = Math.Tanh(input(0, u) + hidden(0, u));
                    if (gates == 3) next[u] = ((1 - gate(1, u)) * Math.Tanh(input(2, u) + (gate(0, u) * hidden(2, u)))) + (gate(1, u) * before[u]);
                    if (gates != 4) continue;
                    c[u] = (gate(1, u) * c[u]) + (gate(0, u) * Math.Tanh(input(2, u) + hidden(2, u)));
                    next[u] = gate(3, u) * Math.Tanh(c[u]);
                }
                h = next;
                h.CopyTo(results, ((line * steps) + t) * units);
            }
            h.CopyTo(states, line * units);
            c.CopyTo(cells, line * units);
            line++;
        }
        return (new(x.Shape[..^1].Concat([units]), results), new(state, states), new(state, cells));
    }

    private static Shape Tokens(Generator g, int width)
    {
        Shape lead = g.Pick<int>(0, 1, 1, 2) switch { 0 => [], 1 => [g.Integer(1, 2)], _ => [g.Integer(1, 2), g.Integer(1, 2)] };
        return lead.Concat([g.OneIn(12) ? 0 : g.Length(1, 3), width]);
    }
}
