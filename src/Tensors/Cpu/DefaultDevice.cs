using Engine.Tensors.Cpu;

namespace Engine.Tensors;

public abstract partial class Device
{
    /// <summary>The CPU with all its cores: where tensors live when no device is named.</summary>
    public static Device Cpu { get; } = new CpuDevice();
}
