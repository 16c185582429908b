namespace Engine.Optim.Data;

/// <summary>One movement of the pen: points in the unit square, x to the right and y down, close enough together to be joined by straight lines.</summary>
internal sealed record DigitsStroke(double[] X, double[] Y);

/// <summary>How each digit is written: several styles per digit, each a list of strokes.</summary>
internal static class DigitsStrokes
{
    private const int StepsPerSpan = 5;

    /// <summary>The strokes by digit and style.</summary>
    public static readonly DigitsStroke[][][] Styles =
    [
        [
            [Loop(.50, .02, .20, .14, .08, .50, .20, .86, .50, .98, .80, .86, .92, .50, .80, .14)],
            [Loop(.56, .02, .32, .18, .24, .52, .32, .86, .48, .98, .68, .82, .76, .48, .70, .16)],
            [Curve(.62, .06, .38, .04, .16, .24, .10, .56, .26, .90, .55, .97, .82, .78, .90, .44, .74, .12, .48, .03, .40, .12)],
        ],
        [
            [Lines(.52, 0, .48, 1)],
            [Lines(.28, .24, .54, 0, .54, 1)],
            [Lines(.30, .20, .54, 0, .54, 1), Lines(.26, 1, .82, 1)],
        ],
        [
            [Curve(.14, .24, .30, .05, .56, .01, .80, .12, .84, .32, .66, .56, .36, .80, .10, .98), Lines(.10, .98, .90, .96)],
            [Curve(.16, .20, .38, .03, .68, .05, .82, .25, .70, .50, .44, .74, .20, .92, .10, .88, .22, .78, .46, .88, .70, .97, .92, .90)],
        ],
        [
            [Curve(.16, .12, .44, 0, .74, .08, .76, .30, .58, .44, .38, .47), Curve(.38, .47, .68, .50, .86, .68, .76, .90, .46, 1, .12, .88)],
            [Lines(.14, .03, .82, .03, .42, .40), Curve(.42, .40, .72, .44, .86, .66, .74, .90, .44, .99, .12, .88)],
        ],
        [
            [Lines(.28, .02, .12, .58, .92, .58), Lines(.68, .22, .64, 1)],
            [Lines(.62, 0, .08, .66, .94, .66), Lines(.62, 0, .62, 1)],
            [Lines(.18, .04, .16, .46), Curve(.16, .46, .44, .53, .92, .48), Lines(.78, 0, .70, 1)],
        ],
        [
            [Lines(.84, .03, .26, .03, .20, .44), Curve(.20, .44, .46, .36, .76, .46, .84, .70, .66, .93, .38, .98, .10, .88)],
            [Curve(.82, .06, .50, .04, .26, .12, .20, .34, .40, .46, .68, .54, .80, .74, .62, .94, .34, .97, .12, .88)],
        ],
        [
            [Curve(.70, .02, .40, .20, .20, .48, .14, .74, .28, .95, .56, .99, .80, .84, .80, .62, .58, .50, .34, .58, .18, .74)],
            [Curve(.46, 0, .28, .35, .18, .70, .28, .94, .54, 1, .78, .86, .76, .66, .54, .58, .32, .66, .22, .80)],
        ],
        [
            [Lines(.10, .05, .88, .05, .40, 1)],
            [Lines(.10, .05, .88, .05, .40, 1), Lines(.34, .52, .80, .50)],
            [Lines(.12, .18, .12, .04), Curve(.12, .04, .50, .07, .88, .03), Curve(.88, .03, .62, .40, .48, .70, .44, 1)],
        ],
        [
            [Curve(.76, .16, .50, .01, .24, .14, .28, .34, .50, .47, .74, .62, .80, .82, .52, .99, .22, .86, .24, .64, .50, .47, .70, .32, .76, .16)],
            [
                Loop(.50, 0, .28, .08, .24, .24, .34, .40, .50, .45, .66, .40, .76, .24, .72, .08),
                Loop(.50, .45, .24, .54, .14, .72, .26, .92, .50, 1, .74, .92, .86, .72, .76, .54),
            ],
        ],
        [
            [Loop(.50, .02, .24, .12, .18, .32, .34, .50, .58, .48, .78, .30, .76, .10), Lines(.80, .08, .74, 1)],
            [Curve(.80, .18, .56, .01, .26, .10, .18, .32, .36, .50, .62, .46, .80, .18, .82, .52, .68, .86, .36, .99, .16, .90)],
        ],
    ];

    /// <summary>Straight lines through the points, cut up so that they can bend later.</summary>
    private static DigitsStroke Lines(params ReadOnlySpan<double> points) => Join(points, (points.Length / 2) - 1, static (_, b, c, _, t) => b + (c - b) * t);

    /// <summary>A smooth curve through the points.</summary>
    private static DigitsStroke Curve(params ReadOnlySpan<double> points) => Join(points, (points.Length / 2) - 1, CatmullRom);

    /// <summary>A smooth closed curve through the points.</summary>
    private static DigitsStroke Loop(params ReadOnlySpan<double> points) => Join(points, points.Length / 2, CatmullRom);

    private static double CatmullRom(double a, double b, double c, double d, double t) =>
        b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));

    private static DigitsStroke Join(ReadOnlySpan<double> points, int spans, Func<double, double, double, double, double, double> between)
    {
        int count = points.Length / 2;
        bool closed = spans == count;
        var stroke = new DigitsStroke(new double[spans * StepsPerSpan + 1], new double[spans * StepsPerSpan + 1]);
        for (int i = 0; i < stroke.X.Length; i++)
        {
            int span = Math.Min(i / StepsPerSpan, spans - 1);
            double t = (i - span * StepsPerSpan) / (double)StepsPerSpan;
            int a = Neighbour(span - 1), b = Neighbour(span), c = Neighbour(span + 1), d = Neighbour(span + 2);
            stroke.X[i] = between(points[2 * a], points[2 * b], points[2 * c], points[2 * d], t);
            stroke.Y[i] = between(points[2 * a + 1], points[2 * b + 1], points[2 * c + 1], points[2 * d + 1], t);
        }

        return stroke;

        int Neighbour(int i) => closed ? (i + count) % count : Math.Clamp(i, 0, count - 1);
    }
}
