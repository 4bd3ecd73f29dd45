using System.Runtime.InteropServices;

namespace Baton.Linux.Sockets;

/// <summary>The arrays of one direction of a socket: messages, vectors, names, control data, bytes. One block of native memory.</summary>
internal sealed unsafe class MessageRing : IDisposable
{
    private byte* _memory;

    public MessageRing(int count, int packetBytes)
    {
        (Count, PacketBytes) = (count, packetBytes);
        nuint each = (nuint)(sizeof(Libc.Message) + sizeof(Libc.IoVector) + 32 + ControlData.Room + packetBytes);
        _memory = (byte*)NativeMemory.AllocZeroed((nuint)count, each);
        Messages = (Libc.Message*)_memory;
        Vectors = (Libc.IoVector*)(Messages + count);
        Names = (byte*)(Vectors + count);
        Controls = Names + (count * 32);
        Bytes = Controls + (count * ControlData.Room);
        for (int i = 0; i < count; i++)
        {
            Vectors[i] = new Libc.IoVector { Base = Bytes + (i * packetBytes), Length = (nuint)packetBytes };
            Messages[i] = new Libc.Message { Name = Names + (i * 32), Vectors = Vectors + i, VectorCount = 1, Control = Controls + (i * ControlData.Room) };
        }
    }

    public int Count { get; }

    public int PacketBytes { get; }

    public Libc.Message* Messages { get; private set; }

    public Libc.IoVector* Vectors { get; private set; }

    public byte* Names { get; private set; }

    public byte* Controls { get; private set; }

    public byte* Bytes { get; private set; }

    /// <summary>Before a receive: the kernel has overwritten lengths and flags of what it used.</summary>
    /// <param name="used">Messages that the last receive filled.</param>
    public void Prepare(int used)
    {
        for (int i = 0; i < used; i++)
        {
            Messages[i].NameLength = UdpEndpoint.StorageLength;
            Messages[i].ControlLength = ControlData.Room;
            Messages[i].Flags = 0;
        }
    }

    public void Dispose()
    {
        if (_memory != null)
            NativeMemory.Free(_memory);
        _memory = null;
    }
}
