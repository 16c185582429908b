using Engine.Autograd;
using Engine.Autograd.Layers;
using Engine.Tensors;

namespace Engine.Cli;

/// <summary>Pictures as files hold them, [N, H, W, C], to the order of the engine's convolutions, [N, C, H, W].</summary>
internal sealed class ChannelsFirst : Bond
{
    public override Tensor Forward(Weights weights, Tensor x, in Pass pass) => x.Permute(0, 3, 1, 2);
}
