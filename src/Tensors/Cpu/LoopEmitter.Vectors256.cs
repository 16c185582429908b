using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Tensors.Cpu;

/// <content>The methods on vectors of 256 bits.</content>
internal static unsafe partial class LoopEmitter
{
    private sealed class Vectors256 : Vectors
    {
        private delegate Vector256<T> Reading<T>(T* address) where T : unmanaged;

        private delegate void Writing<T>(Vector256<T> value, T* address) where T : unmanaged;

        private delegate Vector256<TTo> Spreading<T, TTo>(T* address) where T : unmanaged;

        private delegate void Packing<T, TFrom>(Vector256<TFrom> value, T* address) where T : unmanaged;

        public override int Bits => 256;

        public override Type TypeOf(LoopLane lane) => lane switch
        {
            LoopLane.F32 => typeof(Vector256<float>),
            LoopLane.I32 => typeof(Vector256<int>),
            LoopLane.F64 => typeof(Vector256<double>),
            _ => typeof(Vector256<long>),
        };

        public override MethodInfo Of(LoopOp op, LoopLane lane) => lane switch
        {
            LoopLane.F32 => op switch
            {
                LoopOp.Sqrt => Unary<float>(Vector256.Sqrt),
                LoopOp.Floor => Unary<float>(Vector256.Floor),
                LoopOp.Ceiling => Unary<float>(Vector256.Ceiling),
                LoopOp.Truncate => Unary<float>(Vector256.Truncate),
                LoopOp.RoundEven => Unary<float>(Vector256.Round),
                LoopOp.Fma => Ternary<float>(Vector256.FusedMultiplyAdd),
                LoopOp.ToFloat => Change<int, float>(Vector256.ConvertToSingle),
                LoopOp.Reinterpret => Change<int, float>(Vector256.As<int, float>),
                LoopOp.Narrow => Join<double, float>(Vector256.Narrow),
                LoopOp.HalfToSingle => Change<int, float>(HalfToSingle),
                LoopOp.BrainToSingle => Change<int, float>(BrainToSingle),
                _ => Any<float>(op),
            },
            LoopLane.F64 => op switch
            {
                LoopOp.Sqrt => Unary<double>(Vector256.Sqrt),
                LoopOp.Floor => Unary<double>(Vector256.Floor),
                LoopOp.Ceiling => Unary<double>(Vector256.Ceiling),
                LoopOp.Truncate => Unary<double>(Vector256.Truncate),
                LoopOp.RoundEven => Unary<double>(Vector256.Round),
                LoopOp.Fma => Ternary<double>(Vector256.FusedMultiplyAdd),
                LoopOp.ToFloat => Change<long, double>(Vector256.ConvertToDouble),
                LoopOp.Reinterpret => Change<long, double>(Vector256.As<long, double>),
                LoopOp.Widen => Change<float, double>(Vector256.WidenLower),
                _ => Any<double>(op),
            },
            LoopLane.I32 => op switch
            {
                LoopOp.ShiftLeft => Shift<int>(Vector256.ShiftLeft),
                LoopOp.ShiftRight => Shift<int>(Vector256.ShiftRightArithmetic),
                LoopOp.ShiftRightUnsigned => Shift<int>(Vector256.ShiftRightLogical),
                LoopOp.MulHigh => Binary<int>(MultiplyHigh),
                LoopOp.ToInteger => Change<float, int>(Vector256.ConvertToInt32),
                LoopOp.Reinterpret => Change<float, int>(Vector256.As<float, int>),
                LoopOp.Narrow => Join<long, int>(Vector256.Narrow),
                LoopOp.SingleToHalf => Change<float, int>(SingleToHalf),
                LoopOp.SingleToBrain => Change<float, int>(SingleToBrain),
                _ => Any<int>(op),
            },
            _ => op switch
            {
                LoopOp.ShiftLeft => Shift<long>(Vector256.ShiftLeft),
                LoopOp.ShiftRight => Shift<long>(Vector256.ShiftRightArithmetic),
                LoopOp.ShiftRightUnsigned => Shift<long>(Vector256.ShiftRightLogical),
                LoopOp.ToInteger => Change<double, long>(Vector256.ConvertToInt64),
                LoopOp.Reinterpret => Change<double, long>(Vector256.As<double, long>),
                LoopOp.Widen => Change<int, long>(Vector256.WidenLower),
                _ => Any<long>(op),
            },
        };

        public override MethodInfo WidenUpper(LoopLane lane) =>
            lane == LoopLane.F64 ? Change<float, double>(Vector256.WidenUpper) : Change<int, long>(Vector256.WidenUpper);

        public override MethodInfo Create(LoopLane lane) => lane switch
        {
            LoopLane.F32 => ((Func<float, Vector256<float>>)Vector256.Create<float>).Method,
            LoopLane.F64 => ((Func<double, Vector256<double>>)Vector256.Create<double>).Method,
            LoopLane.I32 => ((Func<int, Vector256<int>>)Vector256.Create<int>).Method,
            _ => ((Func<long, Vector256<long>>)Vector256.Create<long>).Method,
        };

        public override MethodInfo Load(LoopLane lane, int size) => (lane, size) switch
        {
            (LoopLane.F32, _) => ((Reading<float>)Vector256.Load).Method,
            (LoopLane.F64, _) => ((Reading<double>)Vector256.Load).Method,
            (LoopLane.I32, 1) => ((Spreading<byte, int>)LoadBytes).Method,
            (LoopLane.I32, 2) => ((Spreading<ushort, int>)LoadShorts).Method,
            (LoopLane.I32, _) => ((Reading<int>)Vector256.Load).Method,
            (_, 1) => ((Spreading<byte, long>)LoadBytesWide).Method,
            _ => ((Reading<long>)Vector256.Load).Method,
        };

        public override MethodInfo Store(LoopLane lane, int size) => (lane, size) switch
        {
            (LoopLane.F32, _) => ((Writing<float>)Vector256.Store).Method,
            (LoopLane.F64, _) => ((Writing<double>)Vector256.Store).Method,
            (LoopLane.I32, 1) => ((Packing<byte, int>)StoreBytes).Method,
            (LoopLane.I32, 2) => ((Packing<ushort, int>)StoreShorts).Method,
            (LoopLane.I32, _) => ((Writing<int>)Vector256.Store).Method,
            (_, 1) => ((Packing<byte, long>)StoreBytesWide).Method,
            _ => ((Writing<long>)Vector256.Store).Method,
        };

        public override MethodInfo Function(ElementaryFunction function, LoopLane lane) => lane == LoopLane.F32
            ? Functions32<V256F, Vector256<float>, Vector256<int>, Vector256<float>>.Of(function)
            : Functions64<V256D, Vector256<double>, Vector256<long>, Vector256<double>>.Of(function);

        private static MethodInfo Any<T>(LoopOp op) where T : unmanaged => op switch
        {
            LoopOp.Add => Binary<T>(Vector256.Add),
            LoopOp.Sub => Binary<T>(Vector256.Subtract),
            LoopOp.Mul => Binary<T>(Vector256.Multiply),
            LoopOp.Div => Binary<T>(Vector256.Divide),
            LoopOp.Neg => Unary<T>(Vector256.Negate),
            LoopOp.Abs => Unary<T>(Vector256.Abs),
            LoopOp.Min => Binary<T>(Vector256.Min),
            LoopOp.Max => Binary<T>(Vector256.Max),
            LoopOp.And => Binary<T>(Vector256.BitwiseAnd),
            LoopOp.Or => Binary<T>(Vector256.BitwiseOr),
            LoopOp.Xor => Binary<T>(Vector256.Xor),
            LoopOp.Not => Unary<T>(Vector256.OnesComplement),
            LoopOp.Equal => Binary<T>(Vector256.Equals),
            LoopOp.Less => Binary<T>(Vector256.LessThan),
            LoopOp.LessEqual => Binary<T>(Vector256.LessThanOrEqual),
            LoopOp.Select => Ternary<T>(Vector256.ConditionalSelect),
            _ => throw new InvalidOperationException($"loop emitter: no {op} on {typeof(T).Name}."),
        };

        private static MethodInfo Unary<T>(Func<Vector256<T>, Vector256<T>> method) => method.Method;

        private static MethodInfo Binary<T>(Func<Vector256<T>, Vector256<T>, Vector256<T>> method) => method.Method;

        private static MethodInfo Ternary<T>(Func<Vector256<T>, Vector256<T>, Vector256<T>, Vector256<T>> method) => method.Method;

        private static MethodInfo Shift<T>(Func<Vector256<T>, int, Vector256<T>> method) => method.Method;

        private static MethodInfo Change<TFrom, TTo>(Func<Vector256<TFrom>, Vector256<TTo>> method) => method.Method;

        private static MethodInfo Join<TFrom, TTo>(Func<Vector256<TFrom>, Vector256<TFrom>, Vector256<TTo>> method) => method.Method;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<int> LoadBytes(byte* address) =>
            Vector256.WidenLower(Vector256.WidenLower(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(address)).AsByte().ToVector256Unsafe())).AsInt32();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<long> LoadBytesWide(byte* address)
        {
            Vector256<byte> bytes = Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<uint>(address)).AsByte().ToVector256Unsafe();
            return Vector256.WidenLower(Vector256.WidenLower(Vector256.WidenLower(bytes))).AsInt64();
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<int> LoadShorts(ushort* address) => Vector256.WidenLower(Vector128.Load(address).ToVector256Unsafe()).AsInt32();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void StoreBytes(Vector256<int> value, byte* address) =>
            Unsafe.WriteUnaligned(address, Narrow8(Narrow16(value.AsUInt32())).AsUInt64().ToScalar());

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void StoreBytesWide(Vector256<long> value, byte* address)
        {
            Vector256<ulong> longs = value.AsUInt64();
            Unsafe.WriteUnaligned(address, Narrow8(Narrow16(Vector256.Narrow(longs, longs))).AsUInt32().ToScalar());
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void StoreShorts(Vector256<int> value, ushort* address) =>
            Narrow16(value.AsUInt32()).GetLower().Store(address);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<ushort> Narrow16(Vector256<uint> value) => Vector256.Narrow(value, value);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<byte> Narrow8(Vector256<ushort> value) => Vector256.Narrow(value, value);

        /// <summary>Upper halves of unsigned products. The hardware multiplies every other element to 64 bits: even ones, then odd ones.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<int> MultiplyHigh(Vector256<int> a, Vector256<int> b)
        {
            Vector256<ulong> even = Multiply(a.AsUInt32(), b.AsUInt32());
            Vector256<ulong> odd = Multiply((a.AsUInt64() >>> 32).AsUInt32(), (b.AsUInt64() >>> 32).AsUInt32());
            return ((even >>> 32) | (odd & Vector256.Create(0xFFFF_FFFF_0000_0000UL))).AsInt32();
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<ulong> Multiply(Vector256<uint> a, Vector256<uint> b)
        {
            if (Avx2.IsSupported) return Avx2.Multiply(a, b);
            Vector256<ulong> low = Vector256.Create(0xFFFF_FFFFUL);
            return (a.AsUInt64() & low) * (b.AsUInt64() & low);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<float> BrainToSingle(Vector256<int> bits) => (bits << 16).AsSingle();

        /// <summary>To the nearest, ties to even; NaN stays NaN.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<int> SingleToBrain(Vector256<float> value)
        {
            Vector256<int> bits = value.AsInt32(), upper = bits >>> 16;
            Vector256<int> rounded = (bits + Vector256.Create(0x7FFF) + (upper & Vector256<int>.One)) >>> 16;
            return Vector256.ConditionalSelect(Vector256.Equals(value, value).AsInt32(), rounded, upper | Vector256.Create(0x40));
        }

        /// <summary>Scaling by 2^112 moves the exponent to its new bias and makes subnormal numbers normal, exactly.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<float> HalfToSingle(Vector256<int> bits)
        {
            Vector256<int> magnitude = bits & Vector256.Create(0x7FFF);
            Vector256<int> scaled = ((magnitude << 13).AsSingle() * Vector256.Create(0x77800000).AsSingle()).AsInt32();
            Vector256<int> special = Vector256.LessThan(Vector256.Create(0x7BFF), magnitude) & Vector256.Create(0x7F800000);
            return (scaled | special | ((bits & Vector256.Create(0x8000)) << 16)).AsSingle();
        }

        /// <summary>To the nearest, ties to even. Results that are subnormal come out of an addition whose last place is theirs.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<int> SingleToHalf(Vector256<float> value)
        {
            Vector256<int> bits = value.AsInt32(), magnitude = bits & Vector256.Create(0x7FFFFFFF);
            Vector256<int> normal = (magnitude + Vector256.Create(unchecked((int)0xC8000FFF)) + ((magnitude >> 13) & Vector256<int>.One)) >> 13;
            Vector256<int> small = (magnitude.AsSingle() + Vector256.Create(0.5f)).AsInt32() - Vector256.Create(0x3F000000);
            Vector256<int> finite = Vector256.ConditionalSelect(Vector256.LessThan(magnitude, Vector256.Create(0x38800000)), small, normal);
            Vector256<int> huge = Vector256.ConditionalSelect(
                Vector256.LessThan(Vector256.Create(0x7F800000), magnitude), Vector256.Create(0x7E00), Vector256.Create(0x7C00));
            Vector256<int> result = Vector256.ConditionalSelect(Vector256.LessThan(magnitude, Vector256.Create(0x47800000)), finite, huge);
            return result | ((bits >>> 16) & Vector256.Create(0x8000));
        }
    }
}
