using Engine.Autograd;

namespace Engine.Optim.Tests;

/// <summary>Optimizers of matrices against their stand-alone formulas, by plain loops, over 50 steps.</summary>
public sealed class MatrixFormulas
{
    private const int Steps = 50;

    /// <summary>From the number of the step, the gradient and the weight to the update; what it remembers is its own.</summary>
    private delegate double[,] Formula(int step, double[,] gradient, double[,] weight);

    private static readonly double[,] Tall = new[,] { { 1, -2 }, { 0.5, 3 }, { -1, 0.25 } }, Square = new[,] { { 1, -2 }, { 0.5, 3 } };

    private static readonly Dictionary<string, (Optimizer Optimizer, double[,] Start, Func<Formula> Formula)> Optimizers = new()
    {
        ["Shampoo"] = (new Shampoo(0.05, 0.8, nesterov: true, weightDecay: 0.1), Tall, () =>
        {
            double[,] left = Plain.Identity(3, 1e-12), right = Plain.Identity(2, 1e-12), m = new double[3, 2];
            return (_, g, w) =>
            {
                left = Plain.Mix(1, left, 1, Plain.Times(g, Plain.Turned(g)));
                right = Plain.Mix(1, right, 1, Plain.Times(Plain.Turned(g), g));
                double[,] u = Plain.Mix(1, Plain.Times(Plain.Root(left, 0.25), g, Plain.Root(right, 0.25)), 0.1, w);
                m = Plain.Mix(0.8, m, 1, u);
                return Plain.Mix(-0.05, u, -0.05 * 0.8, m);
            };
        }
        ),
        ["OneSidedShampoo"] = (new OneSidedShampoo(0.05, 0.5, interval: 3), Square, () =>
        {
            double[,] left = Plain.Identity(2, 1e-12), root = left, m = new double[2, 2];
            return (step, g, _) =>
            {
                left = Plain.Mix(1, left, 1, Plain.Times(g, Plain.Turned(g)));
                if (step % 3 == 0) root = Plain.Root(left, 0.5);
                m = Plain.Mix(0.5, m, 1, Plain.Times(root, g));
                return Plain.Mix(-0.05, m, 0, m);
            };
        }
        ),
        ["Grafted"] = (Grafts(new Shampoo(1, 0), new Adam(0.05), 4), Tall, () =>
        {
            Formula adam = AdamIn(null, 0.9, 0.999, 1e-8, 0.05);
            double[,] left = Plain.Identity(3, 1e-12), right = Plain.Identity(2, 1e-12);
            return (step, g, w) =>
            {
                left = Plain.Mix(1, left, 1, Plain.Times(g, Plain.Turned(g)));
                right = Plain.Mix(1, right, 1, Plain.Times(Plain.Turned(g), g));
                double[,] u = Plain.Times(Plain.Root(left, 0.25), g, Plain.Root(right, 0.25)), s = adam(step, g, w);
                return step < 4 ? s : Plain.Mix(-Plain.Length(s) / Plain.Length(u), u, 0, u);
            };
        }
        ),
        ["UpdateMomentum"] = (new Sgd(0.05) >> new UpdateMomentum(0.6, nesterov: true), Tall, () =>
        {
            double[,] m = new double[3, 2];
            return (_, g, _) =>
            {
                m = Plain.Mix(0.6, m, -0.05, g);
                return Plain.Mix(-0.05, g, 0.6, m);
            };
        }
        ),
        ["KlShampoo"] = (new KlShampoo(0.02, 0.7, 0.9), Square, () =>
        {
            double[,] left = new double[2, 2], right = left, m = left, leftInverse = Plain.Identity(2), rightInverse = leftInverse;
            return (step, g, _) =>
            {
                left = Plain.Mix(0.9, left, 0.1 / 2, Plain.Times(g, rightInverse, Plain.Turned(g)));
                right = Plain.Mix(0.9, right, 0.1 / 2, Plain.Times(Plain.Turned(g), leftInverse, g));
                double weight = 1 / (1 - Math.Pow(0.9, step + 1));
                double[,] a = Plain.Mix(weight, left, 0, left), b = Plain.Mix(weight, right, 0, right);
                (leftInverse, rightInverse) = (Plain.Root(a, 1), Plain.Root(b, 1));
                m = Plain.Mix(0.7, m, 0.3, g);
                double[,] u = Plain.Times(Plain.Root(a, 0.5), m, Plain.Root(b, 0.5));
                return Plain.Mix(-0.02 / (1 - Math.Pow(0.7, step + 1)), u, 0, u);
            };
        }
        ),
        ["Soap"] = (new Soap(0.05, 0.8, 0.9, 1e-3, interval: 3, weightDecay: 0.1), Square, () =>
        {
            var bases = new Bases(0.9, 3);
            Formula adam = AdamIn(bases, 0.8, 0.9, 1e-3, 0.05);
            return (step, g, w) => Plain.Mix(1, adam(step, g, w), -0.05 * 0.1, w);
        }
        ),
        ["SPlus"] = (new SPlus(0.05, 0.8, 0.9, interval: 3), Square, () =>
        {
            var bases = new Bases(0.9, 3);
            double[,] m = new double[2, 2];
            return (step, g, _) =>
            {
                m = Plain.Mix(0.8, m, 0.2, g);
                double[,] turned = bases.Into(m), u = bases.OutOf(Plain.Each(turned, turned, (x, _) => Math.Sign(x)));
                bases.Learn(step, g);
                return Plain.Mix(-0.05, u, 0, u);
            };
        }
        ),
    };

    public static TheoryData<string> Names => [.. Optimizers.Keys];

    public static IEnumerable<string> All => Optimizers.Keys;

    [Theory]
    [MemberData(nameof(Names))]
    public void OptimizersAreTheirFormulas(string name)
    {
        (Optimizer optimizer, double[,] w, Func<Formula> make) = Optimizers[name];
        Formula formula = make();
        var weights = new Weights(["w"], [Plain.Tensor(w)]);
        OptimizerState state = optimizer.Initialize(weights);
        for (int step = 0; step < Steps; step++)
        {
            double[,] g = Bumpy(step, w);
            (Update update, state) = optimizer.Step(new Gradient(["w"], [Plain.Tensor(g)]), state, weights);
            weights += update;
            w = Plain.Mix(1, w, 1, formula(step, g, w));
            Given.Near([.. w.Cast<double>()], weights[0].ToArray<double>(), 1e-9);
        }
    }

    /// <summary>Gradients of a made-up, bumpy loss.</summary>
    internal static double[,] Bumpy(int step, double[,] w) =>
        Plain.Build(w.GetLength(0), w.GetLength(1), (i, j) => (2 * w[i, j]) + Math.Cos((3.1 * step) + (2 * i) + j) + (0.2 * Math.Sin(5 * w[i, j])));

    private static Grafted Grafts(Optimizer direction, Optimizer size, int start) => new(direction, size, start);

    /// <summary>Adam, in bases that it teaches when there are any.</summary>
    private static Formula AdamIn(Bases? bases, double b1, double b2, double eps, double rate)
    {
        double[,]? m = null, v = null;
        return (step, g, _) =>
        {
            double[,] zero = Plain.Mix(0, g, 0, g), seen = bases?.Into(g) ?? g;
            m = Plain.Mix(b1, m ?? zero, 1 - b1, g);
            v = Plain.Each(v ?? zero, seen, (old, x) => (b2 * old) + ((1 - b2) * x * x));
            double[,] u = Plain.Each(
                bases?.Into(m) ?? m, v, (mean, square) => -rate * mean / (1 - Math.Pow(b1, step + 1)) / (Math.Sqrt(square / (1 - Math.Pow(b2, step + 1))) + eps));
            u = bases?.OutOf(u) ?? u;
            bases?.Learn(step, g);
            return u;
        };
    }

    /// <summary>Eigenbases of running means of G G^T and G^T G: the first by eigenvectors, later ones by a step of orthogonal iteration.</summary>
    private sealed class Bases(double decay, int interval)
    {
        private double[,] left = new double[2, 2], right = new double[2, 2], ql = Plain.Identity(2), qr = Plain.Identity(2);

        public double[,] Into(double[,] x) => Plain.Times(Plain.Turned(ql), x, qr);

        public double[,] OutOf(double[,] x) => Plain.Times(ql, x, Plain.Turned(qr));

        public void Learn(int step, double[,] g)
        {
            left = Plain.Mix(decay, left, 1 - decay, Plain.Times(g, Plain.Turned(g)));
            right = Plain.Mix(decay, right, 1 - decay, Plain.Times(Plain.Turned(g), g));
            if (step % interval != 0) return;
            (ql, qr) = step == 0
                ? (Plain.Eigen(left).Vectors, Plain.Eigen(right).Vectors) : (Plain.Orthonormal(Plain.Times(left, ql)), Plain.Orthonormal(Plain.Times(right, qr)));
        }
    }
}
