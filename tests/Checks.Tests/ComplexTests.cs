using System.Numerics;
using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Checks.Tests;

/// <summary>Complex arithmetic against System.Numerics, and a quantum circuit whose gradient is known by the parameter-shift rule.</summary>
public sealed class ComplexTests
{
    [Fact]
    public void AgreesWithSystemNumerics()
    {
        Complex[] a = [new(1, 2), new(-0.5, 0.25), new(3, -1)], b = [new(0.5, -2), new(1, 1), new(-2, 0.75)];
        Tensor x = Of(a), y = Of(b);
        Same([.. a.Zip(b, (u, v) => u * v)], ComplexOps.Multiply(x, y));
        Same([.. a.Zip(b, (u, v) => u / v)], ComplexOps.Divide(x, y));
        Same([.. a.Select(Complex.Exp)], ComplexOps.Exp(x));
        Same([.. a.Select(Complex.Conjugate)], ComplexOps.Conjugate(x));
        Same([.. a.Select(u => (Complex)u.Magnitude)], ComplexOps.FromReal(ComplexOps.Abs(x)));
        Same([.. a.Select(u => (Complex)u.Phase)], ComplexOps.FromReal(ComplexOps.Angle(x)));
        Complex inner = a.Zip(b, (u, v) => Complex.Conjugate(u) * v).Aggregate((u, v) => u + v);
        Same([inner], ComplexOps.InnerProduct(x, y).Reshape(1, 2));
        Same([inner], ComplexOps.MatMul(ComplexOps.Conjugate(x).Reshape(1, 3, 2), y.Reshape(3, 1, 2)).Reshape(1, 2));
        Same([0, new(0.6, 0.8)], Grad(z => ComplexOps.Abs(z).Sum())(Tensor.Of(new[,] { { 0.0, 0 }, { 3, 4 } })));
        Assert.Equal("real: complex numbers are a last axis of length 2, got [3]. Make one: ComplexOps.FromParts(real, imaginary).",
            Assert.Throws<ShapeException>(() => ComplexOps.Real(Tensor.Zeros([3]))).Message);
    }

    [Fact]
    public void CircuitGradientsFollowTheParameterShiftRule()
    {
        foreach (double angle in (double[])[0, 0.3, 1.9, -2.5])
        {
            Tensor theta = Tensor.Scalar(angle, DType.F64);
            Tensor state = Circuit(theta);
            Assert.Equal(1, Ops.Sum(state * state).ToScalar<double>(), 1e-14);
            double shifted = (Energy(theta + (Math.PI / 2)).ToScalar<double>() - Energy(theta - (Math.PI / 2)).ToScalar<double>()) / 2;
            Assert.Equal(shifted, Grad(Energy)(theta).ToScalar<double>(), 1e-14);
        }
        // Without the rotation it is (|000> + |111>) / sqrt(2).
        double r = Math.Sqrt(0.5);
        double[] expected = [r, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, r, 0];
        Assert.All(Circuit(Tensor.Scalar(0, DType.F64)).ToArray<double>().Zip(expected), v => Assert.Equal(v.Second, v.First, 1e-15));
    }

    /// <summary>A Hadamard gate on qubit 0, controlled negations from 0 to 1 and from 1 to 2, a rotation of qubit 2 about x.</summary>
    private static Tensor Circuit(Tensor theta)
    {
        double r = Math.Sqrt(0.5);
        Tensor state = Of([1, 0, 0, 0, 0, 0, 0, 0]).Reshape(2, 2, 2, 2);
        Tensor negation = Of([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0]).Reshape(4, 4, 2);
        state = Apply(Of([r, r, r, -r]).Reshape(2, 2, 2), state, 0);
        state = Apply(negation, state, 0, 1);
        state = Apply(negation, state, 1, 2);
        Tensor cosine = Ops.Cos(theta * 0.5), sine = Ops.Sin(theta * 0.5), zero = theta * 0;
        Tensor rotation = ComplexOps.FromParts(Ops.Stack([cosine, zero, zero, cosine]), Ops.Stack([zero, -sine, -sine, zero])).Reshape(2, 2, 2);
        return Apply(rotation, state, 2).Reshape(8, 2);
    }

    /// <summary>The mean of Z on qubit 2, plus that of Z on qubit 0 times Z on qubit 2.</summary>
    private static Tensor Energy(Tensor theta)
    {
        Tensor size = ComplexOps.Abs(Circuit(theta));
        return Ops.Sum(size * size * Tensor.Of([2.0, -2, 2, -2, 0, 0, 0, 0]));
    }

    private static Tensor Apply(Tensor gate, Tensor state, params int[] qubits)
    {
        int[] order = [.. qubits, .. Enumerable.Range(0, 3).Except(qubits), 3], back = new int[4];
        for (int i = 0; i < 4; i++) back[order[i]] = i;
        Tensor columns = state.Permute(order).Reshape(gate.Shape[0], 8 / gate.Shape[0], 2);
        return ComplexOps.MatMul(gate, columns).Reshape(2, 2, 2, 2).Permute(back);
    }

    private static Tensor Of(Complex[] x) => Tensor.Of(x.SelectMany(v => (double[])[v.Real, v.Imaginary]).ToArray(), [x.Length, 2]);

    private static void Same(Complex[] expected, Tensor actual)
    {
        double[] values = actual.ToArray<double>();
        Assert.Equal(2 * expected.Length, values.Length);
        for (int i = 0; i < expected.Length; i++) Assert.True((expected[i] - new Complex(values[2 * i], values[(2 * i) + 1])).Magnitude < 1e-14, $"element {i}");
    }
}
