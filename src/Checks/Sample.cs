using Engine.Tensors;

namespace Engine.Checks;

/// <summary>A case with values: operands drawn, each seen through a view of a tensor of its own.</summary>
public sealed class Sample
{
    private readonly View[] views;
    private readonly double[][] values;

    private Sample(OpInfo row, OpCase opCase, View[] views, double[][] values)
    {
        Row = row;
        Case = opCase;
        this.views = views;
        this.values = values;
    }

    /// <summary>The row it belongs to.</summary>
    public OpInfo Row { get; }

    /// <summary>The call.</summary>
    public OpCase Case { get; }

    /// <summary>The function under test.</summary>
    public Func<Tensor[], Tensor> Function => Case.Function;

    /// <summary>Draws a case of a row.</summary>
    public static Sample Draw(OpInfo row, Generator g)
    {
        OpCase opCase = row.Draw(g);
        View[] views = Array.ConvertAll(opCase.Operands, o => View.Of(o.Shape, g));
        double[][] values = new double[views.Length][];
        for (int i = 0; i < values.Length; i++) values[i] = ValueSampler.Draw(opCase.Operands[i], views[i].Base.Count, g);
        return new(row, opCase, views, values);
    }

    /// <summary>The same call with other values.</summary>
    public Sample Redraw(Generator g)
    {
        double[][] other = new double[values.Length][];
        for (int i = 0; i < other.Length; i++) other[i] = ValueSampler.Draw(Case.Operands[i], views[i].Base.Count, g);
        return new(Row, Case, views, other);
    }

    /// <summary>The operands as views of larger tensors.</summary>
    /// <param name="device">Where they live; the default CPU when omitted.</param>
    /// <param name="floating">The type of the floating ones.</param>
    public Tensor[] Views(Device? device = null, DType floating = DType.F64)
    {
        Tensor[] operands = new Tensor[views.Length];
        for (int i = 0; i < operands.Length; i++)
        {
            DType type = Case.Operands[i].DType;
            operands[i] = views[i].Apply(TypedValues.Make(values[i], views[i].Base, type == DType.F64 ? floating : type, device));
        }
        return operands;
    }

    /// <summary>The operands with the same values, row-major in memory of their own.</summary>
    /// <param name="device">Where they live; the default CPU when omitted.</param>
    /// <param name="floating">The type of the floating ones.</param>
    public Tensor[] Copies(Device? device = null, DType floating = DType.F64) =>
        Array.ConvertAll(Views(device, floating), v => TypedValues.Make(TypedValues.Read(v), v.Shape, v.DType, device));

    /// <summary>The result by definition, for operands of a floating type.</summary>
    public Grid Expected(DType floating = DType.F64) => Case.Reference(Array.ConvertAll(Views(null, floating), Grid.Of));

    /// <summary>
    /// The case as a function of one vector that holds the memory of all floating operands, views included: what derivatives are taken of.
    /// </summary>
    /// <param name="device">Where it runs; the default CPU when omitted.</param>
    public (Func<Tensor, Tensor> Function, Tensor Point) Packed(Device? device = null)
    {
        Tensor[] fixedOperands = Views(device);
        List<double> point = [];
        int[] starts = new int[views.Length];
        for (int i = 0; i < starts.Length; i++)
        {
            starts[i] = Case.Operands[i].DType == DType.F64 ? point.Count : -1;
            if (starts[i] >= 0) point.AddRange(values[i]);
        }
        Tensor function(Tensor packed)
        {
            Tensor[] operands = new Tensor[views.Length];
            for (int i = 0; i < operands.Length; i++)
            {
                operands[i] = starts[i] < 0
                    ? fixedOperands[i]
                    : views[i].Apply(Ops.Narrow(packed, 0, starts[i], values[i].Length).Reshape(views[i].Base.Lengths));
            }
            return Function(operands);
        }
        return (function, Tensor.Of([.. point], [point.Count], device));
    }

    /// <summary>Shapes, types and layouts of the operands, and the attributes.</summary>
    public override string ToString()
    {
        IEnumerable<string> operands = views.Select((v, i) => $"{Case.Operands[i].DType.Name()}{Case.Operands[i].Shape} {v.Name}");
        return string.Join(", ", Case.Attributes.Length == 0 ? operands : operands.Append(Case.Attributes));
    }
}
