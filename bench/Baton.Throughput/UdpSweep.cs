using System.Globalization;
using Baton.Lab;
using Baton.Lab.Processes;
using Baton.Lab.Steps;
using Baton.Throughput.Systems;

namespace Baton.Throughput;

/// <summary>Looks for the highest fixed rate of small packets of which less than 0.5 % are lost.</summary>
public static class UdpSweep
{
    private const int Port = 5_300;
    private const double MostLost = 0.005;

    /// <summary>Halvings of the gap between a rate that passed and one that did not.</summary>
    private const int Refinements = 3;

    /// <summary>The first step of all meets code that was not compiled yet, and any one a neighbour of this machine.</summary>
    private const int Attempts = 2;

    private const double StepSeconds = 1;

    /// <summary>Thousand packets/s, as they were sent.</summary>
    /// <param name="first">Packets/s to begin with; half of them again and more until one loses too much.</param>
    /// <param name="senders">Processes that share the rate, a flow each: one of them cannot make as many single packets as a gateway takes.</param>
    public static double Highest(Story story, TunnelKind kind, int first, bool runs, int senders = 1)
    {
        string target = $"{kind.Targets[0]}:{Port}";
        double best = 0;
        double low = 0;
        double high = 0;
        int refinements = 0;
        for (double rate = first; refinements <= Refinements && low < 50e6; rate = high == 0 ? low * 1.6 : (low + high) / 2)
        {
            bool passed = false;
            for (int attempt = 0; attempt < Attempts && !passed; attempt++)
            {
                (double sent, double lost) = Step(story, target, (int)rate, runs, senders);
                if (lost < MostLost)
                    best = Math.Max(best, sent);

                // A sender that cannot keep the rate cannot keep a higher one.
                passed = lost < MostLost && sent > 0.95 * rate;
            }

            if (passed)
                low = rate;
            else
                high = rate;
            if (high != 0)
                refinements++;
        }

        return best / 1000;
    }

    /// <summary>Packets/s that went, and the part of them that did not come.</summary>
    private static (double Sent, double Lost) Step(Story story, string target, int rate, bool runs, int senders)
    {
        string self = Environment.ProcessPath!;
        string tag = Guid.NewGuid().ToString("n");
        using LabProcess sink = story.Network.Inner.Start($"sink-{tag}", [self, "udp-sink", target]);
        story.Room.Wait.Until("the sink listens", TimeSpan.FromSeconds(10), () => sink.LastWords().Contains("listening", StringComparison.Ordinal), () => sink.LastWords());
        string[] order = [self, "udp-send", target, Text(rate / senders), Text(StepSeconds), runs ? "runs" : "singly"];
        LabProcess[] sending = [.. Enumerable.Range(0, senders).Select(i => story.Network.PeerHost.Start($"sender-{i}-{tag}", order))];
        (double sent, double pace) = (0, 0);
        foreach (LabProcess sender in sending)
        {
            sender.WaitForExit(TimeSpan.FromSeconds(20));
            string[] said = sender.LastWords(1).Split(' ');
            double packets = double.Parse(said[0], CultureInfo.InvariantCulture);
            (sent, pace) = (sent + packets, pace + (packets / double.Parse(said[1], CultureInfo.InvariantCulture)));
        }

        sink.WaitForExit(TimeSpan.FromSeconds(20));
        double came = double.Parse(sink.LastWords(1), CultureInfo.InvariantCulture);
        return sent == 0 ? throw new LabException("nothing could be sent") : (pace, 1 - (came / sent));
    }

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);
}
