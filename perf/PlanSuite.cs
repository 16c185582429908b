using System.Diagnostics;
using Engine.Autograd;
using Engine.Autograd.Layers;
using Engine.Optim;
using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Perf;

/// <summary>How long it takes to trace and to plan the training step of a deep network; kernels are not made.</summary>
internal static class PlanSuite
{
    private const int Layers = 31, Width = 64, Repeats = 8;

    public static void Run()
    {
        Module net = new Linear(Width, Width);
        for (int i = 1; i < Layers; i++) net = net >> new Gelu() >> new Linear(Width, Width);
        var optimizer = new Optim.Adam(1e-3);
        Weights weights = net.Initialize(RandomKey.FromSeed(0));
        var start = new Pair<Weights, OptimizerState>(weights, optimizer.Initialize(weights));
        TensorSpec[] specs = [.. Tree.Leaves(start).Select(t => t.Spec), new TensorSpec(DType.F32, [32, Width])];
        for (int i = 0; i < Repeats; i++)
        {
            long begin = Stopwatch.GetTimestamp();
            Graph graph = Graph.Of("plan", specs, leaves =>
            {
                Pair<Weights, OptimizerState> state = start.WithLeaves(leaves.AsSpan(0, specs.Length - 1));
                (Tensor loss, Gradient gradient) = ValueAndGrad((Weights w) => Ops.Mean(Ops.Square(net.Forward(w, leaves[^1]))))(state.First);
                (Update update, OptimizerState next) = optimizer.Step(gradient, state.Second, state.First);
                return [.. Tree.Leaves(new Pair<Weights, OptimizerState>(state.First + update, next)), loss];
            });
            double traced = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
            long planning = Stopwatch.GetTimestamp();
            Plan plan = Function.Plan(graph);
            double planned = Stopwatch.GetElapsedTime(planning).TotalMilliseconds;
            Console.WriteLine($"{graph.Nodes.Count} nodes: traced in {traced:F1} ms, planned in {planned:F1} ms ({1000 * planned / graph.Nodes.Count:F1} ms per 1,000), {plan.Steps.Length} kernels");
        }
    }
}
