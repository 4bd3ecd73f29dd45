namespace Baton.Fuzz;

/// <summary>One thing that takes bytes from strangers. It throws when it finds a fault: an exception of ours, or a promise of its own that does not hold.</summary>
public interface IFuzzTarget
{
    /// <summary>As on the command line, and the name of its folder in fuzz/corpus.</summary>
    string Name { get; }

    /// <summary>What one input may cost at most. Far from what any costs today, near to what grows without a bound.</summary>
    InputBounds Bounds => InputBounds.Usual;

    /// <summary>Runs once; keeps nothing for the next run.</summary>
    void Run(ReadOnlySpan<byte> input);
}

/// <summary>What a target throws when bytes were read without an exception, but wrongly.</summary>
public sealed class FuzzFaultException(string message) : Exception(message)
{
    public static void Unless(bool holds, string message)
    {
        if (!holds)
            throw new FuzzFaultException(message);
    }
}
