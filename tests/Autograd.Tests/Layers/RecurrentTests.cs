using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Autograd.Tests.Layers;

/// <summary>Golden results are those of torch 1.13's RNN, GRU and LSTM in double precision, with these weights.</summary>
public sealed class RecurrentTests
{
    private static readonly Elman Elman = new(2, 2);
    private static readonly Gru Gru = new(2, 2);
    private static readonly Lstm Lstm = new(2, 2);

    private static readonly Tensor Input = Given.Values([2, 3, 2]);

    [Fact]
    public void GoldenElman()
    {
        var (y, h) = Elman.Forward(Differences.Irregular(Elman), Input, null);
        Given.Near([2, 3, 2], [-0.7496974422464884, -0.5350909155204919, -0.9794364666394119, -0.29281419886034515, -0.955063319303988, -0.7836159889027815, -0.7084826496369865, -0.5244653795451351, -0.4002687453358259, -0.6819031259048339, -0.6843178780893094, -0.4992588074765381], y);
        Given.Near([2, 2], [-0.955063319303988, -0.7836159889027815, -0.6843178780893094, -0.4992588074765381], h);
        Given.Near([2, 3, 2], [0.019101896607355246, 0.27528605610850804, -0.9873343773207731, -0.3468433511153994, -0.9509642415739616, -0.7710960196961486, -0.7758026095412807, -0.6126787759044127, -0.36846964253257697, -0.6727105838632166, -0.6776958919861266, -0.4886567191521802],
            Elman.Forward(Differences.Irregular(Elman), Input, Given.Values([2, 2], 20)).Outputs);
    }

    [Fact]
    public void GoldenGru()
    {
        var (y, h) = Gru.Forward(Differences.Irregular(Gru), Input, null);
        Given.Near([2, 3, 2], [0.15329260464430755, 0.3012775690286668, 0.13958251409811057, 0.7696764714029862, 0.18727232970788726, 0.8784628042098724, 0.17739329679238708, 0.1686373861831581, 0.2703632933950977, -0.1147769059319721, 0.2912390378529829, 0.6594521974092575], y);
        Given.Near([2, 2], [0.18727232970788726, 0.8784628042098724, 0.2912390378529829, 0.6594521974092575], h);
        Given.Near([2, 3, 2], [0.8986439481171402, -0.007073868667487923, 0.6652804086227204, 0.7330325626090757, 0.6290604425889614, 0.8752221740537074, 0.1180312196698482, 0.19704900714390777, 0.2329817730689322, -0.10204421553428808, 0.2581861010040857, 0.6603708118399092],
            Gru.Forward(Differences.Irregular(Gru), Input, Given.Values([2, 2], 20)).Outputs);
    }

    [Fact]
    public void GoldenLstm()
    {
        var (y, h, c) = Lstm.Forward(Differences.Irregular(Lstm), Input, null, null);
        Given.Near([2, 3, 2], [0.03323844495442467, 0.0729429680057403, 0.004334231370228081, 0.06699710488358897, 0.028391535649211576, 0.06101259403274165, 0.03376448537930165, 0.07330476129025318, 0.10407199426282243, 0.0722734341471728, 0.1514426904821667, 0.05405570240461812], y);
        Given.Near([2, 2], [0.028391535649211576, 0.06101259403274165, 0.1514426904821667, 0.05405570240461812], h);
        Given.Near([2, 2], [0.06544744368831404, 0.43937342353188147, 0.2856968368445469, 0.3403808698586961], c);
        Given.Near([2, 3, 2], [0.1746313799516953, -0.018162989095605386, 0.03534577499094025, 0.0526441091450813, 0.12163925952325484, 0.05843348402791652, 0.15810030551880894, 0.02174848132881882, 0.23186075101179027, 0.049653310210865234, 0.29519225480045735, 0.05283745077675705],
            Lstm.Forward(Differences.Irregular(Lstm), Input, Given.Values([2, 2], 20), Given.Values([2, 2], 21)).Outputs);
    }

    [Fact]
    public void GoldenBothDirections()
    {
        double[][] expected =
        [
            [-0.7496974422464884, -0.5350909155204919, 0.8812517837373567, -0.9837979907725722, -0.9794364666394119, -0.29281419886034515, 0.9913527628691431, -0.8679099329650464, -0.955063319303988, -0.7836159889027815, 0.913994353048803, -0.6961453099719502, -0.7084826496369865, -0.5244653795451351, 0.8799186807200104, -0.977471729273358, -0.4002687453358259, -0.6819031259048339, 0.775714697168312, -0.9849472847353227, -0.6843178780893094, -0.4992588074765381, 0.8101816555939831, -0.8169563867777918],
            [0.15329260464430755, 0.3012775690286668, 0.4809889883372369, -0.8180101911019748, 0.13958251409811057, 0.7696764714029862, 0.18538989462437017, -0.8605766120333884, 0.18727232970788726, 0.8784628042098724, 0.05990634594805852, -0.5720454783691946, 0.17739329679238708, 0.1686373861831581, 0.788225365710829, -0.5747053196246229, 0.2703632933950977, -0.1147769059319721, 0.5439655624529854, -0.4826448245465996, 0.2912390378529829, 0.6594521974092575, -0.0229274649057331, -0.433362196345716],
            [0.03323844495442467, 0.0729429680057403, 0.3238256512733497, -0.28133408532646065, 0.004334231370228081, 0.06699710488358897, 0.29306404463169744, -0.2057507778115022, 0.028391535649211576, 0.06101259403274165, 0.0532727961752114, -0.173040411368258, 0.03376448537930165, 0.07330476129025318, 0.3170496200863771, -0.20668948340392237, 0.10407199426282243, 0.0722734341471728, 0.217255460104594, -0.14995716565671174, 0.1514426904821667, 0.05405570240461812, 0.029282079217032422, -0.14037404650600444],
        ];
        Module[] layers =
        [
            new Concatenation(-1, new Elman(2, 2), new Elman(2, 2, reversed: true)), new Concatenation(-1, new Gru(2, 2), new Gru(2, 2, reversed: true)),
            new Concatenation(-1, new Lstm(2, 2), new Lstm(2, 2, reversed: true)),
        ];
        for (int i = 0; i < layers.Length; i++) Given.Near([2, 3, 4], expected[i], layers[i].Forward(Differences.Irregular(layers[i]), Input));
    }

    [Fact]
    public void NoStepsGiveNothing()
    {
        var (y, h, c) = Lstm.Forward(Differences.Irregular(Lstm), Tensor.Zeros([2, 0, 2], DType.F64), null, null);
        Assert.Equal([[2, 0, 2], [2, 2], [2, 2]], new[] { y, h, c }.Select(t => t.Shape.Lengths.ToArray()));
        Given.Near([2, 2], [0, 0, 0, 0], h);
    }

    [Fact]
    public void GradientsFollowDifferences()
    {
        foreach (Module layer in (Module[])[new Elman(2, 3), new Gru(2, 3), new Lstm(2, 3, reversed: true), new Gru(2, 3, bias: false)])
            Differences.Check(layer, Differences.Irregular(layer), Input, tolerance: 1e-8);
    }

    [Fact]
    public void FreshWeightsAndGeometry()
    {
        Weights w = new Gru(5, 100).Initialize(Given.Key());
        Assert.Equal(["weight_ih", "weight_hh", "bias_ih", "bias_hh"], w.Names);
        Assert.Equal([[300, 5], [300, 100], [300], [300]], w.Tensors.Select(t => t.Shape.Lengths.ToArray()));
        Assert.InRange(w["weight_hh"].ToArray<float>().Max(), 0.0999f, 0.1f);
        Assert.InRange(w["weight_hh"].ToArray<float>().Min(), -0.1f, -0.0999f);
        Assert.All(w["bias_hh"].ToArray<float>(), b => Assert.Equal(0, b));
        Assert.Equal(["weight_ih", "weight_hh"], new Lstm(2, 3, bias: false).Initialize(Given.Key()).Names);
        Assert.Equal((1, 2.5, 1), (new Elman(2, 3).Mass, new Lstm(2, 3, mass: 2.5).Mass, new Elman(2, 3).Sensitivity));
        Assert.Equal((1.75, 1.75, 4, 2), (Gru.Sensitivity, Lstm.Sensitivity, Lstm.WeightCount, new Gru(2, 3, bias: false).WeightCount));
    }

    [Fact]
    public void BadArguments()
    {
        Assert.Equal("elman: the number of inputs must be at least 1, got 0.", Given.Message<ArgumentException>(() => _ = new Elman(0, 2)));
        Assert.Equal("gru: the number of units must be at least 1, got -1.", Given.Message<ArgumentException>(() => _ = new Gru(2, -1)));
        Assert.Equal("lstm: the mass must be finite and not negative, got NaN.", Given.Message<ArgumentException>(() => _ = new Lstm(2, 2, mass: double.NaN)));
        Assert.Equal("lstm: the input must be [.., T, 2], got [2]. Its last axis is the layer's number of inputs.",
            Given.Message<ShapeException>(() => Lstm.Forward(Differences.Irregular(Lstm), Given.Values([2]))));
        Assert.Equal("gru: the first state must be f64[2, 2] for the input f64[2, 3, 2], got f64[2].",
            Given.Message<ShapeException>(() => Gru.Forward(Differences.Irregular(Gru), Input, Given.Values([2]))));
    }
}
