using Engine.Tensors;

namespace Engine.Autograd;

/// <summary>Solutions of A x = b for an operator on vectors, as ops of the trace of its operands.</summary>
internal static class LinearSystem
{
    public static Tensor Solve(Func<Tensor, Tensor> apply, Tensor b, LinearSolver solver) => solver.Method switch
    {
        LinearMethod.Gmres => Gmres(apply, b, Norm(b) * Tolerance(solver.Tolerance, b.DType), solver).Items[0],
        LinearMethod.ConjugateGradient => ConjugateGradient(apply, r => r, Zero(b), b, Norm(b) * Tolerance(solver.Tolerance, b.DType), solver.MaxIterations).Items[0],
        LinearMethod.Neumann => Neumann(apply, b, solver),
        LinearMethod.Direct => Ops.Solve(Transform.Vmap(apply)(Ops.Eye(b.Count, dtype: b.DType)).T, b.Reshape(b.Count, 1)).Reshape(b.Count),
        _ => b,
    };

    public static Tensor Norm(Tensor x) => Ops.Sqrt((x * x).Sum());

    public static Tensor Dot(Tensor a, Tensor b) => (a * b).Sum();

    /// <summary>M x for a matrix [m, n].</summary>
    public static Tensor Times(Tensor matrix, Tensor x) => Ops.MatMul(matrix, x.Reshape(x.Count, 1)).Reshape(matrix.Shape[0]);

    /// <summary>M^T x for a matrix [m, n].</summary>
    public static Tensor TransposeTimes(Tensor matrix, Tensor x) => Ops.MatMul(x.Reshape(1, x.Count), matrix).Reshape(matrix.Shape[1]);

    /// <summary>The tolerance asked for, or 100 roundings.</summary>
    public static double Tolerance(double? asked, DType dtype) => asked ?? (dtype == DType.F64 ? 100 * Math.Pow(2, -52) : 100 * Math.Pow(2, -23));

    /// <summary>Not yet small: also true for NaN, so that a failure shows in the result.</summary>
    private static Tensor Above(Tensor value, Tensor limit) => Ops.LogicalNot(value <= limit);

    /// <summary>The solution, its residual and the number of cycles, once the residual is within a limit.</summary>
    public static TensorList Gmres(Func<Tensor, Tensor> apply, Tensor b, Tensor limit, LinearSolver solver)
    {
        int cycle = Math.Min(solver.Restart, b.Count);
        int cycles = (solver.MaxIterations + cycle - 1) / cycle;
        // x, its residual, cycles done, whether the last one helped: at the limit of rounding the residual stays.
        TensorList start = new(Zero(b), b, Tensor.Scalar(0, DType.I64), Tensor.Scalar(1, DType.Bool));
        return ControlFlow.While(start, s => Ops.And(Above(Norm(s.Items[1]), limit), Ops.And(s.Items[3], s.Items[2] < cycles)), s =>
        {
            Tensor x = s.Items[0] + Cycle(apply, s.Items[1], limit, cycle);
            Tensor r = b - apply(x);
            return new(x, r, s.Items[2] + 1, Norm(r) < 0.9 * Norm(s.Items[1]));
        });
    }

    /// <summary>
    /// The step that makes the residual smallest over a Krylov space. The basis V is orthonormal; Q holds the product of the Givens rotations that made the
    /// Hessenberg matrix triangular, R.
    /// </summary>
    private static Tensor Cycle(Func<Tensor, Tensor> apply, Tensor r, Tensor limit, int m)
    {
        DType type = r.DType;
        Tensor size = Norm(r), first = Ops.OneHot(Tensor.Scalar(0, DType.I64), m + 1, type);
        TensorList start = new(Ops.Outer(first, r / size), Tensor.Zeros([m, m], type), Ops.Eye(m + 1, dtype: type), Tensor.Scalar(0, DType.I64), size);
        TensorList end = ControlFlow.While(start, s => Ops.And(Above(s.Items[4], limit), s.Items[3] < m), s =>
        {
            (Tensor v, Tensor triangle, Tensor q, Tensor j) = (s.Items[0], s.Items[1], s.Items[2], s.Items[3]);
            Tensor here = Ops.OneHot(j, m + 1, type), below = Ops.OneHot(j + 1, m + 1, type);
            Tensor w = apply(TransposeTimes(v, here));
            Tensor scale = Norm(w);
            Tensor once = Times(v, w);
            w -= TransposeTimes(v, once);
            Tensor again = Times(v, w);
            w -= TransposeTimes(v, again);
            Tensor length = Norm(w), open = length > scale * Tolerance(null, type) * 0.01;
            length = Ops.Where(open, length, length.Like(0));
            Tensor h = Times(q, once + again + (below * length));
            Tensor a = Dot(h, here), c = Dot(h, below), hypotenuse = Ops.Sqrt((a * a) + (c * c));
            Tensor cosine = a / hypotenuse, sine = c / hypotenuse;
            Tensor upper = TransposeTimes(q, here), lower = TransposeTimes(q, below);
            Tensor turned = q + Ops.Outer(here, (cosine * upper) + (sine * lower) - upper) + Ops.Outer(below, (cosine * lower) - (sine * upper) - lower);
            Tensor column = ((h * (1 - here) * (1 - below)) + (here * hypotenuse))[..m];
            Tensor next = v + Ops.Outer(below, Ops.Where(open, w / Ops.Where(open, length, length.Like(1)), w.Like(0)));
            Tensor left = Ops.Abs(Dot(below, turned[.., 0])) * size;
            return new(next, triangle + Ops.Outer(column, here[..m]), turned, j + 1, left);
        });
        Tensor used = (Ops.Iota(m) < end.Items[3]).Cast(type);
        Tensor r1 = end.Items[1] + Ops.Diag(1 - used), g = end.Items[2][..m, 0] * size * used;
        Tensor y = Ops.TriangularSolve(r1, g.Reshape(m, 1), lower: false).Reshape(m);
        return TransposeTimes(end.Items[0][..m], y);
    }

    /// <summary>From a first guess and its residual: the solution, its residual, two that are in use on the way, and the number of steps, once the residual is within a limit.</summary>
    public static TensorList ConjugateGradient(Func<Tensor, Tensor> apply, Func<Tensor, Tensor> improve, Tensor x0, Tensor r0, Tensor limit, int steps)
    {
        Tensor z0 = improve(r0);
        TensorList start = new(x0, r0, z0, Dot(r0, z0), Tensor.Scalar(0, DType.I64));
        return ControlFlow.While(start, s => Ops.And(Above(Norm(s.Items[1]), limit), s.Items[4] < steps), s =>
        {
            (Tensor x, Tensor r, Tensor p, Tensor size) = (s.Items[0], s.Items[1], s.Items[2], s.Items[3]);
            Tensor ap = apply(p), step = size / Dot(p, ap);
            r -= step * ap;
            Tensor z = improve(r), next = Dot(r, z);
            return new(x + (step * p), r, z + (next / size * p), next, s.Items[4] + 1);
        });
    }

    private static Tensor Neumann(Func<Tensor, Tensor> apply, Tensor b, LinearSolver solver)
    {
        Tensor limit = Norm(b) * Tolerance(solver.Tolerance, b.DType);
        TensorList start = new(b, b - apply(b), Tensor.Scalar(0, DType.I64));
        return ControlFlow.While(start, s => Ops.And(Above(Norm(s.Items[1]), limit), s.Items[2] < solver.MaxIterations), s =>
        {
            Tensor x = s.Items[0] + s.Items[1];
            return new(x, b - apply(x), s.Items[2] + 1);
        }).Items[0];
    }

    private static Tensor Zero(Tensor like) => Tensor.Zeros(like.Shape, like.DType);
}
