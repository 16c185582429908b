using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Checks;

/// <remarks>
/// Curvature products and tangent kernels of the model y[o] = tanh(w[o] . x) + s x[0], with weights w [outputs, inputs] and s, against Jacobians written down by hand.
/// </remarks>
internal static class CurvatureRows
{
    private const int Inputs = 2, Outputs = 2, Size = (Outputs * Inputs) + 1;

    public static OpInfo[] All { get; } =
    [
        Product(
            "gaussNewtonProduct", (w, x, v) => Curvature.GaussNewtonProduct(m => Batch(m, x), y => Ops.Sum(Ops.Exp(y * 0.5)), w, v),
            (y, dy, _) => y.Zip(dy, (a, d) => 0.25 * Math.Exp(a / 2) * d)),
        Product(
            "softmaxFisherProduct", (w, x, v) => Curvature.SoftmaxFisherProduct(m => Batch(m, x), w, v),
            (y, dy, examples) => Softmax(y, dy).Select(d => d / examples)),
        Product(
            "gaussianFisherProduct", (w, x, v) => Curvature.GaussianFisherProduct(m => Batch(m, x), w, v, 0.5),
            (_, dy, examples) => dy.Select(d => d / (0.5 * examples))),
        new("empiricalFisherProduct", Empirical) { Cost = 5 },
        new("perExampleGradients", PerExample) { Cost = 5 },
        new("neuralTangentKernel.full", g => Kernel(g, TangentKernelMethod.Jacobians)) { Cost = 5 },
        new("neuralTangentKernel.full products", g => Kernel(g, TangentKernelMethod.Products)) { Cost = 15 },
        new("neuralTangentKernel.trace", g => Kernel(g, null)) { Cost = 10 },
    ];

    private static Tensor Model(Weights w, Tensor x) => Ops.Tanh(Ops.MatMul(w[0], x.Reshape(Inputs, 1)).Reshape(Outputs)) + (w[1] * x[0]);

    private static Tensor Batch(Weights w, Tensor x) => Ops.Tanh(Ops.MatMul(x, w[0].T)) + (w[1] * x[.., ..1]);

    private static Tensor Loss(Weights w, Tensor x) => Ops.Sum(Ops.Square(Model(w, x))) / 2;

    private static Weights At(Tensor flat) => new(["w", "s"], Parts(flat));

    private static Update Along(Tensor flat) => new(["w", "s"], Parts(flat));

    private static Tensor[] Parts(Tensor flat) => [flat[..(Size - 1)].Reshape(Outputs, Inputs), flat[Size - 1]];

    /// <summary>A gradient as one vector.</summary>
    private static Tensor Flat(Gradient gradient) => Ops.Concat([gradient[0].Reshape(Size - 1), gradient[1].Reshape(1)], 0);

    private static Operand[] Operands(int examples, bool direction) =>
    [
        new([Size]) { TakesWild = false }, new([examples, Inputs]) { TakesWild = false },
        .. direction ? [new Operand([Size]) { TakesWild = false }] : Array.Empty<Operand>(),
    ];

    /// <summary>J^T m(J v), summed over the examples; m takes the outputs of one, their tangents and the number of examples.</summary>
    private static OpInfo Product(
        string name, Func<Weights, Tensor, Update, Gradient> product, Func<double[], double[], int, IEnumerable<double>> middle) => new(name, g =>
    {
        int examples = g.Integer(1, 3);
        return new(xs => Flat(product(At(xs[0]), xs[1], Along(xs[2]))), Operands(examples, direction: true), a =>
        {
            double[] sum = new double[Size];
            for (int e = 0; e < examples; e++)
            {
                (double[] y, double[][] jacobian) = Jacobian(a[0], a[1], e);
                double[] dy = [.. jacobian.Select(row => row.Zip(a[2].Values.ToArray(), (j, v) => j * v).Sum())];
                double[] back = [.. middle(y, dy, examples)];
                for (int p = 0; p < Size; p++) sum[p] += Enumerable.Range(0, Outputs).Sum(o => jacobian[o][p] * back[o]);
            }
            return new([Size], sum);
        });
    })
        { Cost = 5, SingleTolerance = 1e-5 };

    /// <summary>(diag(p) - p p^T) dy for the softmax p of y.</summary>
    private static IEnumerable<double> Softmax(double[] y, double[] dy)
    {
        double[] p = Array.ConvertAll(Naive.LogSoftmax(y), Math.Exp);
        double mean = p.Zip(dy, (a, b) => a * b).Sum();
        return p.Zip(dy, (a, b) => a * (b - mean));
    }

    private static OpCase Empirical(Generator g)
    {
        int examples = g.Integer(1, 3);
        return new(xs => Flat(Curvature.EmpiricalFisherProduct(Loss, At(xs[0]), xs[1], Along(xs[2]))), Operands(examples, direction: true), a =>
        {
            double[] sum = new double[Size];
            for (int e = 0; e < examples; e++)
            {
                double[] gradient = LossGradient(a, e);
                double along = gradient.Zip(a[2].Values.ToArray(), (j, v) => j * v).Sum();
                for (int p = 0; p < Size; p++) sum[p] += gradient[p] * along / examples;
            }
            return new([Size], sum);
        });
    }

    private static OpCase PerExample(Generator g)
    {
        int examples = g.Integer(1, 3);
        return new(
            xs =>
            {
                Gradient each = Curvature.PerExampleGradients(Loss, At(xs[0]), xs[1]);
                return Ops.Concat([each[0].Reshape(examples, Size - 1), each[1].Reshape(examples, 1)], 1);
            },
            Operands(examples, direction: false),
            a => Grid.Build([examples, Size], i => LossGradient(a, i[0])[i[1]]));
    }

    private static OpCase Kernel(Generator g, TangentKernelMethod? method)
    {
        int n1 = g.Integer(1, 3), n2 = g.Integer(1, 3);
        return new(
            xs => method is { } m ? NeuralTangentKernel.Full(Model, At(xs[0]), xs[1], xs[2], m) : NeuralTangentKernel.Trace(Model, At(xs[0]), xs[1], xs[2]),
            [.. Operands(n1, direction: false), new([n2, Inputs]) { TakesWild = false }],
            a =>
            {
                double entry(int i, int j, int o1, int o2) => Jacobian(a[0], a[1], i).Rows[o1].Zip(Jacobian(a[0], a[2], j).Rows[o2], (p, q) => p * q).Sum();
                return method is null
                    ? Grid.Build([n1, n2], at => Enumerable.Range(0, Outputs).Average(o => entry(at[0], at[1], o, o)))
                    : Grid.Build([n1, n2, Outputs, Outputs], at => entry(at[0], at[1], at[2], at[3]));
            });
    }

    /// <summary>The gradient of half the squared outputs of one example.</summary>
    private static double[] LossGradient(Grid[] a, int example)
    {
        (double[] y, double[][] jacobian) = Jacobian(a[0], a[1], example);
        return [.. Enumerable.Range(0, Size).Select(p => Enumerable.Range(0, Outputs).Sum(o => y[o] * jacobian[o][p]))];
    }

    /// <summary>The outputs of one example and their derivatives: dy[o] / dw[o, i] = (1 - tanh^2) x[i], dy[o] / ds = x[0].</summary>
    private static (double[] Outputs, double[][] Rows) Jacobian(Grid weights, Grid x, int example)
    {
        double[] tanh = [.. Enumerable.Range(0, Outputs).Select(o => Math.Tanh(Enumerable.Range(0, Inputs).Sum(i => weights[(o * Inputs) + i] * x[example, i])))];
        double[][] rows = [.. tanh.Select((t, o) =>
        {
            double[] row = new double[Size];
            for (int i = 0; i < Inputs; i++) row[(o * Inputs) + i] = (1 - (t * t)) * x[example, i];
            row[Size - 1] = x[example, 0];
            return row;
        })];
        return ([.. tanh.Select(t => t + (weights[Size - 1] * x[example, 0]))], rows);
    }
}
