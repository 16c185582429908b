using Engine.Autograd;
using Engine.Autograd.Layers;
using Engine.Optim;
using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Cli.Bench;

/// <summary>A computation in its steady state, made with the public functions alone: planned, its operands in place, nothing allocated by a run.</summary>
internal sealed class Workload : IDisposable
{
    // So small that the weights hardly move however long a measurement lasts: trained-out networks meet subnormal numbers, which processors add slowly.
    private const double LearningRate = 1e-7;

    private readonly Action run;
    private readonly IDisposable step;

    private Workload(string name, Action run, IDisposable step)
    {
        (Name, this.run, this.step) = (name, run, step);
        Run();
    }

    public string Name { get; }

    /// <summary>Floating point operations of a run, where they are what takes the time.</summary>
    public double Flops { get; init; }

    /// <summary>Bytes that a run reads or writes at least, where they are what takes the time.</summary>
    public double Bytes { get; init; }

    /// <summary>A function of tensors.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="device">Where it runs.</param>
    /// <param name="operands">What it is given.</param>
    /// <param name="function">From the operands to results.</param>
    /// <param name="flops">Floating point operations of a run.</param>
    /// <param name="bytes">Bytes of operands and results.</param>
    public static Workload Of(string name, Device device, Tensor[] operands, Func<Tensor[], Tensor[]> function, double flops = 0, double bytes = 0)
    {
        Tensor count = Tensor.Scalar(0, DType.I64).To(device);
        CompiledStep<Tensor, TensorList, TensorList> step = Function.CompileStep<Tensor, TensorList, TensorList>(
            count, (runs, batch) => (runs + 1, new(function(batch.Items))));
        step.Run(new TensorList(operands));
        return new(name, step.Run, step) { Flops = flops, Bytes = bytes };
    }

    /// <summary>A step of training with Adam and cross-entropy.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="device">Where it runs.</param>
    /// <param name="model">From a batch to logits of ten classes.</param>
    /// <param name="batch">The shape of a batch.</param>
    public static Workload TrainStep(string name, Device device, Module model, Shape batch)
    {
        const int Classes = 10;
        var optimizer = new Adam(LearningRate);
        Weights weights = model.Initialize(new RandomKey(RandomKey.FromSeed(1).Data.To(device)));
        var start = new Pair<Weights, OptimizerState>(weights, optimizer.Initialize(weights));
        CompiledStep<Pair<Weights, OptimizerState>, TensorList, Tensor> step = Function.CompileStep<Pair<Weights, OptimizerState>, TensorList, Tensor>(start, (state, rows) =>
        {
            (Tensor loss, Gradient gradient) = ValueAndGrad((Weights w) => Losses.CrossEntropy(model.Forward(w, rows.Items[0]), rows.Items[1]))(state.First);
            (Update update, OptimizerState next) = optimizer.Step(gradient, state.Second, state.First);
            return (new(state.First + update, next), loss);
        });
        Tensor features = Ops.RandomUniform(RandomKey.FromSeed(2), batch), labels = Tensor.Of([.. Enumerable.Range(0, batch[0]).Select(i => (long)(i % Classes))]);
        step.Run(new TensorList([features, labels]));
        return new(name, step.Run, step);
    }

    /// <summary>A step of Adam alone on one tensor of weights.</summary>
    public static Workload AdamStep(string name, Device device, int count)
    {
        var optimizer = new Adam(LearningRate);
        Weights weights = new(["weight"], [Values(1, [count]).To(device)]);
        var start = new Pair<Weights, OptimizerState>(weights, optimizer.Initialize(weights));
        CompiledStep<Pair<Weights, OptimizerState>, Gradient, Tensor> step = Function.CompileStep<Pair<Weights, OptimizerState>, Gradient, Tensor>(start, (state, gradient) =>
        {
            (Update update, OptimizerState next) = optimizer.Step(gradient, state.Second, state.First);
            return (new(state.First + update, next), next["0.step"]);
        });
        step.Run(new Gradient(["weight"], [Values(2, [count])]));
        // Weights and both means are read and written, the gradient is read.
        return new(name, step.Run, step) { Bytes = 7.0 * sizeof(float) * count };
    }

    /// <summary>Normally distributed values.</summary>
    public static Tensor Values(long seed, Shape shape) => Ops.RandomNormal(RandomKey.FromSeed(seed), shape);

    public void Run() => run();

    public void Dispose() => step.Dispose();
}
