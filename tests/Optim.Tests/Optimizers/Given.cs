using Engine.Autograd;
using Engine.Tensors;

namespace Engine.Optim.Tests;

/// <summary>Weights, gradients and loops of the optimizer tests: two leaves, of three elements and of one.</summary>
internal static class Given
{
    public static readonly string[] Names = ["0.weight", "0.bias"];

    public static Weights Weights(params double[] values) => new(Names, Leaves(values));

    public static Gradient Gradient(params double[] values) => new(Names, Leaves(values));

    public static Update Update(params double[] values) => new(Names, Leaves(values));

    /// <summary>Names of leaves of given shapes: 0.weight, 1.weight and so on.</summary>
    public static string[] NamesOf(Shape[] shapes) => [.. shapes.Select((_, i) => $"{i}.weight")];

    /// <summary>Leaves of given shapes from their numbers, one leaf after another.</summary>
    public static Tensor[] Leaves(Shape[] shapes, double[] values)
    {
        Tensor[] leaves = new Tensor[shapes.Length];
        for (int i = 0, start = 0; i < leaves.Length; start += shapes[i++].Count) leaves[i] = Tensor.Of(values[start..(start + shapes[i].Count)], shapes[i]);
        return leaves;
    }

    /// <summary>All numbers of a list of leaves, one after another.</summary>
    public static double[] Numbers(IEnumerable<Tensor> tensors) => [.. tensors.SelectMany(t => t.Cast(DType.F64).ToArray<double>())];

    /// <summary>Gradients of a made-up, bumpy loss: irregular functions of the step and the weights.</summary>
    public static double[] Bumpy(int step, double[] weights) => [.. weights.Select((w, i) => (2 * w) + Math.Cos((3.1 * step) + i) + (0.2 * Math.Sin(5 * w)))];

    /// <summary>Runs an optimizer on bumpy gradients and returns the weights after every step.</summary>
    public static List<double[]> Run(Optimizer optimizer, int steps, params double[] start) => Run(optimizer, steps, Weights(start));

    /// <summary>Runs an optimizer from given weights on bumpy gradients and returns the weights after every step.</summary>
    public static List<double[]> Run(Optimizer optimizer, int steps, Weights weights)
    {
        List<double[]> path = [];
        Shape[] shapes = [.. weights.Tensors.Select(t => t.Shape)];
        OptimizerState state = optimizer.Initialize(weights);
        for (int step = 0; step < steps; step++)
        {
            (Update update, state) = optimizer.Step(new Gradient(weights.Names, Leaves(shapes, Bumpy(step, Numbers(weights.Tensors)))), state, weights);
            weights += update;
            path.Add(Numbers(weights.Tensors));
        }
        return path;
    }

    /// <summary>One step from the first state.</summary>
    public static double[] FirstUpdate(Optimizer optimizer, Gradient gradient, Weights? weights = null)
    {
        Weights at = weights ?? Weights(0, 0, 0, 0);
        return Numbers(optimizer.Step(gradient, optimizer.Initialize(at), at).Update.Tensors);
    }

    public static void Near(double[] expected, double[] actual, double tolerance = 1e-12)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(actual[i] - expected[i]) <= tolerance * Math.Max(1, Math.Abs(expected[i])),
                $"element {i}: expected {expected[i]:R}, got {actual[i]:R}.");
        }
    }

    public static string Message<TException>(Action action) where TException : Exception => Assert.Throws<TException>(action).Message;

    private static Tensor[] Leaves(double[] values) => [Tensor.Of(values[..3], [3]), Tensor.Of(values[3..], [1])];
}
