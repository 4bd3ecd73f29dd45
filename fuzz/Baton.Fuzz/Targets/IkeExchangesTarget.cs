using System.Buffers.Binary;
using System.Net;
using Baton.Crypto;
using Baton.Crypto.Ike;
using Baton.Crypto.Ike.Groups;
using Baton.Ike;
using Baton.Ike.Authentication;
using Baton.Ike.Messages;
using Baton.Ike.Payloads;
using Baton.Ike.Sas;
using Baton.Wire;

namespace Baton.Fuzz.Targets;

/// <summary>Whole exchanges between two endpoints whose messages are changed on the way: before there are keys as they are, afterwards in the clear and sealed again.</summary>
/// <remarks>
/// <code>
///     what is asked once both are up (a bit each) | edits: message number, operation, offset (2), value
/// </code>
/// Promises: no exception; a step puts out little; SAs have a bound; whatever is committed, a successor can read and go on with.
/// </remarks>
public sealed class IkeExchangesTarget : IFuzzTarget
{
    private const int EditLength = 5, MostDatagrams = 120, MostOutputs = 300, MostSas = 64;

    private static readonly IPEndPoint Left = new(IPAddress.Parse("192.0.2.1"), 500), Right = new(IPAddress.Parse("192.0.2.2"), 500);
    private static readonly PresharedKey Key = new(new SecretBytes("fuzz"u8));

    public string Name => "ike-exchanges";

    public void Run(ReadOnlySpan<byte> input)
    {
        if (!input.IsEmpty)
            new Play(input.ToArray()).Go();
    }

    private static Connection Between(IPEndPoint local, IPEndPoint remote, string us, string them, bool initiates)
    {
        TrafficSelector here = Net(local), there = Net(remote);
        return new Connection(them, new ConnectionCredentials(Identity.Fqdn(us), Key, Identity.Fqdn(them), Key))
        {
            Local = local, Remote = remote, KeepUp = initiates, Children = [new ChildPolicy("net") { Local = [here], Remote = [there] }],
        };
    }

    private static TrafficSelector Net(IPEndPoint side)
    {
        byte last = side.Address.GetAddressBytes()[3];
        return new TrafficSelector(0, 0, 65535, new IPAddress([10, last, 0, 0]), new IPAddress([10, last, 255, 255]));
    }

    /// <summary>One run: two endpoints, a queue of datagrams, a clock.</summary>
    private sealed class Play
    {
        private readonly byte[] _input;
        private readonly Side _left, _right;
        private readonly Queue<(Side To, IkeInput.Datagram Datagram)> _wire = new();
        private Instant _now = Instant.FromMilliseconds(1);
        private int _sent;

        public Play(byte[] input)
        {
            _input = input;
            _left = new Side(Between(Left, Right, "left", "right", initiates: true), 1);
            _right = new Side(Between(Right, Left, "right", "left", initiates: false), 2);
        }

        public void Go()
        {
            Step(_right, new IkeInput.Restore([]));
            Step(_left, new IkeInput.Restore([]));
            Deliver();
            Ask();
            for (int i = 0; i < 6 && _sent < MostDatagrams; i++)
            {
                Deliver();
                _now += TimeSpan.FromSeconds(1.5);
                Step(_left, new IkeInput.Tick());
                Step(_right, new IkeInput.Tick());
            }

            TakeOver(_left);
            TakeOver(_right);
        }

        private void Ask()
        {
            foreach (Side side in new[] { _left, _right })
            {
                IkeSaFacts? up = side.Endpoint.Established.FirstOrDefault();
                if (up is null)
                    continue;
                int wishes = side == _left ? _input[0] : _input[0] >> 4;
                if ((wishes & 1) != 0 && up.Children.Count > 0)
                    Step(side, new IkeInput.RekeyChild(up.Children[0]));
                if ((wishes & 2) != 0)
                    Step(side, new IkeInput.RekeyIke(up.Id));
                if ((wishes & 4) != 0)
                    Step(side, new IkeInput.LocalMoved(up.Id, new IPEndPoint(IPAddress.Parse("203.0.113.1"), 4500)));
                if ((wishes & 8) != 0 && up.Children.Count > 0)
                    Step(side, side == _left ? new IkeInput.DeleteChild(up.Children[0]) : new IkeInput.InboundBehind(up.Children[0], 7));
            }
        }

        private void Deliver()
        {
            while (_sent < MostDatagrams && _wire.TryDequeue(out (Side To, IkeInput.Datagram Datagram) next))
                Step(next.To, next.Datagram);
        }

        private void Step(Side side, IkeInput input)
        {
            var outputs = new List<IkeOutput>();
            side.Endpoint.Step(input, _now, outputs);
            FuzzFaultException.Unless(outputs.Count <= MostOutputs, $"{outputs.Count} outputs of one step");
            FuzzFaultException.Unless(side.Endpoint.IkeSas <= MostSas && side.Endpoint.ChildSas <= MostSas, "SAs without a bound");
            var commits = new List<ulong>();
            foreach (IkeOutput output in outputs)
            {
                if (output is IkeOutput.Commit commit)
                {
                    side.Keep(commit);
                    commits.Add(commit.CommitId);
                }
                else if (output is IkeOutput.Send send)
                {
                    FuzzFaultException.Unless(send.AfterCommit == 0 || commits.Contains(send.AfterCommit), "it waits for a commit that never was");
                    Post(side, send);
                }
            }

            foreach (ulong commit in commits)
                Step(side, new IkeInput.Committed(commit));
        }

        private void Post(Side from, IkeOutput.Send send)
        {
            int number = _sent++;
            byte[] datagram = send.Message.ToArray();
            int copies = 1;
            for (int at = 1; at + EditLength <= _input.Length; at += EditLength)
            {
                if (_input[at] % 32 != number)
                    continue;
                int offset = BinaryPrimitives.ReadUInt16BigEndian(_input.AsSpan(at + 2));
                if (_input[at + 1] % 8 == 7)
                    copies = 2;
                else
                    datagram = Change(from, datagram, _input[at + 1] % 8, offset, _input[at + 4], _input.AsSpan(at + EditLength));
            }

            for (; copies > 0; copies--)
                _wire.Enqueue((from == _left ? _right : _left, new IkeInput.Datagram(send.Remote, send.Local, datagram)));
        }

        /// <summary>In the clear before there are keys, else opened with the sender's keys and sealed again.</summary>
        private static byte[] Change(Side from, byte[] datagram, int operation, int offset, byte value, ReadOnlySpan<byte> rest)
        {
            if (IkeHeader.TryParse(datagram, out IkeHeader header) != IkeParseVerdict.Parsed)
                return datagram;
            if (header.Exchange == ExchangeType.IkeSaInit)
                return WithLength(Edit(datagram, operation, offset, value, rest));
            IkeSa? sa = from.Endpoint.FindBySpi((header.IsFromInitiator ? header.InitiatorSpi : header.ResponderSpi).Value);
            if (sa?.Keys is null)
                return datagram;
            using var cipher = new IkeCipher(sa.Suite.Cipher, sa.Keys.Encryption(sa.IsInitiator), sa.Keys.Integrity(sa.IsInitiator));
            const int HeaderLength = IkeHeader.Size + 4;
            byte[] opened = [.. datagram];
            if (datagram.Length < HeaderLength + cipher.IvLength + cipher.IcvLength || !cipher.Open(opened, HeaderLength))
                return datagram;
            int start = HeaderLength + cipher.IvLength;
            int padding = opened[^(cipher.IcvLength + 1)];
            byte[] head = opened[..HeaderLength];
            byte[] text = opened[start..(opened.Length - cipher.IcvLength - 1 - padding)];
            if (operation == 6)
                head[16 + (offset % 16)] = value;               // exchange, flags, message ID, first payload: authentic all the same
            else
                text = Edit(text, operation, offset, value, rest);
            byte[] again = [.. head, .. new byte[cipher.IvLength], .. text, 0, .. new byte[cipher.IcvLength]];
            BinaryPrimitives.WriteUInt16BigEndian(again.AsSpan(IkeHeader.Size + 2), (ushort)(again.Length - IkeHeader.Size));
            cipher.Seal(WithLength(again), HeaderLength, (1UL << 60) + (ulong)offset);
            return again;
        }

        private static byte[] Edit(byte[] text, int operation, int offset, byte value, ReadOnlySpan<byte> rest)
        {
            if (text.Length == 0)
                return [value];
            int at = offset % text.Length;
            switch (operation)
            {
                case 0:
                    text[at] ^= (byte)(1 << (value % 8));
                    return text;
                case 1:
                    text[at] = value;
                    return text;
                case 2:
                    return text[..at];
                case 3:
                    return [.. text[..at], .. text[(at / 2)..]];
                case 4:
                    return [.. text[..at], .. text[Math.Min(text.Length, at + 1 + value)..]];
                default:
                    return [.. text[..at], .. rest[..Math.Min(rest.Length, 1_024)]];
            }
        }

        private static byte[] WithLength(byte[] datagram)
        {
            if (datagram.Length >= IkeHeader.Size)
                BinaryPrimitives.WriteUInt32BigEndian(datagram.AsSpan(24), (uint)datagram.Length);
            return datagram;
        }

        private void TakeOver(Side side)
        {
            var successor = new Side(side.Connection, 3);
            var outputs = new List<IkeOutput>();
            successor.Endpoint.Step(new IkeInput.Restore([.. side.Records.Select(each => new RestoredIkeSa(each.Key, each.Value, TimeSpan.FromSeconds(1)))]), _now, outputs);
            FuzzFaultException.Unless(!outputs.Exists(each => each is IkeOutput.Note { Event.Kind: IkeEventKind.RestoreRefused }), "a successor cannot read what was committed");
            for (int i = 0; i < 3; i++)
            {
                _now += TimeSpan.FromSeconds(20);
                outputs.Clear();
                successor.Endpoint.Step(new IkeInput.Tick(), _now, outputs);
                FuzzFaultException.Unless(outputs.Count <= MostOutputs, $"{outputs.Count} outputs after a takeover");
            }
        }
    }

    private sealed class Side
    {
        public Side(Connection connection, int seed)
        {
            Connection = connection;
            var random = new Seeded(seed);
            var policy = new IkeEndpointPolicy { Connections = [connection], MostChildren = 8, MostIkeSas = 16 };
            Endpoint = new IkeEndpoint(policy, random, new KeyExchangeFactory(random), new CountingIvSources());
        }

        public Connection Connection { get; }

        public IkeEndpoint Endpoint { get; }

        public Dictionary<IkeSaId, byte[]> Records { get; } = [];

        public void Keep(IkeOutput.Commit commit)
        {
            foreach (IkeSaChange change in commit.Changes)
            {
                if (change.Snapshot is { } snapshot)
                    Records[change.Id] = snapshot.ToArray();
                else
                    Records.Remove(change.Id);
            }
        }
    }

    /// <summary>The same for every run: a finding must happen again.</summary>
    private sealed class Seeded(int seed) : IRandomSource
    {
        private readonly Random _random = new(seed);

        public void Fill(Span<byte> destination) => _random.NextBytes(destination);
    }
}
