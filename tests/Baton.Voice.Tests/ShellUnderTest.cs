using System.IO.Pipes;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Baton.Voice.Tests;

/// <summary>Runs one of the shells in this process and talks to it over its stdin and stdout.</summary>
internal sealed class ShellUnderTest : IAsyncDisposable
{
    private readonly AnonymousPipeServerStream _toStdin = new(PipeDirection.Out);
    private readonly AnonymousPipeServerStream _fromStdout = new(PipeDirection.In);
    private readonly StreamWriter _stdin;
    private readonly StreamReader _stdout;
    private readonly CancellationTokenSource _terminate = new();

    public ShellUnderTest(Func<TextReader, TextWriter, CancellationToken, Task<int>> run)
    {
        _stdin = new StreamWriter(_toStdin) { AutoFlush = true };
        _stdout = new StreamReader(_fromStdout);
        var input = new StreamReader(new AnonymousPipeClientStream(PipeDirection.In, _toStdin.ClientSafePipeHandle));
        var output = new StreamWriter(new AnonymousPipeClientStream(PipeDirection.Out, _fromStdout.ClientSafePipeHandle));
        Exit = Task.Run(async () =>
        {
            int code = await run(input, output, _terminate.Token);
            await output.DisposeAsync();
            return code;
        });
    }

    public Task<int> Exit { get; }

    public JsonElement Read() => JsonDocument.Parse(_stdout.ReadLine() ?? throw new EndOfStreamException("the shell ended")).RootElement;

    public JsonElement Ask(string command)
    {
        _stdin.WriteLine(command);
        return Read();
    }

    /// <summary>Asks until the answer is what we wait for.</summary>
    public JsonElement AskUntil(string command, Func<JsonElement, bool> wanted)
    {
        for (int attempt = 0; attempt < 500; attempt++)
        {
            JsonElement answer = Ask(command);
            if (wanted(answer))
                return answer;
            Thread.Sleep(20); // between questions, not for luck
        }

        throw new TimeoutException(command);
    }

    public void CloseStdin() => _stdin.Dispose();

    public void Terminate() => _terminate.Cancel();

    public async ValueTask DisposeAsync()
    {
        await _terminate.CancelAsync();
        await Exit;
        _terminate.Dispose();
        _toStdin.Dispose();
        _fromStdout.Dispose();
    }
}

/// <summary>A UDP socket of the test's own, on an ephemeral port of loopback.</summary>
internal sealed class TestPort : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly byte[] _buffer = new byte[65_536];

    public TestPort()
    {
        _socket.ReceiveBufferSize = 4 << 20;
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
    }

    public IPEndPoint Local => (IPEndPoint)_socket.LocalEndPoint!;

    public void Send(byte[] datagram, IPEndPoint to) => _socket.SendTo(datagram, to);

    public byte[] Receive(out IPEndPoint from)
    {
        _socket.ReceiveTimeout = 10_000;
        EndPoint sender = new IPEndPoint(IPAddress.Any, 0);
        int bytes = _socket.ReceiveFrom(_buffer, ref sender);
        from = (IPEndPoint)sender;
        return _buffer[..bytes];
    }

    public byte[] Receive() => Receive(out _);

    /// <summary>A port that was free a moment ago.</summary>
    public static IPEndPoint Free()
    {
        using var port = new TestPort();
        return port.Local;
    }

    public void Dispose() => _socket.Dispose();
}

/// <summary>Stands where gateways and tunnels will be: passes datagrams between two ends, and spoils some.</summary>
internal sealed class TunnelStub : IDisposable
{
    private readonly TestPort _left = new();
    private readonly TestPort _right = new();
    private readonly List<Thread> _threads = [];
    private volatile bool _stopped;

    public IPEndPoint LeftPort => _left.Local;

    public IPEndPoint RightPort => _right.Local;

    /// <summary>How many copies of the n-th datagram (from 0) pass to the right, and to the left.</summary>
    public Func<byte[], int> ToRight { get; set; } = _ => 1;

    public Func<byte[], int> ToLeft { get; set; } = _ => 1;

    public void Start(IPEndPoint left, IPEndPoint right)
    {
        Run(_left, _right, right, datagram => ToRight(datagram));
        Run(_right, _left, left, datagram => ToLeft(datagram));
    }

    public void SendLeft(byte[] datagram, IPEndPoint to) => _left.Send(datagram, to);

    public void Dispose()
    {
        _stopped = true;
        _left.Send([], _left.Local); // wakes the thread that waits there
        _right.Send([], _right.Local);
        _threads.ForEach(thread => thread.Join());
        _left.Dispose();
        _right.Dispose();
    }

    private void Run(TestPort from, TestPort via, IPEndPoint to, Func<byte[], int> copies)
    {
        var thread = new Thread(() =>
        {
            while (!_stopped)
            {
                byte[] datagram;
                try
                {
                    datagram = from.Receive();
                }
                catch (SocketException)
                {
                    continue; // quiet for ten seconds
                }

                if (_stopped)
                    return;
                for (int n = copies(datagram); n > 0; n--)
                    via.Send(datagram, to);
            }
        })
        { IsBackground = true };
        _threads.Add(thread);
        thread.Start();
    }
}
