using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Autograd.Tests.Transforms;

/// <summary>Nested derivatives keep their perturbations apart, and tracers of outer transforms may be captured.</summary>
public sealed class PerturbationTests
{
    private static readonly Tensor One = Tensor.Scalar(1, DType.F64), Two = Tensor.Scalar(2, DType.F64), Three = Tensor.Scalar(3, DType.F64);

    [Fact]
    public void TheClassicExample()
    {
        // d/dx (x * d/dy (x + y)) = 1; a system that confuses the two perturbations gives 2.
        Assert.Equal(1, Grad(x => x * Grad(y => x + y)(One))(One).ToScalar<double>());
        Assert.Equal(1, Jvp(x => x * Jvp(y => x + y, One, One).Tangent, One, One).Tangent.ToScalar<double>());
        Assert.Equal(1, Jvp(x => x * Grad(y => x + y)(One), One, One).Tangent.ToScalar<double>());
        Assert.Equal(1, Grad(x => x * Jvp(y => x + y, One, One).Tangent)(One).ToScalar<double>());
    }

    [Fact]
    public void TheInnerDerivativeMayDependOnTheOuterVariable()
    {
        // d/dx (x * d/dy (x * y)) = d/dx x^2 = 2x.
        Assert.Equal(6, Grad(x => x * Grad(y => x * y)(Two))(Three).ToScalar<double>());
        Assert.Equal(6, Jvp(x => x * Jvp(y => x * y, Two, One).Tangent, Three, One).Tangent.ToScalar<double>());
    }

    [Fact]
    public void TheInnerPointMayDependOnTheOuterVariable()
    {
        // d/dx of the derivative of y^3 at y = x^2: d/dx 3 x^4 = 12 x^3.
        Assert.Equal(12 * 8, Grad(x => Grad(y => y * y * y)(x * x))(Two).ToScalar<double>());
    }

    [Fact]
    public void ThreeLevels()
    {
        // x y z differentiated once in each.
        Assert.Equal(1, Grad(x => Grad(y => Grad(z => x * y * z)(Three))(Two))(One).ToScalar<double>());
    }

    [Fact]
    public void AnOuterTracerIsConstantForTheInnerTransform()
    {
        Tensor inner = Tensor.Zeros([], DType.F64);
        Tensor outer = Grad(x =>
        {
            Tensor g = Grad(y => y * x * x)(One);
            inner = g;
            return g;
        })(Three);
        Assert.Equal(6, outer.ToScalar<double>());
        Assert.True(inner.IsSymbolic);
    }

    [Fact]
    public void VmapSharesWhatTheFunctionCaptures()
    {
        Tensor xs = Tensor.Of([1.0, 2, 3]);
        Tensor g = Grad(w => Ops.Sum(Vmap(x => x * w)(xs)))(Two);
        Assert.Equal(6, g.ToScalar<double>());
    }

    [Fact]
    public void GradInsideVmapCapturesTheExample()
    {
        Tensor xs = Tensor.Of([1.0, 2, 3]);
        Assert.Equal([2.0, 8, 18], Vmap(x => Grad(y => x * x * y * y)(One))(xs).ToArray<double>());
    }

    [Fact]
    public void CompiledFunctionsCaptureOuterTracers()
    {
        Assert.Equal(12, Grad(x => Function.Compile<Tensor, Tensor>(y => y * x * x).Invoke(Two))(Three).ToScalar<double>());
    }
}
