using Engine.Autograd.Layers;
using FsCheck;
using FsCheck.Fluent;

namespace Engine.Autograd.Tests.Duality;

/// <summary>
/// A generated module from a width to the same, described so that masses, sensitivities and targets can be worked out apart from the engine, by the rules of Bernstein and Newhouse
/// ("Modular Duality in Deep Learning", 2024) for two modules at a time.
/// </summary>
internal abstract record ModuleTree
{
    public const int Width = 3;

    /// <summary>The module.</summary>
    public abstract Module Build();

    public abstract double Mass { get; }

    public abstract double Sensitivity { get; }

    /// <summary>The target of every matrix, inner modules first.</summary>
    public abstract IEnumerable<double> Targets(double t);

    /// <summary>Trees of all kinds.</summary>
    public static Gen<ModuleTree> Gen(int depth)
    {
        Gen<double> factor = FsCheck.Fluent.Gen.Elements(-2, 0.25, 0.5, 3);
        return Gen(depth, inner =>
        [
            (2, from a in inner from b in inner select (ModuleTree)new Added(a, b)),
            (2, from a in inner from f in factor select (ModuleTree)new Multiple(f, a)),
        ]);
    }

    /// <summary>Trees that keep inputs of RMS at most 1 so: those for which the modular norm bounds what an update does.</summary>
    public static Gen<ModuleTree> Keeping(int depth) => Gen(depth, _ => []);

    private static Gen<ModuleTree> Gen(int depth, Func<Gen<ModuleTree>, (int, Gen<ModuleTree>)[]> more)
    {
        Gen<double> mass = FsCheck.Fluent.Gen.Elements(0, 0.5, 1, 1, 2, 3.5);
        Gen<ModuleTree> leaf = FsCheck.Fluent.Gen.Frequency(
            (3, mass.Select(m => (ModuleTree)new Matrix(m))),
            (1, FsCheck.Fluent.Gen.Elements<ModuleTree>(new Weightless(new Relu()), new Weightless(new Gelu()), new Weightless(new Identity()), new Weightless(new Sigmoid()))));
        if (depth == 0) return leaf;
        Gen<ModuleTree> inner = Gen(depth - 1, more);
        return FsCheck.Fluent.Gen.Frequency(
        [
            (1, leaf),
            (4, from a in inner from b in inner select (ModuleTree)new Composed(a, b)),
            (1, from a in inner from n in FsCheck.Fluent.Gen.Choose(1, 4) select (ModuleTree)new Skip(n, a)),
            (1, from a in inner from n in FsCheck.Fluent.Gen.Choose(1, 3) select (ModuleTree)new Repeated(n, a)),
            (1, from a in inner from m in mass select (ModuleTree)new Tared(m, a)),
            .. more(inner),
        ]);
    }

    private static double Share(double part, double whole) => part > 0 ? part / whole : 0;

    internal sealed record Matrix(double Own) : ModuleTree
    {
        public override double Mass => Own;

        public override double Sensitivity => 1;

        public override Module Build() => new Linear(Width, Width, bias: false, mass: Own);

        public override IEnumerable<double> Targets(double t) => [Own > 0 ? t : 0];
    }

    internal sealed record Weightless(Module Bond) : ModuleTree
    {
        public override double Mass => 0;

        public override double Sensitivity => Bond.Sensitivity;

        public override Module Build() => Bond;

        public override IEnumerable<double> Targets(double t) => [];
    }

    /// <summary>Rules 3 and 5.</summary>
    internal sealed record Composed(ModuleTree First, ModuleTree Second) : ModuleTree
    {
        public override double Mass => First.Mass + Second.Mass;

        public override double Sensitivity => First.Sensitivity * Second.Sensitivity;

        public override Module Build() => First.Build() >> Second.Build();

        public override IEnumerable<double> Targets(double t) =>
            [.. First.Targets(t * Share(First.Mass, Mass) / Second.Sensitivity), .. Second.Targets(t * Share(Second.Mass, Mass))];
    }

    /// <summary>Add after the tuple of both.</summary>
    internal sealed record Added(ModuleTree A, ModuleTree B) : ModuleTree
    {
        public override double Mass => A.Mass + B.Mass;

        public override double Sensitivity => A.Sensitivity + B.Sensitivity;

        public override Module Build() => A.Build() + B.Build();

        public override IEnumerable<double> Targets(double t) => [.. A.Targets(t * Share(A.Mass, Mass)), .. B.Targets(t * Share(B.Mass, Mass))];
    }

    /// <summary>A multiplication, of mass 0 and sensitivity |a|, after the module.</summary>
    internal sealed record Multiple(double A, ModuleTree Inner) : ModuleTree
    {
        public override double Mass => Inner.Mass;

        public override double Sensitivity => Math.Abs(A) * Inner.Sensitivity;

        public override Module Build() => A * Inner.Build();

        public override IEnumerable<double> Targets(double t) => Inner.Targets(t / Math.Abs(A));
    }

    /// <summary>(1 - 1/N) Id + (1/N) R, put together from the rules above.</summary>
    internal sealed record Skip(int N, ModuleTree Inner) : ModuleTree
    {
        private ModuleTree Rules => new Added(new Multiple(1 - (1.0 / N), new Weightless(new Identity())), new Multiple(1.0 / N, Inner));

        public override double Mass => Rules.Mass;

        public override double Sensitivity => N == 1 ? Inner.Sensitivity : Rules.Sensitivity;

        public override Module Build() => new Residual(Inner.Build(), N);

        public override IEnumerable<double> Targets(double t) => Rules.Targets(t);
    }

    internal sealed record Repeated(int Count, ModuleTree Inner) : ModuleTree
    {
        private ModuleTree Rules => Enumerable.Repeat(Inner, Count).Aggregate((a, b) => new Composed(a, b));

        public override double Mass => Rules.Mass;

        public override double Sensitivity => Rules.Sensitivity;

        public override Module Build() => Inner.Build().Power(Count);

        public override IEnumerable<double> Targets(double t) => Rules.Targets(t);
    }

    internal sealed record Tared(double Total, ModuleTree Inner) : ModuleTree
    {
        // A module without weights has no mass to scale.
        public override double Mass => Total;

        public override double Sensitivity => Inner.Sensitivity;

        public override Module Build() => Inner.Build().Tare(Total);

        public override IEnumerable<double> Targets(double t) => Inner.Targets(Total > 0 ? t : 0);
    }
}
