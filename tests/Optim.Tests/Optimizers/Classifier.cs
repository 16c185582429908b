using Engine.Autograd;
using Engine.Autograd.Layers;
using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Optim.Tests;

/// <summary>A small network, points to classify, and a step of an optimizer on them.</summary>
internal static class Classifier
{
    public static readonly Module Net = new Linear(2, 16) >> new Tanh() >> new Linear(16, 16) >> new Relu() >> new Linear(16, 2);

    /// <summary>A batch of points and whether the product of their coordinates is positive, which no linear classifier can tell.</summary>
    public static Pair<Tensor, Tensor> Batch(int number)
    {
        Tensor x = Ops.RandomUniform(RandomKey.FromSeed(number), [32, 2], -1, 1);
        return new(x, (x[.., 0] * x[.., 1] > 0).Cast(DType.I64));
    }

    public static (Pair<Weights, OptimizerState> Next, Tensor Loss) Step(Optimizer optimizer, Pair<Weights, OptimizerState> state, Pair<Tensor, Tensor> batch)
    {
        (Weights weights, OptimizerState memory) = state;
        (Tensor loss, Gradient gradient) = ValueAndGrad((Weights w) => Losses.CrossEntropy(Net.Forward(w, batch.First), batch.Second))(weights);
        (Update update, memory) = optimizer.Step(gradient, memory, weights);
        return (new(weights + update, memory), loss);
    }

    /// <summary>Steps eagerly and compiled, which must agree to the bit in losses, weights and what the optimizer remembers, and gives the losses and the compiled step.</summary>
    public static (float[] Losses, CompiledStep<Pair<Weights, OptimizerState>, Pair<Tensor, Tensor>, Tensor> Compiled) Train(Optimizer optimizer, int steps)
    {
        Weights start = Net.Initialize(RandomKey.FromSeed(0));
        Pair<Weights, OptimizerState> eager = new(start, optimizer.Initialize(start));
        var step = Function.CompileStep(eager, (Pair<Weights, OptimizerState> s, Pair<Tensor, Tensor> b) => Step(optimizer, s, b));
        float[] losses = new float[steps];
        for (int i = 0; i < steps; i++)
        {
            Pair<Tensor, Tensor> batch = Batch(i);
            (eager, Tensor loss) = Step(optimizer, eager, batch);
            step.Run(batch);
            losses[i] = loss.ToScalar<float>();
            Assert.True(float.IsFinite(losses[i]));
            Assert.Equal(losses[i], step.Metrics().ToScalar<float>());
        }
        Pair<Weights, OptimizerState> compiled = step.Snapshot();
        for (int i = 0; i < start.LeafCount; i++) Assert.Equal(eager.First[i].ToArray<float>(), compiled.First[i].ToArray<float>());
        foreach (string leaf in eager.Second.Leaves.Names)
        {
            Tensor a = eager.Second[leaf], b = compiled.Second[leaf];
            Assert.Equal(a.Spec, b.Spec);
            Assert.Equal(a.Cast(DType.F64).ToArray<double>(), b.Cast(DType.F64).ToArray<double>());
        }
        Assert.Equal(1, step.PlanCount);
        return (losses, step);
    }
}
