using Engine.Autograd.Duality;
using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Optim.Tests;

/// <content>Optimizers of matrices, and those that torch has not.</content>
public sealed partial class GoldenTests
{
    private const PolarAccuracy Exact = PolarAccuracy.Exact;

    private static readonly Dictionary<string, Optimizer[]> OfMatrices = new()
    {
        ["Muon"] =
        [
            new Muon(0.1, weightDecay: 0.1, accuracy: Exact), new Muon(0.1, 0.8, nesterov: false, scale: MuonScale.MatchRms, accuracy: Exact),
            new Muon(0.1, 0.5, weightDecay: 0.2, scale: MuonScale.Modular, accuracy: Exact),
        ],
        ["NorMuon"] =
        [
            new NorMuon(0.1, weightDecay: 0.1, accuracy: Exact), new NorMuon(0.1, 0.5, 0.8, scale: MuonScale.MatchRms, accuracy: Exact),
            new NorMuon(0.1, 0.9, 0, weightDecay: 0.3, scale: MuonScale.Modular, accuracy: Exact),
        ],
        ["NormalizeNeurons"] = [Descent >> new NormalizeNeurons(), Descent >> new NormalizeNeurons(0.8), Descent >> new NormalizeNeurons(0)],
        ["Dion"] = [new Dion(0.1, 1, weightDecay: 0.1), new Dion(0.2, 3, 0.5), new Dion(0.05, 2, 0, 0.5)],
        ["Dualized"] =
        [
            new Dualized(Two(1), 0.1, accuracy: Exact), new Dualized(Two(1), 0.1, 0.5, 0.2, accuracy: Exact), new Dualized(Two(3), 0.1, 0, accuracy: Exact),
        ],
        ["ProjectWeights"] = [Descent >> Clamped(-1, 1), Descent >> Clamped(0, 2), Descent >> Clamped(-0.5, 0.25)],
        ["Grouped"] = [ByLeaf(0.1, 0.2), ByLeaf(1, 0), ByLeaf(0.5, 0.25)],
        ["ScaleByLeaf"] = [Descent >> Leaf(0.1, 0.2), Descent >> Leaf(1, 0), Descent >> Leaf(0.5, 0.25)],
        ["SignDescent"] = [new SignDescent(0.1), new SignDescent(0.05, 0.9, 0.1), new SignDescent(0.2, 0.5)],
        ["NormalizedSgd"] = [new NormalizedSgd(0.1), new NormalizedSgd(0.05, 0.9, 0.1), new NormalizedSgd(0.2, 0.5)],
        ["Lion"] = [new Lion(0.1), new Lion(0.02, 0.5, 0.8, 0.3), new Lion(0.3, 0, 0.9, 0.1)],
        ["AdaGrad"] = [new AdaGrad(0.1), new AdaGrad(0.5, 1e-2), new AdaGrad(1, 1)],
        ["RmsProp"] = [new RmsProp(0.1), new RmsProp(0.01, 0.5, 1e-3), new RmsProp(0.3, 0, 1)],
        ["NAdam"] = [new NAdam(0.1), new NAdam(0.02, 0.5, 0.9, slope: 0.1), new NAdam(0.3, 0.8, 0, slope: 1)],
        ["AdamSania"] = [new AdamSania(0.1), new AdamSania(0.05, 0.5, 0.9, 1e-2), new AdamSania(0.02, 0, 0.5, 1)],
        ["MuAdam"] =
        [
            new MuAdam(0.1, 0.1, accuracy: Exact), new MuAdam(0.05, 0.05, 0.5, 0.9, 1, weightDecay: 0.2, floor: 0.5, accuracy: Exact),
            new MuAdam(0.2, 0.2, 0, 0.8, eps: 0.1, floor: 0, accuracy: Exact),
        ],
        ["TrustRatio"] = [Ratio(0.1, 0), Ratio(0.02, 0.3), Ratio(0.5, 0.01)],
        ["Lamb"] = [new Lamb(0.1), new Lamb(0.05, 0.5, 0.9, 1e-2, 0), new Lamb(0.2, 0, 0.99, weightDecay: 0.5)],
        ["Prodigy"] = [new Prodigy(), new Prodigy(initial: 0.1), new Prodigy(new LargestNorm((_, _) => MatrixNorms.Spectral, Exact), 1e-3)],
        ["ProdigyAdam"] = [new ProdigyAdam(1), new ProdigyAdam(1, 0.5, 0.9, 1e-2, 0.3, 0.5), new ProdigyAdam(new Schedule(step => 2 - step / 5), 0, 0.5, initial: 0.1)],
        ["AutomaticGradientDescent"] =
        [
            new AutomaticGradientDescent(), new AutomaticGradientDescent(gain: 10), new AutomaticGradientDescent(spectral: true, accuracy: Exact),
        ],
        ["OrthogonalDescent"] = [new OrthogonalDescent(0.1), new OrthogonalDescent(0.5), new OrthogonalDescent(0.03)],
        ["SkipNonFinite"] = [new SkipNonFinite(new Sgd(0.1)), new SkipNonFinite(new Sgd(1)), new SkipNonFinite(new Sgd(0.3))],
        ["RequireFinite"] = [new RequireFinite() >> new Sgd(0.1), new RequireFinite() >> new Sgd(1), new RequireFinite() >> new Sgd(0.3)],
    };

    private static Module Two(double share) => new Linear(2, 3, bias: false) >> new Linear(3, 2, bias: false, mass: share);

    private static ProjectWeights Clamped(double low, double high) => new(w => w.Map(t => Ops.Clamp(t, low, high)));

    private static Grouped ByLeaf(double first, double second) =>
        new(new WeightGroup((name, _) => name == "0.weight", new Sgd(first)), new WeightGroup((_, _) => true, new Sgd(second)));

    private static ScaleByLeaf Leaf(double first, double second) => new(name => name == "0.weight" ? first : second);

    private static Optimizer Ratio(double rate, double decay) => Descent >> new WeightDecay(decay) >> new TrustRatio() >> new ScaleBy(rate);
}
