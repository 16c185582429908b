namespace Engine.Tensors.Cpu;

/// <summary>
/// The gradient of a convolution in its kernels, in either way of computing it: dw[o, k] = sum over (image, position) of dy[image, o, position] times what window element k sees
/// there. Images are taken in order; each continues the chains of the one before.
/// </summary>
/// <remarks>Frame elements are zeros that are multiplied like others: with finite gradients they change no bit.</remarks>
internal abstract unsafe class CpuWeightPass<T> : CpuKernel where T : unmanaged
{
    private readonly int imageStride;
    private readonly int gradientImage;

    protected CpuWeightPass(ConvolutionWindow window, Operand image, Operand gradient)
    {
        Layout x = image.Layout, dy = gradient.Layout;
        Images = x.Shape[0];
        imageStride = x.Strides[0];
        Groups = window.Groups;
        PlanesPerGroup = x.Shape[1] / Groups;
        Rows = dy.Shape[1] / Groups;
        KernelCount = window.Kernel.Height * window.Kernel.Width;
        Columns = PlanesPerGroup * KernelCount;
        Extent frame = new(window.Input.Height + (2 * window.Padding.Height), window.Input.Width + (2 * window.Padding.Width));
        Planes = new(x, frame, window.Padding, 1);
        Offsets = new int[Columns];
        for (int k = 0; k < Columns; k++)
        {
            (int c, int rest) = Math.DivRem(k, KernelCount);
            (int ky, int kx) = Math.DivRem(rest, window.Kernel.Width);
            Offsets[k] = (((c * frame.Height) + (ky * window.Dilation.Height)) * frame.Width) + (kx * window.Dilation.Width);
        }
        GradientRow = new(dy.Shape.Lengths[2..], dy.Strides[2..], sizeof(T));
        (gradientImage, GradientChannel) = (dy.Strides[0], dy.Strides[1]);
    }

    protected int Images { get; }

    protected int Groups { get; }

    /// <summary>Channels of an image that a group of kernels sees.</summary>
    protected int PlanesPerGroup { get; }

    /// <summary>Kernels of a group: rows of dw.</summary>
    protected int Rows { get; }

    /// <summary>Window elements in one channel.</summary>
    protected int KernelCount { get; }

    /// <summary>Window elements in all channels of a group: columns of dw.</summary>
    protected int Columns { get; }

    protected ImagePlanes Planes { get; }

    /// <summary>Where every window element lies in the planes of a group, behind the element at the window's position.</summary>
    protected int[] Offsets { get; }

    /// <summary>The positions of a channel of dy.</summary>
    protected StridedView GradientRow { get; }

    /// <summary>Elements from one channel of dy to the next.</summary>
    protected int GradientChannel { get; }

    /// <summary>The first element of an image.</summary>
    protected T* Image(void** operands, int image) => (T*)operands[0] + ((nint)image * imageStride);

    /// <summary>The first element of dy of an image and a group.</summary>
    protected T* Gradient(void** operands, int image, int group) => (T*)operands[1] + ((nint)image * gradientImage) + ((nint)group * Rows * GradientChannel);
}
