using System.Globalization;
using System.Text;

namespace Engine.Tensors;

public sealed partial class Tensor
{
    // Axes longer than this show their first and last few elements.
    private const int LongAxis = 8;
    private const int Shown = 3;

    /// <summary>Element type, shape and values, the middle of long axes left out: <c>f32[3] [0.5, -1, 2]</c>. A symbolic tensor shows where it comes from instead.</summary>
    public override string ToString()
    {
        if (Node is { } node) return $"{Spec} ({node.Primitive?.Name ?? "input"} in {node.Trace.Name})";
        var text = new StringBuilder($"{Spec} ");
        int[] strides = Layout.RowMajor(Shape);
        Append(text, Texts(), strides, 0, 0);
        return text.ToString();
    }

    private void Append(StringBuilder text, Func<int, string> element, int[] strides, int axis, int position)
    {
        if (axis == Rank)
        {
            text.Append(element(position));
            return;
        }
        int length = Shape[axis];
        text.Append('[');
        for (int i = 0; i < length; i++)
        {
            if (i > 0) text.Append(", ");
            if (length > LongAxis && i == Shown)
            {
                text.Append("..., ");
                i = length - Shown;
            }
            Append(text, element, strides, axis + 1, position + (i * strides[axis]));
        }
        text.Append(']');
    }

    private Func<int, string> Texts()
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        switch (DType)
        {
            case DType.F64:
                double[] f64 = ToArray<double>();
                return i => f64[i].ToString("G6", culture);
            case DType.I32:
                int[] i32 = ToArray<int>();
                return i => i32[i].ToString(culture);
            case DType.I64:
                long[] i64 = ToArray<long>();
                return i => i64[i].ToString(culture);
            case DType.U8:
                byte[] u8 = ToArray<byte>();
                return i => u8[i].ToString(culture);
            case DType.Bool:
                bool[] truth = ToArray<bool>();
                return i => truth[i] ? "true" : "false";
            default:
                float[] f32 = CastTo32();
                return i => f32[i].ToString("G6", culture);
        }
    }

    private float[] CastTo32() => DType switch
    {
        DType.F16 => Array.ConvertAll(ToArray<Half>(), v => (float)v),
        DType.BF16 => Array.ConvertAll(ToArray<BFloat16>(), v => (float)v),
        _ => ToArray<float>(),
    };
}
