using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Tensors.Cpu;

/// <content>The methods on vectors of 128 bits.</content>
internal static unsafe partial class LoopEmitter
{
    private sealed class Vectors128 : Vectors
    {
        private delegate Vector128<T> Reading<T>(T* address) where T : unmanaged;

        private delegate void Writing<T>(Vector128<T> value, T* address) where T : unmanaged;

        private delegate Vector128<TTo> Spreading<T, TTo>(T* address) where T : unmanaged;

        private delegate void Packing<T, TFrom>(Vector128<TFrom> value, T* address) where T : unmanaged;

        public override int Bits => 128;

        public override Type TypeOf(LoopLane lane) => lane switch
        {
            LoopLane.F32 => typeof(Vector128<float>),
            LoopLane.I32 => typeof(Vector128<int>),
            LoopLane.F64 => typeof(Vector128<double>),
            _ => typeof(Vector128<long>),
        };

        public override MethodInfo Of(LoopOp op, LoopLane lane) => lane switch
        {
            LoopLane.F32 => op switch
            {
                LoopOp.Sqrt => Unary<float>(Vector128.Sqrt),
                LoopOp.Floor => Unary<float>(Vector128.Floor),
                LoopOp.Ceiling => Unary<float>(Vector128.Ceiling),
                LoopOp.Truncate => Unary<float>(Vector128.Truncate),
                LoopOp.RoundEven => Unary<float>(Vector128.Round),
                LoopOp.Fma => Ternary<float>(Vector128.FusedMultiplyAdd),
                LoopOp.ToFloat => Change<int, float>(Vector128.ConvertToSingle),
                LoopOp.Reinterpret => Change<int, float>(Vector128.As<int, float>),
                LoopOp.Narrow => Join<double, float>(Vector128.Narrow),
                LoopOp.HalfToSingle => Change<int, float>(HalfToSingle),
                LoopOp.BrainToSingle => Change<int, float>(BrainToSingle),
                _ => Any<float>(op),
            },
            LoopLane.F64 => op switch
            {
                LoopOp.Sqrt => Unary<double>(Vector128.Sqrt),
                LoopOp.Floor => Unary<double>(Vector128.Floor),
                LoopOp.Ceiling => Unary<double>(Vector128.Ceiling),
                LoopOp.Truncate => Unary<double>(Vector128.Truncate),
                LoopOp.RoundEven => Unary<double>(Vector128.Round),
                LoopOp.Fma => Ternary<double>(Vector128.FusedMultiplyAdd),
                LoopOp.ToFloat => Change<long, double>(Vector128.ConvertToDouble),
                LoopOp.Reinterpret => Change<long, double>(Vector128.As<long, double>),
                LoopOp.Widen => Change<float, double>(Vector128.WidenLower),
                _ => Any<double>(op),
            },
            LoopLane.I32 => op switch
            {
                LoopOp.ShiftLeft => Shift<int>(Vector128.ShiftLeft),
                LoopOp.ShiftRight => Shift<int>(Vector128.ShiftRightArithmetic),
                LoopOp.ShiftRightUnsigned => Shift<int>(Vector128.ShiftRightLogical),
                LoopOp.MulHigh => Binary<int>(MultiplyHigh),
                LoopOp.ToInteger => Change<float, int>(Vector128.ConvertToInt32),
                LoopOp.Reinterpret => Change<float, int>(Vector128.As<float, int>),
                LoopOp.Narrow => Join<long, int>(Vector128.Narrow),
                LoopOp.SingleToHalf => Change<float, int>(SingleToHalf),
                LoopOp.SingleToBrain => Change<float, int>(SingleToBrain),
                _ => Any<int>(op),
            },
            _ => op switch
            {
                LoopOp.ShiftLeft => Shift<long>(Vector128.ShiftLeft),
                LoopOp.ShiftRight => Shift<long>(Vector128.ShiftRightArithmetic),
                LoopOp.ShiftRightUnsigned => Shift<long>(Vector128.ShiftRightLogical),
                LoopOp.ToInteger => Change<double, long>(Vector128.ConvertToInt64),
                LoopOp.Reinterpret => Change<double, long>(Vector128.As<double, long>),
                LoopOp.Widen => Change<int, long>(Vector128.WidenLower),
                _ => Any<long>(op),
            },
        };

        public override MethodInfo WidenUpper(LoopLane lane) =>
            lane == LoopLane.F64 ? Change<float, double>(Vector128.WidenUpper) : Change<int, long>(Vector128.WidenUpper);

        public override MethodInfo Create(LoopLane lane) => lane switch
        {
            LoopLane.F32 => ((Func<float, Vector128<float>>)Vector128.Create<float>).Method,
            LoopLane.F64 => ((Func<double, Vector128<double>>)Vector128.Create<double>).Method,
            LoopLane.I32 => ((Func<int, Vector128<int>>)Vector128.Create<int>).Method,
            _ => ((Func<long, Vector128<long>>)Vector128.Create<long>).Method,
        };

        public override MethodInfo Load(LoopLane lane, int size) => (lane, size) switch
        {
            (LoopLane.F32, _) => ((Reading<float>)Vector128.Load).Method,
            (LoopLane.F64, _) => ((Reading<double>)Vector128.Load).Method,
            (LoopLane.I32, 1) => ((Spreading<byte, int>)LoadBytes).Method,
            (LoopLane.I32, 2) => ((Spreading<ushort, int>)LoadShorts).Method,
            (LoopLane.I32, _) => ((Reading<int>)Vector128.Load).Method,
            (_, 1) => ((Spreading<byte, long>)LoadBytesWide).Method,
            _ => ((Reading<long>)Vector128.Load).Method,
        };

        public override MethodInfo Store(LoopLane lane, int size) => (lane, size) switch
        {
            (LoopLane.F32, _) => ((Writing<float>)Vector128.Store).Method,
            (LoopLane.F64, _) => ((Writing<double>)Vector128.Store).Method,
            (LoopLane.I32, 1) => ((Packing<byte, int>)StoreBytes).Method,
            (LoopLane.I32, 2) => ((Packing<ushort, int>)StoreShorts).Method,
            (LoopLane.I32, _) => ((Writing<int>)Vector128.Store).Method,
            (_, 1) => ((Packing<byte, long>)StoreBytesWide).Method,
            _ => ((Writing<long>)Vector128.Store).Method,
        };

        public override MethodInfo Function(ElementaryFunction function, LoopLane lane) => lane == LoopLane.F32
            ? Functions32<V128F, Vector128<float>, Vector128<int>, Vector128<float>>.Of(function)
            : Functions64<V128D, Vector128<double>, Vector128<long>, Vector128<double>>.Of(function);

        private static MethodInfo Any<T>(LoopOp op) where T : unmanaged => op switch
        {
            LoopOp.Add => Binary<T>(Vector128.Add),
            LoopOp.Sub => Binary<T>(Vector128.Subtract),
            LoopOp.Mul => Binary<T>(Vector128.Multiply),
            LoopOp.Div => Binary<T>(Vector128.Divide),
            LoopOp.Neg => Unary<T>(Vector128.Negate),
            LoopOp.Abs => Unary<T>(Vector128.Abs),
            LoopOp.Min => Binary<T>(Vector128.Min),
            LoopOp.Max => Binary<T>(Vector128.Max),
            LoopOp.And => Binary<T>(Vector128.BitwiseAnd),
            LoopOp.Or => Binary<T>(Vector128.BitwiseOr),
            LoopOp.Xor => Binary<T>(Vector128.Xor),
            LoopOp.Not => Unary<T>(Vector128.OnesComplement),
            LoopOp.Equal => Binary<T>(Vector128.Equals),
            LoopOp.Less => Binary<T>(Vector128.LessThan),
            LoopOp.LessEqual => Binary<T>(Vector128.LessThanOrEqual),
            LoopOp.Select => Ternary<T>(Vector128.ConditionalSelect),
            _ => throw new InvalidOperationException($"loop emitter: no {op} on {typeof(T).Name}."),
        };

        private static MethodInfo Unary<T>(Func<Vector128<T>, Vector128<T>> method) => method.Method;

        private static MethodInfo Binary<T>(Func<Vector128<T>, Vector128<T>, Vector128<T>> method) => method.Method;

        private static MethodInfo Ternary<T>(Func<Vector128<T>, Vector128<T>, Vector128<T>, Vector128<T>> method) => method.Method;

        private static MethodInfo Shift<T>(Func<Vector128<T>, int, Vector128<T>> method) => method.Method;

        private static MethodInfo Change<TFrom, TTo>(Func<Vector128<TFrom>, Vector128<TTo>> method) => method.Method;

        private static MethodInfo Join<TFrom, TTo>(Func<Vector128<TFrom>, Vector128<TFrom>, Vector128<TTo>> method) => method.Method;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector128<int> LoadBytes(byte* address) =>
            Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<uint>(address)).AsByte())).AsInt32();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector128<long> LoadBytesWide(byte* address)
        {
            Vector128<byte> bytes = Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ushort>(address)).AsByte();
            return Vector128.WidenLower(Vector128.WidenLower(Vector128.WidenLower(bytes))).AsInt64();
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector128<int> LoadShorts(ushort* address) => Vector128.WidenLower(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(address)).AsUInt16()).AsInt32();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void StoreBytes(Vector128<int> value, byte* address) =>
            Unsafe.WriteUnaligned(address, Narrow8(Narrow16(value.AsUInt32())).AsUInt32().ToScalar());

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void StoreBytesWide(Vector128<long> value, byte* address)
        {
            Vector128<ulong> longs = value.AsUInt64();
            Unsafe.WriteUnaligned(address, Narrow8(Narrow16(Vector128.Narrow(longs, longs))).AsUInt16().ToScalar());
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void StoreShorts(Vector128<int> value, ushort* address) =>
            Unsafe.WriteUnaligned(address, Narrow16(value.AsUInt32()).AsUInt64().ToScalar());

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector128<ushort> Narrow16(Vector128<uint> value) => Vector128.Narrow(value, value);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector128<byte> Narrow8(Vector128<ushort> value) => Vector128.Narrow(value, value);

        /// <summary>Upper halves of unsigned products. The hardware multiplies every other element to 64 bits: even ones, then odd ones.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector128<int> MultiplyHigh(Vector128<int> a, Vector128<int> b)
        {
            Vector128<ulong> even = Multiply(a.AsUInt32(), b.AsUInt32());
            Vector128<ulong> odd = Multiply((a.AsUInt64() >>> 32).AsUInt32(), (b.AsUInt64() >>> 32).AsUInt32());
            return ((even >>> 32) | (odd & Vector128.Create(0xFFFF_FFFF_0000_0000UL))).AsInt32();
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector128<ulong> Multiply(Vector128<uint> a, Vector128<uint> b)
        {
            if (Sse2.IsSupported) return Sse2.Multiply(a, b);
            Vector128<ulong> low = Vector128.Create(0xFFFF_FFFFUL);
            return (a.AsUInt64() & low) * (b.AsUInt64() & low);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector128<float> BrainToSingle(Vector128<int> bits) => (bits << 16).AsSingle();

        /// <summary>To the nearest, ties to even; NaN stays NaN.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector128<int> SingleToBrain(Vector128<float> value)
        {
            Vector128<int> bits = value.AsInt32(), upper = bits >>> 16;
            Vector128<int> rounded = (bits + Vector128.Create(0x7FFF) + (upper & Vector128<int>.One)) >>> 16;
            return Vector128.ConditionalSelect(Vector128.Equals(value, value).AsInt32(), rounded, upper | Vector128.Create(0x40));
        }

        /// <summary>Scaling by 2^112 moves the exponent to its new bias and makes subnormal numbers normal, exactly.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector128<float> HalfToSingle(Vector128<int> bits)
        {
            Vector128<int> magnitude = bits & Vector128.Create(0x7FFF);
            Vector128<int> scaled = ((magnitude << 13).AsSingle() * Vector128.Create(0x77800000).AsSingle()).AsInt32();
            Vector128<int> special = Vector128.LessThan(Vector128.Create(0x7BFF), magnitude) & Vector128.Create(0x7F800000);
            return (scaled | special | ((bits & Vector128.Create(0x8000)) << 16)).AsSingle();
        }

        /// <summary>To the nearest, ties to even. Results that are subnormal come out of an addition whose last place is theirs.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector128<int> SingleToHalf(Vector128<float> value)
        {
            Vector128<int> bits = value.AsInt32(), magnitude = bits & Vector128.Create(0x7FFFFFFF);
            Vector128<int> normal = (magnitude + Vector128.Create(unchecked((int)0xC8000FFF)) + ((magnitude >> 13) & Vector128<int>.One)) >> 13;
            Vector128<int> small = (magnitude.AsSingle() + Vector128.Create(0.5f)).AsInt32() - Vector128.Create(0x3F000000);
            Vector128<int> finite = Vector128.ConditionalSelect(Vector128.LessThan(magnitude, Vector128.Create(0x38800000)), small, normal);
            Vector128<int> huge = Vector128.ConditionalSelect(
                Vector128.LessThan(Vector128.Create(0x7F800000), magnitude), Vector128.Create(0x7E00), Vector128.Create(0x7C00));
            Vector128<int> result = Vector128.ConditionalSelect(Vector128.LessThan(magnitude, Vector128.Create(0x47800000)), finite, huge);
            return result | ((bits >>> 16) & Vector128.Create(0x8000));
        }
    }
}
