using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Baton.Ike.Payloads;
using Baton.Wire;

namespace Baton.Ike.Sas;

/// <summary>Writes the fields of a snapshot. What it wrote holds keys: <see cref="Dispose"/> wipes the buffer.</summary>
/// <remarks>Instants are written as what remains of them, because clocks of two machines never meet.</remarks>
internal sealed class SnapshotWriter(Instant now) : IDisposable
{
    private byte[] _buffer = new byte[1024];
    private int _length;

    public byte[] ToArray() => _buffer.AsSpan(0, _length).ToArray();

    public void Byte(byte value) => Room(1)[0] = value;

    public void Bool(bool value) => Byte(value ? (byte)1 : (byte)0);

    public void Short(ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Room(2), value);

    public void Int(uint value) => BinaryPrimitives.WriteUInt32BigEndian(Room(4), value);

    public void Long(ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Room(8), value);

    public void Time(Instant at) => Long(at == Instant.Never ? long.MaxValue : (ulong)Math.Max(0, at.Nanoseconds - now.Nanoseconds));

    public void Bytes(ReadOnlySpan<byte> value)
    {
        Int((uint)value.Length);
        value.CopyTo(Room(value.Length));
    }

    public void Text(string value) => Bytes(Encoding.UTF8.GetBytes(value));

    public void Address(IPAddress address) => Bytes(address.GetAddressBytes());

    public void EndPoint(IPEndPoint endPoint)
    {
        Address(endPoint.Address);
        Short((ushort)endPoint.Port);
    }

    public void List<T>(IReadOnlyCollection<T> items, Action<T> write)
    {
        Short((ushort)items.Count);
        foreach (T item in items) write(item);
    }

    public void Selector(TrafficSelector selector)
    {
        Byte(selector.Protocol);
        Short(selector.StartPort);
        Short(selector.EndPort);
        Address(selector.Start);
        Address(selector.End);
    }

    public void Proposal(Proposal proposal)
    {
        Byte(proposal.Number);
        Byte((byte)proposal.Protocol);
        Bytes(proposal.Spi.Span);
        List(proposal.Transforms, transform =>
        {
            Byte((byte)transform.Type);
            Short(transform.Id);
            Short((ushort)transform.KeyBits);
        });
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(_buffer);

    private Span<byte> Room(int length)
    {
        if (_length + length > _buffer.Length)
        {
            byte[] larger = new byte[Math.Max(_buffer.Length * 2, _length + length)];
            _buffer.AsSpan(0, _length).CopyTo(larger);
            CryptographicOperations.ZeroMemory(_buffer);
            _buffer = larger;
        }

        _length += length;
        return _buffer.AsSpan(_length - length, length);
    }
}
