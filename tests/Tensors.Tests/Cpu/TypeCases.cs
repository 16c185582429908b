namespace Engine.Tensors.Tests.Cpu;

/// <summary>Element types as data of theories.</summary>
public static class TypeCases
{
    public static TheoryData<DType> All => [.. Enum.GetValues<DType>()];

    public static TheoryData<DType, DType> Pairs
    {
        get
        {
            var data = new TheoryData<DType, DType>();
            foreach (DType from in Enum.GetValues<DType>())
                foreach (DType to in Enum.GetValues<DType>()) data.Add(from, to);
            return data;
        }
    }
}
