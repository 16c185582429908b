using System.Globalization;
using Engine.Autograd;
using Engine.Autograd.Layers;
using Engine.Optim;
using Engine.Perf.Compare;
using Engine.Tensors;
using Engine.Tensors.Cpu;
using static Engine.Autograd.Transform;
using PlannedStep = Engine.Tensors.CompiledStep<Engine.Tensors.Pair<Engine.Autograd.Weights, Engine.Optim.OptimizerState>, Engine.Tensors.Pair<Engine.Tensors.Tensor, Engine.Tensors.Tensor>, Engine.Tensors.Tensor>;

namespace Engine.Perf.PlanOverhead;

/// <summary>A compiled training step against <see cref="StraightLineStep"/>: what the plan costs beyond its kernels.</summary>
internal static class PlanOverheadSuite
{
    private const int CheckedSteps = 10, Rounds = 150;

    // So small that the weights hardly move however long a measurement lasts.
    private const double TimedRate = 1e-7, CheckedRate = 1e-3;

    public static void Run()
    {
        Console.WriteLine("| batch | threads | plan, us | straight line, us | plan / straight line | medians, us |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- |");
        foreach (int threads in (int[])[1, 2])
        {
            var device = new CpuDevice(threads);
            foreach (int batch in (int[])[1, 32, 128])
            {
                using (var steps = new Both(device, batch, CheckedRate)) steps.CheckSame();
                using (var steps = new Both(device, batch, TimedRate)) Console.WriteLine($"| {batch} | {threads} | {steps.Measure()} |");
            }
        }
    }

    /// <summary>The step in both forms, from the same weights, on the same batch.</summary>
    private sealed unsafe class Both : IDisposable
    {
        private readonly PlannedStep planned;
        private readonly StraightLineStep straight;

        public Both(CpuDevice device, int batch, double rate)
        {
            Module model = new Linear(StraightLineStep.Features, StraightLineStep.Hidden) >> new Relu() >> new Linear(StraightLineStep.Hidden, StraightLineStep.Classes);
            var optimizer = new Optim.Adam(rate);
            Weights weights = model.Initialize(new RandomKey(RandomKey.FromSeed(1).Data.To(device)));
            planned = Function.CompileStep<Pair<Weights, OptimizerState>, Pair<Tensor, Tensor>, Tensor>(new(weights, optimizer.Initialize(weights)), (state, rows) =>
            {
                (Tensor loss, Gradient gradient) = ValueAndGrad((Weights w) => Losses.CrossEntropy(model.Forward(w, rows.First), rows.Second))(state.First);
                (Update update, OptimizerState next) = optimizer.Step(gradient, state.Second, state.First);
                return (new(state.First + update, next), loss);
            });
            Tensor features = Ops.RandomUniform(RandomKey.FromSeed(2), [batch, StraightLineStep.Features]);
            Tensor labels = Tensor.Of([.. Enumerable.Range(0, batch).Select(i => (long)(i * 7 % StraightLineStep.Classes))]);
            planned.Prepare(new(features, labels));
            planned.Inputs[0].Write(features);
            planned.Inputs[1].Write(labels);
            straight = new(device, batch, rate, [.. weights.Tensors.Select(w => w.ToArray<float>())]);
            features.CopyTo(new Span<float>(straight.Input, features.Count));
            labels.CopyTo(new Span<long>(straight.Labels, batch));
        }

        /// <summary>Both must give the same bits before their times mean anything.</summary>
        public void CheckSame()
        {
            for (int i = 0; i < CheckedSteps; i++)
            {
                planned.Run();
                straight.Run();
            }
            (Weights weights, OptimizerState state) = planned.Snapshot();
            for (int leaf = 0; leaf < weights.LeafCount; leaf++)
            {
                string name = weights.Names[leaf];
                Require(name, weights[leaf], straight.Weights[leaf]);
                Require($"first moment of {name}", state[$"0.first.{name}"], straight.First[leaf]);
                Require($"second moment of {name}", state[$"0.second.{name}"], straight.Second[leaf]);
            }
            float loss = straight.Loss;
            Require("loss", planned.Metrics(), &loss);
        }

        /// <summary>Best times in turns, their ratio, and the medians.</summary>
        public string Measure()
        {
            InProcess plan = new("plan", planned.Run), line = new("straight line", straight.Run);
            Compare.Rounds.Run([plan, line], Rounds);
            double ratio = plan.Samples.Best / line.Samples.Best;
            return $"{Time(plan.Samples.Best)} | {Time(line.Samples.Best)} | {ratio.ToString("F3", CultureInfo.InvariantCulture)} | {Time(plan.Samples.Median)}, {Time(line.Samples.Median)}";
        }

        public void Dispose()
        {
            planned.Dispose();
            straight.Dispose();
        }

        private static string Time(double seconds) => (seconds * 1e6).ToString("F1", CultureInfo.InvariantCulture);

        private static void Require(string what, Tensor expected, float* actual)
        {
            float[] values = expected.ToArray<float>();
            for (int i = 0; i < values.Length; i++)
            {
                if (BitConverter.SingleToUInt32Bits(values[i]) != BitConverter.SingleToUInt32Bits(actual[i]))
                    throw new InvalidOperationException($"{what}: element {i} is {values[i]:R} in the plan and {actual[i]:R} in the straight line.");
            }
        }
    }
}
