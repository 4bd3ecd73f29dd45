using System.Globalization;
using System.Security.Cryptography;
using Baton.Lab.Hosts;
using Baton.Lab.Processes;
using Baton.Srtp;
using Baton.Srtp.Sdes;

namespace Baton.Lab.Voice;

/// <summary>sipp as who is called: answers with SRTP, a key and a media port for each call. sipp itself knows no SRTP: <see cref="SrtpTalkers"/> talk at its ports.</summary>
public sealed class SippCallees : IDisposable
{
    public const int FirstPort = 6_000;

    private readonly LabProcess _process;
    private readonly SrtpTalkers _talkers;

    public SippCallees(Host host, int calls, Wait wait)
    {
        SrtpMasterKey[] keys = [.. Enumerable.Range(0, calls).Select(_ => new SrtpMasterKey(SrtpSuite.AesCm128Tag80, RandomNumberGenerator.GetBytes(SrtpMasterKey.LengthOf(SrtpSuite.AesCm128Tag80))))];
        string file = Path.Combine(host.Folder, "callees.xml"), fields = Path.Combine(host.Folder, "callees.csv");
        File.WriteAllText(file, Script);
        File.WriteAllLines(fields, ["SEQUENTIAL", .. keys.Select((key, call) => $"{Convert.ToBase64String(key.KeyAndSalt)};{PortOf(call)};")]);
        _talkers = new SrtpTalkers(host, keys);
        _process = host.Start("callees",
            [VoicePackages.Sipp, "-sf", file, "-inf", fields, "-i", VoiceNetwork.CalleesAddress, "-p", "5060", "-mp", "30000", "-nostdin",
             "-trace_err", "-error_file", Path.Combine(host.Folder, "callees.err")]);
        wait.Until("the phones that are called listen", TimeSpan.FromSeconds(20), () => host.Run("ss", "-lun").Contains($"{VoiceNetwork.CalleesAddress}:5060", StringComparison.Ordinal), () => _process.LastWords());
    }

    public static int PortOf(int call) => FirstPort + (2 * call);

    public int Talking => _talkers.Talking;

    public void Dispose()
    {
        _process.Dispose();
        _talkers.Dispose();
    }

    private const string Script = """
        <?xml version="1.0" encoding="ISO-8859-1" ?>
        <scenario name="is called">
          <recv request="INVITE" crlf="true" rrs="true"/>
          <send><![CDATA[
            SIP/2.0 180 Ringing
            [last_Via:]
            [last_Record-Route:]
            [last_From:]
            [last_To:];tag=[pid]d[call_number]
            [last_Call-ID:]
            [last_CSeq:]
            Contact: <sip:[local_ip]:[local_port]>
            Content-Length: 0

          ]]></send>
          <send retrans="500"><![CDATA[
            SIP/2.0 200 OK
            [last_Via:]
            [last_Record-Route:]
            [last_From:]
            [last_To:];tag=[pid]d[call_number]
            [last_Call-ID:]
            [last_CSeq:]
            Contact: <sip:[local_ip]:[local_port]>
            Content-Type: application/sdp
            Content-Length: [len]

            v=0
            o=sipp 1 1 IN IP4 [local_ip]
            s=-
            c=IN IP4 [local_ip]
            t=0 0
            m=audio [field1] RTP/SAVP 0
            a=rtpmap:0 PCMU/8000
            a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:[field0]
          ]]></send>
          <recv request="ACK" crlf="true"/>
          <recv request="BYE"/>
          <send><![CDATA[
            SIP/2.0 200 OK
            [last_Via:]
            [last_From:]
            [last_To:]
            [last_Call-ID:]
            [last_CSeq:]
            Contact: <sip:[local_ip]:[local_port]>
            Content-Length: 0

          ]]></send>
        </scenario>
        """;
}
