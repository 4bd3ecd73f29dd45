using System.Text;
using Baton.Srtp.Sdes;

namespace Baton.Fuzz.Targets;

/// <summary>A crypto attribute of SDP (RFC 4568). What was read is written and read again as the same.</summary>
public sealed class SdesTarget : IFuzzTarget
{
    public string Name => "sdes";

    public InputBounds Bounds { get; } = new(TimeSpan.FromMilliseconds(100), 1 << 18);

    public void Run(ReadOnlySpan<byte> input)
    {
        SdesVerdict verdict = CryptoAttribute.TryParse(Encoding.Latin1.GetString(input), out CryptoAttribute? attribute);
        FuzzFaultException.Unless((verdict == SdesVerdict.Parsed) == (attribute is not null), "a verdict without its attribute");
        if (attribute is null)
            return;
        using (attribute)
        {
            string written = attribute.Format();
            FuzzFaultException.Unless(CryptoAttribute.TryParse(written, out CryptoAttribute? again) == SdesVerdict.Parsed, "a line of ours that we do not read");
            using (again)
                FuzzFaultException.Unless(again!.Format() == written, "a line that is read as another");
        }
    }
}
