using System.Text.Json;
using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Tensors;
using Engine.Testing;

namespace Engine.Optim.Tests;

/// <summary>Every optimizer, stage and schedule gives what PyTorch gives, in three cases or more; a new one without them fails.</summary>
public sealed partial class GoldenTests
{
    private const int Least = 3;

    private static readonly IReadOnlyDictionary<string, JsonElement[]> Runs = Goldens.Of("optimizers"), Rates = Goldens.Of("schedules");

    private static readonly Optimizer Descent = new DualityMap(Norm.Euclidean);

    private static readonly Dictionary<string, Optimizer[]> Optimizers = new()
    {
        ["Sgd"] = [new Sgd(0.1), new Sgd(0.1, 0.9), new Sgd(0.1, 0.5, nesterov: true)],
        ["Adam"] = [new Adam(0.1), new Adam(0.03, 0.5, 0.9, 1e-3), new Adam(0.01, 0, 0.99)],
        ["ScaleByAdam"] = [new ScaleByAdam(), new ScaleByAdam(0.5, 0.9, 1e-3), new ScaleByAdam(0, 0.99)],
        ["AdamW"] = [new AdamW(0.1), new AdamW(0.05, weightDecay: 0.5), new AdamW(0.2, weightDecay: 0)],
        ["Momentum"] = [new Momentum() >> Descent, new Momentum(0.5) >> Descent, new Momentum(0.8, nesterov: true) >> Descent],
        ["Average"] = [new Average() >> Descent, new Average(0.6, nesterov: true) >> Descent, new Average(0.8, corrected: true) >> Descent],
        ["Steepest"] =
        [
            Squares(SquareSum.CorrectedMean, 0.95, 1e-3, new Average(0.8, corrected: true)), Squares(SquareSum.Sum, 0, 1e-2), Squares(SquareSum.Mean, 0.9, 1e-3),
        ],
        ["ClipByGlobalNorm"] = [new ClipByGlobalNorm(1) >> Descent, new ClipByGlobalNorm(3) >> Descent, new ClipByGlobalNorm(100) >> Descent],
        ["ClipByValue"] = [new ClipByValue(1) >> Descent, new ClipByValue(3) >> Descent, new ClipByValue(100) >> Descent],
        ["WeightDecay"] = [Descent >> new WeightDecay(0.1), Descent >> new WeightDecay(0.5), Descent >> new WeightDecay(0.01)],
        ["ScaleBy"] = [Descent >> new ScaleBy(0.5), Descent >> new ScaleBy(2), Descent >> new ScaleBy(-1)],
        ["DualityMap"] = [Descent, new DualityMap(Norm.Euclidean, normalized: true), new DualityMap(Norm.Euclidean, normalized: true)],
        ["ScaleByLearningRate"] =
        [
            Descent >> new ScaleByLearningRate(Schedule.Cosine(0.5, 5, 0.1)), Descent >> new ScaleByLearningRate(Schedule.Step(0.4, 2, 0.25)),
            Descent >> new ScaleByLearningRate(Schedule.LinearWarmup(3, 0.3)),
        ],
        ["Shampoo"] =
        [
            new Shampoo(0.1), new Shampoo(0.05, 0, preconditioning: new(SquareSum.Mean, 0.9, eps: 1e-3, interval: 2)),
            new Shampoo(0.2, 0.5, nesterov: true, graft: Grafted.Sgd, preconditioning: new(eps: 1e-2, blocks: new(Block: 2, Merge: false)), weightDecay: 0.1),
        ],
        ["OneSidedShampoo"] = [new OneSidedShampoo(0.1, 0), new OneSidedShampoo(0.2, 0.5), new OneSidedShampoo(0.1, 0, Grafted.Sgd, 2)],
        ["Grafted"] =
        [
            new Grafted(new Adam(1), Grafted.Sgd), new Grafted(new Adam(1, 0, 0.99), new Sgd(0.5, 0.9), 2), new Grafted(new Sgd(3), Grafted.AdaGrad(1e-3)),
        ],
        ["UpdateMomentum"] = [Descent >> new UpdateMomentum(), Descent >> new UpdateMomentum(0.5), Descent >> new UpdateMomentum(0.8, nesterov: true)],
        ["KlShampoo"] = [new KlShampoo(0.1), new KlShampoo(0.05, 0, 0.5), new KlShampoo(0.2, 0.5, 0.9, 2)],
        ["Soap"] = [new Soap(0.1), new Soap(0.05, 0.5, 0.9, 1e-3, 1), new Soap(0.2, 0, 0.8, 1e-2, 2, 0.1)],
        ["SPlus"] = [new SPlus(0.1), new SPlus(0.05, 0, 0.9, 1), new SPlus(0.2, 0.5, 0.8, 2, 0.1)],
    };

    private static readonly Dictionary<string, Schedule[]> Schedules = new()
    {
        ["Linear"] = [Schedule.Linear(0.5, 7, 0.1), Schedule.Linear(1, 12), Schedule.Linear(2, 5, 3)],
        ["Constant"] = [Schedule.Constant(0.3), 1, Schedule.Constant(0)],
        ["Cosine"] = [Schedule.Cosine(0.5, 7, 0.1), Schedule.Cosine(1, 12), Schedule.Cosine(2, 9, 1.5)],
        ["Step"] = [Schedule.Step(0.4, 2, 0.25), Schedule.Step(1, 1, 0.9), Schedule.Step(3, 5, 2)],
        ["LinearWarmup"] = [Schedule.LinearWarmup(3, 0.3), Schedule.LinearWarmup(5, 1), Schedule.LinearWarmup(1, 2)],
    };

    public static TheoryData<string> OptimizerNames => [.. Runs.Keys];

    public static TheoryData<string> ScheduleNames => [.. Rates.Keys];

    [Theory]
    [MemberData(nameof(OptimizerNames))]
    public void OptimizersAreThoseOfTorch(string name)
    {
        Optimizer[] cases = Optimizers.TryGetValue(name, out Optimizer[]? some) ? some : OfMatrices[name];
        Assert.Equal(cases.Length, Runs[name].Length);
        for (int i = 0; i < cases.Length; i++)
        {
            Optimizer optimizer = cases[i];
            Func<JsonElement, Weights> leaves = Start;
            if (Runs[name][i].TryGetProperty("shapes", out JsonElement given))
            {
                Shape[] shapes = [.. given.EnumerateArray().Select(s => Shape.Create([.. s.EnumerateArray().Select(n => n.GetInt32())]))];
                leaves = list => new(shapes[0].Rank == 1 ? Given.Names : Given.NamesOf(shapes), Given.Leaves(shapes, Numbers(list)));
            }
            Weights weights = leaves(Runs[name][i].GetProperty("start"));
            OptimizerState state = optimizer.Initialize(weights);
            foreach ((JsonElement gradient, JsonElement after) in Runs[name][i].GetProperty("gradients").EnumerateArray().Zip(Runs[name][i].GetProperty("path").EnumerateArray()))
            {
                (Update update, state) = optimizer.Step(new Gradient(weights.Names, leaves(gradient).Tensors), state, weights);
                weights += update;
                Given.Near(Numbers(after), Given.Numbers(weights.Tensors));
            }
        }
    }

    [Theory]
    [MemberData(nameof(ScheduleNames))]
    public void SchedulesAreThoseOfTorch(string name)
    {
        Assert.Equal(Schedules[name].Length, Rates[name].Length);
        for (int i = 0; i < Schedules[name].Length; i++)
        {
            double[] expected = Numbers(Rates[name][i]);
            Given.Near(expected, [.. expected.Select((_, step) => Schedules[name][i].At(Tensor.Scalar(step, DType.F64)).ToScalar<double>())]);
        }
    }

    [Fact]
    public void EveryOptimizerHasGoldens() => Assert.All(OptimizerTypes.Names, name => Require(Runs, name));

    [Fact]
    public void EveryScheduleHasGoldens() => Assert.All(OptimizerTypes.Schedules, name => Require(Rates, name));

    private static void Require(IReadOnlyDictionary<string, JsonElement[]> goldens, string name) =>
        Assert.True(goldens.TryGetValue(name, out JsonElement[]? cases) && cases.Length >= Least, $"{name} needs {Least} goldens in tests/Fixtures/goldens.py.");

    /// <summary>One leaf where there are nested lists, the two of <see cref="Given"/> where there is a plain one.</summary>
    private static Weights Start(JsonElement list) =>
        list[0].ValueKind == JsonValueKind.Array ? new(["weight"], [Goldens.Tensor(list)]) : Given.Weights(Numbers(list));

    private static double[] Numbers(JsonElement list) => Goldens.Tensor(list).ToArray<double>();

    /// <summary>Adam, AdaGrad and RMSProp: the Euclidean norm through the roots of squares.</summary>
    private static Steepest Squares(SquareSum sum, double decay, double eps, Average? average = null) =>
        new(VectorNorms.Euclidean, average, new DiagonalPreconditioning(sum, decay, eps: eps), normalized: false);
}
