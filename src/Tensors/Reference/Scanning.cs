namespace Engine.Tensors.Reference;

/// <summary>Inclusive running sums along an axis.</summary>
internal static class Scanning
{
    public static void Run(ScanKernel kernel, ReferenceArray x, ReferenceArray result)
    {
        AxisLines lines = AxisLines.Along(x.Shape, kernel.Axis);
        for (int outer = 0; outer < lines.Outer; outer++)
        {
            for (int inner = 0; inner < lines.Inner; inner++)
            {
                var total = new Totals(1);
                for (int i = 0; i < lines.Length; i++)
                {
                    int position = lines.Position(outer, kernel.Reverse ? lines.Length - 1 - i : i, inner);
                    total.Add(0, x, position);
                    total.Store(0, result, position);
                }
            }
        }
    }
}
