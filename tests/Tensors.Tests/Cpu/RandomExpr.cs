namespace Engine.Tensors.Tests.Cpu;

/// <summary>Random expressions over two inputs of every type, with shared subexpressions.</summary>
internal sealed class RandomExpr(int seed)
{
    private readonly List<Expr> known = [];

    public Random Random { get; } = new(seed);

    /// <summary>The types to stay within; all, when null.</summary>
    public DType[]? Only { get; init; }

    /// <summary>The type of each input.</summary>
    public DType[] Inputs { get; } = [.. Enum.GetValues<DType>(), .. Enum.GetValues<DType>()];

    public Expr Of(DType type, int depth)
    {
        if (Random.Next(4) == 0 && known.Where(e => e.Type == type).ToArray() is { Length: > 0 } same) return same[Random.Next(same.Length)];
        Expr e = depth == 0 ? Leaf(type) : Node(type, depth - 1);
        known.Add(e);
        return e;
    }

    private Expr Leaf(DType type)
    {
        int choice = Random.Next(6);
        if (choice == 0) return Expr.Constant(type == DType.Bool ? Random.Next(2) : Random.Next(100), type);
        if (choice == 1 && type == DType.I64) return Expr.Coordinate(Random.Next(2));
        return Expr.Input((int)type + (choice % 2 * 8), type);
    }

    private Expr Node(DType type, int depth)
    {
        Expr a() => Of(type, depth);
        if (Random.Next(5) == 0) return Of(DType.Bool, depth).Select(a(), a());
        if (Only is null && Random.Next(4) == 0) return Converted(type, depth);
        switch (type)
        {
            case DType.Bool:
                DType compared = Only is null ? (DType)Random.Next(8) : Only[Random.Next(Only.Length)];
                Expr x = Of(compared, depth), y = Of(compared, depth);
                return Random.Next(6) switch
                {
                    0 => x.EqualTo(y),
                    1 => x < y,
                    2 => x <= y,
                    3 => a() & a(),
                    4 => a() | a(),
                    _ => a() ^ a(),
                };
            case DType.U8: return Random.Next(2) == 0 ? a() & a() : a() ^ a();
            case DType.I32 or DType.I64: return Integer(type, depth);
            default: return Float(type, depth);
        }
    }

    private Expr Integer(DType type, int depth)
    {
        Expr a() => Of(type, depth);
        return Random.Next(14) switch
        {
            0 => a() + a(),
            1 => a() - a(),
            2 => a() * a(),
            3 => a().Fma(a(), a()),
            4 => a().Min(a()),
            5 => a().Max(a()),
            6 => -a(),
            7 => a().Abs(),
            8 => a() & a(),
            9 => a() | a(),
            10 => a() ^ a(),
            11 => a() << Random.Next(70),
            12 => type == DType.I32 ? a().MulHigh(a()) : a() >>> Random.Next(70),
            _ => a() >> Random.Next(70),
        };
    }

    private Expr Float(DType type, int depth)
    {
        Expr a() => Of(type, depth);
        return Random.Next(16) switch
        {
            0 => a() + a(),
            1 => a() - a(),
            2 => a() * a(),
            3 => a() / a(),
            4 => a().Min(a()),
            5 => a().Max(a()),
            6 => -a(),
            7 => a().Abs(),
            8 => a().Fma(a(), a()),
            9 => a().Sqrt(),
            10 => a().Floor(),
            11 => a().Ceiling(),
            12 => a().Truncate(),
            13 => a().RoundEven(),
            14 when Random.Next(4) == 0 => a().Tanh(),
            15 when Random.Next(4) == 0 => a().Exp(),
            _ => (a() * 1.5) + a(),
        };
    }

    private Expr Converted(DType type, int depth)
    {
        if (type == DType.F32 && Random.Next(2) == 0) return Random.Next(2) == 0 ? Of(DType.I32, depth).Bitcast(type) : Expr.Coordinate(1).Cast(type);
        DType[] from = type switch
        {
            DType.F32 or DType.BF16 => [DType.F64, DType.I32, DType.U8, DType.Bool, DType.F16],
            DType.F16 => [DType.F32, DType.I32, DType.U8, DType.Bool, DType.BF16],
            _ => Enum.GetValues<DType>(),
        };
        return Of(from[Random.Next(from.Length)], depth).Cast(type);
    }
}
