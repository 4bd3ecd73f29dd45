using System.Net;
using Baton.Cluster.Protos;
using Baton.Linux;
using Baton.Srtp;

namespace Baton.Robustness.Media;

/// <summary>Media gateways as real processes, a plain phone and an SRTP phone at real sockets: the active is killed in the middle of the call, twice.</summary>
[Collection("processes")]
public sealed class MediaTakeoverTests(ITestOutputHelper output)
{
    private const uint Plain = 0xA1;
    private const uint Secure = 0xB2;
    private const int SasOfTheCall = 4;

    /// <summary>A second of talk: detection is measured elsewhere.</summary>
    private const int MostLost = 50;

    [Theory]
    [InlineData(SrtpSuite.AesCm128Tag80)]
    [InlineData(SrtpSuite.AesGcm128)]
    public async Task A_call_goes_on_when_the_active_is_killed_also_with_a_rollover_behind_it_and_a_second_time(SrtpSuite suite)
    {
        await using var stage = new MediaStage();
        await stage.FormAsync();
        using var plain = new MediaPhone(stage.PhoneAt(1), new IPEndPoint(stage.Media, 20_000), null, Plain, first: 65_500);
        using var secure = new MediaPhone(stage.PhoneAt(2), new IPEndPoint(stage.Media, 20_002), suite, Secure, first: 65_500);
        var call = new MediaCall { Id = 7, Version = 1, Name = "call", A = plain.Setting, B = secure.Setting };
        foreach (string member in MediaStage.Members)
            Assert.Equal(MediaVerdict.MediaGranted, (await stage.Calls(member).PutAsync(call)).Verdict);
        plain.Start(hears: Secure);
        secure.Start(hears: Plain);

        // The ROC is above 0 on both sides, and reports came both ways.
        await stage.UntilAsync("both heard the turn of SEQ", () => Task.FromResult(Math.Min(plain.Last, secure.Last) > 65_536 && Math.Min(plain.ReportsHeard, secure.ReportsHeard) > 2));
        await stage.UntilReadyAsync("b", SasOfTheCall);
        await TakeOverAsync(stage, plain, secure, kill: "a", next: "b");

        // Who was killed comes back with nothing: the records are in the ledger, the call is the controller's to say.
        await stage.StartAsync("a");
        await stage.UntilAsync("a hears the controller", async () => await stage.StatusAsync("a") is not null);
        Assert.Equal(MediaVerdict.MediaGranted, (await stage.Calls("a").PutAsync(call)).Verdict);
        await stage.UntilReadyAsync("a", SasOfTheCall);
        await TakeOverAsync(stage, plain, secure, kill: "b", next: "a");

        CallReport report = await stage.Calls("a").QueryAsync(new QueryCall { Id = 7 });
        Assert.True(report.Active && report.A.Packets > 0 && report.B.Packets > 0 && report.A.Streams.Single().Ssrc == Plain, report.ToString());
    }

    /// <summary>The calls stand in the members' files: there is no controller.</summary>
    [Fact]
    public async Task An_active_that_was_only_paused_takes_no_port_back_and_a_switchover_hands_over_what_still_comes()
    {
        (MediaPhone Plain, MediaPhone Secure)? phones = null;
        await using var stage = new MediaStage(made =>
        {
            phones ??= (new MediaPhone(made.PhoneAt(1), new IPEndPoint(made.Media, 20_000), null, Plain, first: 7),
                new MediaPhone(made.PhoneAt(2), new IPEndPoint(made.Media, 20_002), SrtpSuite.AesCm128Tag32, Secure, first: 9));
            return InFile(phones.Value.Plain.Setting, phones.Value.Secure.Setting);
        });
        using MediaPhone plain = phones!.Value.Plain, secure = phones.Value.Secure;
        await stage.FormAsync();
        plain.Start(hears: Secure);
        secure.Start(hears: Plain);
        await stage.UntilReadyAsync("b", SasOfTheCall);

        await GoesOnAsync(stage, plain, secure, "a paused", "b", () =>
        {
            stage.Signal("a", ProcessSignal.Stop);
            return Task.CompletedTask;
        });
        await GoesOnAsync(stage, plain, secure, "a wakes", "b", async () =>
        {
            stage.Signal("a", ProcessSignal.Continue);
            await stage.UntilReadyAsync("a", SasOfTheCall);
        });
        await GoesOnAsync(stage, plain, secure, "switchover", "a", () => stage.SwitchOverAsync("a"));
    }

    private static string InFile(MediaLegSetting plain, MediaLegSetting secure) => $"""
        [insecure]
        static-keying = true
        [[call]]
        id = 7
        [call.a]
        local = "{plain.LocalAddress}:{plain.LocalRtpPort}"
        phone = "{plain.PhoneAddress}:{plain.PhoneRtpPort}"
        [call.b]
        local = "{secure.LocalAddress}:{secure.LocalRtpPort}"
        phone = "{secure.PhoneAddress}:{secure.PhoneRtpPort}"
        suite = "{secure.OurKey.Suite}"
        key-of-phone = "{secure.PhoneKey.KeyAndSalt.ToBase64()}"
        key-to-phone = "{secure.OurKey.KeyAndSalt.ToBase64()}"
        """;

    private Task TakeOverAsync(MediaStage stage, MediaPhone plain, MediaPhone secure, string kill, string next) =>
        GoesOnAsync(stage, plain, secure, $"{kill} killed", next, () => stage.KillAsync(kill));

    private async Task GoesOnAsync(MediaStage stage, MediaPhone plain, MediaPhone secure, string blow, string next, Func<Task> strike)
    {
        (long lostPlain, long lostSecure) = (plain.Lost, secure.Lost);
        ulong report = secure.LastReport;
        await strike();
        (int heardPlain, int heardSecure, int reports) = (plain.Heard, secure.Heard, secure.ReportsHeard);
        await stage.UntilAsync($"the call goes on at {next}", () => Task.FromResult(plain.Heard > heardPlain + 100 && secure.Heard > heardSecure + 100 && secure.ReportsHeard > reports + 2));

        output.WriteLine($"{blow}: lost to the plain phone {plain.Lost - lostPlain}, to the SRTP phone {secure.Lost - lostSecure}; longest gaps {plain.LongestGap}, {secure.LongestGap}");
        Assert.True(plain.Wrong.Count == 0 && secure.Wrong.Count == 0, $"{string.Join(", ", plain.Wrong.Concat(secure.Wrong).Take(5))}\n{stage.Logs()}");
        Assert.Equal((0, 0), (plain.Twice, secure.Twice));
        Assert.InRange(plain.Lost - lostPlain, 0, MostLost);
        Assert.InRange(secure.Lost - lostSecure, 0, MostLost);
        Assert.True(secure.LastReport > report, "SRTCP goes on above");
        Assert.Equal("active", (await stage.StatusAsync(next))!.State);
    }
}
