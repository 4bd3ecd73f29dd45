using System.Runtime.CompilerServices;
using Baton.Crypto;

namespace Baton.NullCipher;

/// <summary>Leaves the text as it is, and holds every tag for right. The tag is written, so that a packet is as long as it would be.</summary>
internal sealed unsafe class NoCipher : Aead
{
    public override void Seal(byte* nonce, byte* associated, int associatedLength, byte* text, int textLength, byte* tag) => Unsafe.InitBlockUnaligned(tag, 0, TagLength);

    public override bool Open(byte* nonce, byte* associated, int associatedLength, byte* text, int textLength, byte* tag) => true;

    protected override void Dispose(bool disposing)
    {
    }
}
