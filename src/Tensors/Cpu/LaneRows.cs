using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Tensors.Cpu;

/// <summary>One chunk of contiguous elements reduced by 64 lanes: element i in lane i mod 64, lanes combined at distances 32, 16, 8, 4, 2, 1.</summary>
internal static unsafe class LaneRows<T, TOp>
    where T : unmanaged where TOp : struct, ILaneOp<T>
{
    private const int Lanes = ReductionTree.Lanes;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static T Chunk(T* x, int count)
    {
        T* lanes = stackalloc T[Lanes];
        if (count < Lanes) return Short(x, count, lanes);
        int steps = count / Lanes, w = Vector<T>.Count;
        if (8 * w <= Lanes)
        {
            for (int lane = 0; lane < Lanes; lane += 8 * w) Sweep(x + lane, steps, lanes + lane);
        }
        else
        {
            for (int lane = 0; lane < Lanes; lane += w) SweepOne(x + lane, steps, lanes + lane);
        }
        x += steps * Lanes;
        for (int i = 0; i < count % Lanes; i++) lanes[i] = TOp.Apply(lanes[i], x[i]);
        Combine(lanes, lanes);
        return lanes[0];
    }

    /// <summary>The value of 64 lanes, which are overwritten.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Combine(T* lanes, T* target)
    {
        int w = Vector<T>.Count, distance = Lanes / 2;
        for (; distance > 4 * w; distance /= 2)
        {
            for (int j = 0; j < distance; j += w) Store(lanes + j, TOp.Apply(Load(lanes + j), Load(lanes + j + distance)));
        }
        Vector<T> v;
        if (distance == 4 * w)
        {
            // The last levels in registers: through memory, each would wait for the one before.
            Vector<T> a = TOp.Apply(Load(lanes), Load(lanes + (4 * w))), b = TOp.Apply(Load(lanes + w), Load(lanes + (5 * w)));
            Vector<T> c = TOp.Apply(Load(lanes + (2 * w)), Load(lanes + (6 * w))), d = TOp.Apply(Load(lanes + (3 * w)), Load(lanes + (7 * w)));
            v = TOp.Apply(TOp.Apply(a, c), TOp.Apply(b, d));
        }
        else
        {
            for (; distance > w; distance /= 2)
            {
                for (int j = 0; j < distance; j += w) Store(lanes + j, TOp.Apply(Load(lanes + j), Load(lanes + j + distance)));
            }
            v = TOp.Apply(Load(lanes), Load(lanes + w));
        }
        switch (w)
        {
            case 2:
                *target = TOp.Apply(v[0], v[1]);
                return;
            case 4:
                *target = TOp.Apply(TOp.Apply(v[0], v[2]), TOp.Apply(v[1], v[3]));
                return;
            case 8:
                *target = TOp.Apply(TOp.Apply(TOp.Apply(v[0], v[4]), TOp.Apply(v[2], v[6])), TOp.Apply(TOp.Apply(v[1], v[5]), TOp.Apply(v[3], v[7])));
                return;
        }
        Store(lanes, v);
        for (distance = w / 2; distance > 0; distance /= 2)
        {
            for (int j = 0; j < distance; j++) lanes[j] = TOp.Apply(lanes[j], lanes[j + distance]);
        }
        *target = lanes[0];
    }

    /// <summary>Fewer elements than lanes. Lanes without an element hold the identity, which changes nothing, so they are left out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static T Short(T* x, int count, T* lanes)
    {
        for (int i = 0; i < count; i++) lanes[i] = TOp.Apply(TOp.Identity, x[i]);
        int distance = Lanes / 2;
        while (distance >= count) distance /= 2;
        for (; distance > 0; distance /= 2)
        {
            int pairs = Math.Min(distance, count - distance);
            for (int j = 0; j < pairs; j++) lanes[j] = TOp.Apply(lanes[j], lanes[j + distance]);
            count = distance;
        }
        return lanes[0];
    }

    /// <summary>Eight vectors of lanes, in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sweep(T* x, int steps, T* lanes)
    {
        int w = Vector<T>.Count;
        Vector<T> a = new(TOp.Identity), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
        for (int i = 0; i < steps; i++, x += Lanes)
        {
            a = TOp.Apply(a, Load(x));
            b = TOp.Apply(b, Load(x + w));
            c = TOp.Apply(c, Load(x + (2 * w)));
            d = TOp.Apply(d, Load(x + (3 * w)));
            e = TOp.Apply(e, Load(x + (4 * w)));
            f = TOp.Apply(f, Load(x + (5 * w)));
            g = TOp.Apply(g, Load(x + (6 * w)));
            h = TOp.Apply(h, Load(x + (7 * w)));
        }
        Store(lanes, a);
        Store(lanes + w, b);
        Store(lanes + (2 * w), c);
        Store(lanes + (3 * w), d);
        Store(lanes + (4 * w), e);
        Store(lanes + (5 * w), f);
        Store(lanes + (6 * w), g);
        Store(lanes + (7 * w), h);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SweepOne(T* x, int steps, T* lanes)
    {
        Vector<T> a = new(TOp.Identity);
        for (int i = 0; i < steps; i++, x += Lanes) a = TOp.Apply(a, Load(x));
        Store(lanes, a);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<T> Load(T* address) => Unsafe.ReadUnaligned<Vector<T>>(address);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(T* address, Vector<T> value) => Unsafe.WriteUnaligned(address, value);
}
