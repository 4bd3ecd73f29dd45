using Baton.Wire;

namespace Baton.Gateway.DataPath;

/// <summary>Which prefixes occur on one side of a table's rules, so that a packet is not looked up in combinations that cannot be.</summary>
internal sealed class PrefixCounts
{
    private readonly SplitTable<Prefix, int> _counts = new();

    /// <summary>What was answered for <see cref="_address"/>, by length: twice <see cref="_question"/>, and one more for yes; anything less is of an earlier one.</summary>
    private readonly ulong[] _answers = new ulong[129];
    private ulong _question;
    private IpAddress _address;

    private readonly record struct Prefix(IpAddress Network, byte Bits)
    {
        public static Prefix Of(in IpAddress address, byte bits) => new(address.Masked(bits), bits);

        public override int GetHashCode() => HashCode.Combine(Network.High, Network.Low, Bits);
    }

    public bool IsEmpty => _counts.IsEmpty;

    public void Add(in IpAddress address, byte bits) => _counts.Place(Prefix.Of(address, bits))++;

    public void Remove(in IpAddress address, byte bits)
    {
        Prefix prefix = Prefix.Of(address, bits);
        if (--_counts.Place(prefix) == 0)
            _counts.Remove(prefix);
    }

    /// <summary>What is asked from now on is asked of this address.</summary>
    public void Ask(in IpAddress address) => (_address, _question) = (address, _question + 1);

    /// <summary>Does its prefix of this length occur? Looks once for each.</summary>
    public bool Occurs(byte bits)
    {
        ref ulong answer = ref _answers[bits];
        if (answer < _question * 2)
            answer = (_question * 2) + (_counts.TryGet(Prefix.Of(_address, bits), out _) ? 1UL : 0);
        return (answer & 1) != 0;
    }
}
