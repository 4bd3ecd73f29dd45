using System.Numerics;
using Baton.Cluster.Records;
using Baton.Wire;

namespace Baton.Gateway.DataPath;

/// <summary>How many leading bits two selectors fix of the addresses. A range of addresses counts by the smallest prefix around it.</summary>
internal readonly record struct PrefixLengths(bool IsV4, byte Source, byte Destination)
{
    public static PrefixLengths Of(in SaSelector source, in SaSelector destination) => new(source.First.IsV4, Of(source), Of(destination));

    private static byte Of(in SaSelector selector)
    {
        (ulong high, ulong low) = (selector.First.High ^ selector.Last.High, selector.First.Low ^ selector.Last.Low);
        int equal = high != 0 ? BitOperations.LeadingZeroCount(high) : 64 + BitOperations.LeadingZeroCount(low);
        return (byte)(selector.First.IsV4 ? Math.Max(0, equal - 96) : equal);
    }
}

/// <summary>The two prefixes of some length around the addresses of a packet or of a rule. A packet lies only in rules that have the same as it.</summary>
/// <remarks>Ranges that have the same smallest prefix all contain its middle: rules with the same pair overlap, so there are few unless they tell ports apart.</remarks>
internal readonly struct PrefixPair : IEquatable<PrefixPair>
{
    private readonly IpAddress _source, _destination;
    private readonly PrefixLengths _lengths;
    private readonly int _hash;

    public PrefixPair(in IpAddress source, in IpAddress destination, in PrefixLengths lengths)
    {
        (_source, _destination, _lengths) = (source.Masked(lengths.Source), destination.Masked(lengths.Destination), lengths);
        _hash = HashCode.Combine(_source.High, _source.Low, _destination.High, _destination.Low, lengths.Source, lengths.Destination);
    }

    public bool Equals(PrefixPair other) => _hash == other._hash && _source == other._source && _destination == other._destination && _lengths == other._lengths;

    public override bool Equals(object? obj) => obj is PrefixPair other && Equals(other);

    public override int GetHashCode() => _hash;
}
