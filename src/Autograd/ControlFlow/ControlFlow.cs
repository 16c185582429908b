using Engine.Tensors;

namespace Engine.Autograd;

/// <summary>
/// Control flow that is part of a plan: bodies are traced once and run without leaving it. They differentiate, batch and compile like any op. Inside a body a tensor has no
/// value yet, so reading one throws <see cref="TraceException"/>. Outer tensors may be used in a body; derivatives reach them.
/// </summary>
public static partial class ControlFlow
{
    /// <summary>The state after a fixed number of runs of a body.</summary>
    /// <param name="count">How often the body runs, 0 or more.</param>
    /// <param name="initial">The state before the first run.</param>
    /// <param name="body">From the number of the run (i64, from 0) and the state to the next state, of the same form.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is negative.</exception>
    /// <exception cref="ShapeException">The body changes the form of the state.</exception>
    public static T Loop<T>(int count, T initial, Func<Tensor, T, T> body)
        where T : ITree<T>
    {
        if (count < 0) throw new ArgumentOutOfRangeException(nameof(count), $"loop: the count must not be negative, got {count}.");
        Tensor[] state = Tree.Leaves(initial);
        Graph graph = Graph.Of("loop", [.. Specs(state), IndexSpec], s => Next("loop", initial, body(s[^1], initial.WithLeaves(s.AsSpan(0, state.Length)))));
        graph = graph.Lift(out Tensor[] captured);
        return initial.WithLeaves(new LoopOp(graph, count, state.Length, 0, false).Bind([.. state, .. captured]));
    }

    /// <summary>A state carried through the slices of some tensors, with a result for each slice.</summary>
    /// <param name="initial">The state before the first slice.</param>
    /// <param name="sequence">Tensors [T, ...] with the same T.</param>
    /// <param name="body">From the state and the slices at t to the next state, of the same form, and a result.</param>
    /// <param name="reversed">From the last slice to the first; results stay at the place of their slice.</param>
    /// <returns>The last state, and the results stacked along axis 0.</returns>
    /// <exception cref="ShapeException">The lengths of axis 0 differ, or the body changes the form of the state.</exception>
    public static (TState State, TResult Results) Scan<TState, TSlice, TResult>(
        TState initial, TSlice sequence, Func<TState, TSlice, (TState Next, TResult Result)> body, bool reversed = false)
        where TState : ITree<TState>
        where TSlice : ITree<TSlice>
        where TResult : ITree<TResult>
    {
        Tensor[] state = Tree.Leaves(initial), slices = Tree.Leaves(sequence);
        int count = Length(slices);
        TResult? form = default;
        TensorSpec[] specs = [.. Specs(state), .. slices.Select(x => new TensorSpec(x.DType, x.Shape[1..])), IndexSpec];
        Graph graph = Graph.Of("scan", specs, s =>
        {
            (TState next, form) = body(initial.WithLeaves(s.AsSpan(0, state.Length)), sequence.WithLeaves(s.AsSpan(state.Length, slices.Length)));
            return [.. Next("scan", initial, next), .. Tree.Leaves(form)];
        });
        graph = graph.Lift(out Tensor[] captured);
        Tensor[] results = new LoopOp(graph, count, state.Length, slices.Length, reversed).Bind([.. state, .. slices, .. captured]);
        return (initial.WithLeaves(results.AsSpan(0, state.Length)), form!.WithLeaves(results.AsSpan(state.Length)));
    }

    /// <summary>
    /// The first state for which a condition does not hold. It has a forward derivative but no reverse one, because the number of runs is not known.
    /// Mapped over a batch it runs until every example is done; finished examples keep their state.
    /// </summary>
    /// <param name="initial">The state before the first run.</param>
    /// <param name="condition">From a state to one bool.</param>
    /// <param name="body">From a state to the next, of the same form.</param>
    /// <exception cref="ShapeException">The body changes the form of the state, or the condition gives more than one element.</exception>
    /// <exception cref="DTypeException">The condition gives no bool.</exception>
    public static T While<T>(T initial, Func<T, Tensor> condition, Func<T, T> body)
        where T : ITree<T>
    {
        Tensor[] state = Tree.Leaves(initial);
        // Traced as one graph, so that both see the same captures.
        Graph both = Graph.Of("while", Specs(state), s =>
        {
            T now = initial.WithLeaves(s);
            return [One("while", "condition", condition(now)), .. Next("while", initial, body(now))];
        }).Lift(out Tensor[] captured);
        TensorSpec[] specs = Specs([.. both.Inputs]);
        Graph tests = Graph.Of("while", specs, s => both.Replay(s)[..1]), steps = Graph.Of("while", specs, s => both.Replay(s)[1..]);
        return initial.WithLeaves(new WhileOp(tests, steps, state.Length).Bind([.. state, .. captured]));
    }

    /// <summary>One of two functions of an operand. Only the chosen one runs, except where a batch holds examples of both kinds.</summary>
    /// <param name="predicate">One bool.</param>
    /// <param name="operand">What both functions take.</param>
    /// <param name="then">Runs when the predicate is true.</param>
    /// <param name="otherwise">Runs when it is false; its result has the form of the other's.</param>
    /// <exception cref="ShapeException">The results differ in form, or the predicate has more than one element.</exception>
    /// <exception cref="DTypeException">The predicate is no bool.</exception>
    public static TOut Cond<TIn, TOut>(Tensor predicate, TIn operand, Func<TIn, TOut> then, Func<TIn, TOut> otherwise)
        where TIn : ITree<TIn>
        where TOut : ITree<TOut>
    {
        Tensor test = One("cond", "predicate", predicate);
        Tensor[] leaves = Tree.Leaves(operand);
        TOut? form = default;
        int split = 0;
        Graph both = Graph.Of("cond", Specs(leaves), s =>
        {
            TIn input = operand.WithLeaves(s);
            form = then(input);
            Tensor[] yes = Tree.Leaves(form);
            split = yes.Length;
            TOut other = otherwise(input);
            if (!form.StructureKey.Equals(other.StructureKey)) throw new ShapeException("cond: the two functions return different structures. They must return the same leaves.");
            Tensor[] no = Tree.Leaves(other);
            for (int i = 0; i < yes.Length; i++)
            {
                if (yes[i].Spec != no[i].Spec) throw new ShapeException($"cond: leaf {i} of the results is {yes[i].Spec} and {no[i].Spec}. Both functions must return the same form.");
            }
            return [.. yes, .. no];
        }).Lift(out Tensor[] captured);
        TensorSpec[] specs = Specs([.. both.Inputs]);
        Graph first = Graph.Of("cond", specs, s => both.Replay(s)[..split]), second = Graph.Of("cond", specs, s => both.Replay(s)[split..]);
        return form!.WithLeaves(new CondOp(first, second).Bind([test, .. leaves, .. captured]));
    }

    private static TensorSpec IndexSpec => new(DType.I64, Shape.Scalar);

    private static TensorSpec[] Specs(Tensor[] tensors) => Array.ConvertAll(tensors, t => t.Spec);

    private static Tensor[] Next<T>(string op, T initial, T next)
        where T : ITree<T>
    {
        if (!initial.StructureKey.Equals(next.StructureKey)) throw new ShapeException($"{op}: the body returns a state of another structure. Return the leaves it was given, in their order.");
        Tensor[] before = Tree.Leaves(initial), after = Tree.Leaves(next);
        for (int i = 0; i < before.Length; i++)
        {
            if (before[i].Spec != after[i].Spec)
                throw new ShapeException($"{op}: leaf {i} of the state is {before[i].Spec}, the body returns {after[i].Spec}. A body must keep the form of its state.");
        }
        return after;
    }

    private static Tensor One(string op, string what, Tensor test)
    {
        if (test.DType != DType.Bool) throw new DTypeException($"{op}: the {what} must be a bool, got {test.Spec}. Compare: x > 0.");
        if (test.Count != 1) throw new ShapeException($"{op}: the {what} must be one element, got {test.Spec}. Reduce it first.");
        return test.Reshape([]);
    }

    private static int Length(Tensor[] slices)
    {
        if (slices.Length == 0) throw new ShapeException("scan: there is no tensor to go through. Use Loop with a count.");
        foreach (Tensor x in slices)
        {
            if (x.Rank == 0) throw new ShapeException($"scan: a sequence needs an axis to go along, got {x.Spec}.");
            if (x.Shape[0] != slices[0].Shape[0])
                throw new ShapeException($"scan: the tensors have {slices[0].Shape[0]} and {x.Shape[0]} slices along axis 0. Lengths must be equal.");
        }
        return slices[0].Shape[0];
    }
}
