namespace Engine.Tensors.Reference;

/// <summary>Control flow: plans run on arrays of bits.</summary>
internal static class RegionMeaning
{
    public static void Run(ReferenceDevice device, Region region, ReferenceArray[] inputs, ReferenceArray[] outputs)
    {
        ulong[][] operands = Array.ConvertAll(inputs, x => x.Bits);
        switch (region)
        {
            case LoopRegion loop:
                Loop(device, loop, operands, outputs);
                break;
            case WhileRegion loop:
                While(device, loop, operands, outputs);
                break;
            case BranchRegion branch:
                Give(new ReferenceExecutable(device, operands[0][0] != 0 ? branch.Then : branch.Otherwise).Run(operands[1..]), outputs);
                break;
            default:
                throw new DeviceException($"The reference device has no meaning for {region.GetType().Name}.");
        }
    }

    private static void Loop(ReferenceDevice device, LoopRegion loop, ulong[][] operands, ReferenceArray[] outputs)
    {
        var body = new ReferenceExecutable(device, loop.Body);
        ulong[][] carried = operands[..loop.Carried], scanned = operands[loop.Carried..(loop.Carried + loop.Scanned)], others = operands[(loop.Carried + loop.Scanned)..];
        for (int run = 0; run < loop.Count; run++)
        {
            int t = loop.Reversed ? loop.Count - 1 - run : run;
            ulong[][] slices = Array.ConvertAll(scanned, x => x.AsSpan(t * (x.Length / loop.Count), x.Length / loop.Count).ToArray());
            ulong[][] results = body.Run([.. carried, .. slices, [(ulong)t], .. others]);
            carried = results[..loop.Carried];
            for (int i = loop.Carried; i < results.Length; i++) results[i].CopyTo(outputs[i].Bits, t * results[i].Length);
        }
        Give(carried, outputs);
    }

    private static void While(ReferenceDevice device, WhileRegion loop, ulong[][] operands, ReferenceArray[] outputs)
    {
        var condition = new ReferenceExecutable(device, loop.Condition);
        var body = new ReferenceExecutable(device, loop.Body);
        ulong[][] carried = operands[..loop.Carried], others = operands[loop.Carried..];
        while (condition.Run([.. carried, .. others])[0][0] != 0) carried = body.Run([.. carried, .. others]);
        Give(carried, outputs);
    }

    private static void Give(ulong[][] results, ReferenceArray[] outputs)
    {
        for (int i = 0; i < results.Length; i++) results[i].CopyTo(outputs[i].Bits, 0);
    }
}
