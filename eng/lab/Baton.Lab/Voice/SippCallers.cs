using System.Globalization;
using Baton.Lab.Hosts;
using Baton.Lab.Processes;

namespace Baton.Lab.Voice;

/// <summary>sipp as who calls: plain RTP with speech from a file that was written for it. A call ends by itself after its time.</summary>
public sealed class SippCallers : IDisposable
{
    public const string Callers = "callers";

    private readonly LabProcess _process;

    /// <param name="ports">SIP, and the first of the media ports; a call has the fourth one after the call before.</param>
    public SippCallers(Host host, string name, string user, int calls, TimeSpan length, ushort firstSequence, uint ssrc, (int Sip, int Media) ports)
    {
        Calls = calls;
        string file = Path.Combine(host.Folder, $"{name}.xml"), sound = Path.Combine(host.Folder, $"{name}.rtp.pcap");
        RtpFile.Write(sound, ssrc, firstSequence, length + TimeSpan.FromSeconds(1));
        File.WriteAllText(file, Script(user, sound, length));
        _process = host.Start(name,
            [VoicePackages.Sipp, "-sf", file, "-i", VoiceNetwork.CallersAddress, "-p", Text(ports.Sip), "-mp", Text(ports.Media), "-m", Text(calls), "-l", Text(calls), "-r", "20",
             "-nostdin", "-trace_err", "-error_file", Path.Combine(host.Folder, $"{name}.err"), $"{VoiceNetwork.ProxyAddress}:5060"]);
    }

    public int Calls { get; }

    public void WaitForEnd(TimeSpan patience)
    {
        _process.WaitForExit(patience);
        if (_process.ExitStatus != 0) throw new LabException($"{_process.Name}: not every call came to its end: {_process.LastWords(40)}");
    }

    public void Dispose() => _process.Dispose();

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Script(string user, string sound, TimeSpan length) => $"""
        <?xml version="1.0" encoding="ISO-8859-1" ?>
        <scenario name="calls {user}">
          <send retrans="500"><![CDATA[
            INVITE sip:{user}@[remote_ip]:[remote_port] SIP/2.0
            Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
            From: "sipp" <sip:sipp@[local_ip]:[local_port]>;tag=[pid]c[call_number]
            To: <sip:{user}@[remote_ip]:[remote_port]>
            Call-ID: [call_id]
            CSeq: 1 INVITE
            Contact: <sip:sipp@[local_ip]:[local_port]>
            Max-Forwards: 70
            Content-Type: application/sdp
            Content-Length: [len]

            v=0
            o=sipp 1 1 IN IP4 [local_ip]
            s=-
            c=IN IP4 [local_ip]
            t=0 0
            m=audio [auto_media_port] RTP/AVP 0
            a=rtpmap:0 PCMU/8000
            a=ptime:20
          ]]></send>
          <recv response="100" optional="true"/>
          <recv response="180" optional="true"/>
          <recv response="183" optional="true"/>
          <recv response="200" rrs="true"/>
          <send><![CDATA[
            ACK [next_url] SIP/2.0
            Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
            [routes]
            From: "sipp" <sip:sipp@[local_ip]:[local_port]>;tag=[pid]c[call_number]
            [last_To:]
            Call-ID: [call_id]
            CSeq: 1 ACK
            Max-Forwards: 70
            Content-Length: 0

          ]]></send>
          <nop><action><exec play_pcap_audio="{sound}"/></action></nop>
          <pause milliseconds="{(long)length.TotalMilliseconds}"/>
          <send retrans="500"><![CDATA[
            BYE [next_url] SIP/2.0
            Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
            [routes]
            From: "sipp" <sip:sipp@[local_ip]:[local_port]>;tag=[pid]c[call_number]
            [last_To:]
            Call-ID: [call_id]
            CSeq: 2 BYE
            Max-Forwards: 70
            Content-Length: 0

          ]]></send>
          <recv response="200"/>
        </scenario>
        """;
}
