using System.Runtime.InteropServices;

namespace Engine.Tensors.Tests.Cpu;

/// <summary>Addresses of the elements (0, 0, ...) of tensors that do not move.</summary>
internal sealed class Pins : IDisposable
{
    private readonly List<GCHandle> handles = [];

    public Pins(Tensor[] tensors)
    {
        Addresses = new nint[tensors.Length];
        for (int i = 0; i < tensors.Length; i++)
        {
            var handle = GCHandle.Alloc(((HostStorage)tensors[i].Storage).Data, GCHandleType.Pinned);
            handles.Add(handle);
            Addresses[i] = handle.AddrOfPinnedObject() + ((nint)tensors[i].Layout.Offset * tensors[i].DType.Size());
        }
    }

    public nint[] Addresses { get; }

    public void Dispose() => handles.ForEach(h => h.Free());
}
