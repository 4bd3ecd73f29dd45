using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Baton.Lab.Hosts;
using Baton.Linux;

namespace Baton.Lab.Traffic;

/// <summary>A file over TCP from the cluster's inner host to the peer's, at a pace of its own; both ends hash what they see.</summary>
/// <remarks>One without a size runs until <see cref="End"/>: so it runs at whatever befalls the tunnel meanwhile, however long that takes.</remarks>
public sealed class Transfer : IDisposable
{
    private const int Port = 4002;
    private const int Block = 64 * 1024;

    private readonly Socket _listener;
    private readonly Socket _receiver;
    private readonly Thread[] _threads;
    private readonly long? _bytes;
    private readonly double _bytesPerSecond;
    private byte[] _sentHash = [];
    private byte[] _receivedHash = [];
    private long _sent;
    private long _received;
    private volatile bool _ending;
    private volatile string? _failed;
    private volatile Socket? _accepted;

    public Transfer(Host from, string fromAddress, Host to, string toAddress, long? bytes, double bytesPerSecond)
    {
        (_bytes, _bytesPerSecond) = (bytes, bytesPerSecond);
        var local = new IPEndPoint(IPAddress.Parse(fromAddress), Port);
        _listener = Tcp(from, local);
        _listener.Bind(local);
        _listener.Listen(1);
        _receiver = Tcp(to, local);
        _receiver.Bind(new IPEndPoint(IPAddress.Parse(toAddress), 0));
        _threads = [Run("transfer sends", Send), Run("transfer receives", Receive)];
        foreach (Thread thread in _threads) thread.Start();
    }

    /// <summary>No further bytes, when it has no size. What is under way still comes.</summary>
    public void End() => _ending = _bytes is null;

    public long Received => Interlocked.Read(ref _received);

    public bool IsOver => _failed is not null || _threads.All(thread => !thread.IsAlive);

    /// <summary>Throws when the transfer broke, or brought something else than was sent.</summary>
    public void Verify()
    {
        if (_failed is not null) throw new LabException($"the transfer broke after {Received} bytes: {_failed}");
        if (!IsOver) throw new LabException($"the transfer has brought {Received} of {_bytes ?? _sent} bytes");
        if (Received != _sent || !_sentHash.AsSpan().SequenceEqual(_receivedHash)) throw new LabException($"the transfer brought {Received} of {_sent} bytes, with another hash");
    }

    public void Dispose()
    {
        _listener.Dispose();
        _receiver.Dispose();
        _accepted?.Dispose();
        foreach (Thread thread in _threads) thread.Join();
    }

    private static Socket Tcp(Host host, IPEndPoint address) =>
        NetworkNamespace.In(host.SpacePath, () => new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp));

    private Thread Run(string name, Action action) => new(() =>
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            _failed = e.Message;
        }
    })
    { IsBackground = true, Name = name };

    private void Send()
    {
        using Socket socket = _listener.Accept();
        _accepted = socket;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var block = new byte[Block];
        Pace pace = new(_bytesPerSecond);
        while (!_ending && _sent != _bytes)
        {
            int length = (int)Math.Min(Block, (_bytes ?? long.MaxValue) - _sent);
            RandomNumberGenerator.Fill(block.AsSpan(0, length));
            hash.AppendData(block, 0, length);
            for (int offset = 0; offset < length;) offset += socket.Send(block, offset, length - offset, SocketFlags.None);
            _sent += length;
            pace.Await(_sent);
        }

        _sentHash = hash.GetHashAndReset();
        socket.Shutdown(SocketShutdown.Send);
        socket.Receive(block);                                  // until the other end has read all and closes
    }

    private void Receive()
    {
        _receiver.Connect(_listener.LocalEndPoint!);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var block = new byte[Block];
        while (_receiver.Receive(block) is var read and > 0)
        {
            hash.AppendData(block, 0, read);
            Interlocked.Add(ref _received, read);
        }

        _receivedHash = hash.GetHashAndReset();
        _receiver.Close();
    }
}
