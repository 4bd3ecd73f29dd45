using Baton.Cli.Demo.Watching;
using Baton.Cluster.Protos;
using Baton.Robustness.Media;

namespace Baton.Claims;

/// <summary>As 2: the fourth device is the controller of media gateways, and second and third are media gateways.</summary>
/// <remarks>The first device is a phone with SRTP. What the media gateways say to it with numbers of their own is SRTCP: leased, and seen in each packet's index (RFC 3711 3.4).</remarks>
[Collection(nameof(ControllerRun))]
public sealed class Claim06(ControllerRun run)
{
    private const uint Plain = 0xA1;
    private const uint Secure = 0xB2;
    private const int SasOfTheCall = 4;
    private const ulong Maximum = (1UL << 31) - 1;

    [Fact]
    public async Task Holds()
    {
        await using var stage = new MediaStage(role: "controller");
        await stage.FormAsync();
        Assert.All(MediaStage.Members, member => Assert.Equal("media", stage.StatusAsync(member).Result!.Role));

        // Who asks for the call knows the controller alone: keys and ports of the gateways are the controller's choice, and both gateways have the call from it.
        using var proxy = new NgProxy(stage.Proxy, stage.Ng);
        (MediaPhone plain, MediaPhone phone) = await proxy.CallAsync("call", stage.PhoneAt(1), Plain, stage.PhoneAt(2), Secure, first: 1_000);
        using (plain)
        using (phone)
        {
            plain.Start(hears: Secure);
            phone.Start(hears: Plain);
            await stage.UntilAsync("the phones talk", () => Task.FromResult(Math.Min(plain.Heard, phone.Heard) > 50 && phone.ReportsHeard > 2));
            await stage.UntilReadyAsync("b", SasOfTheCall);
            int asked = proxy.Asked;

            // The fourth device has the security information, and no other process of the run its ledger.
            Assert.True(HasOpen(stage.Pid("h"), stage.Ledger), "the controller has the ledger open");
            Assert.All(MediaStage.Members, member => Assert.False(HasOpen(stage.Pid(member), stage.Ledger), $"{member} has the ledger open"));

            ulong id = await ReplacedAsync(stage, plain, phone, second: "a", third: "b");

            // It can pass it on: who was killed begins with an empty memory, and carries the same SA on in its turn.
            await stage.StartAsync("a");
            await stage.UntilReadyAsync("a", SasOfTheCall);
            Assert.Equal(id, await ReplacedAsync(stage, plain, phone, second: "b", third: "a"));
            Assert.Equal(asked, proxy.Asked);
        }
    }

    /// <summary>The same in the demo: a dozen calls, half of them with a ROC above 0; and its other promises for media gateways.</summary>
    [Fact]
    public void Holds_for_the_calls_of_the_demo()
    {
        run.AssertGoesOnAboveTheLimit();
        run.AssertSameSa();
        run.AssertPassedOn();
        run.AssertOrder("kill", "restart", "switchover", "pause", "controller-restart", "kill", "restart", "stop");
        Assert.True(run.Count("replaysInjected") > 1_000);
        Assert.Equal(run.Count("replaysInjected"), run.Count("replaysRefused"));
        Assert.InRange(run.Count("rolledOver"), 1, run.Count("sas") - 1);
        run.AssertPromisesHeld();
        run.AssertRecording("call-at-srtp.wav");
        run.AssertRecording("call-at-plain.wav");
    }

    /// <summary>The second uses numbers up to a limit and dies; the third goes on with the same SA above the limit. The SA's id in the ledger.</summary>
    private static async Task<ulong> ReplacedAsync(MediaStage stage, MediaPhone plain, MediaPhone phone, string second, string third)
    {
        Records records = Ledger(stage);
        ulong limit = records.LastOf(records.Cluster.Term)!.Value;
        Assert.InRange(limit, 1UL, Maximum - 1);
        Assert.Equal(second, records.Cluster.Holder.Member);
        await stage.KillAsync(second);
        int heard = phone.Heard, before = phone.ReportsHeard;
        await stage.UntilAsync($"the call goes on at {third}", () => Task.FromResult(phone.Heard > heard + 100 && plain.Heard > 0 && phone.ReportsHeard > before + 3));

        // One communication within the limit, number after number, then the other one above it; the phone has believed every packet of both by the same keys, and none came twice.
        ulong[] numbers = phone.Reports, withThird = [.. numbers.SkipWhile(number => number <= limit)];
        Assert.True(numbers.Length > withThird.Length, $"{second} said nothing within its limit {limit}: {string.Join(' ', numbers)}");
        Assert.True(withThird.Length > 2, $"{third} did not begin above {limit}, the limit of {second}: {string.Join(' ', numbers)}");
        Assert.All(withThird, number => Assert.InRange(number, limit + 1, Maximum));
        Assert.True(phone.Wrong.Count == 0 && phone.Twice == 0, string.Join(", ", phone.Wrong.Take(5)));
        Records after = Ledger(stage);
        Assert.Equal((records.Sa.Id, records.Sa.KeyTag, third), (after.Sa.Id, after.Sa.KeyTag, after.Cluster.Holder.Member));
        return after.Sa.Id;
    }

    private static Records Ledger(MediaStage stage)
    {
        for (int i = 0; i < 200; i++)
        {
            if (LedgerReader.Read(stage.Ledger, record => record.Direction == SaDirection.Outbound && record.Spi == Plain) is { } records)
                return records;
            Thread.Sleep(10);   // it is being written this moment
        }

        throw new InvalidOperationException("the ledger has no SA by which a media gateway seals reports");
    }

    private static bool HasOpen(int pid, string file) =>
        Directory.GetFiles($"/proc/{pid}/fd").Any(fd => new FileInfo(fd).LinkTarget == file);
}
