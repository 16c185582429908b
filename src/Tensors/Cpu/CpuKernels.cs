namespace Engine.Tensors.Cpu;

/// <summary>Makes a kernel ready for the CPU: the one place that knows all kernel shapes.</summary>
internal static class CpuKernels
{
    /// <summary>The prepared form of a kernel for operands of these types and layouts. Offsets of layouts do not matter: addresses come with a call.</summary>
    /// <param name="name">The op, for error messages.</param>
    /// <param name="kernel">What is computed.</param>
    /// <param name="inputs">Operands read.</param>
    /// <param name="outputs">Operands written, row-major.</param>
    /// <param name="loops">The emitted loops of the device.</param>
    /// <param name="use">How often the kernel will run.</param>
    /// <param name="writesOver">True when an output of a map may be the memory of an input of its layout.</param>
    public static CpuKernel Prepare(
        string name, Kernel kernel, ReadOnlySpan<Operand> inputs, ReadOnlySpan<Operand> outputs, LoopCache loops, PlanUse use = PlanUse.Calls, bool writesOver = false)
    {
        bool nothing = true;
        foreach (Operand output in outputs) nothing &= output.Layout.Shape.Count == 0;
        if (nothing) return CpuNothing.Instance;
        return kernel switch
        {
            MapKernel { Bodies: { Count: 1 } bodies } when inputs.Length == 1 && bodies[0].Op == ExprOp.Input => CpuCopy.Of(inputs[0]),
            MapKernel map => new CpuMap(map, inputs, outputs, loops, use, writesOver),
            RowsKernel rows => new CpuMap(rows, inputs, outputs, loops, use),
            ReduceKernel reduce => CpuReductions.Prepare(name, reduce, inputs[0], outputs[0]),
            MatMulKernel matMul => new CpuMatMul(matMul, inputs[0], inputs[1]),
            EpilogueKernel { Producer: MatMulKernel matMul } map => new CpuMatMul(matMul, inputs[0], inputs[1], Epilogue(map, inputs, outputs, loops, use, writesOver)),
            EpilogueKernel { Producer: ConvolutionKernel { Pass: not ConvolutionPass.WeightGradient } convolution } map =>
                CpuConvolution.Prepare(convolution, inputs, outputs[0], Epilogue(map, inputs, outputs, loops, use, writesOver)),
            GatherKernel gather => new CpuGather(name, gather, inputs[0], inputs[1]),
            ScatterAddKernel scatter => CpuTyped.ScatterAdd(name, scatter, inputs, outputs[0]),
            ScanKernel scan => CpuTyped.Scan(name, scan, inputs[0]),
            RecurrenceKernel recurrence => CpuTyped.Recurrence(name, recurrence, inputs[0], inputs[1]),
            SortKernel sort => CpuTyped.Sort(name, sort, inputs[0]),
            FoldKernel fold => CpuTyped.Fold(name, fold, inputs[0]),
            MaxPoolKernel pool => CpuTyped.MaxPool(name, pool.Window, inputs[0]),
            MaxPoolGradientKernel pool => CpuTyped.MaxPoolGradient(name, pool.Window, inputs),
            ConvolutionKernel convolution => CpuConvolution.Prepare(convolution, inputs, outputs[0]),
            AttentionKernel attention => CpuAttention.Prepare(attention, inputs, outputs),
            AttentionGradientKernel gradient => CpuAttention.Prepare(gradient, inputs, outputs),
            CholeskyKernel or TriangularSolveKernel or LuKernel or LuSolveKernel or QrKernel or SymmetricEigenKernel or SvdKernel => CpuFactorizations.Prepare(name, kernel, inputs),
            FourierKernel fourier => CpuTyped.Fourier(name, fourier, inputs[0]),
            PadKernel pad => new CpuPad(pad.Padding, inputs[0], outputs[0]),
            ConcatKernel concat => new CpuConcat(concat.Axis, inputs, outputs[0]),
            _ => throw new DeviceException($"{name}: the CPU does not know the kernel {kernel.GetType().Name}."),
        };
    }

    private static ProductEpilogue Epilogue(
        EpilogueKernel kernel, ReadOnlySpan<Operand> inputs, ReadOnlySpan<Operand> outputs, LoopCache loops, PlanUse use, bool writesOver)
    {
        Operand product = outputs[0];
        foreach (Operand output in outputs[1..]) writesOver |= output.Buffer == product.Buffer;
        Operand[] operands = [.. inputs[kernel.ProducerOperands..], product with { Layout = Layout.Contiguous(outputs[1].Layout.Shape) }];
        var map = new CpuMap(new MapKernel(kernel.Bodies), operands, outputs[1..], loops, use, writesOver);
        return new(map, kernel.ProducerOperands, inputs.Length);
    }
}
