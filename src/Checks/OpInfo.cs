using Engine.Tensors;

namespace Engine.Checks;

/// <summary>How the derivative of a row is checked.</summary>
public enum DerivativeCheck : byte
{
    /// <summary>Against differences of values.</summary>
    Differences,

    /// <summary>Forward and reverse mode against each other only: the derivative is defined not to be the limit of differences.</summary>
    AdjointOnly,

    /// <summary>Not at all: the result is no floating tensor, or no operand is.</summary>
    None,
}

/// <summary>
/// One row of the catalogue: an op, what it is by definition, and where it may be tried. All tests of all ops run over these rows, so a new elementwise op
/// needs one line.
/// </summary>
/// <remarks>
/// The part of the name before the first space is the public function the row stands for, whatever the case of its letters; the rest tells rows of one
/// function apart.
/// </remarks>
public sealed record OpInfo
{
    private readonly Func<Generator, OpCase> draw;

    /// <summary>An elementwise op of one operand.</summary>
    /// <param name="Name">Unique name.</param>
    /// <param name="Function">The op.</param>
    /// <param name="Reference">The op at one element, in double precision.</param>
    /// <param name="Domain">Where it is tried.</param>
    /// <param name="SpecialValues">Finite values that must be among those tried.</param>
    /// <param name="Kinks">Values without a derivative.</param>
    /// <param name="Derivative">How the derivative is checked.</param>
    /// <param name="DType">Element type of the operand.</param>
    /// <param name="Note">Why the domain is narrow, and the like.</param>
    public OpInfo(
        string Name,
        Func<Tensor, Tensor> Function,
        Func<double, double> Reference,
        Domain Domain,
        double[]? SpecialValues = null,
        double[]? Kinks = null,
        DerivativeCheck Derivative = DerivativeCheck.Differences,
        DType DType = DType.F64,
        string Note = "")
        : this(Name, xs => Function(xs[0]), v => Reference(v[0]),
        [
            new([]) { Domain = Domain, SpecialValues = SpecialValues ?? [], Kinks = Kinks ?? [], DType = DType },
        ])
    {
        this.Derivative = Derivative;
        this.Note = Note;
    }

    /// <summary>An elementwise op of two operands, which broadcast.</summary>
    /// <param name="Name">Unique name.</param>
    /// <param name="Function">The op.</param>
    /// <param name="Reference">The op at one element, in double precision.</param>
    /// <param name="Domain">Where the first operand is tried, and the second when it has no domain of its own.</param>
    /// <param name="Second">Where the second operand is tried.</param>
    /// <param name="SpecialValues">Finite values of both operands that must be among those tried.</param>
    /// <param name="Kinks">Values of the second operand without a derivative.</param>
    /// <param name="Compares">True when the op has a kink where its operands are equal.</param>
    /// <param name="Derivative">How the derivative is checked.</param>
    /// <param name="DType">Element type of the operands.</param>
    /// <param name="Note">Why the domain is narrow, and the like.</param>
    public OpInfo(
        string Name,
        Func<Tensor, Tensor, Tensor> Function,
        Func<double, double, double> Reference,
        Domain Domain,
        Domain? Second = null,
        double[]? SpecialValues = null,
        double[]? Kinks = null,
        bool Compares = false,
        DerivativeCheck Derivative = DerivativeCheck.Differences,
        DType DType = DType.F64,
        string Note = "")
        : this(Name, xs => Function(xs[0], xs[1]), v => Reference(v[0], v[1]),
        [
            new([]) { Domain = Domain, SpecialValues = SpecialValues ?? [], DType = DType, Spread = Compares ? Spread.Lattice : Spread.Uniform },
            new([])
            {
                Domain = Second ?? Domain, SpecialValues = SpecialValues ?? [], Kinks = Kinks ?? [], DType = DType, Shift = 1,
                Spread = Compares ? Spread.Lattice : Spread.Uniform,
            },
        ])
    {
        this.Derivative = Derivative;
        this.Note = Note;
    }

    /// <summary>An elementwise op of any number of operands, which broadcast.</summary>
    /// <param name="Name">Unique name.</param>
    /// <param name="Function">The op.</param>
    /// <param name="Reference">The op at one element of each operand, in double precision.</param>
    /// <param name="Operands">What each operand may hold; their shapes are ignored.</param>
    public OpInfo(string Name, Func<Tensor[], Tensor> Function, Func<double[], double> Reference, Operand[] Operands)
        : this(Name, g => Elementwise(g, Function, Reference, Operands))
    {
        Scalar = Reference;
        ScalarOperands = Operands;
        this.Function = Function;
        Domains = string.Join(", ", Operands.Select(o => o.Domain));
        SpecialValues = [.. Operands.SelectMany(o => o.SpecialValues).Distinct()];
    }

    /// <summary>Any op: every case is drawn by a function.</summary>
    /// <param name="Name">Unique name.</param>
    /// <param name="Draw">Draws a case.</param>
    public OpInfo(string Name, Func<Generator, OpCase> Draw)
    {
        this.Name = Name;
        draw = Draw;
    }

    /// <summary>Unique name.</summary>
    public string Name { get; }

    /// <summary>The public function the row stands for.</summary>
    public string Op => Name.Split(' ')[0];

    /// <summary>How the derivative is checked.</summary>
    public DerivativeCheck Derivative { get; init; }

    /// <summary>
    /// Type names of primitives the row covers beside the one that gives its result, which needs no mention.
    /// </summary>
    public IReadOnlyList<string> Covers { get; init; } = [];

    /// <summary>Why the domain is narrow, why there is no derivative, and the like.</summary>
    public string Note { get; init; } = "";

    /// <summary>Where it is tried, as text.</summary>
    public string Domains { get; init; } = "[-2, 2]";

    /// <summary>Finite values that are among those tried.</summary>
    public IReadOnlyList<double> SpecialValues { get; init; } = [];

    /// <summary>Most that an f32 result may differ from the f64 one for the same operands, relative to max(1, |value|).</summary>
    public double SingleTolerance { get; init; } = 2e-6;

    /// <summary>How many times as long as others its derivatives take to check: generic tests draw so many times fewer cases.</summary>
    public int Cost { get; init; } = 1;

    /// <summary>An elementwise op at one element of each operand; null for other ops.</summary>
    public Func<double[], double>? Scalar { get; }

    /// <summary>What the operands of an elementwise op may hold.</summary>
    public IReadOnlyList<Operand> ScalarOperands { get; } = [];

    /// <summary>An elementwise op itself; null for other ops, whose attributes come with each case.</summary>
    public Func<Tensor[], Tensor>? Function { get; }

    /// <summary>Draws a case.</summary>
    public OpCase Draw(Generator g) => draw(g);

    private static OpCase Elementwise(Generator g, Func<Tensor[], Tensor> function, Func<double[], double> reference, Operand[] operands)
    {
        Shape shape = g.Shape();
        Operand[] shaped = Array.ConvertAll(operands, o => o with { Shape = operands.Length == 1 ? shape : g.Broadcastable(shape) });
        return new(function, shaped, grids => Naive.Map(grids, reference));
    }
}
