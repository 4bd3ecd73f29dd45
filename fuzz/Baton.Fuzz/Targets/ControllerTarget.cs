using System.Net;
using Baton.Linux;
using Baton.Media.Ng;
using Baton.Voice.Controller;
using Baton.Wire;

namespace Baton.Fuzz.Targets;

/// <summary>Datagrams of the ng port, one a line, through a controller whose media gateways grant everything. Every request is answered or has its verdict, and once all is deleted nothing is left.</summary>
public sealed class ControllerTarget : IFuzzTarget
{
    private static readonly MediaGroupDescription Group = new(
        "g", [new MediaNetwork("pub", IPAddress.Parse("192.0.2.9"), IPAddress.Parse("2001:db8::9")), new MediaNetwork("priv", IPAddress.Parse("10.0.0.9"), null)], 30_000, 30_063);

    private static readonly NgClient Client = new(UdpEndpoint.From(IPEndPoint.Parse("192.0.2.1:5060")), 0);

    public string Name => "controller";

    public void Run(ReadOnlySpan<byte> input)
    {
        byte seed = 0;
        using var core = new ControllerCore(new ControllerPolicy { MostCalls = 4, RequestsAtOnce = 64 }, [Group], new byte[32], bytes =>
        {
            foreach (ref byte each in bytes)
                each = ++seed;
        });
        var now = Instant.FromMilliseconds(1_000);
        var known = new HashSet<ulong>();
        Step(core, new ControllerInput.Found("g", []), now, known);
        Step(core, new ControllerInput.GroupWorks("g", true), now, known);
        byte[] all = input.ToArray();
        int requests = 0;
        foreach (Range line in input.Split((byte)'\f'))
        {
            long before = Verdicts(core);
            int replies = Step(core, new ControllerInput.Datagram(Client, all.AsMemory(line)), now, known);
            FuzzFaultException.Unless(Verdicts(core) == before + 1, "a datagram without one verdict");
            bool silent = core.Count(ControllerVerdict.NoCookie) + core.Count(ControllerVerdict.Flooded) > 0;
            FuzzFaultException.Unless(replies == 1 || silent, "a request without one answer");
            now += TimeSpan.FromMilliseconds(100);
            if (++requests == 32)
                break;
        }

        FuzzFaultException.Unless(core.PortsTaken == 2 * core.Streams && core.Streams == known.Count, "ports or streams that nobody has");
        FuzzFaultException.Unless(core.WaitingRequests == 0, "a request that waits for nobody");

        // A call that was only offered is given up, one that was agreed falls silent: either way nothing is left.
        // A silence is believed for a while only: it is told as long as it lasts.
        foreach (int hours in (int[])[0, 2, 4])
        {
            Instant then = now + TimeSpan.FromHours(hours);
            foreach (ulong id in known.ToArray())
                Step(core, new ControllerInput.Silent(id), then, known);
            Step(core, new ControllerInput.Tick(), then, known);
        }

        FuzzFaultException.Unless(core.KeptAnswers == 0, "an answer that is kept for ever");
        FuzzFaultException.Unless((core.Calls, core.Streams, core.PortsTaken, known.Count) == (0, 0, 0, 0), "a call that never ends");
    }

    private static long Verdicts(ControllerCore core) => Enum.GetValues<ControllerVerdict>().Sum(core.Count);

    private static int Step(ControllerCore core, ControllerInput input, Instant now, HashSet<ulong> known)
    {
        int replies = 0;
        var inputs = new Queue<ControllerInput>([input]);
        var outputs = new List<ControllerOutput>();
        while (inputs.TryDequeue(out ControllerInput? next))
        {
            outputs.Clear();
            core.Step(next, now, DateTimeOffset.UnixEpoch, outputs);
            foreach (ControllerOutput output in outputs)
            {
                switch (output)
                {
                    case ControllerOutput.Reply reply:
                        replies++;
                        FuzzFaultException.Unless(reply.Bytes.Length <= ControllerCore.MostReplyBytes, "an answer that is no datagram");
                        ReadOnlyMemory<byte> body = reply.Bytes[(reply.Bytes.Span.IndexOf((byte)' ') + 1)..];
                        FuzzFaultException.Unless(Bencode.TryParse(body, out _) == BencodeVerdict.Parsed, "an answer that nobody reads");
                        break;
                    case ControllerOutput.Put put:
                        known.Add(put.Stream.Id);
                        inputs.Enqueue(new ControllerInput.Told(put.Order, OrderOutcome.Granted));
                        break;
                    case ControllerOutput.End end:
                        FuzzFaultException.Unless(known.Remove(end.Stream), "the end of a stream that was not there");
                        inputs.Enqueue(new ControllerInput.Told(end.Order, OrderOutcome.Granted));
                        break;
                    case ControllerOutput.Query query:
                        inputs.Enqueue(new ControllerInput.Told(query.Order, OrderOutcome.NoAnswer));
                        break;
                }
            }
        }

        return replies;
    }
}
