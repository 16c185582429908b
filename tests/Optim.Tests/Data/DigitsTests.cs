using System.Security.Cryptography;
using Engine.Optim.Data;

namespace Engine.Optim.Tests.Data;

public sealed class DigitsTests
{
    private const int Pixels = Digits.Side * Digits.Side;

    /// <summary>The bits of the pictures are a promise: results that others publish must stay comparable.</summary>
    [Fact]
    public void TheFirstHundredPicturesNeverChange()
    {
        var (pixels, labels) = Digits.Generate(seed: 0, count: 100);
        var bytes = new List<byte>();
        foreach (float p in pixels) bytes.AddRange(BitConverter.GetBytes(BitConverter.SingleToInt32Bits(p)));
        foreach (int l in labels) bytes.Add((byte)l);

        Assert.Equal("3B795B3E5315E125A400ECE535611556", Convert.ToHexString(SHA256.HashData([.. bytes]))[..32]);
    }

    [Fact]
    public void APictureDependsOnSeedAndIndexOnly()
    {
        var (pixels, labels) = Digits.Generate(seed: 5, count: 40);
        var one = new float[Pixels];
        for (int i = 39; i >= 0; i--)
        {
            Array.Fill(one, -1);
            Digits.Draw(5, i, one, out int label);
            Assert.Equal(labels[i], label);
            Assert.Equal(pixels.AsSpan(i * Pixels, Pixels).ToArray(), one);
        }
    }

    [Fact]
    public void NeighbouringSeedsAndIndicesGiveOtherPictures()
    {
        var seen = new HashSet<string>();
        foreach (long seed in new[] { 0, 1, 2, -1, long.MaxValue, long.MinValue })
        {
            var (pixels, labels) = Digits.Generate(seed, 50);
            for (int i = 0; i < labels.Length; i++) Assert.True(seen.Add(Convert.ToHexString(System.Runtime.InteropServices.MemoryMarshal.AsBytes(pixels.AsSpan(i * Pixels, Pixels)))));
        }

        Assert.NotEqual(Digits.Generate(0, 50).Labels, Digits.Generate(1, 50).Labels);
    }

    [Fact]
    public void EveryTenPicturesHoldEveryDigitInVaryingOrder()
    {
        var labels = Digits.Generate(seed: 3, count: 500).Labels;
        var blocks = labels.Chunk(10).ToArray();

        foreach (var block in blocks) Assert.Equal(Enumerable.Range(0, Digits.Classes), block.Order());
        Assert.True(blocks.Select(b => string.Concat(b)).Distinct().Count() > 45);
    }

    [Fact]
    public void ValuesAreGreyLevelsOnMostlyWhitePaper()
    {
        var (pixels, _) = Digits.Generate(seed: 9, count: 300);

        foreach (float p in pixels)
        {
            Assert.InRange(p, 0f, 1f);
            Assert.Equal(MathF.Round(p * 255) / 255f, p);
        }

        foreach (var picture in pixels.Chunk(Pixels))
        {
            Assert.InRange(picture.Max(), 0.3f, 1f);
            Assert.InRange(picture.Average(), 0.02f, 0.45f);
        }
    }

    /// <summary>A picture resembles the average picture of its own digit more than most others, so the labels belong to the pictures.</summary>
    [Fact]
    public void LabelsBelongToPictures()
    {
        var (train, trainLabels) = Digits.Generate(seed: 1, count: 1000);
        var (test, testLabels) = Digits.Generate(seed: 2, count: 500);
        var means = new float[Digits.Classes][];
        for (int digit = 0; digit < Digits.Classes; digit++)
        {
            var own = Enumerable.Range(0, trainLabels.Length).Where(i => trainLabels[i] == digit).ToArray();
            means[digit] = [.. Enumerable.Range(0, Pixels).Select(p => own.Average(i => train[i * Pixels + p]))];
        }

        int right = test.Chunk(Pixels).Zip(testLabels).Count(s => s.Second == Enumerable.Range(0, Digits.Classes).MinBy(d => Distance(s.First, means[d])));

        Assert.InRange(right / 500.0, 0.45, 0.9);

        static double Distance(float[] a, float[] b) => a.Zip(b, static (x, y) => (double)(x - y) * (x - y)).Sum();
    }

    [Fact]
    public void WrongArgumentsAreNamed()
    {
        var error = Assert.Throws<ArgumentException>(() => Digits.Draw(0, 0, new float[7], out _));
        Assert.StartsWith("a picture has 256 pixels, got room for 7", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => Digits.Draw(0, -1, new float[Pixels], out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => Digits.Generate(0, -1));
        Assert.Empty(Digits.Generate(0, 0).Labels);
    }
}
