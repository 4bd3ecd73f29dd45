using Baton.Wire;

namespace Baton.Gateway.Ports;

/// <summary>No inner side: of a member that carries no tunnels.</summary>
internal sealed class NoInnerPort : IInnerPort
{
    public int Fd => -1;

    public long Drops => 0;

    public long Refused => 0;

    public string Description => "none";

    public Action<string>? Note { get; set; }

    public long Joined => 0;

    public long Merged => 0;

    public bool MayHaveMore => false;

    public bool CanAskAgain => false;

    public int Take() => 0;

    public Span<byte> Packet(int i) => [];

    public void Learn(int i, in IpAddress source)
    {
    }

    public bool Give(ReadOnlySpan<byte> packet, in IpAddress destination) => false;

    public void Flush()
    {
    }

    public void Dispose()
    {
    }
}
