namespace Baton.Redundancy.Handlers;

public sealed record HandlerPolicy
{
    /// <summary>How long a suspicion of one witness waits for the other's word before it is refused.</summary>
    public TimeSpan WitnessPatience { get; init; } = TimeSpan.FromMilliseconds(30);

    /// <summary>
    /// The same where nobody in sync could follow: whoever does starts to receive at the coarse ceilings, which costs far more than a longer silence. Not waited for when the
    /// death is certain.
    /// </summary>
    public TimeSpan ColdPatience => WitnessPatience * 10;

    /// <summary>More than one takeover in this time doubles the detection time, up to <see cref="DampingMaximum"/>.</summary>
    public TimeSpan DampingWindow { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan DampingMaximum { get; init; } = TimeSpan.FromSeconds(1);
}
