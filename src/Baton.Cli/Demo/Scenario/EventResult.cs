namespace Baton.Cli.Demo.Scenario;

/// <summary>One event and what it cost. Names of the kinds are part of the JSON's contract.</summary>
public sealed record EventResult
{
    public required string Kind { get; init; }

    public required string Title { get; init; }

    public required long AtNs { get; init; }

    /// <summary>When what it cost was read: by then the call went on.</summary>
    public required long OverNs { get; init; }

    public required long CallLostToPeer { get; init; }

    public required long CallLostFromPeer { get; init; }

    public required long ProbeLostToPeer { get; init; }

    public required long ProbeLostFromPeer { get; init; }

    public required double OutageToPeerMs { get; init; }

    public required double OutageFromPeerMs { get; init; }

    public ulong? LimitBefore { get; init; }

    public ulong? FirstAfter { get; init; }

    /// <summary>IKE messages on the wire while it happened; null where it was not counted: at a restart, which is no takeover.</summary>
    public long? IkeMessages { get; init; }

    /// <summary>Every SA passed a packet each way afterwards.</summary>
    public required int SasToPeer { get; init; }

    public required int SasFromPeer { get; init; }

    public required int Sas { get; init; }

    public string? Note { get; init; }

    /// <summary>What the phone behind the peer heard; asked for at the end of the run.</summary>
    public EarQuality? QualityToPeer { get; init; }

    /// <summary>What the phone behind the cluster heard.</summary>
    public EarQuality? QualityFromPeer { get; init; }

    public bool AllPass => SasToPeer == Sas && SasFromPeer == Sas;
}
