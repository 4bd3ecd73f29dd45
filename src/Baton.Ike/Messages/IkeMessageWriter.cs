using Baton.Ike.Payloads;

namespace Baton.Ike.Messages;

/// <summary>Writes unprotected messages; <see cref="ProtectedMessage"/> writes the others.</summary>
public static class IkeMessageWriter
{
    /// <param name="header">Its next payload is set from <paramref name="payloads"/>.</param>
    /// <exception cref="InvalidOperationException">A payload longer than its 16-bit length can say: ours, so a bug.</exception>
    public static byte[] Write(IkeHeader header, IReadOnlyList<Payload> payloads)
    {
        var writer = new WireWriter();
        writer.Reserve(IkeHeader.Size);
        PayloadChain.Write(writer, payloads);
        (header with { NextPayload = PayloadChain.FirstType(payloads) }).Write(writer.Written, writer.Length);
        return writer.Written.ToArray();
    }
}
