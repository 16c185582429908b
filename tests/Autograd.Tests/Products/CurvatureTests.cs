using Engine.Autograd.Layers;
using Engine.Tensors;
using static Engine.Autograd.Transform;

namespace Engine.Autograd.Tests.Products;

/// <summary>Products with curvature matrices and tangent kernels against matrices made of explicit Jacobians.</summary>
public sealed class CurvatureTests
{
    private static readonly Module Net = new Linear(3, 4) >> new Tanh() >> new Linear(4, 2);
    private static readonly Weights Start = Net.Initialize(RandomKey.FromSeed(1)).Map(t => t.Cast(DType.F64) + (0.1 * Ops.Sin(Ops.Iota(t.Count).Cast(DType.F64))).Reshape(t.Shape.Lengths));
    private static readonly Update Direction = new(Start.Names, Start.Tensors.Select((t, i) => Ops.RandomNormal(RandomKey.FromSeed(10 + i), t.Shape, DType.F64)));
    private static readonly Tensor X = Ops.RandomNormal(RandomKey.FromSeed(2), [5, 3], DType.F64), Other = Ops.RandomNormal(RandomKey.FromSeed(3), [4, 3], DType.F64);
    private static readonly Tensor Labels = Tensor.Of([0L, 1, 1, 0, 1]);

    private static Tensor Flat(IEnumerable<Tensor> leaves) => Ops.Concat([.. leaves.Select(t => t.Reshape(t.Count))], 0);

    private static Weights Folded(Tensor vector)
    {
        int at = 0;
        return Start.Map(t =>
        {
            Tensor leaf = vector[at..(at + t.Count)].Reshape(t.Shape.Lengths);
            at += t.Count;
            return leaf;
        });
    }

    /// <summary>d outputs / d weights as [outputs, weights].</summary>
    private static Tensor FullJacobian(Func<Weights, Tensor> f)
    {
        Tensor w = Flat(Start.Tensors), j = Jacobian(v => f(Folded(v)))(w);
        return j.Reshape(j.Count / w.Count, w.Count);
    }

    private static Tensor Product(Tensor matrix) => Ops.MatMul(matrix, Flat(Direction.Tensors).Reshape(matrix.Shape[1], 1)).Reshape(matrix.Shape[0]);

    private static Tensor Single(Weights w, Tensor x) => Net.Forward(w, x.Reshape(1, 3)).Reshape(2);

    private static Tensor LossOf(Weights w, Pair<Tensor, Tensor> e) => Losses.CrossEntropy(Net.Forward(w, e.First.Reshape(1, 3)), e.Second.Reshape(1));

    [Fact]
    public void PerExampleGradientsAreThoseOfTheExamplesAlone()
    {
        var batch = new Pair<Tensor, Tensor>(X, Labels);
        Gradient all = Curvature.PerExampleGradients(LossOf, Start, batch);
        Assert.Equal(Start.Names, all.Names);
        for (int i = 0; i < 5; i++)
        {
            Gradient one = Grad((Weights w) => LossOf(w, new(X[i], Labels[i])))(Start);
            for (int leaf = 0; leaf < one.LeafCount; leaf++) Close(one[leaf], all[leaf][i]);
        }
        Gradient mean = Grad((Weights w) => Losses.CrossEntropy(Net.Forward(w, X), Labels))(Start);
        for (int leaf = 0; leaf < mean.LeafCount; leaf++) Close(mean[leaf], Ops.Mean(all[leaf], [0]));
    }

    [Fact]
    public void TheGaussNewtonProductIsThatOfTheMatrix()
    {
        Func<Weights, Tensor> model = w => Net.Forward(w, X);
        Func<Tensor, Tensor> loss = y => Ops.Sum(Ops.Exp(0.5 * y)) + Ops.Square(y.Sum());
        Tensor y = model(Start), j = FullJacobian(model), h = Hessian(loss)(y).Reshape(10, 10);
        Close(Product(Ops.MatMul(j.T, Ops.MatMul(h, j))), Flat(Curvature.GaussNewtonProduct(model, loss, Start, Direction).Tensors));
    }

    [Fact]
    public void FisherAndGaussNewtonAndHessianMeetWhereTheyShould()
    {
        Func<Tensor, Tensor> loss = y => Losses.CrossEntropy(y, Labels);
        Func<Weights, Tensor> model = w => Net.Forward(w, X);
        Close(Flat(Curvature.GaussNewtonProduct(model, loss, Start, Direction).Tensors), Flat(Curvature.SoftmaxFisherProduct(model, Start, Direction).Tensors));

        // A linear model has no curvature of its own: the Hessian is the Gauss-Newton matrix.
        Module linear = new Linear(3, 2);
        Weights w = linear.Initialize(RandomKey.FromSeed(7)).Map(t => t.Cast(DType.F64));
        Update v = new(w.Names, w.Tensors.Select((t, i) => Ops.RandomNormal(RandomKey.FromSeed(20 + i), t.Shape, DType.F64)));
        Tensor hessian = Flat(Hvp(p => loss(linear.Forward(p, X)), w, v).Tensors);
        Close(hessian, Flat(Curvature.GaussNewtonProduct(p => linear.Forward(p, X), loss, w, v).Tensors));
        Close(hessian, Flat(Curvature.SoftmaxFisherProduct(p => linear.Forward(p, X), w, v).Tensors));
    }

    [Fact]
    public void TheFisherMatrixIsTheExpectedSquareOfTheScore()
    {
        // Over the model's own labels, one by one.
        Tensor probabilities = Ops.Softmax(Net.Forward(Start, X)), sum = Flat(Direction.Tensors) * 0;
        for (int i = 0; i < 5; i++)
        {
            for (long label = 0; label < 2; label++)
            {
                Tensor score = Flat(Grad((Weights w) => LossOf(w, new(X[i], Tensor.Of([label])[0])))(Start).Tensors);
                sum += probabilities[i, (int)label] * score * (score * Flat(Direction.Tensors)).Sum() / 5;
            }
        }
        Close(sum, Flat(Curvature.SoftmaxFisherProduct(w => Net.Forward(w, X), Start, Direction).Tensors));
    }

    [Fact]
    public void GaussianAndEmpiricalFisherProductsAreThoseOfTheMatrices()
    {
        Tensor j = FullJacobian(w => Net.Forward(w, X));
        Close(Product(Ops.MatMul(j.T, j)) / (5 * 0.3), Flat(Curvature.GaussianFisherProduct(w => Net.Forward(w, X), Start, Direction, 0.3).Tensors));
        var batch = new Pair<Tensor, Tensor>(X, Labels);
        Gradient all = Curvature.PerExampleGradients(LossOf, Start, batch);
        Tensor g = Ops.Concat([.. all.Tensors.Select(t => t.Reshape(5, t.Count / 5))], 1);
        Close(Product(Ops.MatMul(g.T, g)) / 5, Flat(Curvature.EmpiricalFisherProduct(LossOf, Start, batch, Direction).Tensors));
        Assert.StartsWith("gaussianFisherProduct: the variance must be positive, got 0.",
            Assert.Throws<ArgumentOutOfRangeException>(() => Curvature.GaussianFisherProduct(w => Net.Forward(w, X), Start, Direction, 0)).Message, StringComparison.Ordinal);
        Assert.Equal("softmaxFisherProduct: the outputs need a last axis, got f64[]. Return [examples, outputs].",
            Assert.Throws<ShapeException>(() => Curvature.SoftmaxFisherProduct(w => Net.Forward(w, X).Sum(), Start, Direction)).Message);
    }

    [Theory]
    [InlineData(TangentKernelMethod.Jacobians)]
    [InlineData(TangentKernelMethod.Products)]
    public void TheTangentKernelIsTheProductOfTheJacobians(TangentKernelMethod method)
    {
        Tensor j1 = FullJacobian(w => Net.Forward(w, X)), j2 = FullJacobian(w => Net.Forward(w, Other));
        Tensor expected = Ops.Permute(Ops.MatMul(j1, j2.T).Reshape(5, 2, 4, 2), [0, 2, 1, 3]);
        Close(expected, NeuralTangentKernel.Full(Single, Start, X, Other, method));
        Tensor own = NeuralTangentKernel.Full(Single, Start, X, X, method), square = Ops.Permute(own, [0, 2, 1, 3]).Reshape(10, 10);
        Close(square, square.T);
        // Positive semidefinite: regular with the least of diagonals added.
        Assert.All(Ops.Cholesky(square + (1e-9 * Ops.Eye(10, dtype: DType.F64))).ToArray<double>(), l => Assert.True(double.IsFinite(l)));
        Close(Ops.Trace(expected) / 2, NeuralTangentKernel.Trace(Single, Start, X, Other));
    }

    [Fact]
    public void TheyCompile()
    {
        Func<Weights, Tensor> kernel = w => NeuralTangentKernel.Full(Single, w, X, Other), products = w => NeuralTangentKernel.Full(Single, w, X, Other, TangentKernelMethod.Products);
        Close(kernel(Start), Function.Compile(kernel).Invoke(Start));
        Close(kernel(Start), Function.Compile(products).Invoke(Start));
        Gradient compiled = Function.Compile((Weights w) => Curvature.GaussNewtonProduct(p => Net.Forward(p, X), y => Losses.CrossEntropy(y, Labels), w, Direction)).Invoke(Start);
        Close(Flat(Curvature.SoftmaxFisherProduct(p => Net.Forward(p, X), Start, Direction).Tensors), Flat(compiled.Tensors));
    }

    private static void Close(Tensor a, Tensor b)
    {
        Assert.Equal(a.Shape, b.Shape);
        foreach ((double x, double y) in a.ToArray<double>().Zip(b.ToArray<double>())) Assert.Equal(x, y, 1e-12 * Math.Max(1, Math.Abs(x)));
    }
}
