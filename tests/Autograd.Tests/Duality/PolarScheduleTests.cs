using System.Text.Json;
using Engine.Autograd.Duality;
using Engine.Autograd.Tests.Layers;

namespace Engine.Autograd.Tests.Duality;

/// <summary>Schedules as functions of one singular value: published coefficients, tables computed elsewhere, and what their bounds promise.</summary>
public sealed class PolarScheduleTests
{
    private static readonly JsonElement Tables = Fixture.Read("polar.json").GetProperty("schedules");

    // Amsel, Persson, Musco and Gower 2025, as printed: l = 1e-3.
    private static readonly PolarStep[] Published =
    [
        new(8.28721201814563, -23.595886519098837, 17.300387312530933), new(4.107059111542203, -2.9478499167379106, 0.5448431082926601),
        new(3.9486908534822946, -2.908902115962949, 0.5518191394370137), new(3.3184196573706015, -2.488488024314874, 0.51004894012372),
        new(2.300652019954817, -1.6689039845747493, 0.4188073119525673), new(1.891301407787398, -1.2679958271945868, 0.37680408948524835),
        new(1.8750014808534479, -1.2500016453999487, 0.3750001645474248), new(1.875, -1.25, 0.375),
    ];

    public static TheoryData<string> Names => ["cubic", "taylor_quintic", "muon_keller", "jiacheng_6", "minimax_l1e-3_nocushion", "minimax_l1e-6_nocushion", "polar_express_8_l1e-3"];

    [Fact]
    public void B5TheRemezRecursionGivesThePublishedTriples()
    {
        PolarSchedule found = PolarSchedule.Minimax(1e-3, 8);
        for (int i = 0; i < 8; i++)
        {
            double tolerance = i < 7 ? 1e-10 : 1e-8;
            Assert.Equal(Published[i].A, found.Steps[i].A, tolerance);
            Assert.Equal(Published[i].B, found.Steps[i].B, tolerance);
            Assert.Equal(Published[i].C, found.Steps[i].C, tolerance);
        }
    }

    [Fact]
    public void SafetyStretchesEveryStepButTheLast()
    {
        PolarSchedule plain = PolarSchedule.Minimax(1e-3, 3), safe = PolarSchedule.Minimax(1e-3, 3, safety: 1.02);
        for (int i = 0; i < 3; i++)
        {
            double factor = i < 2 ? 1.02 : 1;
            Assert.Equal(plain.Steps[i].Evaluate(0.7 / factor), safe.Steps[i].Evaluate(0.7), 1e-14);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void TablesComputedElsewhere(string name)
    {
        JsonElement item = Tables.GetProperty("items").EnumerateArray().Single(i => i.GetProperty("name").GetString() == name);
        double[] sigma = [.. Tables.GetProperty("sigma").EnumerateArray().Select(e => e.GetDouble())];
        foreach (JsonElement table in item.GetProperty("table").EnumerateArray())
        {
            PolarSchedule? schedule = Made(name, table.GetProperty("steps").GetInt32());
            if (schedule is null) continue;
            double[] expected = [.. table.GetProperty("p_of_sigma").EnumerateArray().Select(e => e.GetDouble())];
            for (int i = 0; i < sigma.Length; i++) Assert.Equal(expected[i], schedule.Evaluate(sigma[i]), 1e-8 * Math.Max(1e-3, Math.Abs(expected[i])));
        }
        double[] worst = [.. item.GetProperty("worst_abs_err_on_1e_3_to_1_per_step").EnumerateArray().Select(e => e.GetDouble())];
        for (int i = 0; i < worst.Length; i++)
        {
            if (Made(name, i + 1) is not { } schedule) continue;
            // The file has the worst of a grid.
            double actual = schedule.WorstError(1e-3);
            Assert.InRange(actual, worst[i] - 1e-9, (worst[i] * 1.01) + 1e-9);
        }
    }

    [Fact]
    public void RangesAreThoseOfAFineGrid()
    {
        foreach (PolarSchedule schedule in (PolarSchedule[])
            [PolarSchedule.Jordan, PolarSchedule.Jiacheng, PolarSchedule.Minimax(1e-3, 4), PolarSchedule.MinimaxCubic(1e-2, 5), PolarSchedule.Cubic(2), new("two", new(2, -1.5, 0.5), new(3, -3.2, 1.2))])
        {
            foreach ((double from, double to) in ((double, double)[])[(0, 1), (1e-3, 1), (0.2, 0.7), (0.5, 0.5)])
            {
                double[] values = [.. Enumerable.Range(0, 200_001).Select(i => schedule.Evaluate(from + ((to - from) * i / 200_000.0)))];
                (double least, double greatest) = schedule.Range(from, to);
                Assert.InRange(least, values.Min() - 1e-5, values.Min() + 1e-12);
                Assert.InRange(greatest, values.Max() - 1e-12, values.Max() + 1e-5);
            }
        }
    }

    [Fact]
    public void MinimaxBeatsEveryOtherChoiceOfAsManySteps()
    {
        Assert.Equal(0.124, PolarSchedule.Minimax(1e-3, 5).WorstError(1e-3), 5e-4);
        Assert.Equal(1.2e-3, PolarSchedule.Minimax(1e-3, 6).WorstError(1e-3), 5e-5);
        Assert.True(PolarSchedule.Minimax(1e-6, 13).WorstError(1e-6) < 1e-12);
        Assert.Equal(0.80, PolarSchedule.MinimaxCubic(1e-3, 5).WorstError(1e-3), 5e-3);
        double best = PolarSchedule.Minimax(1e-2, 2, cushion: 0).WorstError(1e-2);
        var random = new Random(1);
        PolarSchedule found = PolarSchedule.Minimax(1e-2, 2, cushion: 0);
        for (int i = 0; i < 2000; i++)
        {
            PolarStep[] moved = [.. found.Steps.Select(s => new PolarStep(s.A * Near(random), s.B * Near(random), s.C * Near(random)))];
            Assert.True(new PolarSchedule("moved", moved).WorstError(1e-2) >= best);
        }

        static double Near(Random random) => 1 + (1e-3 * (random.NextDouble() - 0.5));
    }

    [Fact]
    public void HalleyBoundsHold()
    {
        foreach ((PolarAccuracy accuracy, double bound) in ((PolarAccuracy, double)[])[(PolarAccuracy.Fast, 0.038), (PolarAccuracy.Default, 8.5e-7)])
        {
            Assert.InRange(Polar.WorstError(accuracy, 1e-3), bound / 2, bound);
            Assert.Equal(Polar.WorstError(accuracy, 1e-3), Polar.WorstError(accuracy, 0.3), 1e-12);
            Assert.InRange(Polar.WorstError(accuracy, 1e-6), 0.9, 1);
        }
        Assert.InRange(Polar.WorstError(PolarAccuracy.High, 1e-4), 0, 5e-13);
        Assert.Equal(0, Polar.WorstError(PolarAccuracy.Exact, 0));
    }

    [Fact]
    public void ArgumentsOutOfRange()
    {
        Assert.Equal(
            "polarSchedule: the least singular value must be between 0 and 1, got 0. (Parameter 'lower')", Given.Message<ArgumentOutOfRangeException>(() => PolarSchedule.Minimax(0, 5)));
        Assert.Equal(
            "polarSchedule: the cushion must be at least 0 and below 1, got 1. (Parameter 'cushion')", Given.Message<ArgumentOutOfRangeException>(() => PolarSchedule.Minimax(0.1, 5, 1)));
        Assert.Equal(
            "polarSchedule: the safety factor must be at least 1, got 0.5. (Parameter 'safety')", Given.Message<ArgumentOutOfRangeException>(() => PolarSchedule.Minimax(0.1, 5, safety: 0.5)));
        Assert.Equal("polarSchedule: 'cubic' has no steps. Give one at least. (Parameter 'steps')", Given.Message<ArgumentException>(() => PolarSchedule.Cubic(0)));
        Assert.Equal("Jordan, 5 steps", PolarSchedule.Jordan.ToString());
    }

    /// <summary>The schedule of a name with so many steps, or null when it has no such length.</summary>
    private static PolarSchedule? Made(string name, int steps) => name switch
    {
        "cubic" => PolarSchedule.Cubic(steps),
        "taylor_quintic" => PolarSchedule.Quintic(steps),
        "muon_keller" => steps == 5 ? PolarSchedule.Jordan : null,
        "jiacheng_6" => steps == 6 ? PolarSchedule.Jiacheng : null,
        "minimax_l1e-3_nocushion" => PolarSchedule.Minimax(1e-3, steps, cushion: 0),
        "minimax_l1e-6_nocushion" => PolarSchedule.Minimax(1e-6, steps, cushion: 0),
        _ => PolarSchedule.Minimax(1e-3, steps),
    };
}
