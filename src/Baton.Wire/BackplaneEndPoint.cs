using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Baton.Wire;

/// <summary>A place on a chassis' backplane: the path of a Unix socket, where an address and a port stand elsewhere. Written <c>unix:/run/baton/a.sock</c>.</summary>
/// <remarks>
/// All that compares, remembers or passes on endpoints knows it by a label made from the path: an address of 100::/64, the discard prefix (RFC 6666), which is on no
/// wire, with the port of ESP in UDP, whose framing it has (RFC 3948). The label of a path is the same in every process. Only what opens, sends and receives asks
/// for the path, of a table of this process that knows every path that was configured and, up to a bound, every sender.
/// </remarks>
public sealed class BackplaneEndPoint : IPEndPoint
{
    public const string Scheme = "unix:";

    /// <summary>Bytes of a path; the 108th of sun_path is its end (man 7 unix).</summary>
    public const int LongestPath = 107;

    /// <summary>The high half of 100::/64.</summary>
    public const ulong Prefix = 0x0100_0000_0000_0000;

    private const int LabelPort = 4_500;
    private const int MostSenders = 4_096;
    private const int PathAt = 2;

    private static readonly ConcurrentDictionary<ulong, BackplaneEndPoint> Known = new();

    private readonly byte[] _name;

    private BackplaneEndPoint(string path, byte[] encoded, IpAddress label)
        : base(label.ToIPAddress(), LabelPort)
    {
        (Path, Label) = (path, label);
        _name = [.. new byte[PathAt], .. encoded, .. encoded.Length > 0 ? new byte[1] : []];
        BitConverter.TryWriteBytes(_name, (ushort)1);
    }

    /// <summary>A sender without a name: nobody can answer it.</summary>
    public static BackplaneEndPoint Unnamed { get; } = new("", [], new IpAddress(Prefix, 0));

    public string Path { get; }

    public IpAddress Label { get; }

    /// <summary>struct sockaddr_un (man 7 unix) in this machine's byte order, as long as it must be.</summary>
    public ReadOnlySpan<byte> Name => _name;

    public override AddressFamily AddressFamily => AddressFamily.Unix;

    /// <summary>As <see cref="TryParse"/>, for texts that are known to be good.</summary>
    /// <exception cref="FormatException">It is no such path.</exception>
    public static BackplaneEndPoint Of(string path) =>
        TryParse(Scheme + path, out BackplaneEndPoint endpoint, out string problem) ? endpoint : throw new FormatException($"\"{path}\" {problem}");

    /// <param name="problem">What is wrong with it, as it goes on after the text.</param>
    public static bool TryParse(string text, out BackplaneEndPoint endpoint, out string problem)
    {
        (endpoint, problem) = (Unnamed, "");
        string path = text.StartsWith(Scheme, StringComparison.Ordinal) ? text[Scheme.Length..] : "";
        byte[] encoded = Encoding.UTF8.GetBytes(path);
        if (!path.StartsWith('/')) problem = "is no absolute path after unix:";
        else if (path.EndsWith('/') || path.Contains('\0', StringComparison.Ordinal)) problem = "is no path of a file";
        else if (encoded.Length > LongestPath) problem = $"is a path of {encoded.Length} bytes, and a Unix socket's has {LongestPath} at most";
        if (problem.Length > 0) return false;
        IpAddress label = LabelOf(encoded);
        endpoint = Known.GetOrAdd(label.Low, _ => new BackplaneEndPoint(path, encoded, label));
        if (endpoint.Path == path) return true;
        problem = $"has the same label as {endpoint.Path}: rename one of the two";
        return false;
    }

    /// <summary>The place with this label; null: not one of the backplane, or its path is not known here.</summary>
    public static BackplaneEndPoint? Find(in IpAddress label) => label.High == Prefix ? Known.GetValueOrDefault(label.Low) : null;

    /// <summary>The sender of a datagram, by the path in its sockaddr_un. Allocates only for one that is new.</summary>
    /// <returns><see cref="Unnamed"/> for one without a path, or when there is no room to remember another.</returns>
    public static BackplaneEndPoint Sender(ReadOnlySpan<byte> encoded)
    {
        if (encoded.IsEmpty || encoded[0] != (byte)'/') return Unnamed;
        IpAddress label = LabelOf(encoded);
        if (!Known.TryGetValue(label.Low, out BackplaneEndPoint? known))
            return Known.Count < MostSenders && TryParse(Scheme + Encoding.UTF8.GetString(encoded), out BackplaneEndPoint fresh, out _) ? fresh : Unnamed;
        return known.Name[PathAt..^1].SequenceEqual(encoded) ? known : Unnamed;
    }

    public override SocketAddress Serialize()
    {
        var address = new SocketAddress(AddressFamily.Unix, _name.Length);
        _name.CopyTo(address.Buffer);
        return address;
    }

    public override string ToString() => Scheme + Path;

    /// <summary>FNV-1a of 64 bits. Paths lie in folders of ours alone, so nobody can choose them to collide.</summary>
    private static IpAddress LabelOf(ReadOnlySpan<byte> encoded)
    {
        ulong hash = 0xCBF2_9CE4_8422_2325;
        foreach (byte one in encoded) hash = (hash ^ one) * 0x0000_0100_0000_01B3;
        return new IpAddress(Prefix, hash == 0 ? 1 : hash);
    }
}
