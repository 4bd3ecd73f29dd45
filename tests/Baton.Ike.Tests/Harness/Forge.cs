using System.Net;
using Baton.Crypto.Ike;
using Baton.Ike.Messages;
using Baton.Ike.Payloads;
using Baton.Ike.Sas;

namespace Baton.Ike.Tests.Harness;

/// <summary>Requests that our endpoint would never send, under its peer's own keys.</summary>
internal static class Forge
{
    public static IkeSa Sa(Site site) => site.Active.Endpoint.All.Single(each => each.State == IkeSaState.Up);

    /// <summary>Seals it as the left site's next request, gives it to the right one, and returns what that answered.</summary>
    public static IReadOnlyList<Payload>? Ask(Lab lab, ExchangeType exchange, IReadOnlyList<Payload> payloads, IPEndPoint? from = null)
    {
        IkeSa left = Sa(lab.Left);
        byte[] datagram = Seal(left, exchange, left.NextRequestId++, payloads);
        int before = lab.Observer.Messages.Count;
        lab.Right.Active.Step(new IkeInput.Datagram(left.Remote, from ?? left.Local, datagram));
        lab.Run(50);
        return lab.Observer.Messages.Skip(before).Where(each => each.Header.IsResponse && each.From.StartsWith("right", StringComparison.Ordinal)).Select(each => each.Payloads).FirstOrDefault();
    }

    public static byte[] Seal(IkeSa sa, ExchangeType exchange, uint id, IReadOnlyList<Payload> payloads, bool isAnswer = false)
    {
        using var cipher = new IkeCipher(sa.Suite.Cipher, sa.Keys!.Encryption(sa.IsInitiator), sa.Keys.Integrity(sa.IsInitiator));
        var header = new IkeHeader(new IkeSpi(sa.InitiatorSpi), new IkeSpi(sa.ResponderSpi), exchange, sa.OurFlag | (isAnswer ? IkeFlags.Response : IkeFlags.None), new MessageId(id));
        Assert.Equal(SealVerdict.Sealed, ProtectedMessage.Seal(header, payloads, cipher, new HighIvs(), IkeMessage.MaximumLength, out IReadOnlyList<byte[]> datagrams));
        return datagrams[0];
    }

    /// <summary>Far from those that the endpoint uses.</summary>
    private sealed class HighIvs : IIvSource
    {
        private static ulong _last = 1UL << 60;

        public bool TryTake(out ulong number)
        {
            number = Interlocked.Increment(ref _last);
            return true;
        }
    }
}
