using Engine.Tensors;

namespace Engine.Optim.Tests;

public sealed class ScheduleTests
{
    private static double At(Schedule schedule, int step) => schedule.At(Tensor.Scalar(step, DType.F64)).ToScalar<double>();

    [Fact]
    public void GoldenConstant()
    {
        Assert.Equal(0.3, At(Schedule.Constant(0.3), 0));
        Assert.Equal(0.3, At(Schedule.Constant(0.3), 1000));
        Assert.Equal(0.3, At(0.3, 7));
    }

    // Half a cosine from 8 to 2: the middle is 5, a third of the way 2 + 6 (1 + 1/2) / 2 = 6.5, two thirds 3.5, and 2 from the end on.
    [Theory]
    [InlineData(0, 8)]
    [InlineData(10, 6.5)]
    [InlineData(15, 5)]
    [InlineData(20, 3.5)]
    [InlineData(30, 2)]
    [InlineData(31, 2)]
    [InlineData(1000, 2)]
    public void GoldenCosine(int step, double rate) => Assert.Equal(rate, At(Schedule.Cosine(8, 30, 2), step), 1e-12);

    // A quarter of the rate per step, then steps of the following schedule, which starts at its own 0.
    [Theory]
    [InlineData(0, 2)]
    [InlineData(1, 4)]
    [InlineData(3, 8)]
    [InlineData(4, 8)]
    [InlineData(19, 5)]
    [InlineData(34, 2)]
    public void GoldenWarmup(int step, double rate) => Assert.Equal(rate, At(Schedule.LinearWarmup(4, Schedule.Cosine(8, 30, 2)), step), 1e-12);

    [Theory]
    [InlineData(0, 8)]
    [InlineData(9, 8)]
    [InlineData(10, 2)]
    [InlineData(19, 2)]
    [InlineData(20, 0.5)]
    [InlineData(30, 0.125)]
    public void GoldenSteps(int step, double rate) => Assert.Equal(rate, At(Schedule.Step(8, 10, 0.25), step), 1e-12);

    [Fact]
    public void SchedulesCompile()
    {
        Schedule schedule = Schedule.LinearWarmup(3, Schedule.Step(1, 4, 0.5));
        Compiled<Tensor, Tensor> compiled = Function.Compile((Tensor step) => schedule.At(step.Cast(DType.F64)));
        for (int step = 0; step < 20; step++)
            Assert.Equal(At(schedule, step), compiled.Invoke(Tensor.Scalar(step, DType.I64)).ToScalar<double>());
        Assert.Equal(1, compiled.PlanCount);
    }

    [Fact]
    public void OwnSchedules() => Assert.Equal(0.25, At(new Schedule(step => 1 / (step + 1)), 3));

    [Fact]
    public void BadArguments()
    {
        Assert.Equal("cosine: the rate must be finite and not negative, got -1.", Given.Message<ArgumentException>(() => Schedule.Cosine(-1, 3)));
        Assert.Equal("cosine: the final rate must be finite and not negative, got -1.", Given.Message<ArgumentException>(() => Schedule.Cosine(1, 3, -1)));
        Assert.Equal("cosine: the number of steps must be at least 1, got 0.", Given.Message<ArgumentException>(() => Schedule.Cosine(1, 0)));
        Assert.Equal("linearWarmup: the number of steps must be at least 1, got -2.", Given.Message<ArgumentException>(() => Schedule.LinearWarmup(-2, 0.1)));
        Assert.Equal("step: the number of steps between changes must be at least 1, got 0.", Given.Message<ArgumentException>(() => Schedule.Step(1, 0, 0.5)));
        Assert.Equal("step: the factor must be finite and positive, got 0.", Given.Message<ArgumentException>(() => Schedule.Step(1, 5, 0)));
        Assert.Equal("schedule: the step must be floating, got i64[]. Cast it: step.Cast(DType.F32).",
            Given.Message<DTypeException>(() => Schedule.Constant(1).At(Tensor.Scalar(1, DType.I64))));
    }
}
