using System.Net;
using Baton.Fuzz.Targets.Exchanges;
using Baton.Ike;
using Baton.Ike.Sas;
using Baton.Wire;

namespace Baton.Fuzz.Targets;

/// <summary>Whole exchanges between two endpoints whose messages are changed on the way: before there are keys as they are, afterwards in the clear and sealed again.</summary>
/// <remarks>
/// <code>
///     setup (PlaySetup) | wishes of the left | of the right, once both are up | datagram at which a cluster is taken over | edits (PlayEdits)
/// </code>
/// Promises: no exception; a step puts out little; SAs have a bound; whatever is committed, a successor can read and go on with.
/// </remarks>
public sealed class IkeExchangesTarget : IFuzzTarget
{
    private const int HeaderLength = 4;

    public string Name => "ike-exchanges";

    public InputBounds Bounds { get; } = new(TimeSpan.FromSeconds(1), 16 << 20);

    public void Run(ReadOnlySpan<byte> input)
    {
        if (input.Length >= HeaderLength)
            new Play(input.ToArray()).Go();
    }

    /// <summary>One run: two endpoints, a queue of datagrams, a clock.</summary>
    private sealed class Play
    {
        private const int MostDatagrams = 160, MostOutputs = 300, MostSas = 64;

        private static readonly DateTimeOffset Today = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        private readonly byte[] _input;
        private readonly PlaySetup _setup;
        private readonly PlayEdits _edits;
        private readonly Queue<(bool ToLeft, IkeInput.Datagram Datagram)> _wire = new();
        private PlaySide _left, _right;
        private bool _leftFell, _rightFell;
        private Instant _now = Instant.FromMilliseconds(1);
        private int _sent, _commits;

        public Play(byte[] input)
        {
            (_input, _setup, _edits) = (input, new PlaySetup(input[0]), new PlayEdits(input, HeaderLength));
            (_left, _right) = (new PlaySide(_setup, isLeft: true), new PlaySide(_setup, isLeft: false));
        }

        public void Go()
        {
            Begin(_right);
            Begin(_left);
            Deliver();
            Ask(_left, _input[1]);
            Ask(_right, _input[2]);
            for (int i = 0; i < 6 && _sent < MostDatagrams; i++)
            {
                Deliver();
                Pass(TimeSpan.FromSeconds(1.5));
            }

            Succeed(_left);
            Succeed(_right);
        }

        private void Begin(PlaySide side)
        {
            Step(side, new IkeInput.WallClock(Today));
            Step(side, new IkeInput.Restore([]));
        }

        private void Ask(PlaySide side, byte wishes)
        {
            if (side.Endpoint.Established.FirstOrDefault() is not { } up)
                return;
            ChildSaId? child = up.Children.Count > 0 ? up.Children[0] : null;
            IkeInput?[] asked =
            [
                child is { } rekeyed ? new IkeInput.RekeyChild(rekeyed) : null,
                new IkeInput.RekeyIke(up.Id),
                side.IsLeft ? new IkeInput.LocalMoved(up.Id, new IPEndPoint(IPAddress.Parse("203.0.113.1"), 4500)) : new IkeInput.EndpointMoved(up.Id, new IPEndPoint(IPAddress.Parse("192.0.2.1"), 1_024)),
                child is { } behind ? new IkeInput.InboundBehind(behind, 7) : null,
                new IkeInput.Acquire(up.Connection, PlaySetup.Net(side.IsLeft, 2), PlaySetup.Net(!side.IsLeft, 2)),
                new IkeInput.Probe(up.Id),
                up.Children.Count > 0 ? new IkeInput.DeleteChild(up.Children[^1]) : null,
                new IkeInput.DeleteIke(up.Id),
            ];
            for (int i = 0; i < asked.Length; i++)
            {
                if ((wishes & (1 << i)) != 0 && asked[i] is { } wish)
                    Step(side, wish);
            }
        }

        private void Deliver()
        {
            while (_sent < MostDatagrams && _wire.TryDequeue(out (bool ToLeft, IkeInput.Datagram Datagram) next))
            {
                if (_setup.LeftIsTakenOver && !_leftFell && _sent >= _input[3] % MostDatagrams)
                    (_leftFell, _left) = (true, TakeOver(_left));
                if (_setup.RightIsTakenOver && !_rightFell && _sent >= _input[3] / 2)
                    (_rightFell, _right) = (true, TakeOver(_right));
                Step(next.ToLeft ? _left : _right, next.Datagram);
            }
        }

        private void Pass(TimeSpan time)
        {
            _now += time;
            Step(_left, new IkeInput.Tick());
            Step(_right, new IkeInput.Tick());
        }

        private PlaySide TakeOver(PlaySide old)
        {
            PlaySide successor = old.Successor();
            Step(successor, new IkeInput.WallClock(Today));
            Step(successor, new IkeInput.Follow(successor.Restored(_ => true)));
            Step(successor, new IkeInput.Restore([]));
            return successor;
        }

        private void Step(PlaySide side, IkeInput input)
        {
            var outputs = new List<IkeOutput>();
            side.Endpoint.Step(input, _now, outputs);
            FuzzFaultException.Unless(outputs.Count <= MostOutputs, $"{outputs.Count} outputs of one step");
            FuzzFaultException.Unless(side.Endpoint.IkeSas <= MostSas && side.Endpoint.ChildSas <= MostSas, "SAs without a bound");
            var commits = new Dictionary<ulong, bool>();
            bool refused = false;                               // and so is what was made on it
            foreach (IkeOutput output in outputs)
            {
                if (output is IkeOutput.Note { Event.Kind: IkeEventKind.RestoreRefused })
                    throw new FuzzFaultException("a successor cannot read what was committed");
                if (output is IkeOutput.Commit commit)
                {
                    refused |= _edits.Refuses(_commits++);
                    commits.Add(commit.CommitId, !refused);
                    if (!refused)
                        side.Keep(commit);
                }
                else if (output is IkeOutput.Send send)
                {
                    FuzzFaultException.Unless(send.AfterCommit == 0 || commits.ContainsKey(send.AfterCommit), "it waits for a commit that never was");
                    if (send.AfterCommit == 0 || commits[send.AfterCommit])
                        Post(side, send);
                }
            }

            foreach ((ulong commit, bool isWritten) in commits)
                Step(side, isWritten ? new IkeInput.Committed(commit) : new IkeInput.CommitFailed(commit, "fuzz"));
            foreach (IkeOutput.RestoreWanted wanted in outputs.OfType<IkeOutput.RestoreWanted>())
                Step(side, new IkeInput.Restore(side.Restored(wanted.Sas.Contains)));
        }

        private void Post(PlaySide sender, IkeOutput.Send send)
        {
            foreach (byte[] datagram in _edits.Of(_sent++, sender, send.Message.ToArray()))
                _wire.Enqueue((!sender.IsLeft, new IkeInput.Datagram(send.Remote, send.Local, datagram)));
        }

        /// <summary>At the end each side is taken over once more, and its sleepers wake one after the other.</summary>
        private void Succeed(PlaySide side)
        {
            PlaySide successor = TakeOver(side);
            for (int i = 0; i < 3; i++)
            {
                _now += TimeSpan.FromSeconds(20);
                Step(successor, new IkeInput.Tick());
            }

            FuzzFaultException.Unless(!successor.Endpoint.IsWaking, "some sleep for ever");
        }
    }
}
