namespace Engine.Tensors.Tests.Primitives;

public sealed class RandomTests
{
    [Fact]
    public void TheNormalQuantileInvertsTheDistributionFunction()
    {
        // Values of Python's statistics.NormalDist().inv_cdf.
        double[] p = [1e-300, 1e-20, 1e-5, 0.02, 0.3, 0.5, 0.9, 0.999];
        double[] expected = [-37.0470962993612, -9.262340089798405, -4.2648907939228256, -2.0537489106318225, -0.5244005127080407, 0.0, 1.2815515655446008, 3.090232306167813];
        double[] actual = NormalQuantileOp.Instance.Apply(Tensor.Of(p)).ToArray<double>();
        for (int i = 0; i < p.Length; i++) Assert.Equal(expected[i], actual[i], 1e-13);
    }

    [Fact]
    public void FirstValuesOfAKey()
    {
        // Written down once: a change of these is a change of every program's random numbers.
        RandomKey key = RandomKey.FromSeed(7);
        Assert.Equal([3.0921799282765736, 0.5224941096741098, 0.0060936576527925055], Ops.RandomExponential(key, [3], DType.F64).ToArray<double>());
        Assert.Equal([-1.128876320583398, 0.6491415685577017, 5.100506777746483], Ops.RandomGumbel(key, [3], DType.F64).ToArray<double>());
        Assert.Equal([0.8791819412210582, -0.15989258363691883, -0.9830042208528518], Ops.RandomTruncatedNormal(key, [3], -1, 1, DType.F64).ToArray<double>());
        Assert.Equal([3.8629135254342377, 1.1431084863091696, 19.840676172475852], Ops.RandomGamma(key, Tensor.Of([0.5, 1.0, 20])).ToArray<double>());
        Assert.Equal([0.0025450689532261457, 0.40833770266169284, 0.9196173276111936], Ops.RandomBeta(key, Tensor.Of([0.5, 1.0, 20]), Tensor.Of([2.0])).ToArray<double>());
        Assert.Equal([0.1554698936974921, 0.046006454372081736, 0.7985236519304262], Ops.RandomDirichlet(key, Tensor.Of([0.5, 1.0, 20])).ToArray<double>());
        Assert.Equal([2L, 3, 0, 1, 2, 3, 3, 3], Ops.RandomCategorical(key, Tensor.Of([0.0, 1, 2, 3]), [8]).ToArray<long>());
        Assert.Equal([7L, 3, 0], Ops.RandomPoisson(key, 3.7, [3]).ToArray<long>());
        Assert.Equal([9L, 6, 0, 2], Ops.RandomChoice(key, 10, 4).ToArray<long>());
        Assert.Equal([2L, 3, 1], Ops.RandomChoice(key, Tensor.Of([0.0, 1, 2, 3]), 3).ToArray<long>());
    }
}
