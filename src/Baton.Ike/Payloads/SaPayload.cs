using Baton.Ike.Messages;

namespace Baton.Ike.Payloads;

/// <summary>Security Association payload (RFC 7296 3.3): proposals in order of preference; in an answer exactly one.</summary>
public sealed record SaPayload(IReadOnlyList<Proposal> Proposals) : Payload
{
    /// <summary>Proposals, and transforms of all of them together, that we take.</summary>
    public const int MaximumProposals = 64, MaximumTransforms = 1024;

    private const int MoreProposals = 2, MoreTransforms = 3;
    private const int KeyLengthAttribute = 14, TypeAndValue = 0x8000;

    public override PayloadType Type => PayloadType.SecurityAssociation;

    internal override void WriteBody(WireWriter writer)
    {
        for (int i = 0; i < Proposals.Count; i++)
        {
            Proposal proposal = Proposals[i];
            int start = writer.Length;
            writer.Byte(i + 1 < Proposals.Count ? MoreProposals : 0);
            writer.Byte(0);
            writer.UInt16(0);
            writer.Byte(proposal.Number);
            writer.Byte((int)proposal.Protocol);
            writer.Byte(proposal.Spi.Length);
            writer.Byte(proposal.Transforms.Count);
            writer.Bytes(proposal.Spi.Span);
            for (int t = 0; t < proposal.Transforms.Count; t++)
                WriteTransform(writer, proposal.Transforms[t], isLast: t + 1 == proposal.Transforms.Count);
            writer.FillLength(start + 2, start);
        }
    }

    internal static SaPayload? Parse(ReadOnlyMemory<byte> body)
    {
        var reader = new WireReader(body);
        var proposals = new List<Proposal>();
        int transforms = 0;
        byte more = MoreProposals;
        while (more == MoreProposals)
        {
            more = reader.Byte();
            _ = reader.Byte();
            ReadOnlyMemory<byte> proposal = reader.Take(reader.UInt16() - 4);
            if (reader.IsShort || more is not (0 or MoreProposals) || proposals.Count == MaximumProposals)
                return null;
            if (ParseProposal(proposal, ref transforms) is not { } parsed)
                return null;
            proposals.Add(parsed);
        }

        return reader.Remaining == 0 ? new SaPayload(proposals) : null;
    }

    private static Proposal? ParseProposal(ReadOnlyMemory<byte> bytes, ref int allTransforms)
    {
        var reader = new WireReader(bytes);
        byte number = reader.Byte();
        var protocol = (ProtocolId)reader.Byte();
        int spiLength = reader.Byte();
        int count = reader.Byte();
        ReadOnlyMemory<byte> spi = reader.Take(spiLength);
        allTransforms += count;
        if (reader.IsShort || allTransforms > MaximumTransforms || !HasSpiLength(protocol, spiLength))
            return null;
        var transforms = new List<Transform>(count);
        for (int i = 0; i < count; i++)
        {
            byte more = reader.Byte();
            _ = reader.Byte();
            ReadOnlyMemory<byte> transform = reader.Take(reader.UInt16() - 4);
            if (reader.IsShort || more != (i + 1 < count ? MoreTransforms : 0))
                return null;
            if (ParseTransform(transform) is not { } parsed)
                return null;
            transforms.Add(parsed);
        }

        return reader.Remaining == 0 ? new Proposal(number, protocol, spi, transforms) : null;
    }

    /// <summary>8 for an IKE SA that replaces another, 0 for the first, 4 for AH and ESP (RFC 7296 3.3.1); of other protocols we know nothing.</summary>
    private static bool HasSpiLength(ProtocolId protocol, int length) => protocol switch
    {
        ProtocolId.Ike => length is 0 or 8,
        ProtocolId.Ah or ProtocolId.Esp => length == 4,
        _ => true,
    };

    private static Transform? ParseTransform(ReadOnlyMemory<byte> bytes)
    {
        var reader = new WireReader(bytes);
        var type = (TransformType)reader.Byte();
        _ = reader.Byte();
        ushort id = reader.UInt16();
        int keyBits = 0;
        bool hasUnknown = false;
        while (reader.Remaining > 0)
        {
            int attribute = reader.UInt16();
            int value = reader.UInt16();
            if ((attribute & TypeAndValue) == 0)
                _ = reader.Take(value);                 // type, length, value: none is defined
            if (attribute == (TypeAndValue | KeyLengthAttribute) && keyBits == 0)
                keyBits = value;
            else
                hasUnknown = true;
            hasUnknown |= keyBits == 0;                 // a key length of nothing is none that we know
        }

        return reader.IsShort ? null : new Transform(type, id, keyBits, hasUnknown);
    }

    private static void WriteTransform(WireWriter writer, Transform transform, bool isLast)
    {
        int start = writer.Length;
        writer.Byte(isLast ? 0 : MoreTransforms);
        writer.Byte(0);
        writer.UInt16(0);
        writer.Byte((int)transform.Type);
        writer.Byte(0);
        writer.UInt16(transform.Id);
        if (transform.KeyBits != 0)
        {
            writer.UInt16(TypeAndValue | KeyLengthAttribute);
            writer.UInt16(transform.KeyBits);
        }

        writer.FillLength(start + 2, start);
    }
}

/// <summary>One proposal: for each transform type in it, one of its transforms is chosen (RFC 7296 3.3).</summary>
/// <param name="Number">From 1, each one more than the one before; not checked by the parser, since an answer repeats the chosen one's.</param>
/// <param name="Spi">The sender's inbound SPI: empty, 4 or 8 bytes.</param>
public sealed record Proposal(byte Number, ProtocolId Protocol, ReadOnlyMemory<byte> Spi, IReadOnlyList<Transform> Transforms);

/// <summary>One transform (RFC 7296 3.3.2).</summary>
/// <param name="Id">Of the registry of this type: see <see cref="TransformIds"/>.</param>
/// <param name="KeyBits">The Key Length attribute, in bits; 0 where there is none.</param>
/// <param name="HasUnknownAttribute">An attribute that we do not know, or a second key length: this transform must not be chosen (3.3.6). Never written.</param>
public readonly record struct Transform(TransformType Type, ushort Id, int KeyBits = 0, bool HasUnknownAttribute = false);
