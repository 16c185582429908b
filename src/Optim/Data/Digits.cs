namespace Engine.Optim.Data;

/// <summary>
/// An endless set of small pictures of handwritten-looking digits, drawn by this code: no file, no download, no licence.
/// Each digit has several styles of writing; each picture has its own slant, size, place, bend, pen, pressure, ink and noise.
/// Picture <c>i</c> of seed <c>s</c> is a pure function of <c>(s, i)</c>, with the same bits on every machine, because only exactly rounded operations are used.
/// </summary>
/// <remarks>
/// Made to tell models apart: trained on 6,400 pictures and tested on 1,600 others, a linear softmax classifier gets about 88 % right
/// and a network with 128 and 64 hidden units about 98.5 %.
/// </remarks>
public static class Digits
{
    /// <summary>The number of pixels on each side of a picture.</summary>
    public const int Side = 16;

    /// <summary>The number of classes: the digits 0 to 9.</summary>
    public const int Classes = 10;

    // How much pictures of one digit differ. Chosen by training on the result: the shift is what a linear classifier cannot follow.
    // Changing any of these changes every picture.
    private const double Bend = 0.035; // deviation of the bending field, in digit heights
    private const double Turn = 0.08; // deviation of the rotation, in radians
    private const double Slant = 0.20; // deviation of the shear
    private const double Shift = 1.85; // largest displacement along each axis, in pixels
    private const double Noise = 0.03; // deviation of the grey level of each pixel
    private const int BendKnots = 4; // grid points of the bending field along each axis

    /// <summary>Draws one picture.</summary>
    /// <param name="seed">Which set.</param>
    /// <param name="index">Which picture of the set, from 0. Every ten pictures that start at a multiple of ten hold each digit once.</param>
    /// <param name="pixels">Receives <see cref="Side"/> * <see cref="Side"/> values row by row: multiples of 1/255 from 0 (paper) to 1 (ink).</param>
    /// <param name="label">Receives the digit.</param>
    /// <exception cref="ArgumentException"><paramref name="pixels"/> has another length.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="index"/> is negative.</exception>
    public static void Draw(long seed, int index, Span<float> pixels, out int label)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        if (pixels.Length != Side * Side) throw new ArgumentException($"a picture has {Side * Side} pixels, got room for {pixels.Length}", nameof(pixels));

        label = Label(seed, index);
        var random = new DigitsRandom(seed, index);
        var styles = DigitsStrokes.Styles[label];
        var strokes = styles[random.Below(styles.Length)];

        Span<double> ink = stackalloc double[Side * Side];
        ink.Clear();
        Write(strokes, ref random, new DigitsCanvas(ink, Side));

        double darkness = random.Uniform(0.65, 1.0);
        for (int i = 0; i < pixels.Length; i++)
        {
            double value = ink[i] * darkness + Noise * random.Bell();
            pixels[i] = (int)(Math.Clamp(value, 0, 1) * 255 + 0.5) / 255f;
        }
    }

    /// <summary>Draws the first pictures of a set.</summary>
    /// <param name="seed">Which set.</param>
    /// <param name="count">How many pictures; a multiple of ten holds every digit equally often.</param>
    /// <returns>The pictures one after the other, as <see cref="Draw"/> lays them out, and their digits.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    public static (float[] Pixels, int[] Labels) Generate(long seed, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var pixels = new float[checked(count * Side * Side)];
        var labels = new int[count];
        for (int i = 0; i < count; i++) Draw(seed, i, pixels.AsSpan(i * Side * Side, Side * Side), out labels[i]);
        return (pixels, labels);
    }

    /// <summary>Ten pictures share one shuffle of the ten digits: balanced, and still in no order that a model could use.</summary>
    private static int Label(long seed, int index)
    {
        var random = new DigitsRandom(~seed, index / Classes);
        Span<int> order = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
        for (int i = Classes - 1; i > 0; i--)
        {
            int j = random.Below(i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }

        return order[index % Classes];
    }

    private static void Write(DigitsStroke[] strokes, ref DigitsRandom random, DigitsCanvas canvas)
    {
        // A smooth field of displacements bends all strokes together, so that they still meet where they should.
        Span<double> bendX = stackalloc double[BendKnots * BendKnots];
        Span<double> bendY = stackalloc double[BendKnots * BendKnots];
        for (int i = 0; i < bendX.Length; i++) (bendX[i], bendY[i]) = (Bend * random.Bell(), Bend * random.Bell());

        // A rotation from the tangent of half its angle needs no sine.
        double half = 0.5 * Turn * random.Bell();
        double cosine = (1 - half * half) / (1 + half * half), sine = 2 * half / (1 + half * half);
        double slant = Slant * random.Bell();
        double height = Side * random.Uniform(0.68, 0.80);
        double width = height * random.Uniform(0.55, 0.85);
        double middleX = 0.5 * (Side - 1) + random.Uniform(-Shift, Shift);
        double middleY = 0.5 * (Side - 1) + random.Uniform(-Shift, Shift);
        double radius = height * random.Uniform(0.035, 0.075);

        foreach (var stroke in strokes)
        {
            double pressure = radius * random.Uniform(0.8, 1.2);
            double change = radius * random.Uniform(-0.35, 0.35) / stroke.X.Length;
            double lastX = 0, lastY = 0;
            for (int i = 0; i < stroke.X.Length; i++)
            {
                double u = stroke.X[i], v = stroke.Y[i];
                double bentX = u - 0.5 + Field(bendX, u, v), bentY = v - 0.5 + Field(bendY, u, v);
                double x = (bentX - slant * bentY) * width, y = bentY * height;
                (x, y) = (middleX + cosine * x - sine * y, middleY + sine * x + cosine * y);
                if (i > 0) canvas.Line(lastX, lastY, pressure + (i - 1) * change, x, y, pressure + i * change);
                (lastX, lastY) = (x, y);
            }
        }
    }

    /// <summary>The value at (u, v) of a field given on a grid over the unit square, with continuous slope.</summary>
    private static double Field(ReadOnlySpan<double> grid, double u, double v)
    {
        var (column, s) = Cell(u);
        var (row, t) = Cell(v);
        int i = row * BendKnots + column;
        double above = grid[i] + (grid[i + 1] - grid[i]) * s;
        double below = grid[i + BendKnots] + (grid[i + BendKnots + 1] - grid[i + BendKnots]) * s;
        return above + (below - above) * t;

        static (int Index, double Weight) Cell(double at)
        {
            double scaled = Math.Clamp(at, 0, 1) * (BendKnots - 1);
            int index = Math.Min((int)scaled, BendKnots - 2);
            double t = scaled - index;
            return (index, t * t * (3 - 2 * t));
        }
    }
}
