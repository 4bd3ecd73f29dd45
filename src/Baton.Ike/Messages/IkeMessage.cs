using Baton.Ike.Payloads;

namespace Baton.Ike.Messages;

/// <summary>A whole message: what an exchange sends or takes.</summary>
/// <param name="Payloads">In order. Of a protected message those inside the Encrypted payload.</param>
public sealed record IkeMessage(IkeHeader Header, IReadOnlyList<Payload> Payloads)
{
    /// <summary>Longest datagram that we read or write, as IKE over UDP allows.</summary>
    public const int MaximumLength = 65_535 - 8 - 20;

    /// <summary>Payloads in front of the Encrypted payload. The ICV covers them, but no exchange that we know has any (RFC 7383 2.5.3).</summary>
    public IReadOnlyList<Payload> Unprotected { get; init; } = [];

    /// <summary>The first payload of this kind, or null.</summary>
    public T? Find<T>()
        where T : Payload
    {
        foreach (Payload payload in Payloads)
        {
            if (payload is T found)
                return found;
        }

        return null;
    }

    /// <summary>The first notification of this type, or null.</summary>
    public NotifyPayload? Notification(NotifyType type)
    {
        foreach (Payload payload in Payloads)
        {
            if (payload is NotifyPayload notify && notify.NotifyType == type)
                return notify;
        }

        return null;
    }

    /// <summary>The type of the first payload that we do not know and must not skip: UNSUPPORTED_CRITICAL_PAYLOAD (RFC 7296 2.5).</summary>
    public PayloadType? UnsupportedCritical
    {
        get
        {
            foreach (Payload payload in Payloads)
            {
                if (payload is UnknownPayload { IsCritical: true } unknown)
                    return unknown.Type;
            }

            return null;
        }
    }

    /// <summary>Reads an unprotected message (IKE_SA_INIT; INFORMATIONAL outside of an IKE SA). Copies what it keeps.</summary>
    public static IkeParseVerdict TryParse(ReadOnlySpan<byte> datagram, out IkeMessage? message)
    {
        message = null;
        IkeParseVerdict verdict = IkeHeader.TryParse(datagram, out IkeHeader header);
        if (verdict != IkeParseVerdict.Parsed)
            return verdict;
        verdict = PayloadChain.TryParse(header.NextPayload, datagram[IkeHeader.Size..].ToArray(), out List<Payload> payloads);
        if (verdict == IkeParseVerdict.Parsed)
            message = new IkeMessage(header, payloads);
        return verdict;
    }
}
