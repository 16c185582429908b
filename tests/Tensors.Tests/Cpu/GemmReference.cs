using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Tests.Cpu;

/// <summary>The promised order of accumulation, written as plainly as possible.</summary>
internal static class GemmReference
{
    public static T[] Multiply<T>(int m, int n, int k, GemmTestMatrix<T> a, GemmTestMatrix<T> b)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var c = new T[m * n];
        for (var i = 0; i < m; i++)
            for (var j = 0; j < n; j++)
                c[i * n + j] = m == 1 || n == 1 ? SixteenLanes(i, j, k, a, b) : InOrder(i, j, k, a, b);
        return c;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static T InOrder<T>(int i, int j, int k, GemmTestMatrix<T> a, GemmTestMatrix<T> b)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var sum = T.Zero;
        for (var p = 0; p < k; p++)
            sum = T.FusedMultiplyAdd(a[i, p], b[p, j], sum);
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static T SixteenLanes<T>(int i, int j, int k, GemmTestMatrix<T> a, GemmTestMatrix<T> b)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var lanes = new T[16];
        for (var p = 0; p < k; p++)
            lanes[p % 16] = T.FusedMultiplyAdd(a[i, p], b[p, j], lanes[p % 16]);
        for (var distance = 8; distance > 0; distance /= 2)
            for (var lane = 0; lane < distance; lane++)
                lanes[lane] += lanes[lane + distance];
        return lanes[0];
    }
}
