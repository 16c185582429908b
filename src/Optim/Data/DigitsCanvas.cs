namespace Engine.Optim.Data;

/// <summary>A small grey picture that strokes are drawn on; coordinates are pixels, whole numbers at pixel centres.</summary>
internal readonly ref struct DigitsCanvas(Span<double> ink, int side)
{
    /// <summary>Ink by pixel, row by row, 0 for paper and 1 for full ink.</summary>
    public Span<double> Ink { get; } = ink;

    /// <summary>Draws a line with round ends whose radius goes from <paramref name="r0"/> to <paramref name="r1"/>; the edge fades over one pixel.</summary>
    public void Line(double x0, double y0, double r0, double x1, double y1, double r1)
    {
        double reach = Math.Max(r0, r1) + 0.5;
        int left = Math.Max(0, (int)(Math.Min(x0, x1) - reach)), right = Math.Min(side - 1, (int)(Math.Max(x0, x1) + reach) + 1);
        int top = Math.Max(0, (int)(Math.Min(y0, y1) - reach)), bottom = Math.Min(side - 1, (int)(Math.Max(y0, y1) + reach) + 1);
        double dx = x1 - x0, dy = y1 - y0, length2 = dx * dx + dy * dy;

        for (int y = top; y <= bottom; y++)
        {
            for (int x = left; x <= right; x++)
            {
                double px = x - x0, py = y - y0;
                double t = length2 > 0 ? Math.Clamp((px * dx + py * dy) / length2, 0, 1) : 0;
                double ex = px - t * dx, ey = py - t * dy;
                double cover = Math.Clamp(r0 + t * (r1 - r0) + 0.5 - Math.Sqrt(ex * ex + ey * ey), 0, 1);
                ref double pixel = ref Ink[y * side + x];
                pixel = Math.Max(pixel, cover);
            }
        }
    }
}
