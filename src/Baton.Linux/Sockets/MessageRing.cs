using System.Runtime.InteropServices;

namespace Baton.Linux.Sockets;

/// <summary>The arrays of one direction of a socket: messages, vectors, names, control data, bytes. One block of native memory.</summary>
internal sealed unsafe class MessageRing : IDisposable
{
    private readonly bool _isUnix;
    private byte* _memory;

    /// <param name="isUnix">Names are those of Unix sockets.</param>
    public MessageRing(int count, int packetBytes, bool isUnix = false)
    {
        (Count, PacketBytes, _isUnix) = (count, packetBytes, isUnix);
        NameRoom = isUnix ? 112 : 32;
        nuint each = (nuint)(sizeof(Libc.Message) + sizeof(Libc.IoVector) + NameRoom + ControlData.Room + packetBytes);
        _memory = (byte*)NativeMemory.AllocZeroed((nuint)count, each);
        Messages = (Libc.Message*)_memory;
        Vectors = (Libc.IoVector*)(Messages + count);
        Names = (byte*)(Vectors + count);
        Controls = Names + (count * NameRoom);
        Bytes = Controls + (count * ControlData.Room);
        for (int i = 0; i < count; i++)
        {
            Vectors[i] = new Libc.IoVector { Base = Bytes + (i * packetBytes), Length = (nuint)packetBytes };
            Messages[i] = new Libc.Message { Name = Names + (i * NameRoom), Vectors = Vectors + i, VectorCount = 1, Control = Controls + (i * ControlData.Room) };
        }
    }

    public int Count { get; }

    public int PacketBytes { get; }

    /// <summary>Bytes from one name to the next.</summary>
    public int NameRoom { get; }

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
            Messages[i].NameLength = (uint)(_isUnix ? UdpEndpoint.UnixStorageLength : UdpEndpoint.StorageLength);
            if (_isUnix)
                *(ushort*)Messages[i].Name = 0;
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
