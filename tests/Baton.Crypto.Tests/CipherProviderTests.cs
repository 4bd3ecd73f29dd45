using Baton.Crypto.IpsecMb;
using Baton.Crypto.OpenSsl;

namespace Baton.Crypto.Tests;

/// <summary>Which library, and why.</summary>
public sealed class CipherProviderTests
{
    [Fact]
    public void TheEnvironmentMayAskForOpenSsl()
    {
        (CipherLibrary library, string name, string reason) = CipherProvider.Choose("openssl");
        Assert.Equal(CipherLibrary.OpenSsl, library);
        Assert.StartsWith("openssl 3", name, StringComparison.Ordinal);
        Assert.Contains(CipherProvider.Variable, reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("auto")]
    [InlineData("ipsec-mb")]
    [InlineData("quantum")]
    [InlineData("null")]
    public void IpsecMbWhereItIsAndAReasonAlways(string? wish)
    {
        (CipherLibrary library, string name, string reason) = CipherProvider.Choose(wish);
        if (CipherProvider.IsAvailable(CipherLibrary.IpsecMb, out string why))
        {
            Assert.Equal(CipherLibrary.IpsecMb, library);
            Assert.StartsWith("ipsec-mb ", name, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(CipherLibrary.OpenSsl, library);
            Assert.Contains(why, reason, StringComparison.Ordinal);
        }

        Assert.Equal(wish is "quantum" or "null", reason.Contains($"={wish} is none of", StringComparison.Ordinal));
    }

    /// <summary>A library that fails its self-test is silently not used, and its tests are skipped: here that is a failure.</summary>
    [Fact]
    public void WhereAKnownVersionIsInstalledItIsUsed()
    {
        string[] names = ["libIPSec_MB.so.2", "libIPSec_MB.so.1"];
        Assert.SkipUnless(names.Any(name => System.Runtime.InteropServices.NativeLibrary.TryLoad(name, out _)), "ipsec-mb is not installed (Debian: libipsec-mb1)");
        Assert.True(CipherProvider.IsAvailable(CipherLibrary.IpsecMb, out string reason) || reason.Contains("is neither", StringComparison.Ordinal), reason);
    }

    [Theory]
    [InlineData(0x010200u, false)]
    [InlineData(0x010300u, true)]
    [InlineData(0x010301u, true)]
    [InlineData(0x010400u, false)]
    [InlineData(0x010500u, false)]
    [InlineData(0x020000u, true)]
    [InlineData(0x020100u, false)]
    [InlineData(0x030000u, false)]
    public void OnlyVersionsWhoseLayoutWasCompared(uint version, bool known) => Assert.Equal(known, MbLibrary.IsKnown(version));

    [Fact]
    public void TheSelfTestPassesOpenSsl() => Assert.Null(SelfTest.Failure(Make));

    [Theory, MemberData(nameof(Faults))]
    public void TheSelfTestFindsAWrongAead(AeadAlgorithm wrong, Fault fault)
    {
        string? failure = SelfTest.Failure(algorithm => algorithm == wrong ? new Faulty(Make(algorithm), fault) : Make(algorithm));
        Assert.NotNull(failure);
        Assert.StartsWith(wrong.ToString(), failure, StringComparison.Ordinal);
    }

    private static Aead Make(AeadAlgorithm algorithm) =>
        CipherProvider.Make(CipherLibrary.OpenSsl, algorithm, SelfTest.Key(algorithm), CipherUse.Both);

    /// <summary>What a wrong entry point, or a wrong layout, would do.</summary>
    public enum Fault
    {
        WrongTag,
        LastByteUntouched,
        TakesForgeries,
        TakesNothing,
    }

    public static TheoryData<AeadAlgorithm, Fault> Faults()
    {
        var data = new TheoryData<AeadAlgorithm, Fault>();
        foreach (AeadAlgorithm algorithm in Enum.GetValues<AeadAlgorithm>())
        {
            foreach (Fault fault in Enum.GetValues<Fault>())
                data.Add(algorithm, fault);
        }

        return data;
    }

    private sealed unsafe class Faulty(Aead right, Fault fault) : Aead
    {
        public override void Seal(byte* nonce, byte* associated, int associatedLength, byte* text, int textLength, byte* tag)
        {
            byte last = textLength > 1_000 ? text[textLength - 1] : (byte)0;
            right.Seal(nonce, associated, associatedLength, text, textLength, tag);
            if (fault == Fault.WrongTag)
                tag[0] ^= 1;
            if (fault == Fault.LastByteUntouched && textLength > 1_000)
                text[textLength - 1] = last;
        }

        public override bool Open(byte* nonce, byte* associated, int associatedLength, byte* text, int textLength, byte* tag)
        {
            bool held = right.Open(nonce, associated, associatedLength, text, textLength, tag);
            return fault switch { Fault.TakesForgeries => true, Fault.TakesNothing => false, _ => held };
        }

        protected override void Dispose(bool disposing) => right.Dispose();
    }
}
