namespace Baton.Ike.Tests.Harness;

/// <summary>Do both sides have the same child SAs? What ESP would find out the hard way.</summary>
internal static class Agreement
{
    /// <summary>Every pair of one side is the mirror of a pair of the other.</summary>
    public static void Assert(Lab lab)
    {
        string? why = WhyNot(lab);
        Xunit.Assert.True(why is null, $"seed {lab.Seed}: {why}\n{lab.Tail()}");
    }

    public static string? WhyNot(Lab lab)
    {
        Dictionary<ChildSaId, ChildSaPair> left = lab.Left.Active.Data.Children, right = lab.Right.Active.Data.Children;
        if (left.Count == 0 || left.Count != right.Count) return $"{left.Count} children here, {right.Count} there";
        foreach (ChildSaPair here in left.Values)
        {
            ChildSaPair? there = right.Values.FirstOrDefault(each => each.OutboundSpi == here.InboundSpi);
            if (there is null) return $"nobody there sends to {here.InboundSpi:x8}";
            if (Mirror(here, there) is { } why) return why;
        }

        ChildSaPair? outLeft = lab.Left.Active.Data.Outbound("to-right", "net"), outRight = lab.Right.Active.Data.Outbound("to-left", "net");
        if (outLeft is null || outRight is null) return "nothing to send on";
        return null;
    }

    private static string? Mirror(ChildSaPair a, ChildSaPair b)
    {
        if (a.OutboundSpi != b.InboundSpi) return "SPIs differ";
        if (a.Suite != b.Suite || a.Mode != b.Mode) return "suites differ";
        if (!a.InboundKeys.AsSpan().SequenceEqual(b.OutboundKeys) || !a.OutboundKeys.AsSpan().SequenceEqual(b.InboundKeys)) return "keys differ";
        if (a.InboundKeys.AsSpan().SequenceEqual(a.OutboundKeys)) return "both directions have one key";
        if (!a.Local.SequenceEqual(b.Remote) || !a.Remote.SequenceEqual(b.Local)) return "selectors differ";
        return a.UdpEncapsulation == b.UdpEncapsulation ? null : "one encapsulates, the other does not";
    }
}
