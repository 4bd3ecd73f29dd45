namespace Baton.Ike;

/// <summary>One IKE SA for its whole life, whoever holds it: never used again, unlike an SPI. Drawn at random by the endpoint that made it.</summary>
public readonly record struct IkeSaId(ulong Value)
{
    public override string ToString() => $"ike:{Value:x16}";
}

/// <summary>One pair of child SAs for its whole life. Never used again.</summary>
public readonly record struct ChildSaId(ulong Value)
{
    public override string ToString() => $"child:{Value:x16}";
}
