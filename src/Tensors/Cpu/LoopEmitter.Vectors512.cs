using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Tensors.Cpu;

/// <content>The methods on vectors of 512 bits.</content>
internal static unsafe partial class LoopEmitter
{
    private sealed class Vectors512 : Vectors
    {
        private delegate Vector512<T> Reading<T>(T* address) where T : unmanaged;

        private delegate void Writing<T>(Vector512<T> value, T* address) where T : unmanaged;

        private delegate Vector512<TTo> Spreading<T, TTo>(T* address) where T : unmanaged;

        private delegate void Packing<T, TFrom>(Vector512<TFrom> value, T* address) where T : unmanaged;

        public override int Bits => 512;

        public override Type TypeOf(LoopLane lane) => lane switch
        {
            LoopLane.F32 => typeof(Vector512<float>),
            LoopLane.I32 => typeof(Vector512<int>),
            LoopLane.F64 => typeof(Vector512<double>),
            _ => typeof(Vector512<long>),
        };

        public override MethodInfo Of(LoopOp op, LoopLane lane) => lane switch
        {
            LoopLane.F32 => op switch
            {
                LoopOp.Sqrt => Unary<float>(Vector512.Sqrt),
                LoopOp.Floor => Unary<float>(Vector512.Floor),
                LoopOp.Ceiling => Unary<float>(Vector512.Ceiling),
                LoopOp.Truncate => Unary<float>(Vector512.Truncate),
                LoopOp.RoundEven => Unary<float>(Vector512.Round),
                LoopOp.Fma => Ternary<float>(Vector512.FusedMultiplyAdd),
                LoopOp.ToFloat => Change<int, float>(Vector512.ConvertToSingle),
                LoopOp.Reinterpret => Change<int, float>(Vector512.As<int, float>),
                LoopOp.Narrow => Join<double, float>(Vector512.Narrow),
                LoopOp.HalfToSingle => Change<int, float>(HalfToSingle),
                LoopOp.BrainToSingle => Change<int, float>(BrainToSingle),
                _ => Any<float>(op),
            },
            LoopLane.F64 => op switch
            {
                LoopOp.Sqrt => Unary<double>(Vector512.Sqrt),
                LoopOp.Floor => Unary<double>(Vector512.Floor),
                LoopOp.Ceiling => Unary<double>(Vector512.Ceiling),
                LoopOp.Truncate => Unary<double>(Vector512.Truncate),
                LoopOp.RoundEven => Unary<double>(Vector512.Round),
                LoopOp.Fma => Ternary<double>(Vector512.FusedMultiplyAdd),
                LoopOp.ToFloat => Change<long, double>(Vector512.ConvertToDouble),
                LoopOp.Reinterpret => Change<long, double>(Vector512.As<long, double>),
                LoopOp.Widen => Change<float, double>(Vector512.WidenLower),
                _ => Any<double>(op),
            },
            LoopLane.I32 => op switch
            {
                LoopOp.ShiftLeft => Shift<int>(Vector512.ShiftLeft),
                LoopOp.ShiftRight => Shift<int>(Vector512.ShiftRightArithmetic),
                LoopOp.ShiftRightUnsigned => Shift<int>(Vector512.ShiftRightLogical),
                LoopOp.MulHigh => Binary<int>(MultiplyHigh),
                LoopOp.ToInteger => Change<float, int>(Vector512.ConvertToInt32),
                LoopOp.Reinterpret => Change<float, int>(Vector512.As<float, int>),
                LoopOp.Narrow => Join<long, int>(Vector512.Narrow),
                LoopOp.SingleToHalf => Change<float, int>(SingleToHalf),
                LoopOp.SingleToBrain => Change<float, int>(SingleToBrain),
                _ => Any<int>(op),
            },
            _ => op switch
            {
                LoopOp.ShiftLeft => Shift<long>(Vector512.ShiftLeft),
                LoopOp.ShiftRight => Shift<long>(Vector512.ShiftRightArithmetic),
                LoopOp.ShiftRightUnsigned => Shift<long>(Vector512.ShiftRightLogical),
                LoopOp.ToInteger => Change<double, long>(Vector512.ConvertToInt64),
                LoopOp.Reinterpret => Change<double, long>(Vector512.As<double, long>),
                LoopOp.Widen => Change<int, long>(Vector512.WidenLower),
                _ => Any<long>(op),
            },
        };

        public override MethodInfo WidenUpper(LoopLane lane) =>
            lane == LoopLane.F64 ? Change<float, double>(Vector512.WidenUpper) : Change<int, long>(Vector512.WidenUpper);

        public override MethodInfo Create(LoopLane lane) => lane switch
        {
            LoopLane.F32 => ((Func<float, Vector512<float>>)Vector512.Create<float>).Method,
            LoopLane.F64 => ((Func<double, Vector512<double>>)Vector512.Create<double>).Method,
            LoopLane.I32 => ((Func<int, Vector512<int>>)Vector512.Create<int>).Method,
            _ => ((Func<long, Vector512<long>>)Vector512.Create<long>).Method,
        };

        public override MethodInfo Load(LoopLane lane, int size) => (lane, size) switch
        {
            (LoopLane.F32, _) => ((Reading<float>)Vector512.Load).Method,
            (LoopLane.F64, _) => ((Reading<double>)Vector512.Load).Method,
            (LoopLane.I32, 1) => ((Spreading<byte, int>)LoadBytes).Method,
            (LoopLane.I32, 2) => ((Spreading<ushort, int>)LoadShorts).Method,
            (LoopLane.I32, _) => ((Reading<int>)Vector512.Load).Method,
            (_, 1) => ((Spreading<byte, long>)LoadBytesWide).Method,
            _ => ((Reading<long>)Vector512.Load).Method,
        };

        public override MethodInfo Store(LoopLane lane, int size) => (lane, size) switch
        {
            (LoopLane.F32, _) => ((Writing<float>)Vector512.Store).Method,
            (LoopLane.F64, _) => ((Writing<double>)Vector512.Store).Method,
            (LoopLane.I32, 1) => ((Packing<byte, int>)StoreBytes).Method,
            (LoopLane.I32, 2) => ((Packing<ushort, int>)StoreShorts).Method,
            (LoopLane.I32, _) => ((Writing<int>)Vector512.Store).Method,
            (_, 1) => ((Packing<byte, long>)StoreBytesWide).Method,
            _ => ((Writing<long>)Vector512.Store).Method,
        };

        public override MethodInfo Function(ElementaryFunction function, LoopLane lane) => lane == LoopLane.F32
            ? Functions32<V512F, Vector512<float>, Vector512<int>, Vector512<float>>.Of(function)
            : Functions64<V512D, Vector512<double>, Vector512<long>, Vector512<double>>.Of(function);

        private static MethodInfo Any<T>(LoopOp op) where T : unmanaged => op switch
        {
            LoopOp.Add => Binary<T>(Vector512.Add),
            LoopOp.Sub => Binary<T>(Vector512.Subtract),
            LoopOp.Mul => Binary<T>(Vector512.Multiply),
            LoopOp.Div => Binary<T>(Vector512.Divide),
            LoopOp.Neg => Unary<T>(Vector512.Negate),
            LoopOp.Abs => Unary<T>(Vector512.Abs),
            LoopOp.Min => Binary<T>(Vector512.Min),
            LoopOp.Max => Binary<T>(Vector512.Max),
            LoopOp.And => Binary<T>(Vector512.BitwiseAnd),
            LoopOp.Or => Binary<T>(Vector512.BitwiseOr),
            LoopOp.Xor => Binary<T>(Vector512.Xor),
            LoopOp.Not => Unary<T>(Vector512.OnesComplement),
            LoopOp.Equal => Binary<T>(Vector512.Equals),
            LoopOp.Less => Binary<T>(Vector512.LessThan),
            LoopOp.LessEqual => Binary<T>(Vector512.LessThanOrEqual),
            LoopOp.Select => Ternary<T>(Vector512.ConditionalSelect),
            _ => throw new InvalidOperationException($"loop emitter: no {op} on {typeof(T).Name}."),
        };

        private static MethodInfo Unary<T>(Func<Vector512<T>, Vector512<T>> method) => method.Method;

        private static MethodInfo Binary<T>(Func<Vector512<T>, Vector512<T>, Vector512<T>> method) => method.Method;

        private static MethodInfo Ternary<T>(Func<Vector512<T>, Vector512<T>, Vector512<T>, Vector512<T>> method) => method.Method;

        private static MethodInfo Shift<T>(Func<Vector512<T>, int, Vector512<T>> method) => method.Method;

        private static MethodInfo Change<TFrom, TTo>(Func<Vector512<TFrom>, Vector512<TTo>> method) => method.Method;

        private static MethodInfo Join<TFrom, TTo>(Func<Vector512<TFrom>, Vector512<TFrom>, Vector512<TTo>> method) => method.Method;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<int> LoadBytes(byte* address) =>
            Vector512.WidenLower(Vector512.WidenLower(Vector128.Load(address).ToVector256Unsafe().ToVector512Unsafe())).AsInt32();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<long> LoadBytesWide(byte* address)
        {
            Vector512<byte> bytes = Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(address)).AsByte().ToVector256Unsafe().ToVector512Unsafe();
            return Vector512.WidenLower(Vector512.WidenLower(Vector512.WidenLower(bytes))).AsInt64();
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<int> LoadShorts(ushort* address) => Vector512.WidenLower(Vector256.Load(address).ToVector512Unsafe()).AsInt32();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void StoreBytes(Vector512<int> value, byte* address) =>
            (Avx512F.IsSupported ? Avx512F.ConvertToVector128Byte(value) : Narrow8(Narrow16(value.AsUInt32())).GetLower().GetLower()).Store(address);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void StoreBytesWide(Vector512<long> value, byte* address)
        {
            Vector512<ulong> longs = value.AsUInt64();
            Vector128<byte> bytes = Avx512F.IsSupported ? Avx512F.ConvertToVector128Byte(value) : Narrow8(Narrow16(Vector512.Narrow(longs, longs))).GetLower().GetLower();
            Unsafe.WriteUnaligned(address, bytes.AsUInt64().ToScalar());
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void StoreShorts(Vector512<int> value, ushort* address) =>
            (Avx512F.IsSupported ? Avx512F.ConvertToVector256UInt16(value.AsUInt32()) : Narrow16(value.AsUInt32()).GetLower()).Store(address);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<ushort> Narrow16(Vector512<uint> value) => Vector512.Narrow(value, value);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<byte> Narrow8(Vector512<ushort> value) => Vector512.Narrow(value, value);

        /// <summary>Upper halves of unsigned products. The hardware multiplies every other element to 64 bits: even ones, then odd ones.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<int> MultiplyHigh(Vector512<int> a, Vector512<int> b)
        {
            Vector512<ulong> even = Multiply(a.AsUInt32(), b.AsUInt32());
            Vector512<ulong> odd = Multiply((a.AsUInt64() >>> 32).AsUInt32(), (b.AsUInt64() >>> 32).AsUInt32());
            return ((even >>> 32) | (odd & Vector512.Create(0xFFFF_FFFF_0000_0000UL))).AsInt32();
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<ulong> Multiply(Vector512<uint> a, Vector512<uint> b)
        {
            if (Avx512F.IsSupported) return Avx512F.Multiply(a, b);
            Vector512<ulong> low = Vector512.Create(0xFFFF_FFFFUL);
            return (a.AsUInt64() & low) * (b.AsUInt64() & low);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<float> BrainToSingle(Vector512<int> bits) => (bits << 16).AsSingle();

        /// <summary>To the nearest, ties to even; NaN stays NaN.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<int> SingleToBrain(Vector512<float> value)
        {
            Vector512<int> bits = value.AsInt32(), upper = bits >>> 16;
            Vector512<int> rounded = (bits + Vector512.Create(0x7FFF) + (upper & Vector512<int>.One)) >>> 16;
            return Vector512.ConditionalSelect(Vector512.Equals(value, value).AsInt32(), rounded, upper | Vector512.Create(0x40));
        }

        /// <summary>Scaling by 2^112 moves the exponent to its new bias and makes subnormal numbers normal, exactly.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<float> HalfToSingle(Vector512<int> bits)
        {
            Vector512<int> magnitude = bits & Vector512.Create(0x7FFF);
            Vector512<int> scaled = ((magnitude << 13).AsSingle() * Vector512.Create(0x77800000).AsSingle()).AsInt32();
            Vector512<int> special = Vector512.LessThan(Vector512.Create(0x7BFF), magnitude) & Vector512.Create(0x7F800000);
            return (scaled | special | ((bits & Vector512.Create(0x8000)) << 16)).AsSingle();
        }

        /// <summary>To the nearest, ties to even. Results that are subnormal come out of an addition whose last place is theirs.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<int> SingleToHalf(Vector512<float> value)
        {
            Vector512<int> bits = value.AsInt32(), magnitude = bits & Vector512.Create(0x7FFFFFFF);
            Vector512<int> normal = (magnitude + Vector512.Create(unchecked((int)0xC8000FFF)) + ((magnitude >> 13) & Vector512<int>.One)) >> 13;
            Vector512<int> small = (magnitude.AsSingle() + Vector512.Create(0.5f)).AsInt32() - Vector512.Create(0x3F000000);
            Vector512<int> finite = Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512.Create(0x38800000)), small, normal);
            Vector512<int> huge = Vector512.ConditionalSelect(
                Vector512.LessThan(Vector512.Create(0x7F800000), magnitude), Vector512.Create(0x7E00), Vector512.Create(0x7C00));
            Vector512<int> result = Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512.Create(0x47800000)), finite, huge);
            return result | ((bits >>> 16) & Vector512.Create(0x8000));
        }
    }
}
