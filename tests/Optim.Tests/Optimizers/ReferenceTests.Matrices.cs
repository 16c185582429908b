using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Optim.Tests;

/// <content>Optimizers of matrices, on a weight [2, 2], whose polar factor has a formula.</content>
public sealed partial class ReferenceTests
{
    private const PolarAccuracy Exact = PolarAccuracy.Exact;

    /// <summary>A turn by 0.4.</summary>
    private static readonly double[] Turned = [Math.Cos(0.4), -Math.Sin(0.4), Math.Sin(0.4), Math.Cos(0.4)];

    private static readonly Dictionary<string, (Optimizer Optimizer, Func<Formula> Formula)> Matrices = new()
    {
        ["Muon"] = (new Muon(0.05, 0.8, weightDecay: 0.3, scale: MuonScale.MatchRms, accuracy: Exact), () => OfMean(0.8, true, m => Times(0.2 * Math.Sqrt(2), PolarOf(m)), 0.05, 0.3)),
        ["Dualized"] = (
            new Dualized(new Linear(2, 2, bias: false) >> new Tanh(), 0.05, 0.7, 0.2, accuracy: Exact), () => OfMean(0.7, false, PolarOf, 0.05, 0.2)),
        ["NormalizeNeurons"] = (Descent >> new NormalizeNeurons(0.8) >> new ScaleBy(0.05), () =>
        {
            Func<double[], double[]> even = Neurons(0.8);
            return (_, g, _) => Times(-0.05, even(g));
        }
        ),
        ["NorMuon"] = (new NorMuon(0.05, 0.8, 0.9, nesterov: false, weightDecay: 0.1, accuracy: Exact), () =>
        {
            Func<double[], double[]> even = Neurons(0.9);
            return OfMean(0.8, false, m => even(PolarOf(m)), 0.05, 0.1);
        }
        ),
        ["Dion"] = (new Dion(0.05, 1, 0.6, 0.1), RankOne),
        ["MuAdam"] = (new MuAdam(0.05, 1, 0.8, 0.9, power: 1, eps: 1e-3, weightDecay: 0.1, floor: 0.6, accuracy: Exact), () =>
        {
            Func<int, double[], double[]> mean = Mean(0.8);
            double[] v = new double[4], d = new double[4];
            return (step, g, w) =>
            {
                for (int i = 0; i < 4; i++)
                {
                    v[i] = (0.9 * v[i]) + (0.1 * g[i] * g[i]);
                    d[i] = Math.Sqrt((v[i] / (1 - Math.Pow(0.9, step + 1))) + 1e-3);
                }
                double least = 0.6 * Length(d) / 2;
                for (int i = 0; i < 4; i++) d[i] = Math.Max(d[i], least);
                double[] o = PolarOf([.. mean(step, g).Select((m, i) => m / (1 - Math.Pow(0.8, step + 1)) / d[i])]);
                return [.. o.Select((x, i) => -0.05 * ((x / d[i]) + (0.1 * w[i])))];
            };
        }
        ),
        ["AutomaticGradientDescent"] = (new AutomaticGradientDescent(), () => (_, g, _) =>
        {
            double size = Length(g), eta = Math.Log((1 + Math.Sqrt(1 + (4 * size))) / 2);
            return Times(-eta / size, g);
        }
        ),
        ["OrthogonalDescent"] = (new OrthogonalDescent(0.05), () => (_, g, w) =>
        {
            // w^T g - g^T w is a multiple of the quarter turn.
            double turn = Math.Sign((w[0] * g[1]) + (w[2] * g[3]) - (g[0] * w[1]) - (g[2] * w[3])), size = Math.Sqrt(1 + (0.05 * 0.05));
            double[] next = [(w[0] + (0.05 * turn * w[1])) / size, (w[1] - (0.05 * turn * w[0])) / size, (w[2] + (0.05 * turn * w[3])) / size, (w[3] - (0.05 * turn * w[2])) / size];
            return [.. next.Zip(w, (a, b) => a - b)];
        }
        ),
    };

    public static TheoryData<string> MatrixNames => [.. Matrices.Keys];

    /// <summary>U V^T of [[a, b], [c, d]]: the matrix plus or minus its cofactors, over the sum of the singular values.</summary>
    private static double[] PolarOf(double[] x)
    {
        double det = (x[0] * x[3]) - (x[1] * x[2]), sign = Math.Sign(det), sum = Math.Sqrt((x[0] * x[0]) + (x[1] * x[1]) + (x[2] * x[2]) + (x[3] * x[3]) + (2 * Math.Abs(det)));
        return [(x[0] + (sign * x[3])) / sum, (x[1] - (sign * x[2])) / sum, (x[2] - (sign * x[1])) / sum, (x[3] + (sign * x[0])) / sum];
    }

    private static double[] Times(double factor, double[] x) => Array.ConvertAll(x, v => factor * v);

    private static double Length(params double[] x) => Math.Sqrt(x.Sum(v => v * v));

    private static Func<int, double[], double[]> Mean(double decay)
    {
        double[] m = new double[Start.Length];
        return (_, g) =>
        {
            for (int i = 0; i < g.Length; i++) m[i] = (decay * m[i]) + ((1 - decay) * g[i]);
            return [.. m];
        };
    }

    private static Formula OfMean(double decay, bool nesterov, Func<double[], double[]> direction, double rate, double weightDecay)
    {
        Func<int, double[], double[]> mean = Mean(decay);
        return (step, g, w) =>
        {
            double[] m = mean(step, g), u = direction(nesterov ? [.. m.Zip(g, (a, b) => (decay * a) + ((1 - decay) * b))] : m);
            return [.. u.Zip(w, (a, b) => -rate * (a + (weightDecay * b)))];
        };
    }

    /// <summary>An update of every element from its gradient and what is made of squares.</summary>
    private static Formula Squared(Func<double, double, double> next, Func<double, double, double, double> update)
    {
        double[] v = new double[Start.Length];
        return (_, g, w) => [.. g.Select((x, i) => update(x, v[i] = next(v[i], x), w[i]))];
    }

    /// <summary>Updates of the leaves of three elements and of one at the lengths of the weights.</summary>
    private static double[] Trusted(double rate, double[] u, double[] w) =>
        [.. Times(rate * Length(w[..3]) / Length(u[..3]), u[..3]), .. Times(rate * Length(w[3..]) / Length(u[3..]), u[3..])];

    private static Func<double[], double[]> Neurons(double decay)
    {
        double[] v = new double[2];
        return u =>
        {
            for (int r = 0; r < 2; r++) v[r] = (decay * v[r]) + ((1 - decay) * ((u[2 * r] * u[2 * r]) + (u[(2 * r) + 1] * u[(2 * r) + 1])) / 2);
            double[] even = [.. u.Select((x, i) => x / Math.Sqrt(v[i / 2]))];
            return Times(Length(u) / Length(even), even);
        };
    }

    /// <summary>Dion of rank 1: columns of length 1 in the place of orthonormal factors.</summary>
    private static Formula RankOne()
    {
        double[] sum = new double[4], v = new Dion(0.05, 1, 0.6, 0.1).Initialize(new Weights(["0.weight"], [Tensor.Zeros([2, 2], DType.F64)]))["0.right.0.weight"].ToArray<double>();
        return (_, g, w) =>
        {
            double[] b = [.. sum.Zip(g, (x, y) => x + y)];
            double[] p = [(b[0] * v[0]) + (b[1] * v[1]), (b[2] * v[0]) + (b[3] * v[1])];
            p = Times(1 / Length(p), p);
            double[] r = [(b[0] * p[0]) + (b[2] * p[1]), (b[1] * p[0]) + (b[3] * p[1])];
            for (int i = 0; i < 4; i++) sum[i] = b[i] - (0.4 * p[i / 2] * r[i % 2]);
            v = Times(1 / Length(r), r);
            return [.. w.Select((x, i) => -0.05 * ((p[i / 2] * v[i % 2]) + (0.1 * x)))];
        };
    }
}
