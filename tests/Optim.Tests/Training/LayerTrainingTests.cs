using Engine.Autograd;
using Engine.Autograd.Layers;
using Engine.Tensors;
using Engine.Testing;
using static Engine.Autograd.Transform;

namespace Engine.Optim.Tests;

/// <summary>Layers in compiled training: they learn what only they can, with the bits of an eager loop, in one plan that allocates nothing.</summary>
public sealed class LayerTrainingTests
{
    private const int Examples = 16, Length = 6, Tokens = 4;

    private delegate Tensor Loss(Weights weights, Tensor tokens);

    [Theory]
    [InlineData("gru")]
    [InlineData("lstm")]
    [InlineData("both directions")]
    [InlineData("transformer")]
    [InlineData("mixture")]
    [InlineData("ctc")]
    public void LearnsAsCompiledStepWithTheBitsOfAnEagerLoop(string name)
    {
        (Module net, Loss loss) = Task(name);
        var optimizer = new Adam(0.02);
        Weights start = net.Initialize(RandomKey.FromSeed(1));
        Pair<Weights, OptimizerState> eager = new(start, optimizer.Initialize(start));
        (Pair<Weights, OptimizerState> Next, Tensor Loss) once(Pair<Weights, OptimizerState> s, Tensor tokens)
        {
            (Tensor value, Gradient gradient) = ValueAndGrad((Weights w) => loss(w, tokens))(s.First);
            (Update update, OptimizerState memory) = optimizer.Step(gradient, s.Second, s.First);
            return (new(s.First + update, memory), value);
        }
        using var step = Function.CompileStep(eager, (Pair<Weights, OptimizerState> s, Tensor tokens) => once(s, tokens));
        float first = 0, last = 0;
        for (int i = 0; i < 150; i++)
        {
            Tensor tokens = Batch(i);
            step.Run(tokens);
            last = step.Metrics().ToScalar<float>();
            if (i == 0) first = last;
            if (i >= 3) continue;
            (eager, Tensor value) = once(eager, tokens);
            Assert.Equal(value.ToScalar<float>(), last);
        }
        Assert.Equal(1, step.PlanCount);
        Assert.Equal(0, Allocations.Of(5, () => step.Run()));
        Assert.True(last < 0.3 * first, $"the loss went from {first} to {last}");
    }

    private static Tensor Batch(int number) => (Ops.RandomUniform(RandomKey.FromSeed(number), [Examples, Length]) * Tokens).Cast(DType.I64);

    private static (Module Net, Loss Loss) Task(string name)
    {
        const int Width = 16;
        var embed = new Embed(Tokens, Width);
        switch (name)
        {
            case "gru" or "lstm":
                // What came two tokens ago.
                Module cell = name == "gru" ? new Gru(Width, Width) : new Lstm(Width, Width);
                return Net(embed >> cell >> new Linear(Width, Tokens), (y, x) =>
                    Losses.CrossEntropy(y[.., 2..], x[.., ..(Length - 2)]));
            case "both directions":
                // What comes next, which only the way back can know.
                return Net(embed >> new Concatenation(-1, new Gru(Width, 8), new Gru(Width, 8, reversed: true)) >> new Linear(Width, Tokens), (y, x) =>
                    Losses.CrossEntropy(y[.., ..(Length - 1)], x[.., 1..]));
            case "transformer":
                var attention = new MultiHeadAttention(Width, 2, causal: true, rotary: new RotaryPositions(100));
                return Net(embed >> new TransformerBlock(attention, Width, depth: 2) >> new RmsNorm(Width) >> new Linear(Width, Tokens), (y, x) =>
                    Losses.CrossEntropy(y[.., 2..], x[.., ..(Length - 2)], 0.01));
            case "mixture":
                var experts = new MixtureOfExperts(Width, 2, [new Linear(Width, Width), new Linear(Width, Width), new Linear(Width, Width)]);
                Module net = embed >> experts >> new Relu() >> new Linear(Width, Tokens);
                var router = new MixtureOfExperts(Width, 2, [new Identity(), new Identity(), new Identity()]);
                Tensor balance(Weights w, Tensor x) => router.ForwardBalanced(new(["0.weight"], [w["1.0.weight"]]), Ops.Take(w["0.weight"], x), default).LoadBalancing;
                return (net, (w, x) => Losses.CrossEntropy(net.Forward(w, x), Tokens - 1 - x) + (balance(w, x) - 1) * 0.01);
            default:
                // The first two tokens in order, wherever the frames put them; class 0 is the blank.
                return Net(embed >> new Gru(Width, Width, reversed: true) >> new Linear(Width, Tokens + 1), (y, x) => Losses.Ctc(y, x[.., ..2] + 1));
        }
    }

    private static (Module Net, Loss Loss) Net(Module net, Func<Tensor, Tensor, Tensor> loss) => (net, (w, x) => loss(net.Forward(w, x), x));
}
