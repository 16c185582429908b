namespace Engine.Tensors;

/// <summary>
/// The operations from which every elementary function is composed, on a bundle of floating-point lanes. One generic description
/// of a function, instantiated with a scalar, with a vector of any width, or with nodes of an expression graph, is then the same
/// sequence of IEEE operations everywhere, and so gives the same bits.
/// </summary>
/// <typeparam name="F">Floating-point lanes: binary32 or binary64.</typeparam>
/// <typeparam name="I">Signed integer lanes of the same width as those of <typeparamref name="F"/>.</typeparam>
/// <typeparam name="M">A truth value per lane.</typeparam>
/// <remarks>
/// Each member is one operation, rounded once to nearest even; nothing may be contracted, reassociated or flushed. The three type
/// parameters may be one and the same type, hence the distinct names for integer and floating-point operations. The lanes are raw
/// vectors and not wrappers with operators: a wrapper costs several locals per operation, and long functions then exceed the number
/// of locals up to which the just-in-time compiler inlines at all.
/// </remarks>
internal interface IFloatLanes<F, I, M>
{
    /// <summary>All lanes equal to <paramref name="value"/>, rounded to the element type (call with exactly representable values).</summary>
    static abstract F Constant(double value);

    /// <summary>All lanes equal to <paramref name="value"/>, which must fit the integer lanes.</summary>
    static abstract I ConstantInt(long value);

    /// <summary>True when <see cref="Scale"/> is an instruction.</summary>
    static virtual bool HasScale => false;

    /// <summary>a * 2^n for integral n, rounded once; only where <see cref="HasScale"/>.</summary>
    static virtual F Scale(F a, F n) => throw new NotSupportedException();

    /// <summary>a + b.</summary>
    static abstract F Add(F a, F b);

    /// <summary>a - b.</summary>
    static abstract F Sub(F a, F b);

    /// <summary>a * b.</summary>
    static abstract F Mul(F a, F b);

    /// <summary>a / b, correctly rounded.</summary>
    static abstract F Div(F a, F b);

    /// <summary>a * b + c with a single rounding, in software where the hardware has no such instruction.</summary>
    static abstract F Fma(F a, F b, F c);

    /// <summary>Square root, correctly rounded.</summary>
    static abstract F Sqrt(F a);

    /// <summary>Flips the sign bit.</summary>
    static abstract F Neg(F a);

    /// <summary>Clears the sign bit.</summary>
    static abstract F Abs(F a);

    /// <summary>Exactly <c>a &lt; b ? a : b</c>: the second operand where either is NaN or both are zero.</summary>
    static abstract F MinNative(F a, F b);

    /// <summary>Exactly <c>a &gt; b ? a : b</c>: the second operand where either is NaN or both are zero.</summary>
    static abstract F MaxNative(F a, F b);

    /// <summary>a &lt; b; false where either is NaN.</summary>
    static abstract M Less(F a, F b);

    /// <summary>a &lt;= b; false where either is NaN.</summary>
    static abstract M LessOrEqual(F a, F b);

    /// <summary>a == b; false where either is NaN.</summary>
    static abstract M Equal(F a, F b);

    /// <summary>a != b; true where either is NaN.</summary>
    static abstract M NotEqual(F a, F b);

    /// <summary>Lane by lane, <paramref name="a"/> where the mask holds, else <paramref name="b"/>.</summary>
    static abstract F Select(M mask, F a, F b);

    /// <summary>Lane by lane, <paramref name="a"/> where the mask holds, else <paramref name="b"/>.</summary>
    static abstract I SelectInt(M mask, I a, I b);

    /// <summary>a + b, wrapping.</summary>
    static abstract I AddInt(I a, I b);

    /// <summary>a - b, wrapping.</summary>
    static abstract I SubInt(I a, I b);

    /// <summary>Bitwise and.</summary>
    static abstract I And(I a, I b);

    /// <summary>Bitwise or.</summary>
    static abstract I Or(I a, I b);

    /// <summary>Bitwise exclusive or.</summary>
    static abstract I Xor(I a, I b);

    /// <summary>a shifted left; 0 &lt;= count &lt; lane width.</summary>
    static abstract I ShiftLeft(I a, int count);

    /// <summary>a shifted right, copies of the sign entering; slow in 64-bit lanes before AVX-512, so 64-bit sequences avoid it.</summary>
    static abstract I ShiftRight(I a, int count);

    /// <summary>a shifted right, zeros entering.</summary>
    static abstract I ShiftRightLogical(I a, int count);

    /// <summary>a &lt; b, signed.</summary>
    static abstract M LessInt(I a, I b);

    /// <summary>a == b.</summary>
    static abstract M EqualInt(I a, I b);

    /// <summary>Both hold.</summary>
    static abstract M Both(M a, M b);

    /// <summary>At least one holds.</summary>
    static abstract M Either(M a, M b);

    /// <summary>Exactly one holds.</summary>
    static abstract M Differ(M a, M b);

    /// <summary>Does not hold.</summary>
    static abstract M Not(M a);

    /// <summary>
    /// Whether some lane may hold. A hint only: a function may skip a piece of work whose result it would select in no lane. Lanes
    /// that are not known yet (a graph) answer true.
    /// </summary>
    static abstract bool MayHold(M mask);

    /// <summary>The bits of the lanes as integers.</summary>
    static abstract I Bits(F a);

    /// <summary>The lanes whose bits are these integers.</summary>
    static abstract F FromBits(I a);

    /// <summary>Integer to floating point; only called where |a| &lt;= 2^24 (binary32) or 2^51 (binary64), so always exact.</summary>
    static abstract F ToFloat(I a);
}
