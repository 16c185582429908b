using System.Reflection;

namespace Engine.Tensors.Cpu;

/// <content>What differs between widths of vectors.</content>
internal static unsafe partial class LoopEmitter
{
    private static Vectors VectorsOf(int bits) => bits switch
    {
        512 => new Vectors512(),
        256 => new Vectors256(),
        _ => new Vectors128(),
    };

    /// <summary>The methods that emitted loops call. They are taken from delegates, never looked up by name, so that trimming sees every use.</summary>
    private abstract class Vectors
    {
        public abstract int Bits { get; }

        public abstract Type TypeOf(LoopLane lane);

        /// <summary>An operation by the lanes of its result, or of its operands if it compares; for <see cref="LoopOp.Widen"/> the one for the lower half.</summary>
        public abstract MethodInfo Of(LoopOp op, LoopLane lane);

        public abstract MethodInfo WidenUpper(LoopLane lane);

        /// <summary>One value for all lanes.</summary>
        public abstract MethodInfo Create(LoopLane lane);

        /// <summary>Elements of some bytes in memory to lanes; narrow ones are zero-extended.</summary>
        public abstract MethodInfo Load(LoopLane lane, int size);

        /// <summary>Lanes to elements of some bytes in memory.</summary>
        public abstract MethodInfo Store(LoopLane lane, int size);

        public abstract MethodInfo Function(ElementaryFunction function, LoopLane lane);
    }
}
