using System.Diagnostics;
using System.Globalization;
using Engine.Autograd;
using Engine.Autograd.Layers;
using Engine.Optim;
using Engine.Tensors;
using Engine.Tensors.Cpu;
using static Engine.Autograd.Transform;

namespace Engine.MemoryProbe;

/// <summary>Counts what steps allocate and whether eager steps leak, in a process where nothing else runs.</summary>
public static class Probe
{
    private const int Batch = 8;

    /// <summary>
    /// <c>steps N</c>: a line "name bytes" for every model, the least that N compiled training steps allocated on all threads in any of five windows. <c>eager N</c>: the growth of live memory over the second
    /// half of N eager steps, in bytes, and that of the process's resident memory, in percent.
    /// </summary>
    public static void Main(string[] arguments)
    {
        int count = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        if (arguments[0] == "eager")
        {
            Eager(count);
            return;
        }
        foreach ((string name, Func<Tensor, Weights, Tensor> loss, Weights weights, Tensor x) in Models()) Console.WriteLine($"{name} {Steps(loss, weights, x, count)}");
    }

    private static long Steps(Func<Tensor, Weights, Tensor> loss, Weights weights, Tensor x, int count)
    {
        var optimizer = new Adam(1e-4);
        using var step = Function.CompileStep(new Pair<Weights, OptimizerState>(weights, optimizer.Initialize(weights)), (Pair<Weights, OptimizerState> s, Tensor b) =>
        {
            (Tensor value, Gradient gradient) = ValueAndGrad((Weights w) => loss(b, w))(s.First);
            (Update update, OptimizerState next) = optimizer.Step(gradient, s.Second, s.First);
            return (new Pair<Weights, OptimizerState>(s.First + update, next), value);
        });
        step.Prepare(x);
        step.Inputs[0].Write(x);
        float[] metric = new float[1];
        long least = long.MaxValue;
        for (int window = 0; window < 5; window++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            for (int i = 0; i < count; i++)
            {
                step.Run();
                step.ReadMetric<float>(0, metric);
            }
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }
        return least;
    }

    private static IEnumerable<(string Name, Func<Tensor, Weights, Tensor> Loss, Weights Weights, Tensor X)> Models()
    {
        var device = new CpuDevice(2);
        Tensor labels = Tensor.Of([.. Enumerable.Range(0, Batch).Select(i => (long)(i % 4))], [Batch], device);
        Tensor values(params int[] shape) => Ops.RandomUniform(new RandomKey(RandomKey.FromSeed(1).Data.To(device)), shape, -1, 1);
        (string, Func<Tensor, Weights, Tensor>, Weights, Tensor) classifier(string name, Module net, Tensor x) => (
            name, (b, w) => Losses.CrossEntropy(net.Forward(w, b), labels), net.Initialize(new RandomKey(RandomKey.FromSeed(2).Data.To(device))), x);

        yield return classifier("dense", new Linear(40, 64) >> new Relu() >> new Linear(64, 4), values(Batch, 40));
        yield return classifier("wide", new Linear(300, 400) >> new Tanh() >> new Linear(400, 4), values(Batch, 300));
        yield return classifier("normalized", new Linear(40, 32) >> new LayerNorm(32) >> new Gelu() >> new Linear(32, 4), values(Batch, 40));
        yield return classifier("convolutional", new Conv2D(1, 4, 3, padding: 1) >> new Relu() >> new MaxPool(2) >> new Flatten() >> new Linear(4 * 6 * 6, 4), values(Batch, 1, 12, 12));
        Module cell = new Linear(16, 16);
        yield return ("recurrent", (b, w) =>
        {
            (Tensor last, _) = ControlFlow.Scan(values(Batch, 16) * 0, b, (Tensor h, Tensor x) => (Ops.Tanh(cell.Forward(w, h) + x), h));
            return Ops.Mean(Ops.Square(last));
        }, cell.Initialize(new RandomKey(RandomKey.FromSeed(3).Data.To(device))), values(5, Batch, 16));
        Module heads = new Linear(8, 8);
        yield return ("attention", (b, w) => Ops.Mean(Ops.Square(Ops.Attention(heads.Forward(w, b), b, b, causal: true))), heads.Initialize(new RandomKey(RandomKey.FromSeed(4).Data.To(device))), values(2, 12, 8));
    }

    private static void Eager(int count)
    {
        (_, Func<Tensor, Weights, Tensor> loss, Weights weights, Tensor x) = Models().First();
        var optimizer = new Adam(1e-4);
        OptimizerState state = optimizer.Initialize(weights);
        var gradient = ValueAndGrad((Weights w, Tensor b) => loss(b, w));
        (long live, long resident) halfway = default;
        for (int i = 0; i < count; i++)
        {
            if (i == count / 2) halfway = Memory();
            (_, Gradient g) = gradient(weights, x);
            (Update update, state) = optimizer.Step(g, state, weights);
            weights += update;
        }
        (long live, long resident) end = Memory();
        Console.WriteLine((end.live - halfway.live).ToString(CultureInfo.InvariantCulture));
        Console.WriteLine((100.0 * (end.resident - halfway.resident) / halfway.resident).ToString("F1", CultureInfo.InvariantCulture));
        GC.KeepAlive(weights);
    }

    private static (long Live, long Resident) Memory()
    {
        long live = GC.GetTotalMemory(forceFullCollection: true);
        using Process process = Process.GetCurrentProcess();
        return (live, process.WorkingSet64);
    }
}
