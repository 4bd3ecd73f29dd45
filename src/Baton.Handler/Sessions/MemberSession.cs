using System.Threading.Channels;
using Baton.Cluster.Session;
using Baton.Handler.Loop;
using Baton.Redundancy.Handlers;
using Baton.Redundancy.Messages;
using Baton.Redundancy.Records;
using Grpc.Core;
using P = Baton.Cluster.Protos;

namespace Baton.Handler.Sessions;

/// <summary>One welcomed member: a task reads its frames into the loop, another writes what the loop has for it.</summary>
internal sealed class MemberSession : IMemberLink, IDisposable
{
    /// <summary>Frames that wait for a member that does not read; a snapshot of 100,000 SAs is a hundred of them.</summary>
    private const int LongestQueue = 20_000;

    private readonly Channel<Outgoing> _outgoing = Channel.CreateBounded<Outgoing>(new BoundedChannelOptions(LongestQueue) { SingleReader = true });
    private readonly CancellationTokenSource _ending;
    private readonly HandlerLoop _loop;
    private readonly MemberReports _reports;
    private readonly HandlerCounters _counters;
    private string _reason = "the member closed it";

    public MemberSession(Incarnation member, HandlerLoop loop, MemberReports reports, HandlerCounters counters, CancellationToken cancel)
    {
        (Member, _loop, _reports, _counters) = (member, loop, reports, counters);
        _ending = CancellationTokenSource.CreateLinkedTokenSource(cancel);
    }

    public Incarnation Member { get; }

    public void Send(P.HandlerFrame frame) => Queue(new Outgoing(frame, null));

    public void Send(IEnumerable<P.HandlerFrame> frames) => Queue(new Outgoing(null, frames));

    private void Queue(in Outgoing outgoing)
    {
        if (!_outgoing.Writer.TryWrite(outgoing) && !_ending.IsCancellationRequested) Abort("it does not read what the handler sends");
    }

    public void Abort(string reason)
    {
        _reason = reason;
        _outgoing.Writer.TryComplete();
        try
        {
            _ending.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself at this very moment.
        }
    }

    /// <summary>Runs until the session ends; returns why.</summary>
    public async Task<string> RunAsync(IAsyncStreamReader<P.MemberFrame> from, IServerStreamWriter<P.HandlerFrame> to)
    {
        _loop.Open(this);
        Task writer = WriteAsync(to);
        try
        {
            await ReadAsync(from);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException or RpcException)
        {
            if (!_ending.IsCancellationRequested) _reason = $"the connection broke ({e.Message})";
        }
        finally
        {
            // Told first: a closed session is a witness' word, and the standby may be waiting for it.
            _loop.Close(this);
            Abort(_reason);
            await writer;
        }

        return _reason;
    }

    public void Dispose() => _ending.Dispose();

    private async Task ReadAsync(IAsyncStreamReader<P.MemberFrame> from)
    {
        var joiner = new RequestJoiner();
        while (await from.MoveNext(_ending.Token))
        {
            P.MemberFrame frame = from.Current;
            switch (frame.BodyCase)
            {
                case P.MemberFrame.BodyOneofCase.Request:
                    if (!joiner.TryAdd(frame.Request, out P.Request? whole))
                    {
                        _counters.MalformedFrame();
                        _reason = "it sent parts that do not belong together";
                        return;
                    }

                    if (whole is not null) Take(whole);
                    break;
                case P.MemberFrame.BodyOneofCase.Status:
                    _reports.Put(Member, frame.Status);
                    break;
                default:
                    break;                                // of a newer member
            }
        }
    }

    private void Take(P.Request wire)
    {
        // Nobody asks in another's name: the certificate named this one.
        if (Mapping.TryFromWire(wire, out RequestHeader header, out MemberRequest request) && header.From == Member)
        {
            _loop.Post(new HandlerInput.Request(wire.Id, header, request));
            return;
        }

        _counters.MalformedFrame();
        _counters.Verdict(RequestVerdict.Malformed);
        Send(new P.HandlerFrame { Reply = Mapping.ToWire(wire.Id, new HandlerReply(RequestVerdict.Malformed, 0)) });
    }

    private async Task WriteAsync(IServerStreamWriter<P.HandlerFrame> to)
    {
        try
        {
            while (await _outgoing.Reader.WaitToReadAsync(_ending.Token))
            {
                while (_outgoing.Reader.TryRead(out Outgoing next))
                {
                    if (next.Frame is not null) await to.WriteAsync(next.Frame, _ending.Token);
                    foreach (P.HandlerFrame frame in next.Frames ?? []) await to.WriteAsync(frame, _ending.Token);
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException or RpcException)
        {
            Abort(_reason);                               // the reader tells
        }
    }

    private readonly record struct Outgoing(P.HandlerFrame? Frame, IEnumerable<P.HandlerFrame>? Frames);
}
