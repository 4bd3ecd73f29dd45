using System.Globalization;
using Baton.Lab.Scenarios;
using Baton.Lab.Voice;
using Baton.Linux;
using Baton.Wire;

namespace Baton.Lab.Steps;

/// <summary>Calls of phones of others, through a proxy of others: who is there, what happens to them, what each call lost.</summary>
public sealed class VoiceSteps(Story story)
{
    /// <summary>Who calls near the turn begins so that its SEQ turns after about two seconds of talk.</summary>
    private const ushort Early = 1_000, NearTheTurn = 65_436;

    private static readonly TimeSpan Turned = TimeSpan.FromSeconds(4);

    private readonly List<SippCallers> _sipp = [];
    private readonly List<SippCallers> _toBaresip = [];
    private readonly List<VoiceCapture> _captures = [];
    private readonly List<(TimeSpan At, TimeSpan Until)> _blows = [];
    private readonly List<(int Takeover, string Phone, BaresipReport Report, int SrtpErrors)> _told = [];
    private VoiceNetwork? _network;
    private IMediaSystem? _media;
    private SippCallees? _callees;
    private Baresip[] _baresip = [];
    private Instant _begun;
    private int _calls;
    private VoiceResult? _result;

    [Step("phones, kamailio and two media gateways of {system}")]
    public void Stage(string system)
    {
        if ((VoicePackages.WhyNot() ?? (system == "rtpengine" ? VoicePackages.WhyNoRtpengine() : null)) is { } why) throw new LabException(why);
        _network = new VoiceNetwork(story.Room);
        _media = story.Room.Keep<IMediaSystem>(system switch
        {
            "baton" => new BatonMedia(story.Room, _network),
            "rtpengine" => new RtpengineMedia(_network, story.Room.Wait),
            _ => throw new LabException($"nobody knows the media gateways of {system}"),
        });
        _media.Start();
        story.Room.Keep(new Kamailio(_network, _media, story.Room.Wait));
        foreach (Hosts.Host host in new[] { _network.Callers, _network.Callees, _network.Phone }) _captures.Add(story.Room.Keep(new VoiceCapture(host, story.Room.Wait)));
        _baresip = [.. Enumerable.Range(0, 2).Select(number => story.Room.Keep(new Baresip(_network.Phone, number, story.Room.Wait)))];
    }

    /// <summary>Half of the callers, and of the called phones every other one, begin near the turn of SEQ: so there are calls of each kind both ways.</summary>
    [Step("{calls} calls of {seconds} s from sipp to sipp")]
    public void Calls(int calls, int seconds)
    {
        _callees = story.Room.Keep(new SippCallees(Network.Callees, calls, story.Room.Wait));
        int near = calls / 2;
        Call(_sipp, "early", "called", calls - near, seconds, Early, (5_060, 6_000));
        Call(_sipp, "turning", "called", near, seconds, NearTheTurn, (5_061, 16_000));
        _calls = calls;
        story.Room.Wait.Until($"{calls} calls talk", TimeSpan.FromSeconds(30), () => _callees.Talking == calls, () => $"{_callees.Talking} do\n{Media.LastWords()}");
    }

    /// <summary>One caller begins early, the other one near the turn of SEQ.</summary>
    [Step("sipp calls both baresip phones for {seconds} s")]
    public void CallBaresip(int seconds)
    {
        foreach (SippCallers ended in _toBaresip) ended.Dispose();
        _toBaresip.Clear();
        for (int i = 0; i < _baresip.Length; i++)
            Call(_toBaresip, string.Create(CultureInfo.InvariantCulture, $"to-{_baresip[i].User}-{_blows.Count + 1}"), _baresip[i].User, 1, seconds, i == 0 ? Early : NearTheTurn, (5_070 + (2 * _blows.Count) + i, 26_000 + (1_000 * i) + (100 * _blows.Count)));
    }

    [Step("the standby media gateway has every call, and SEQ has turned")]
    public void Ready()
    {
        Media.WaitReady(_calls + _toBaresip.Count);
        story.Room.Wait.Until("SEQ has turned", Turned + Turned, () => MonotonicClock.Now >= _begun + Turned);
    }

    [Step("kill -9 the media gateway that works")]
    public void Kill()
    {
        story.Strike();
        _blows.Add((story.StruckAt, story.StruckAt));
        Media.KillActive();
    }

    /// <summary>What a call loses is looked for in this time.</summary>
    [Step("the calls are heard for {seconds} s more")]
    public void Hear(int seconds)
    {
        Instant end = MonotonicClock.Now + TimeSpan.FromSeconds(seconds);
        story.Room.Wait.Until("that time has passed", TimeSpan.FromSeconds(seconds + 5), () => MonotonicClock.Now >= end);
        _blows[^1] = (_blows[^1].At, DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch);
    }

    [Step("the media gateway that was killed comes back")]
    public void ComesBack() => Media.Restore();

    [Step("both baresip phones tell what they have lost")]
    public void BaresipTells()
    {
        SippCallers[] callers = [.. _toBaresip];
        _toBaresip.Clear();
        foreach (SippCallers caller in callers) caller.WaitForEnd(TimeSpan.FromSeconds(60));
        foreach (Baresip phone in _baresip)
        {
            BaresipReport report = phone.WaitForReport(_blows.Count);
            _told.Add((_blows.Count, phone.User, report, phone.SrtpErrors()));
            story.Measure("lost as baresip tells", report.Lost);
            story.Say($"{phone.User}: received {report.Received}, sent {report.Sent}, lost {report.Lost}; packets that did not authenticate: {phone.SrtpErrors()}");
        }
    }

    /// <summary>Where nobody expects that its calls come to their end.</summary>
    [Step("what the baresip phones say is noted")]
    public void BaresipIsNoted() => Note("baresip", BaresipTells);

    [Step("how the calls of sipp end is noted")]
    public void EndIsNoted() => Note("sipp", End);

    [Step("every call of sipp ends as it should")]
    public void End()
    {
        foreach (SippCallers caller in _sipp) caller.WaitForEnd(TimeSpan.FromSeconds(200));
    }

    [Step("measure what each call lost, from the captures")]
    public void Measure()
    {
        VoiceTrace[] traces = [.. _captures.Select(capture => capture.Finish())];
        _result = VoiceResult.Of(story.Room.Folder, Media.Name, traces, _blows, _told);
        foreach (string line in _result.Table()) story.Say(line);
        story.Say($"in full: {_result.Write()}");
        for (int takeover = 1; takeover <= _blows.Count; takeover++)
        {
            foreach (CallThroughBlow call in _result.Through(takeover))
            {
                story.Measure($"packets lost to who calls at takeover {takeover}", call.ToCaller.Lost ?? double.PositiveInfinity);
                story.Measure($"packets lost to who is called at takeover {takeover}", call.ToCalled.Lost ?? double.PositiveInfinity);
                story.Measure("calls that did not go on", call.GoesOn ? 0 : 1);
            }
        }

        story.Measure("re-invites", _result.Reinvites);
        foreach (SeenCall call in _result.Calls)
        {
            story.Measure("srtp that did not authenticate", _result.Authentic[call].Failed.Sum());
            story.Measure("heard twice", call.ToCaller.Twice + call.ToCalled.Twice);
        }
    }

    [Step("expect {calls} calls in the captures, {turned} of them with a rollover both ways or one")]
    public void ExpectCalls(int calls, int turned)
    {
        VoiceResult result = _result ?? throw new LabException("nothing was measured");
        int seen = result.Calls.Count, rolled = result.Calls.Count(call => call.ToCaller.Turns > 0 || call.ToCalled.Turns > 0);
        if (seen != calls || rolled < turned) throw new LabException($"{seen} calls, {rolled} with a rollover");
    }

    [Step("expect baresip to have lost at most {packets} in each call, and to have opened every packet")]
    public void ExpectBaresip(int packets)
    {
        if (_told.Count == 0 || _told.Any(told => told.Report.Lost > packets || told.SrtpErrors > 0 || told.Report.Received == 0))
            throw new LabException(string.Join("; ", _told.Select(told => $"takeover {told.Takeover}, {told.Phone}: lost {told.Report.Lost}, {told.SrtpErrors} not opened, {told.Report.Received} received")));
    }

    private void Note(string who, Action what)
    {
        try
        {
            what();
        }
        catch (LabException e)
        {
            story.Say($"{who}: {e.Message.Split('\n')[0]}");
        }
    }

    private void Call(List<SippCallers> into, string name, string user, int calls, int seconds, ushort first, (int Sip, int Media) ports)
    {
        _begun = MonotonicClock.Now;
        if (calls > 0) into.Add(story.Room.Keep(new SippCallers(Network.Callers, name, user, calls, TimeSpan.FromSeconds(seconds), first, 0xA000_0000 + (uint)ports.Sip, ports)));
    }

    private VoiceNetwork Network => _network ?? throw new LabException("there are no phones yet");

    private IMediaSystem Media => _media ?? throw new LabException("there are no media gateways yet");
}
