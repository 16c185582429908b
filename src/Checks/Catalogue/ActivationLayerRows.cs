using Engine.Autograd.Layers;
using Engine.Tensors;
using Engine.Tensors.Reference;

namespace Engine.Checks;

/// <summary>Activations as layers, and what puts layers together.</summary>
internal static class ActivationLayerRows
{
    public static OpInfo[] All { get; } =
    [
        Elementwise("Relu layer", new Relu(), x => Math.Max(x, 0), 0),
        Elementwise("LeakyRelu layer", new LeakyRelu(0.2), x => x > 0 ? x : 0.2 * x, 0),
        Elementwise("Gelu layer", new Gelu(), x => x / 2 * (1 + ReferenceMath.Erf(x / Math.Sqrt(2)))),
        Elementwise("GeluTanh layer", new GeluTanh(), x => x / 2 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x))))),
        Elementwise("Silu layer", new Silu(), x => x / (1 + Math.Exp(-x))),
        Elementwise("Tanh layer", new Tanh(), Math.Tanh),
        Elementwise("Sigmoid layer", new Sigmoid(), x => 1 / (1 + Math.Exp(-x))),
        Elementwise("Softplus layer", new Softplus(), x => Math.Log(1 + Math.Exp(x))),
        Elementwise("Identity layer", new Identity(), x => x),
        Lines("Softmax layer", axis => new Softmax(axis), line => Array.ConvertAll(Naive.LogSoftmax(line), Math.Exp)),
        Lines("LogSoftmax layer", axis => new LogSoftmax(axis), Naive.LogSoftmax),
        ModuleRow.Of("Sequence layer", Sequence) with { SingleTolerance = 1e-5 },
        ModuleRow.Of("Sum layer", Sum) with { SingleTolerance = 1e-5 },
        ModuleRow.Of("Scaled layer", Scaled) with { SingleTolerance = 1e-5 },
        ModuleRow.Of("Concatenation layer", Concatenation) with { SingleTolerance = 1e-5 },
    ];

    private static OpInfo Elementwise(string name, Module module, Func<double, double> f, params double[] kinks) =>
        ModuleRow.Of(name, g => new(module, new(g.Shape(maxRank: 3)) { Domain = (-5, 5), Kinks = kinks }, (_, x) => Naive.Map([x], v => f(v[0]))));

    private static OpInfo Lines(string name, Func<int, Module> module, Func<double[], double[]> f) => ModuleRow.Of(name, g =>
    {
        Shape shape = g.Shape(minRank: 1, maxRank: 3, nonEmpty: true);
        int axis = g.Axis(shape.Rank);
        return new(module(axis), new(shape) { Domain = (-5, 5) }, (_, x) => Naive.Lines(x, axis, f)) { Attributes = $"axis {axis}" };
    });

    private static (int Inputs, int Outputs, Operand Input) Sizes(Generator g)
    {
        int inputs = g.Length(1, 4), outputs = g.Length(1, 4);
        return (inputs, outputs, new([g.Length(1, 4), inputs]));
    }

    private static Grid Affine(Grid x, IReadOnlyDictionary<string, Grid> w, int child) => MatrixLayerRows.Affine(x, w[$"{child}.weight"], w[$"{child}.bias"]);

    private static ModuleCase Sequence(Generator g)
    {
        (int inputs, int outputs, Operand input) = Sizes(g);
        return new(
            new Sequence([new Linear(inputs, outputs), new Tanh(), new Linear(outputs, inputs)]), input,
            (w, x) => Affine(Naive.Map([Affine(x, w, 0)], v => Math.Tanh(v[0])), w, 2));
    }

    private static ModuleCase Sum(Generator g)
    {
        (int inputs, int outputs, Operand input) = Sizes(g);
        return new(new Sum(new Linear(inputs, outputs), new Linear(inputs, outputs)), input, (w, x) => Naive.Map([Affine(x, w, 0), Affine(x, w, 1)], v => v[0] + v[1]));
    }

    private static ModuleCase Scaled(Generator g)
    {
        (int inputs, int outputs, Operand input) = Sizes(g);
        return new(new Scaled(-1.5, new Linear(inputs, outputs)), input, (w, x) => Naive.Map([Affine(x, w, 0)], v => -1.5 * v[0]));
    }

    private static ModuleCase Concatenation(Generator g)
    {
        (int inputs, int outputs, Operand input) = Sizes(g);
        return new(
            new Concatenation(-1, new Linear(inputs, outputs), new Identity(), new Linear(inputs, 2)), input,
            (w, x) => Naive.Concat([Affine(x, w, 0), x, Affine(x, w, 2)], 1));
    }
}
