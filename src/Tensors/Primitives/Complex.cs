namespace Engine.Tensors;

/// <summary>
/// Arithmetic of complex numbers, which are a last axis of 2: real and imaginary part. Other axes broadcast; floating types. Derivatives are those of the real and imaginary
/// parts as real variables.
/// </summary>
public static class ComplexOps
{
    /// <summary>Complex numbers from real and imaginary parts, which broadcast: [...] and [...] to [..., 2].</summary>
    public static Tensor FromParts(Tensor real, Tensor imaginary)
    {
        Shape shape = Broadcasting.Join("fromParts", real.Shape, imaginary.Shape);
        return Ops.Stack([real.BroadcastTo(shape), imaginary.BroadcastTo(shape)], -1);
    }

    /// <summary>Complex numbers with imaginary part 0.</summary>
    public static Tensor FromReal(Tensor real) => FromParts(real, real.Like(0));

    /// <summary>Real parts: [..., 2] to [...].</summary>
    /// <exception cref="ShapeException">The last axis is not of length 2.</exception>
    public static Tensor Real(Tensor z) => Part("real", z, 0);

    /// <summary>Imaginary parts: [..., 2] to [...].</summary>
    /// <exception cref="ShapeException">The last axis is not of length 2.</exception>
    public static Tensor Imaginary(Tensor z) => Part("imaginary", z, 1);

    /// <summary>Imaginary parts negated.</summary>
    /// <exception cref="ShapeException">The last axis is not of length 2.</exception>
    public static Tensor Conjugate(Tensor z) => FromParts(Part("conjugate", z, 0), -Part("conjugate", z, 1));

    /// <summary>a b, element by element.</summary>
    /// <exception cref="ShapeException">A last axis is not of length 2, or shapes do not broadcast.</exception>
    public static Tensor Multiply(Tensor a, Tensor b)
    {
        Tensor ar = Part("complexMultiply", a, 0), ai = Part("complexMultiply", a, 1), br = Part("complexMultiply", b, 0), bi = Part("complexMultiply", b, 1);
        return FromParts((ar * br) - (ai * bi), (ar * bi) + (ai * br));
    }

    /// <summary>a / b, element by element, as a conj(b) / |b|^2.</summary>
    /// <exception cref="ShapeException">A last axis is not of length 2, or shapes do not broadcast.</exception>
    public static Tensor Divide(Tensor a, Tensor b)
    {
        Tensor ar = Part("complexDivide", a, 0), ai = Part("complexDivide", a, 1), br = Part("complexDivide", b, 0), bi = Part("complexDivide", b, 1);
        Tensor square = (br * br) + (bi * bi);
        return FromParts(((ar * br) + (ai * bi)) / square, ((ai * br) - (ar * bi)) / square);
    }

    /// <summary>Matrix product: [..., m, k, 2] x [..., k, n, 2] to [..., m, n, 2], as four real products; leading axes broadcast.</summary>
    /// <exception cref="ShapeException">A last axis is not of length 2, or inner dimensions differ.</exception>
    public static Tensor MatMul(Tensor a, Tensor b)
    {
        Tensor ar = Part("complexMatMul", a, 0), ai = Part("complexMatMul", a, 1), br = Part("complexMatMul", b, 0), bi = Part("complexMatMul", b, 1);
        return FromParts(ar.MatMul(br) - ai.MatMul(bi), ar.MatMul(bi) + ai.MatMul(br));
    }

    /// <summary>e to z.</summary>
    /// <exception cref="ShapeException">The last axis is not of length 2.</exception>
    public static Tensor Exp(Tensor z)
    {
        Tensor size = Ops.Exp(Part("complexExp", z, 0)), angle = Part("complexExp", z, 1);
        return FromParts(size * Ops.Cos(angle), size * Ops.Sin(angle));
    }

    /// <summary>|z|: [..., 2] to [...]. The derivative at 0 is 0.</summary>
    /// <exception cref="ShapeException">The last axis is not of length 2.</exception>
    public static Tensor Abs(Tensor z)
    {
        Tensor real = Part("complexAbs", z, 0), imaginary = Part("complexAbs", z, 1), square = (real * real) + (imaginary * imaginary), zero = square.EqualTo(0);
        return Ops.Where(zero, square.Like(0), Ops.Sqrt(Ops.Where(zero, square.Like(1), square)));
    }

    /// <summary>The angle of z, from -pi to pi: [..., 2] to [...]. It has no derivative at 0.</summary>
    /// <exception cref="ShapeException">The last axis is not of length 2.</exception>
    public static Tensor Angle(Tensor z) => Ops.Atan2(Part("angle", z, 1), Part("angle", z, 0));

    /// <summary>The sum of conj(a) b over the axis before the last: [..., n, 2] and [..., n, 2] to [..., 2].</summary>
    /// <exception cref="ShapeException">A last axis is not of length 2, there is no other axis, or shapes do not broadcast.</exception>
    public static Tensor InnerProduct(Tensor a, Tensor b)
    {
        if (a.Rank < 2 || b.Rank < 2) throw new ShapeException($"innerProduct: takes vectors of complex numbers [..., n, 2], got {a.Shape} and {b.Shape}.");
        return Ops.Sum(Multiply(Conjugate(a), b), [-2]);
    }

    private static Tensor Part(string op, Tensor z, int part)
    {
        Ops.RequireComplex(op, z);
        return Ops.Squeeze(Ops.Narrow(z, -1, part, 1), -1);
    }
}
