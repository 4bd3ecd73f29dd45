using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Baton.Lab.StrongSwan;

/// <summary>A connection to charon's control socket. One question at a time.</summary>
internal sealed class Vici : IDisposable
{
    private const byte Request = 0;
    private const byte Response = 1;
    private const byte Register = 3;
    private const byte Unregister = 4;
    private const byte Confirmed = 5;
    private const byte Event = 7;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 60_000 };

    public Vici(string path) => _socket.Connect(new UnixDomainSocketEndPoint(path));

    public JsonObject Ask(string command, JsonObject? message = null)
    {
        Send(Request, command, message);
        (byte type, _, JsonObject answer) = Receive();
        if (type != Response) throw new LabException($"charon does not know {command}");
        return answer["success"]?.ToString() == "no" ? throw new LabException($"charon: {command}: {answer["errmsg"]}") : answer;
    }

    /// <summary>A question that is answered by a stream of events.</summary>
    public List<JsonObject> Stream(string command, string eventName, JsonObject? message = null)
    {
        Send(Register, eventName, null);
        if (Receive().Type != Confirmed) throw new LabException($"charon has no event {eventName}");
        Send(Request, command, message);
        var events = new List<JsonObject>();
        while (Receive() is { Type: Event } one) events.Add(one.Message);
        Send(Unregister, eventName, null);
        Receive();
        return events;
    }

    public void Dispose() => _socket.Dispose();

    private void Send(byte type, string name, JsonObject? message)
    {
        using var packet = new MemoryStream();
        packet.Write([0, 0, 0, 0, type, (byte)name.Length]);
        packet.Write(Encoding.ASCII.GetBytes(name));
        if (message is not null) ViciMessage.Write(packet, message);
        byte[] bytes = packet.ToArray();
        BinaryPrimitives.WriteInt32BigEndian(bytes, bytes.Length - 4);
        _socket.Send(bytes);
    }

    private (byte Type, string Name, JsonObject Message) Receive()
    {
        var length = new byte[4];
        Fill(length);
        var packet = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
        Fill(packet);
        if (packet[0] != Event) return (packet[0], "", ViciMessage.Read(packet.AsSpan(1)));
        return (Event, Encoding.ASCII.GetString(packet, 2, packet[1]), ViciMessage.Read(packet.AsSpan(2 + packet[1])));
    }

    private void Fill(Span<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            int read = _socket.Receive(buffer);
            if (read == 0) throw new LabException("charon closed its control socket");
            buffer = buffer[read..];
        }
    }
}
