using System.Runtime.CompilerServices;
using Engine.Tensors;
using Engine.Tensors.Cpu;

namespace Engine.Perf;

/// <summary>A fused elementwise kernel twice: as expressions, and as the loop that a person would write for it.</summary>
internal interface IFusedKernel
{
    static abstract string Name { get; }

    static abstract int Inputs { get; }

    static abstract Expr[] Bodies { get; }

    /// <summary>Computes one vector at some offset.</summary>
    static abstract unsafe void Step<L, F, I, M>(float** operands, nint at) where L : IVectorLanes<float, F, I, M>;
}

/// <summary>x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2.</summary>
internal readonly struct GeluForward : IFusedKernel
{
    public const double Scale = 0.7978845608028654;

    public const double Cube = 0.044715;

    public static string Name => "GELU forward";

    public static int Inputs => 1;

    public static Expr[] Bodies
    {
        get
        {
            Expr x = Expr.Input(0, DType.F32);
            return [x * 0.5 * (((x + (x * x * x * (float)Cube)) * (float)Scale).Tanh() + 1)];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Step<L, F, I, M>(float** operands, nint at) where L : IVectorLanes<float, F, I, M>
    {
        F x = L.Load(operands[0] + at);
        F inner = L.Mul(L.Add(x, L.Mul(L.Mul(L.Mul(x, x), x), L.Constant((float)Cube))), L.Constant((float)Scale));
        L.Store(operands[1] + at, L.Mul(L.Mul(x, L.Constant(0.5)), L.Add(Portable32<L, F, I, M>.Tanh(inner), L.Constant(1))));
    }
}

/// <summary>The gradient of GELU times the gradient of its result.</summary>
internal readonly struct GeluBackward : IFusedKernel
{
    public static string Name => "GELU backward";

    public static int Inputs => 2;

    public static Expr[] Bodies
    {
        get
        {
            Expr x = Expr.Input(0, DType.F32), g = Expr.Input(1, DType.F32), square = x * x;
            Expr t = ((x + (square * x * (float)GeluForward.Cube)) * (float)GeluForward.Scale).Tanh();
            Expr slope = (square * (float)(3 * GeluForward.Cube) + 1) * (float)GeluForward.Scale;
            return [g * ((t + 1) * 0.5 + x * 0.5 * (1 - (t * t)) * slope)];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Step<L, F, I, M>(float** operands, nint at) where L : IVectorLanes<float, F, I, M>
    {
        F x = L.Load(operands[0] + at), g = L.Load(operands[1] + at), square = L.Mul(x, x), one = L.Constant(1), half = L.Constant(0.5);
        F t = Portable32<L, F, I, M>.Tanh(L.Mul(L.Add(x, L.Mul(L.Mul(square, x), L.Constant((float)GeluForward.Cube))), L.Constant((float)GeluForward.Scale)));
        F slope = L.Mul(L.Add(L.Mul(square, L.Constant((float)(3 * GeluForward.Cube))), one), L.Constant((float)GeluForward.Scale));
        F second = L.Mul(L.Mul(L.Mul(x, half), L.Sub(one, L.Mul(t, t))), slope);
        L.Store(operands[2] + at, L.Mul(g, L.Add(L.Mul(L.Add(t, one), half), second)));
    }
}

/// <summary>x sigmoid(x) y.</summary>
internal readonly struct SiluGate : IFusedKernel
{
    public static string Name => "SiLU * gate";

    public static int Inputs => 2;

    public static Expr[] Bodies
    {
        get
        {
            Expr x = Expr.Input(0, DType.F32), y = Expr.Input(1, DType.F32);
            return [x * x.Sigmoid() * y];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Step<L, F, I, M>(float** operands, nint at) where L : IVectorLanes<float, F, I, M>
    {
        F x = L.Load(operands[0] + at), y = L.Load(operands[1] + at);
        L.Store(operands[2] + at, L.Mul(L.Mul(x, Portable32<L, F, I, M>.Sigmoid(x)), y));
    }
}

/// <summary>One step of Adam: new weights and moments from weights, gradient and moments.</summary>
internal readonly struct Adam : IFusedKernel
{
    private const float Rate = 1e-3f, First = 0.9f, Second = 0.999f, Correction1 = 1.2f, Correction2 = 1.1f, Epsilon = 1e-8f;

    public static string Name => "Adam";

    public static int Inputs => 4;

    public static Expr[] Bodies
    {
        get
        {
            Expr w = Expr.Input(0, DType.F32), g = Expr.Input(1, DType.F32), m = Expr.Input(2, DType.F32), v = Expr.Input(3, DType.F32);
            Expr m1 = (m * First) + (g * (1 - First)), v1 = (v * Second) + (g * g * (1 - Second));
            return [w - (m1 * Correction1 * Rate / ((v1 * Correction2).Sqrt() + Epsilon)), m1, v1];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Step<L, F, I, M>(float** operands, nint at) where L : IVectorLanes<float, F, I, M>
    {
        F w = L.Load(operands[0] + at), g = L.Load(operands[1] + at), m = L.Load(operands[2] + at), v = L.Load(operands[3] + at);
        F m1 = L.Add(L.Mul(m, L.Constant(First)), L.Mul(g, L.Constant(1 - First)));
        F v1 = L.Add(L.Mul(v, L.Constant(Second)), L.Mul(L.Mul(g, g), L.Constant(1 - Second)));
        F step = L.Div(L.Mul(L.Mul(m1, L.Constant(Correction1)), L.Constant(Rate)), L.Add(L.Sqrt(L.Mul(v1, L.Constant(Correction2))), L.Constant(Epsilon)));
        L.Store(operands[4] + at, L.Sub(w, step));
        L.Store(operands[5] + at, m1);
        L.Store(operands[6] + at, v1);
    }
}
