using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Baton.Crypto.OpenSsl;

namespace Baton.Crypto.Ike.Groups;

/// <summary>Diffie-Hellman on the NIST curves (RFC 5903): a public value is x | y, the shared secret is x alone.</summary>
internal sealed class EcpKeyExchange(KeyExchangeGroup group, ReadOnlySpan<byte> privateValue) : KeyExchange
{
    private const byte UncompressedPoint = 4;

    private static readonly nint P256 = LibCrypto.NotNull(LibCrypto.EC_GROUP_new_by_curve_name(LibCrypto.CurveP256));
    private static readonly nint P384 = LibCrypto.NotNull(LibCrypto.EC_GROUP_new_by_curve_name(LibCrypto.CurveP384));
    private static readonly nint P521 = LibCrypto.NotNull(LibCrypto.EC_GROUP_new_by_curve_name(LibCrypto.CurveP521));

    private static readonly byte[] Order256 = Convert.FromHexString("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");
    private static readonly byte[] Order384 = Convert.FromHexString(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973");

    private static readonly byte[] Order521 = Convert.FromHexString(
        "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409");

    private readonly SecretBytes _private = new(privateValue);
    private byte[]? _public;

    public override KeyExchangeGroup Group => group;

    public override ReadOnlyMemory<byte> PublicValue => _public ??= ComputePublic();

    /// <summary>The order of the curve (RFC 5903 3, "group order"), big-endian.</summary>
    internal static ReadOnlySpan<byte> Order(KeyExchangeGroup group) => group switch
    {
        KeyExchangeGroup.Ecp256 => Order256,
        KeyExchangeGroup.Ecp384 => Order384,
        _ => Order521,
    };

    /// <remarks>The curves have cofactor 1: a point on the curve is of the full order, and no multiple by 1 to n-1 is the point at infinity
    /// (RFC 6989 2.3 asks for no more).</remarks>
    public override unsafe bool TryAgree(ReadOnlySpan<byte> peerPublic, [NotNullWhen(true)] out SecretBytes? shared)
    {
        shared = null;
        int length = KeyExchangeGroups.PublicValueLength(group);
        if (peerPublic.Length != length)
            return false;
        Span<byte> point = stackalloc byte[1 + length];
        point[0] = UncompressedPoint;
        peerPublic.CopyTo(point[1..]);
        using var arithmetic = new Arithmetic(Curve, _private.Span);
        fixed (byte* bytes = point)
        {
            if (LibCrypto.EC_POINT_oct2point(Curve, arithmetic.Peer, bytes, (nuint)point.Length, arithmetic.Context) != 1)
            {
                LibCrypto.ERR_clear_error();
                return false;
            }
        }

        LibCrypto.Check(LibCrypto.EC_POINT_mul(Curve, arithmetic.Result, 0, arithmetic.Peer, arithmetic.Scalar, arithmetic.Context));
        LibCrypto.PointToBytes(Curve, arithmetic.Result, point, arithmetic.Context);
        shared = new SecretBytes(point.Slice(1, length / 2));
        CryptographicOperations.ZeroMemory(point);
        return true;
    }

    public override SecretBytes ExportPrivate() => new(_private.Span);

    protected override void Dispose(bool disposing) => _private.Dispose();

    private nint Curve => group switch { KeyExchangeGroup.Ecp256 => P256, KeyExchangeGroup.Ecp384 => P384, _ => P521 };

    private byte[] ComputePublic()
    {
        Span<byte> point = stackalloc byte[1 + KeyExchangeGroups.PublicValueLength(group)];
        using var arithmetic = new Arithmetic(Curve, _private.Span);
        LibCrypto.Check(LibCrypto.EC_POINT_mul(Curve, arithmetic.Result, arithmetic.Scalar, 0, 0, arithmetic.Context));
        LibCrypto.PointToBytes(Curve, arithmetic.Result, point, arithmetic.Context);
        return point[1..].ToArray();
    }

    /// <summary>What one multiplication needs, wiped afterwards.</summary>
    private readonly ref struct Arithmetic
    {
        internal unsafe Arithmetic(nint curve, ReadOnlySpan<byte> scalar)
        {
            Context = LibCrypto.NotNull(LibCrypto.BN_CTX_new());
            Peer = LibCrypto.NotNull(LibCrypto.EC_POINT_new(curve));
            Result = LibCrypto.NotNull(LibCrypto.EC_POINT_new(curve));
            fixed (byte* bytes = scalar)
                Scalar = LibCrypto.NotNull(LibCrypto.BN_bin2bn(bytes, scalar.Length, 0));
            LibCrypto.BN_set_flags(Scalar, LibCrypto.ConstantTime);
        }

        internal nint Context { get; }

        internal nint Peer { get; }

        internal nint Result { get; }

        internal nint Scalar { get; }

        public void Dispose()
        {
            LibCrypto.BN_clear_free(Scalar);
            LibCrypto.EC_POINT_clear_free(Result);
            LibCrypto.EC_POINT_clear_free(Peer);
            LibCrypto.BN_CTX_free(Context);
        }
    }
}
