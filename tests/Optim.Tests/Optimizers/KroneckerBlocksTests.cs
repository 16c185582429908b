using Engine.Autograd;
using Engine.Autograd.Duality;
using Engine.Tensors;
using Engine.Testing;
using FsCheck.Fluent;

namespace Engine.Optim.Tests;

public sealed class KroneckerBlocksTests
{
    private static int[] Merged(KroneckerBlocks blocks, params int[] shape) => blocks.Merged(Shape.Create(shape)).Lengths.ToArray();

    [Fact]
    public void GoldenMerging()
    {
        // The example of the authors' code.
        Assert.Equal([1024, 2048, 12], Merged(new(1024), 1, 2, 512, 1, 2048, 1, 3, 4));
        Assert.Equal([96, 3], Merged(new(128), 8, 4, 3, 3));
        Assert.Equal([4, 18], Merged(new(128), 4, 2, 3, 3));
        Assert.Equal([8, 4, 3, 3], Merged(new(128, Merge: false), 8, 4, 3, 3));
        Assert.Equal([8, 4], Merged(new(128), 8, 4));
        Assert.Equal([5], Merged(new(), 1, 5, 1));
        Assert.Equal([], Merged(new(), 1, 1));
    }

    // 5 in pieces of 2, 2 and 1, 3 in 2 and 1: four sizes of pieces.
    [Fact]
    public void GoldenPieces()
    {
        Tensor x = Tensor.Of([.. Enumerable.Range(0, 15).Select(i => (double)i)], [5, 3]);
        Tensor[] pieces = new KroneckerBlocks(2).Split(x);
        Assert.Equal(["[2, 2, 2]", "[2, 2, 1]", "[1, 1, 2]", "[1, 1, 1]"], pieces.Select(p => p.Shape.ToString()));
        Assert.Equal([0, 1, 3, 4, 6, 7, 9, 10], pieces[0].ToArray<double>());
        Assert.Equal([2, 5, 8, 11], pieces[1].ToArray<double>());
        Assert.Equal([12, 13], pieces[2].ToArray<double>());
        Assert.Equal([14], pieces[3].ToArray<double>());
        // An axis longer than the limit is not cut.
        Assert.Equal(["[1, 5, 2]", "[1, 5, 1]"], new KroneckerBlocks(2, Limit: 3).Split(x).Select(p => p.Shape.ToString()));
    }

    [Fact]
    public void JoiningUndoesSplitting() => Property.Check(
        "kronecker blocks", Arb.From(from s in Arbitraries.Shapes().Generator from block in Gen.Choose(1, 7) from limit in Gen.Choose(1, 9) from merge in Gen.Choose(0, 3) select (s, block, limit, merge)), t =>
        {
            KroneckerBlocks blocks = new(t.block, t.limit, t.merge < 2, t.merge % 2 == 1);
            Tensor x = Ops.Iota(t.s.Count).Cast(DType.F64).Reshape(t.s.Lengths);
            Tensor[] pieces = blocks.Split(x);
            Assert.Equal(t.s.Count, pieces.Sum(p => p.Count));
            Tensor back = blocks.Join(pieces, t.s);
            Assert.Equal(x.Shape, back.Shape);
            Assert.Equal(x.ToArray<double>(), back.ToArray<double>());
        }, 200, t => t.s.Count > 0 && t.s.Lengths.ToArray().Any(d => d > t.block) ? ["cut"] : [], new Share("cut", 20));

    private static string[] State(KroneckerBlocks blocks, params int[] shape) =>
        [.. new KroneckerPreconditioning(blocks: blocks).Initialize(new(["w"], [Tensor.Zeros(Shape.Create(shape), DType.F64)])).Leaves.Names];

    [Fact]
    public void StateIsNamed()
    {
        Assert.Equal(
            ["0.statistics.w.0.0", "0.statistics.w.0.1", "0.factors.w.0.0", "0.factors.w.0.1", "0.step"], State(new(), 3, 4));
        // Pieces of length 1 along an axis have no statistics there.
        Assert.Equal(
            ["0.statistics.w.0.0", "0.statistics.w.0.1", "0.statistics.w.1.0", "0.factors.w.0.0", "0.factors.w.0.1", "0.factors.w.1.0", "0.step"], State(new(2), 4, 3));
        Assert.Equal(["0.statistics.w.0.1", "0.factors.w.0.1", "0.step"], State(new(Limit: 5), 6, 4));
        Assert.Equal(["0.statistics.w.0.0", "0.factors.w.0.0", "0.step"], State(new(OneSided: true), 3, 4));
        Assert.Equal(["0.step", "1.squares.w"], State(new(), 4));
        Assert.Equal(["0.step", "1.squares.w"], State(new(Limit: 2), 4, 3));
        OptimizerState soap = new Soap(0.1).Initialize(new(["w", "b"], [Tensor.Zeros([3, 2]), Tensor.Zeros([3])]));
        Assert.Equal(
            [
                "0.0.average.w", "0.0.average.b", "0.0.step", "0.1.0.statistics.w.0.0", "0.1.0.statistics.w.0.1", "0.1.0.factors.w.0.0", "0.1.0.factors.w.0.1", "0.1.0.step",
                "0.1.1.squares.w.0", "0.1.1.squares.b", "0.1.1.step", "2.step",
            ],
            soap.Leaves.Names);
        Assert.Equal(new TensorSpec(DType.F32, [1, 3, 3]), soap["0.1.0.statistics.w.0.0"].Spec);
    }

    // The exponent counts the axes that have statistics: all of S^-1/2 on the one that is left.
    [Fact]
    public void ALongAxisLeavesTheOtherAlone()
    {
        Tensor g = Ops.RandomNormal(RandomKey.FromSeed(1), [6, 4], DType.F64);
        Weights w = new(["w"], [g]);
        Tensor step(KroneckerBlocks blocks, Tensor x)
        {
            var p = new KroneckerPreconditioning(eps: 0, blocks: blocks);
            Preconditioner by = p.Step(new(["w"], [x]), p.Initialize(new(["w"], [x])), w).Leaves[0]!;
            return by.ApplyDual(by.ApplyDual(x));
        }
        Given.Near(g.MatMul(InverseRoots.Of(g.T.MatMul(g), 2)).ToArray<double>(), step(new(Limit: 5), g).ToArray<double>(), 1e-10);
        Given.Near(InverseRoots.Of(g.MatMul(g.T), 2).MatMul(g).ToArray<double>(), step(new(OneSided: true), g).ToArray<double>(), 1e-8);
        // Three axes: the roots of power 1/6 on each.
        Tensor x = Ops.RandomNormal(RandomKey.FromSeed(2), [2, 3, 4], DType.F64), expected = x;
        for (int axis = 0; axis < 3; axis++)
        {
            Tensor unfolded = Ops.MoveAxis(x, axis, 0).Reshape(x.Shape[axis], -1), root = InverseRoots.Of(unfolded.MatMul(unfolded.T), 6);
            Tensor moved = Ops.MoveAxis(expected, axis, 0);
            expected = Ops.MoveAxis(root.MatMul(moved.Reshape(x.Shape[axis], -1)).Reshape(moved.Shape.Lengths), 0, axis);
        }
        Given.Near(expected.ToArray<double>(), step(new(Merge: false), x).ToArray<double>(), 1e-8);
    }

    // Apply, Undo and ApplyDual belong together: L X R undone, and the pairing kept.
    [Fact]
    public void PreconditionersAreLinearMapsWithInverses()
    {
        Tensor g = Ops.RandomNormal(RandomKey.FromSeed(1), [5, 3], DType.F64), x = Ops.RandomNormal(RandomKey.FromSeed(2), [5, 3], DType.F64);
        Weights w = new(["w"], [g]);
        foreach (Preconditioning p in (Preconditioning[])
            [
                new KroneckerPreconditioning(eps: 0.1, blocks: new(2)), new EigenbasisPreconditioning(0.5, 0.1, 1, 0, new(2)), new EigenbasisPreconditioning(0.5, 0.1, 1, 0, squares: false),
            ])
        {
            Preconditioner by = p.Step(new(["w"], [g]), p.Initialize(w), w).Leaves[0]!;
            Given.Near(x.ToArray<double>(), by.Undo(by.Apply(x)).ToArray<double>(), 1e-9);
            Assert.Equal((x * g).Sum().ToScalar<double>(), (by.Apply(x) * by.ApplyDual(g)).Sum().ToScalar<double>(), 1e-9);
        }
    }

    private static IEnumerable<(string Name, Optimizer Optimizer)> All() =>
    [
        ("shampoo", new Shampoo(0.1)), ("grafted", new Shampoo(0.1, graft: Grafted.AdaGrad())), ("newton", new Shampoo(0.1, preconditioning: new(method: InverseRootMethod.Newton))),
        ("one-sided", new OneSidedShampoo(0.1)), ("kl", new KlShampoo(0.1)), ("soap", new Soap(0.1)), ("splus", new SPlus(0.1)),
    ];

    [Fact]
    public void AZeroGradientMovesNothingAndANaNStays()
    {
        foreach (DType type in (DType[])[DType.F64, DType.F32, DType.F16])
        {
            Weights w = new(["w", "b", "none"], [Tensor.Zeros([4, 3], type), Tensor.Zeros([3], type), Tensor.Zeros([0, 2], type)]);
            Gradient zero = new(w.Names, w.Tensors), ones = zero.Map(t => t + 1), broken = zero.Map(t => t * double.NaN);
            foreach ((string name, Optimizer optimizer) in All())
            {
                OptimizerState state = optimizer.Initialize(w);
                for (int i = 0; i < 3; i++)
                {
                    (Update still, state) = optimizer.Step(zero, state, w);
                    Assert.All(Given.Numbers(still.Tensors), x => Assert.True(x == 0, $"{name} moves by {x} at step {i}"));
                }
                (Update moved, _) = optimizer.Step(ones, state, w);
                Assert.Equal(type, moved[0].DType);
                Assert.All(Given.Numbers(moved.Tensors), x => Assert.True(double.IsFinite(x) && x < 0, $"{name} moves by {x}"));
                (Update lost, state) = optimizer.Step(broken, state, w);
                Assert.All(Given.Numbers(lost.Tensors), x => Assert.True(double.IsNaN(x), $"{name} moves by {x}"));
                (lost, _) = optimizer.Step(ones, state, w);
                Assert.All(Given.Numbers(lost.Tensors), x => Assert.True(double.IsNaN(x), $"{name} moves by {x}"));
            }
        }
    }

    [Fact]
    public void BadArguments()
    {
        static string of(Func<object> make) => Given.Message<ArgumentException>(() => _ = make());
        Assert.Equal("kroneckerBlocks: the block must be at least 1, got 0.", of(() => new KroneckerBlocks(0)));
        Assert.Equal("kroneckerBlocks: the limit must be at least 1, got -1.", of(() => new KroneckerBlocks(Limit: -1)));
        Assert.Equal("kroneckerPreconditioning: the decay must lie in [0, 1), got 1.", of(() => new KroneckerPreconditioning(decay: 1)));
        Assert.Equal("kroneckerPreconditioning: eps must be finite and not negative, got -1.", of(() => new KroneckerPreconditioning(eps: -1)));
        Assert.Equal("kroneckerPreconditioning: the power must be finite and positive, got 0.", of(() => new KroneckerPreconditioning(power: 0)));
        Assert.Equal("kroneckerPreconditioning: the ridge must be finite and not negative, got NaN.", of(() => new KroneckerPreconditioning(ridge: double.NaN)));
        Assert.Equal("kroneckerPreconditioning: the interval must be at least 1, got 0.", of(() => new KroneckerPreconditioning(interval: 0)));
        Assert.Equal("kroneckerPreconditioning: the interval of statistics must be at least 1, got 0.", of(() => new KroneckerPreconditioning(every: 0)));
        Assert.Equal("kroneckerPreconditioning: the delay must lie in [0, 2], the interval, got 3.", of(() => new KroneckerPreconditioning(interval: 2, delay: 3)));
        Assert.Equal("eigenbasisPreconditioning: the interval must be at least 1, got 0.", of(() => new Soap(0.1, interval: 0)));
        Assert.Equal("eigenbasisPreconditioning: the decay must lie in [0, 1), got 2.", of(() => new SPlus(0.1, b2: 2)));
        Assert.Equal("grafted: the number of first steps must not be negative, got -1.", of(() => new Grafted(new Sgd(1), new Sgd(1), -1)));
        Assert.Equal("shampoo: there is no graft to take the first 3 steps. Name one.", of(() => new Shampoo(0.1, start: 3)));
        Assert.Equal("momentum: the decay must lie in [0, 1), got 1.", of(() => new UpdateMomentum(1)));
    }
}
