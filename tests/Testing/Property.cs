using System.Globalization;
using FsCheck;
using FsCheck.Fluent;

namespace Engine.Testing;

/// <summary>What a property ran over.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Tests">Values it held for.</param>
/// <param name="Seed">What FSCHECK_REPLAY takes to run it again on the same values.</param>
public readonly record struct PropertyResult(string Name, int Tests, string Seed)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Name}: 0 failures of {Tests}, seed {Seed}";
}

/// <summary>A share of the generated values that must have a label, so that a property cannot hold for want of interesting values.</summary>
/// <param name="Label">The label.</param>
/// <param name="Percent">The least share.</param>
public readonly record struct Share(string Label, double Percent);

/// <summary>A property that does not hold; the message has the smallest counterexample and how to run it again.</summary>
public sealed class PropertyException(string message, Exception inner) : Exception(message, inner);

/// <summary>
/// Properties of generated values, checked by FsCheck. Seeds are fixed, so a run repeats; the environment variable FSCHECK_REPLAY changes them: <c>random</c>,
/// or the
/// <c>seed,gamma</c> or <c>seed,gamma,size</c> that a failure prints.
/// </summary>
public static class Property
{
    private static readonly string Seed = Environment.GetEnvironmentVariable("FSCHECK_REPLAY") switch
    {
        null or "" => "2718281828,3141592653",
        "random" => $"{(ulong)Random.Shared.NextInt64()},{(ulong)Random.Shared.NextInt64() | 1}",
        string given => given,
    };

    /// <summary>Checks that a body passes, throwing nothing, for every value.</summary>
    /// <param name="name">For messages.</param>
    /// <param name="arbitrary">Generates and shrinks values.</param>
    /// <param name="body">Throws when the property does not hold.</param>
    /// <param name="maxTest">How many values, before ENGINE_CASES.</param>
    /// <param name="labels">The labels of a value, for <paramref name="required"/>.</param>
    /// <param name="required">Shares that the labels must reach.</param>
    /// <exception cref="PropertyException">It does not hold, or a label is too rare.</exception>
    public static PropertyResult Check<T>(
        string name, Arbitrary<T> arbitrary, Action<T> body, int maxTest = 100, Func<T, IEnumerable<string>>? labels = null, params Share[] required)
    {
        int seen = 0;
        Dictionary<string, int> counts = [];
        Run(name, maxTest, Prop.ForAll(arbitrary, value =>
        {
            body(value);
            seen++;
            foreach (string label in labels?.Invoke(value) ?? []) counts[label] = counts.GetValueOrDefault(label) + 1;
        }));
        foreach (Share share in required)
        {
            double percent = 100.0 * counts.GetValueOrDefault(share.Label) / Math.Max(1, seen);
            if (percent >= share.Percent) continue;
            string text = $"{name}: only {percent:f1} % of {seen} values are {share.Label}, {share.Percent} % are required.";
            throw new PropertyException(text, new InvalidOperationException("The property is vacuous."));
        }
        return new(name, seen, Seed);
    }

    /// <summary>As the property of one value, for two.</summary>
    /// <param name="name">For messages.</param>
    /// <param name="first">Generates and shrinks first values.</param>
    /// <param name="second">Generates and shrinks second values.</param>
    /// <param name="body">Throws when the property does not hold.</param>
    /// <param name="maxTest">How many pairs, before ENGINE_CASES.</param>
    /// <exception cref="PropertyException">It does not hold.</exception>
    public static PropertyResult Check<TFirst, TSecond>(
        string name, Arbitrary<TFirst> first, Arbitrary<TSecond> second, Action<TFirst, TSecond> body, int maxTest = 100)
    {
        int seen = 0;
        Run(name, maxTest, Prop.ForAll(first, second, (a, b) =>
        {
            body(a, b);
            seen++;
        }));
        return new(name, seen, Seed);
    }

    /// <summary>Runs a property.</summary>
    private static void Run(string name, int maxTest, FsCheck.Property property)
    {
        try
        {
            FsCheck.Check.One(name, Configure(Cases.Scaled(maxTest)), property);
        }
        catch (Exception e)
        {
            throw new PropertyException(
                $"{name}: does not hold. Run again with FSCHECK_REPLAY={Seed}, or with the seed and size of the last step below.\n{e.Message}", e);
        }
    }

    private static Config Configure(int tests)
    {
        Config config = Config.QuickThrowOnFailure.WithMaxTest(tests).WithMaxRejected(10 * tests).WithStartSize(1).WithEndSize(50).WithQuietOnSuccess(true);
        string[] parts = Seed.Split(',');
        ulong state = ulong.Parse(parts[0], CultureInfo.InvariantCulture), gamma = ulong.Parse(parts[1], CultureInfo.InvariantCulture);
        bool hasSize = parts.Length > 2;
        return hasSize ? config.WithReplay(state, gamma, int.Parse(parts[2], CultureInfo.InvariantCulture)) : config.WithReplay(state, gamma);
    }
}
