using System.Diagnostics;
using System.Net;

namespace Baton.Bench;

/// <summary>IKE SAs with a child set up between two cores in one thread, without sockets: how many a second, and whether the next one costs what the first did.</summary>
/// <remarks>Both ends are in the figure; the responder commits each step and is told at once. X25519, AES-256-GCM, shared key.</remarks>
internal static class IkeSetUpCommand
{
    private static readonly int[] Steps = [500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000];

    /// <param name="args">How many SAs; 10,000.</param>
    public static int Run(string[] args)
    {
        int most = args is [string asked] ? int.Parse(asked) : 10_000;
        var pair = new IkePair(most, new IPEndPoint(IPAddress.Parse("192.0.2.1"), 4500));
        pair.SetUp(0, 100);                                             // warm
        Console.WriteLine("    SAs   set-ups/s   rekeys of a child/s   bytes of both ends an SA");
        foreach (int upTo in Steps.Where(count => count <= most))
        {
            int before = pair.Count;
            long started = Stopwatch.GetTimestamp();
            pair.SetUp(before, upTo);
            double setUps = (upTo - before) / Stopwatch.GetElapsedTime(started).TotalSeconds;
            started = Stopwatch.GetTimestamp();
            int rekeys = pair.RekeyChildren(500);
            double rate = rekeys / Stopwatch.GetElapsedTime(started).TotalSeconds;
            Console.WriteLine($"{upTo,7}   {setUps,9:F0}   {rate,19:F0}   {GC.GetTotalMemory(forceFullCollection: true) / upTo,8}");
        }

        return 0;
    }
}
