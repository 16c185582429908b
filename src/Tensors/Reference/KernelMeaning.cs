namespace Engine.Tensors.Reference;

/// <summary>One entry per kernel shape: from operands to results, all row-major.</summary>
internal static class KernelMeaning
{
    /// <param name="op">The op as the user wrote it, for messages.</param>
    /// <param name="kernel">What is computed.</param>
    /// <param name="inputs">Operands.</param>
    /// <param name="outputs">Results: zeros of the right type and shape, to be filled.</param>
    public static void Run(string op, Kernel kernel, ReferenceArray[] inputs, ReferenceArray[] outputs)
    {
        ReferenceArray result = outputs[0];
        switch (kernel)
        {
            case MapKernel map:
                for (int i = 0; i < outputs.Length; i++) Mapping.Run(map.Bodies[i], inputs, outputs[i]);
                break;
            case RowsKernel rows:
                RowMapping.Run(rows, inputs, outputs);
                break;
            case ReduceKernel reduce:
                Reduction.Run(reduce, inputs[0], result);
                break;
            case MatMulKernel product:
                MatrixProduct.Run(inputs[0], inputs[1], result, product.Symmetric);
                break;
            case ConvolutionKernel convolution:
                Convolution.Run(convolution, inputs[0], inputs[1], result);
                break;
            case EpilogueKernel epilogue:
                Run(op, epilogue.Producer, inputs[..epilogue.ProducerOperands], outputs[..1]);
                Run(op, new MapKernel(epilogue.Bodies), [.. inputs[epilogue.ProducerOperands..], outputs[0]], outputs[1..]);
                break;
            case AttentionKernel attention:
                Attention.Run(attention, inputs, outputs);
                break;
            case AttentionGradientKernel slopes:
                Attention.RunGradient(slopes, inputs, outputs);
                break;
            case MaxPoolKernel pool:
                MaxPooling.Run(pool.Window, inputs[0], result);
                break;
            case MaxPoolGradientKernel gradient:
                MaxPooling.RunGradient(gradient.Window, inputs, result);
                break;
            case FoldKernel fold:
                Folding.Run(fold.Window, inputs[0], result);
                break;
            case GatherKernel gather:
                Indexing.Gather(op, gather, inputs[0], inputs[1], result);
                break;
            case ScatterAddKernel scatter:
                Indexing.ScatterAdd(op, scatter, inputs[0], inputs[1], result);
                break;
            case ScanKernel scan:
                Scanning.Run(scan, inputs[0], result);
                break;
            case RecurrenceKernel recurrence:
                Scanning.Run(recurrence, inputs[0], inputs[1], result);
                break;
            case SortKernel sort:
                Sorting.Run(sort.Axis, inputs[0], result);
                break;
            case CholeskyKernel or TriangularSolveKernel or LuKernel or LuSolveKernel or QrKernel:
                Factorization.Run(op, kernel, inputs, outputs);
                break;
            case SymmetricEigenKernel or SvdKernel:
                Spectra.Run(kernel, inputs[0], outputs);
                break;
            case FourierKernel fourier:
                Fourier.Run(fourier, inputs[0], result);
                break;
            case PadKernel pad:
                Joining.Pad(pad.Padding, inputs[0], result);
                break;
            case ConcatKernel concat:
                Joining.Concat(concat.Axis, inputs, result);
                break;
            default:
                throw new DeviceException($"{op}: the reference device has no meaning for {kernel.GetType().Name}.");
        }
    }
}
