using Engine.Autograd.Layers;
using Engine.Tensors;
using Engine.Tensors.IO;
using Given = Engine.Autograd.Tests.Layers.Given;

namespace Engine.Autograd.Tests;

public sealed class WeightsFileTests : IDisposable
{
    private static readonly Module Net = new Linear(3, 4) >> new BatchNorm(4) >> new Relu() >> new Linear(4, 2);

    private readonly string folder = Directory.CreateTempSubdirectory("weights").FullName;

    private string Model => Path.Combine(folder, "model.safetensors");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(DType.F32)]
    [InlineData(DType.F64)]
    [InlineData(DType.BF16)]
    public void WhatIsSavedIsLoaded(DType dtype)
    {
        Weights weights = Net.Initialize(Given.Key(), dtype);
        Buffers buffers = Net.InitializeBuffers(dtype);
        WeightsFile.Save(Model, weights, buffers, new Dictionary<string, string> { ["epochs"] = "12" });
        SavedWeights saved = WeightsFile.Load(Model, Net.Initialize(Given.Key(1), dtype), Net.InitializeBuffers(dtype));

        Assert.Equal(weights.Names, saved.Weights.Names);
        Assert.Equal(buffers.Names, saved.Buffers.Names);
        Assert.Equal("12", saved.Metadata["epochs"]);
        for (int i = 0; i < weights.LeafCount; i++)
        {
            Assert.Equal(weights[i].Spec, saved.Weights[i].Spec);
            Assert.Equal(weights[i].Cast(DType.F64).ToArray<double>(), saved.Weights[i].Cast(DType.F64).ToArray<double>());
        }
        Assert.Equal([1.0, 1, 1, 1], saved.Buffers["1.running_var"].Cast(DType.F64).ToArray<double>());
    }

    [Fact]
    public void EqualWeightsGiveEqualBytes()
    {
        string again = Path.Combine(folder, "again.safetensors");
        WeightsFile.Save(Model, Net.Initialize(Given.Key()));
        WeightsFile.Save(again, Net.Initialize(Given.Key()));
        Assert.Equal(File.ReadAllBytes(Model), File.ReadAllBytes(again));
        Assert.Empty(WeightsFile.Load(Model, Net.Initialize(Given.Key())).Buffers.Names);
    }

    [Fact]
    public void ErrorsNameTheTensor()
    {
        Weights weights = Net.Initialize(Given.Key());
        WeightsFile.Save(Model, weights, Net.InitializeBuffers());

        Assert.Equal($"{Model}: the tensor '1.running_mean' is none of the module's, got 8 tensors for its 6 weights and 0 buffers. Load with the module that was saved.",
            Given.Message<DataFormatException>(() => WeightsFile.Load(Model, weights)));
        Module wider = new Linear(3, 4) >> new BatchNorm(4) >> new Relu() >> new Linear(4, 3);
        Assert.Equal($"{Model}: the tensor '3.weight' is f32[2, 4], the module's is f32[3, 4].",
            Given.Message<DataFormatException>(() => WeightsFile.Load(Model, wider.Initialize(Given.Key()), Net.InitializeBuffers())));
        Assert.Equal($"{Model}: the tensor '0.weight' is f32[4, 3], the module's is f64[4, 3].",
            Given.Message<DataFormatException>(() => WeightsFile.Load(Model, Net.Initialize(Given.Key(), DType.F64), Net.InitializeBuffers())));
        Module longer = Net >> new Linear(2, 2);
        Assert.StartsWith($"{Model}: no tensor '4.weight', the tensors are '0.weight', '0.bias'",
            Given.Message<DataFormatException>(() => WeightsFile.Load(Model, longer.Initialize(Given.Key()), Net.InitializeBuffers())), StringComparison.Ordinal);
        Assert.Equal("safetensors: two tensors are named 'a'. (Parameter 'tensors')",
            Given.Message<ArgumentException>(() => WeightsFile.Save(Model, new Weights(["a"], [Tensor.Ones([1])]), new Buffers(["a"], [Tensor.Ones([1])]))));
    }
}
