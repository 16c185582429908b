using Engine.Tensors;

namespace Engine.Autograd;

/// <summary>
/// The solution z of g(z, p) = 0, whatever found it. By the implicit function theorem J dz = -dg/dp dp with J = dg/dz; the cotangent of p is -(dg/dp)^T u with
/// J^T u = v. Both systems are implicit ops again, of the linear equations, so every order of derivative follows from this one rule.
/// </summary>
/// <param name="Body">From (a first guess, p) to (z, other results, and for a shared inverse the factors U, V of I + U^T V at the end). Only z has a derivative.</param>
/// <param name="Residual">From (z, p) to g, a vector like z.</param>
/// <param name="Solver">For the linear systems.</param>
internal sealed record ImplicitOp(Graph Body, Graph Residual, LinearSolver Solver) : RuledPrimitive(Body)
{
    public override string Name => Residual.Trace.Name;

    private int Parameters => Residual.Inputs.Count - 1;

    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents)
    {
        Tensor z = outputs[0];
        Tensor[] p = inputs[1..(1 + Parameters)];
        Tensor?[] moves = tangents[1..(1 + Parameters)];
        Tensor?[] result = new Tensor?[outputs.Length];
        if (!moves.Any(t => t is not null)) return result;
        Tensor change = Apply([z, .. p, .. moves.OfType<Tensor>()], s =>
        {
            int next = 1 + Parameters;
            Tensor?[] seeds = [null, .. moves.Select(t => t is null ? null : s[next++])];
            return Leaves.OrZeros(Forward.Push(Opened(Residual, s[..(1 + Parameters)]), seeds), [z]);
        })[0];
        result[0] = Linear(z, p, -change, outputs, transposed: false);
        // The estimate does move with p. That nobody knows how shows where its tangent is used.
        if (Solver.Method == LinearMethod.SharedInverse)
        {
            foreach (int i in (int[])[outputs.Length - 2, outputs.Length - 1]) result[i] = Tensor.Zeros(outputs[i].Shape, outputs[i].DType);
        }
        return result;
    }

    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents)
    {
        Tensor?[] result = new Tensor?[inputs.Length];
        if (cotangents[0] is not { } v) return result;
        Tensor z = outputs[0];
        Tensor[] p = inputs[1..(1 + Parameters)];
        bool[] floating = Array.ConvertAll(p, t => t.DType.IsFloating());
        Tensor u = Linear(z, p, v, outputs, transposed: true);
        Tensor[] back = Apply([z, .. p, u], s =>
        {
            Tensor?[] pulled = Reverse.Pull(Opened(Residual, s[..^1]), [-s[^1]]);
            return [.. Leaves.OrZeros(pulled[1..], p).Where((_, i) => floating[i])];
        });
        for (int i = 0, next = 0; i < p.Length; i++)
        {
            if (floating[i]) result[1 + i] = back[next++];
        }
        return result;
    }

    /// <summary>J^-1 b or J^-T b at z.</summary>
    private Tensor Linear(Tensor z, Tensor[] p, Tensor b, Tensor[] outputs, bool transposed)
    {
        switch (Solver.Method)
        {
            case LinearMethod.JacobianFree:
                return b;
            case LinearMethod.SharedInverse:
                Tensor u = EstimateOp.Guard(outputs[^2]), v = EstimateOp.Guard(outputs[^1]);
                if (transposed) (u, v) = (v, u);
                return b + LinearSystem.TransposeTimes(u, LinearSystem.Times(v, b));
        }
        TensorSpec[] specs = [b.Spec, z.Spec, .. Specs(p), b.Spec];
        Graph product = transposed ? Pulled(Name, Residual) : Pushed(Name, Residual);
        Graph equation = Graph.Of(Name, specs, s => [product.Replay(s.AsSpan(0, s.Length - 1))[0] - s[^1]]);
        Graph solution = Graph.Of(Name, specs, s => [LinearSystem.Solve(x => product.Replay([x, .. s[1..^1]])[0], s[^1], Solver)]);
        return new ImplicitOp(solution, equation, Solver).Bind([Tensor.Zeros(b.Shape, b.DType), z, .. p, b, .. solution.Captures])[0];
    }

    /// <summary>(x, z, p) to dg/dz x.</summary>
    public static Graph Pushed(string name, Graph residual) => Graph.Of(name, [residual.Inputs[0].Spec, .. Specs([.. residual.Inputs])], s =>
        Leaves.OrZeros(Forward.Push(Opened(residual, s[1..]), [s[0], .. new Tensor?[s.Length - 2]]), [s[0]]));

    /// <summary>(x, z, p) to (dg/dz)^T x.</summary>
    private static Graph Pulled(string name, Graph residual) => Graph.Of(name, [residual.Inputs[0].Spec, .. Specs([.. residual.Inputs])], s =>
        [Leaves.OrZeros(Reverse.Pull(Opened(residual, s[1..]), [s[0]])[..1], [s[0]])[0]]);
}

/// <summary>An inverse that was estimated along an iteration: passed on as it is, and without derivatives.</summary>
internal sealed record EstimateOp(Graph Body) : RuledPrimitive(Body)
{
    public override string Name => "sharedInverse";

    public static Tensor Guard(Tensor factor) => new EstimateOp(Graph.Of("sharedInverse", [factor.Spec], s => s)).Bind(factor)[0];

    public override Tensor?[] Jvp(Tensor[] inputs, Tensor[] outputs, Tensor?[] tangents) => throw Undefined();

    public override Tensor?[] Vjp(Tensor[] inputs, Tensor[] outputs, Tensor?[] cotangents) => throw Undefined();

    private static GradientException Undefined() =>
        new("sharedInverse: the estimate has no derivative, so only first derivatives exist. Use LinearSolver.Gmres() for higher ones.");
}
