using Engine.Autograd.Layers;
using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Autograd.Tests.Layers;

/// <summary>Compares gradients with central differences over five points, whose error is of fourth order in the step.</summary>
internal static class Differences
{
    private const double Step = 1e-3;

    /// <summary>Checks the gradient of a function with one result element at x.</summary>
    public static void Check(Func<Tensor, Tensor> f, Tensor x, double tolerance = 1e-9)
    {
        double[] gradient = Grad(f)(x).ToArray<double>(), at = x.ToArray<double>();
        for (int i = 0; i < at.Length; i++)
        {
            double[] moved = [.. at];
            double value(int steps)
            {
                moved[i] = at[i] + (steps * Step);
                return f(Tensor.Of(moved, x.Shape)).ToScalar<double>();
            }
            double slope = (value(-2) - (8 * value(-1)) + (8 * value(1)) - value(2)) / (12 * Step);
            Assert.True(Math.Abs(slope - gradient[i]) <= tolerance * Math.Max(1, Math.Abs(slope)),
                $"element {i} of {x.Spec}: differences give {slope:R}, the gradient is {gradient[i]:R}.");
        }
    }

    /// <summary>
    /// Checks a module's gradients in every weight and, where it is floating, in its input. The result is paired with fixed irregular numbers, so every output counts.
    /// </summary>
    public static void Check(Module module, Weights weights, Tensor x, Pass pass = default, double tolerance = 1e-9)
    {
        Tensor loss(Weights w, Tensor input)
        {
            Tensor y = module.Forward(w, input, pass);
            return Ops.Sum(y * Given.Values(y.Shape, 3));
        }
        if (x.DType.IsFloating()) Check(t => loss(weights, t), x, tolerance);
        for (int leaf = 0; leaf < weights.LeafCount; leaf++)
        {
            Tensor with(Tensor t)
            {
                Tensor[] leaves = Tree.Leaves(weights);
                leaves[leaf] = t;
                return loss(weights.WithLeaves(leaves), x);
            }
            Check(with, weights[leaf], tolerance);
        }
    }

    /// <summary>Weights of a module's form with irregular values instead of the ones and zeros many start with.</summary>
    public static Weights Irregular(Module module)
    {
        Weights fresh = module.Initialize(Given.Key(), DType.F64);
        return fresh.WithLeaves([.. fresh.Tensors.Select((t, i) => Given.Values(t.Shape, i + 1))]);
    }
}
